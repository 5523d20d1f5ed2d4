"""Export: which formats are written, whether each was proven, and how to use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.core import plugins
from tlstudio.core.recipe import Recipe
from tlstudio.gui import fit
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.common import Card, EmptyState, button, clear, label
from tlstudio.gui.widgets.export_cards import ExportCard, FormatCard


class ExportPane(Pane):
    """Signals out, setters in. ``choices_changed`` is the recipe's ``export`` list."""

    choices_changed = Signal(list)
    export_requested = Signal(list)
    open_folder_requested = Signal(str)
    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.heading.setText(self.tr("Export"))
        self._folder: Path | None = None
        self._shown: tuple[Path, list[Any]] | None = None
        self._busy = False
        self.export_button = button(
            self.tr("Export now"), "export", "primary", self.tr("Write the ticked formats of the run that is shown")
        )
        self.export_button.clicked.connect(self._export)
        self.tools.addWidget(self.export_button)
        text = self.tr(
            "Each file is loaded again in its own runtime and compared with the model it is made of before it counts."
        )
        self.body.addWidget(label(text, "muted", wrap=True))
        self.formats: dict[str, FormatCard] = {}
        self.body.addWidget(self._make_formats())
        self.note = label("", "muted", wrap=True)
        self.body.addWidget(self.note)
        self._exports_title = label(self.tr("Written exports"), "title")
        self._exports = QVBoxLayout()
        self._exports.setSpacing(10)
        self.cards: list[ExportCard] = []
        self.empty = EmptyState(
            "export",
            self.tr("Nothing exported yet"),
            self.tr("The ticked formats are written at the end of a run."),
            self.tr("Start training"),
        )
        self.empty.triggered.connect(self.start_requested)
        self.body.addWidget(self._exports_title)
        self.body.addLayout(self._exports)
        self.body.addWidget(self.empty)
        self.body.addStretch(1)
        self.set_run(None, None)

    # -- setters ------------------------------------------------------------------------------------------------

    def set_recipe(self, recipe: Recipe) -> None:
        """Shows which formats the recipe has; emits nothing."""
        chosen = {choice.name: choice.options for choice in recipe.export}
        fitting, refused = fit.offered("export", recipe)
        names = {name for name, _, _ in fitting} | chosen.keys()
        for name, card in self.formats.items():
            plugin = plugins.find("tlstudio.export")[name]
            unfit = fit.refusal(plugin, fit.task_of(recipe.task.name))
            card.set_choice(chosen.get(name), unfit or plugin.check(recipe))
            card.setVisible(name in names)
        self.unfit.setText(fit.refusals(refused))
        self.unfit.setVisible(bool(refused))
        self._show_button()

    def set_run(self, folder: str | Path | None, results: dict[str, Any] | None) -> None:
        """Shows what a run has exported."""
        self._folder = Path(folder) if folder is not None and results else None
        entries = (results or {}).get("exports") or []
        shown = (self._folder, entries) if self._folder else None
        if shown is None or shown != self._shown:
            self._show_exports(entries if self._folder else [])
        self._shown = shown
        self._show_button()

    def set_busy(self, busy: bool) -> None:
        """While a run or an export goes on, nothing else can be exported."""
        self._busy = busy
        self._show_button()

    def choices(self) -> list[dict[str, Any]]:
        return [choice for card in self.formats.values() if (choice := card.choice()) is not None]

    # -- parts --------------------------------------------------------------------------------------------------

    def _make_formats(self) -> Card:
        result = Card(self.tr("Formats"))
        for name, plugin in plugins.find("tlstudio.export").items():
            card = self.formats[name] = FormatCard(plugin)
            card.changed.connect(self._changed)
            result.body.addWidget(card)
        self.unfit = label("", "caption", wrap=True)
        self.unfit.hide()
        result.body.addWidget(self.unfit)
        return result

    def _show_exports(self, entries: list[dict[str, Any]]) -> None:
        clear(self._exports)
        self.cards = [ExportCard(self._folder or Path(), entry) for entry in entries]
        for card in self.cards:
            card.open_requested.connect(self.open_folder_requested)
            self._exports.addWidget(card)
        self._exports_title.setVisible(bool(entries))
        self.empty.setVisible(not entries)
        has_run = self._folder is not None
        self.empty.button.setVisible(not has_run)
        self.empty.set_text(
            self.tr("Nothing exported yet"),
            self.tr("Tick formats and choose Export now.")
            if has_run
            else self.tr("The ticked formats are written at the end of a run."),
        )

    def _show_button(self) -> None:
        chosen = self.choices()
        self.export_button.setVisible(self._folder is not None)
        self.export_button.setEnabled(not self._busy and bool(chosen))
        if self._busy:
            self.note.setText(self.tr("Something is going on; the progress is in the status line."))
        elif not chosen:
            self.note.setText(self.tr("No format is ticked; the trained model stays in the run folder."))
        elif self._folder is None:
            self.note.setText(self.tr("These formats are written at the end of the next run."))
        else:
            self.note.setText(self.tr("Export now writes these formats for {run}.").format(run=self._folder.name))

    @Slot()
    def _changed(self) -> None:
        self._show_button()
        self.choices_changed.emit(self.choices())

    @Slot()
    def _export(self) -> None:
        self.export_requested.emit(self.choices())
