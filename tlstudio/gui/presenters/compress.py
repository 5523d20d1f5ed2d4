"""Compress step."""

from __future__ import annotations

from tlstudio.gui import plan
from tlstudio.gui.context import Context
from tlstudio.gui.panes.compress import CompressPane
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.choices import Choices
from tlstudio.gui.widgets.network import Block


class CompressPresenter(Presenter):
    def __init__(self, context: Context, pane: CompressPane) -> None:
        super().__init__(context, pane)
        self.steps = Choices(context, pane.steps, "compress", "compression")
        self.refresh()

    def on_fact(self, subject: str) -> None:
        if subject in ("model", "data"):
            self._draw()

    def refresh(self) -> None:
        self.steps.refresh()
        self.pane.set_available(self.pane.steps.add_button.isEnabled(), bool(self.context.project.recipe.compress))
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
