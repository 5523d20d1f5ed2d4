"""Results step."""

from __future__ import annotations

from typing import Any

from tlstudio.gui.context import Context
from tlstudio.gui.panes.results import ResultsPane
from tlstudio.gui.presenters.base import Presenter


class ResultsPresenter(Presenter):
    def __init__(self, context: Context, pane: ResultsPane) -> None:
        super().__init__(context, pane)
        self._shown: Any = self
        pane.try_requested.connect(self.try_text)
        self.refresh()

    def try_text(self, text: str) -> None:
        run = self.context.project.run
        if run is not None:
            args = {"target": str(run), "texts": [text]}
            self.context.queries.ask("predict", args, self._on_reply, on_error=self._on_error)

    def refresh(self) -> None:
        results = self.context.project.results
        if results is self._shown:
            return
        self._shown = results
        self.pane.set_run(self.context.project.run, results)

    def _on_reply(self, reply: list[dict[str, Any]]) -> None:
        self.pane.set_try_reply(reply, None)

    def _on_error(self, error: dict[str, Any]) -> None:
        self.pane.set_try_reply(None, error)
