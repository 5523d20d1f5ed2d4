"""Under which licence the data is: what the user states, and what the hub says where nothing is stated."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from tlstudio.data.licences import USUAL
from tlstudio.gui.widgets.common import Card, label

_MOST = 200  # characters, as the recipe allows


class LicenceView(Card):
    """``wished``: the licence as the user has written it; empty for none."""

    wished = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.setText(self.tr("Licence of the data"))
        self.title.show()
        self.field = QLineEdit(self)
        self.field.setMaxLength(_MOST)
        self.field.setAccessibleName(self.tr("Licence of the data"))
        completer = QCompleter(USUAL, self.field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.field.editingFinished.connect(self._on_edited)
        self.body.addWidget(self.field)
        text = self.tr(
            "Such as cc-by-4.0. It is written into the model card and shown where another run starts from this."
        )
        self.body.addWidget(label(text, "caption", wrap=True, parent=self))
        self._stated = ""

    def set_licence(self, stated: str, known: str) -> None:
        """``known``: what the hub says; empty where it says nothing. Emits nothing."""
        self._stated = stated
        if self.field.text().strip() != stated:
            self.field.setText(stated)
        usual = self.tr("As the hub states: {licence}").format(licence=known) if known else self.tr("Not stated")
        self.field.setPlaceholderText(usual)

    def _on_edited(self) -> None:
        if (text := self.field.text().strip()) != self._stated:
            self._stated = text
            self.wished.emit(text)
