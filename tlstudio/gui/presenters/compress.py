"""Compress step."""

from __future__ import annotations

from typing import Any

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.gui import fit, plan
from tlstudio.gui.context import Context
from tlstudio.gui.panes.compress import CompressPane, Step
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.widgets.network import Block


class CompressPresenter(Presenter):
    def __init__(self, context: Context, pane: CompressPane) -> None:
        super().__init__(context, pane)
        pane.add_requested.connect(self.add)
        pane.remove_requested.connect(self.remove)
        pane.move_requested.connect(self.move)
        pane.option_changed.connect(self.set_option)
        self.refresh()

    # --- what the user wants

    def add(self, name: str) -> None:
        self._edit([*self._steps(), {"name": name}])

    def remove(self, index: int) -> None:
        steps = self._steps()
        del steps[index]
        self._edit(steps)

    def move(self, index: int, by: int) -> None:
        steps = self._steps()
        if 0 <= index + by < len(steps):
            steps.insert(index + by, steps.pop(index))
            self._edit(steps)

    def set_option(self, index: int, name: str, value: Any) -> None:
        self.context.edit(f"compress.{index}.{name}", value)

    # --- what is known

    def on_fact(self, subject: str) -> None:
        if subject in ("model", "data"):
            self._draw()

    def refresh(self) -> None:
        chosen = self.context.project.recipe.compress
        known = plugins.find("tlstudio.compression")
        names = [choice.name for choice in chosen]
        offered, unfit = fit.offered("compression", self.context.project.recipe)
        self.pane.set_available([item for item in offered if item[0] not in names], fit.refusals(unfit))
        steps = []
        for choice in chosen:
            plugin = known.get(choice.name)
            title, summary = (plugin.TITLE, plugin.SUMMARY) if plugin else (choice.name, "")
            options = tuple(describe(plugin.Config)) if plugin else ()
            steps.append(Step(choice.name, title, summary, options, choice.options))
        self.pane.set_steps(steps)
        self.pane.set_measured(self.context.project.results or {})
        self.pane.problems.set_problems(self.step_problems("compress"))
        self._draw()

    def _draw(self) -> None:
        groups = plan.layer_groups(self.context.facts)
        int8 = any(choice.name == "dynamic-int8" for choice in self.context.project.recipe.compress)
        state = "int8" if int8 else "fp32"
        blocks = [Block(group.name, group.parameters, state) for group in groups]
        note = self.tr(
            "The weights become 8-bit whole numbers: about a quarter of the size. Activations are scaled on the fly."
        )
        self.pane.set_blocks(blocks, note if int8 else "")

    def _steps(self) -> list[dict[str, Any]]:
        return [choice.model_dump() for choice in self.context.project.recipe.compress]

    def _edit(self, steps: list[dict[str, Any]]) -> None:
        self.context.edit("compress", steps)
