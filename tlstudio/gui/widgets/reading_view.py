"""How the places are read: the kind of data and its options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui.forms import ChoiceBox, Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import Card, clear, label


class ReadingView(Card):
    """Signals: what the user wants. Setters: what is known."""

    source_wished = Signal(str)
    option_wished = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.setText(self.tr("How the data is read"))
        self.title.show()
        self._quiet = False
        self._name = ""
        self.source = ChoiceBox(self)
        self.source.setAccessibleName(self.tr("Kind of data"))
        self.source.currentIndexChanged.connect(self._on_source)
        caption = QLabel(self.tr("Kind of data"), self)
        caption.setBuddy(self.source)
        self.summary = label("", "caption", wrap=True, parent=self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(caption, 0, 0)
        grid.addWidget(self.source, 0, 1)
        grid.addWidget(self.summary, 1, 1)
        self.body.addLayout(grid)
        self._box = QVBoxLayout()
        self.body.addLayout(self._box)
        self.form: Form | None = None
        self.body.addStretch(1)

    def set_sources(self, sources: Sequence[tuple[str, str, str]], chosen: str, found: str) -> None:
        """(name, title, summary) of each source, engine texts; ``found`` is the one that reads the data."""
        self._quiet = True
        titles = {name: engine(title) for name, title, _ in sources}
        summaries = {name: engine(summary) for name, _, summary in sources}
        automatic = self.tr("Automatic")
        if found in titles:
            automatic = self.tr("Automatic: {title}").format(title=titles[found])
        if self.source.count() != len(sources) + 1:
            self.source.clear()
            self.source.addItem(automatic, "auto")
            for name, title in titles.items():
                self.source.addItem(title, name)
        self.source.setItemText(0, automatic)
        self.source.setCurrentIndex(max(self.source.findData(chosen), 0))
        self.summary.setText(summaries.get(found if chosen == "auto" else chosen, ""))
        self._quiet = False

    def set_options(self, name: str, options: Sequence[Option], values: dict[str, Any]) -> None:
        """The form of the source ``name``; ``values`` of the recipe."""
        if name != self._name or self.form is None:
            self._name = name
            clear(self._box)
            self.form = Form(options, self, captions=True)
            self.form.changed.connect(self.option_wished)
            self._box.addWidget(self.form)
        self.form.set_values(values)

    def _on_source(self) -> None:
        if not self._quiet:
            self.source_wished.emit(str(self.source.currentData()))
