"""The network as a stack of blocks: which are frozen and which train, by colour, pattern and words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, theme

_HEIGHT, _GAP = 30, 6


@dataclass(frozen=True)
class Block:
    """A layer group. ``state``: trains, frozen, int8, fp32 or plain.

    ``rate`` is a factor on the learning rate, ``opens`` the epoch from which the group trains, ``part`` which of its
    parameters do.
    """

    name: str
    parameters: int
    state: str = "plain"
    note: str = ""
    rate: float = 1.0
    opens: float = 0.0
    part: str = "all"


class NetworkView(QWidget):
    """Draws blocks from the input (below) to the head (above)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: list[Block] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Drawing of the network"))

    @property
    def blocks(self) -> list[Block]:
        return self._blocks

    def set_blocks(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        lines = (f"{self.title(b)}: {formats.parameters(b.parameters)}, {self.state(b)}" for b in blocks)
        self.setAccessibleDescription("; ".join(lines))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, max(len(self._blocks), 1) * (_HEIGHT + _GAP) + 2)

    def title(self, block: Block) -> str:
        """'block 3' and so on in the user's language."""
        word, _, number = block.name.partition(" ")
        known = {
            "embeddings": self.tr("Embeddings"),
            "block": self.tr("Block"),
            "pooler": self.tr("Pooler"),
            "final": self.tr("Final layers"),
            "head": self.tr("Head"),
            "text": self.tr("Text"),
        }
        return f"{known.get(word, word)} {number}".strip()

    def state(self, block: Block) -> str:
        return {
            "trains": self.tr("trains"),
            "frozen": self.tr("frozen"),
            "int8": self.tr("fp32 → int8"),
            "fp32": self.tr("stays fp32"),
        }.get(block.state, "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, block in enumerate(reversed(self._blocks)):
            inset = 0.0 if "block" in block.name else 10.0
            area = QRectF(1 + inset, 1 + index * (_HEIGHT + _GAP), self.width() - 2 - 2 * inset, _HEIGHT)
            self._paint(painter, area, block)

    def _paint(self, painter: QPainter, area: QRectF, block: Block) -> None:
        c = theme.colours()
        busy = block.state in ("trains", "int8")
        tint = theme.data_colour(0 if block.state == "trains" else 2 if block.state == "int8" else 7)
        back = QColor(tint)
        back.setAlpha(60 if busy else 26)
        painter.setPen(QPen(tint if busy else QColor(c.border), 1.6 if busy else 1))
        painter.setBrush(back)
        painter.drawRoundedRect(area, 6, 6)
        if block.state == "frozen":
            hatch = QColor(c.muted)
            hatch.setAlpha(60)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(hatch, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(area, 6, 6)
        self._paint_texts(painter, area, block, busy)

    def _paint_texts(self, painter: QPainter, area: QRectF, block: Block, busy: bool) -> None:
        c = theme.colours()
        middle = Qt.AlignmentFlag.AlignVCenter
        place = area.adjusted(12, 0, -10, 0)
        painter.setPen(QColor(c.text))
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, self.title(block))
        state = block.note or self.state(block)
        painter.setPen(QColor(c.text if busy else c.muted))
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, state)
        painter.setPen(QColor(c.muted))
        if block.parameters:
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignHCenter, formats.parameters(block.parameters))
        if block.state == "frozen":
            width = painter.fontMetrics().horizontalAdvance(state)
            lock = theme.pixmap("lock", c.muted, 14, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(place.right() - width - 20, area.center().y() - 7), lock)
