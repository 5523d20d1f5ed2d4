"""A line of current numbers: small captions over large values."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.flow import FlowLayout


class NumberStrip(QWidget):
    """Numbers by key; they wrap where there is no room. Widths don't jump while digits change."""

    def __init__(self, captions: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap=6)
        self._tiles = {key: _Tile(caption, self) for key, caption in captions.items()}
        for tile in self._tiles.values():
            self._flow.addWidget(tile)

    def set_value(self, key: str, text: str) -> None:
        self._tiles[key].set_text(text)

    def set_caption(self, key: str, caption: str) -> None:
        """Another name for a number."""
        self._tiles[key].set_caption(caption)

    def value(self, key: str) -> str:
        return self._tiles[key].value.text()


class _Tile(QWidget):
    def __init__(self, caption: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._caption = caption
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 2, 0)
        layout.setSpacing(0)
        self.value = label(formats.NONE, "title", parent=self)
        self._title = label(caption, "caption", parent=self)
        layout.addWidget(self._title)
        layout.addWidget(self.value)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00e-00") + 12)

    def set_caption(self, caption: str) -> None:
        self._caption = caption
        self._title.setText(caption)
        self.setAccessibleName(f"{caption}: {self.value.text()}")

    def set_text(self, text: str) -> None:
        if self.value.text() == text:
            return
        self.value.setText(text)
        self.setAccessibleName(f"{self._caption}: {text}")
