"""Many trainings of one recipe, or many forms of one model, in a worker of their own: a search for better values, an
ablation, the trade-offs of compression.

They take minutes or hours. So they do not wait behind, or hold up, the short questions to the other worker; and what
they have found stays when a window goes and another one comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from tlstudio.core.events import Progress
from tlstudio.core.recipe import Recipe
from tlstudio.gui.run_session import RunSession
from tlstudio.session.runners import Runner

STUDIES = ("search", "ablate", "frontier")


@dataclass(frozen=True)
class Study:
    """What is known of a study.

    ``state``: none, busy, stopping, known, cancelled or failed. ``recipe`` and ``args`` are what it was begun with,
    ``results`` what it has told so far, ``data`` its answer.
    """

    state: str = "none"
    recipe: Recipe | None = None
    args: dict[str, Any] | None = None
    results: tuple[dict[str, Any], ...] = ()
    progress: Progress | None = None
    data: Any = None
    error: dict[str, Any] | None = None

    @property
    def going_on(self) -> bool:
        return self.state in ("busy", "stopping")


class Studies(QObject):
    """Carries one study at a time. ``changed(job)``: :data:`STUDIES`."""

    changed = Signal(str)

    def __init__(self, make: Callable[[], Runner], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = RunSession(make, self)
        self._session.drained.connect(self._on_drained)
        self._session.ended.connect(self._on_ended)
        self._known: dict[str, Study] = {}
        self.plans: dict[str, Any] = {}  # what the user has set up for each

    def get(self, job: str) -> Study:
        return self._known.get(job, Study())

    @property
    def active(self) -> str:
        """The job of the study that is going on, or an empty text."""
        return self._session.job if self._session.active else ""

    def start(self, job: str, recipe: Recipe, args: dict[str, Any], results: tuple[dict[str, Any], ...] = ()) -> None:
        """Begins a study of a recipe; ``results`` are those of an earlier part of it.

        Raises:
            RuntimeError: one is going on.
        """
        self._session.start(job, {"recipe": recipe.to_dict(), **args}, Path())
        self._set(job, Study("busy", recipe, args, results))

    def stop(self) -> None:
        """Ends the study after this batch; what was found is kept."""
        self._send("stop")

    def cancel(self) -> None:
        """Gives the study up."""
        self._send("cancel")

    def kill(self) -> None:
        """Ends the worker at once, where a cancel is not answered."""
        self._session.kill()

    def close(self) -> bool:
        """Ends what is going on; True when nothing is left."""
        return self._session.close()

    # --- inside

    def _send(self, word: str) -> None:
        if not self._session.active:
            return
        job = self._session.job
        self._session.send(word)
        self._set(job, replace(self.get(job), state="stopping"))

    def _on_drained(self, lines: list[dict[str, Any]]) -> None:
        job, history = self._session.job, self._session.history
        before = self.get(job)
        told = tuple(line["data"] for line in lines if line.get("event") == "result" and line.get("name") != "epoch")
        progress = history.progress if history is not None else before.progress
        if told or progress is not before.progress:
            self._set(job, replace(before, results=(*before.results, *told), progress=progress))

    def _on_ended(self, line: dict[str, Any]) -> None:
        job = self._session.job
        before = replace(self.get(job), progress=None)
        if line.get("event") == "reply":
            self._set(job, replace(before, state="known", data=line.get("data")))
        elif line.get("event") == "cancelled":
            self._set(job, replace(before, state="cancelled"))
        else:
            self._set(job, replace(before, state="failed", error=line.get("error")))

    def _set(self, job: str, study: Study) -> None:
        self._known[job] = study
        self.changed.emit(job)
