"""The network as a stack of blocks: which are frozen, which train, from when and how fast, by colour, pattern and
words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, theme

_HEIGHT, _GAP = 30, 6
_STRIP = 0.38  # share of a block's width in which its rate over time is drawn
_GRAB = 7  # pixels around the edge of a rate within which it can be dragged
_STEP = 0.25  # epochs: openings are set to multiples of it


@dataclass(frozen=True)
class Block:
    """A layer group. ``state``: trains, frozen, int8, fp32, removed, maybe (it may be removed), smaller or plain.

    ``rate`` is a factor on the learning rate, ``opens`` the epoch from which the group trains, ``part`` which of its
    parameters do and ``trained`` how many, ``curve`` its learning rate over the whole training as shares of the highest
    of all groups.
    """

    name: str
    parameters: int
    state: str = "plain"
    note: str = ""
    rate: float = 1.0
    opens: float = 0.0
    part: str = "all"
    trained: int = 0
    curve: tuple[float, ...] = ()


class NetworkView(QWidget):
    """Draws blocks from the input (below) to the head (above).

    Signals: ``toggled(name)`` where a block is clicked that the user may choose; ``opened(name, epoch)`` where the
    moment from which it trains was dragged.
    """

    toggled = Signal(str)
    opened = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: list[Block] = []
        self._epochs = 0.0
        self._clickable = self._draggable = False
        self._current = -1  # index of the block that the keyboard is at
        self._dragged: tuple[int, float] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Drawing of the network"))

    @property
    def blocks(self) -> list[Block]:
        return self._blocks

    def set_blocks(self, blocks: list[Block], epochs: float = 0.0) -> None:
        """``epochs``: how long the training is, for the moments at which blocks open."""
        self._blocks, self._epochs = blocks, epochs
        self._current = min(self._current, len(blocks) - 1)
        lines = (f"{self.title(b)}: {formats.parameters(b.parameters)}, {self.state(b)}" for b in blocks)
        self.setAccessibleDescription("; ".join(lines))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def set_editing(self, clickable: bool, draggable: bool) -> None:
        """Whether a click chooses a block, and whether the moment at which it opens can be dragged."""
        self._clickable, self._draggable = clickable, draggable
        edits = clickable or draggable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if edits else Qt.FocusPolicy.NoFocus)
        hint = ""
        if clickable:
            hint = self.tr("Click a block, or choose it with the arrow keys and Space, to train or freeze it.")
        elif draggable:
            hint = self.tr("Drag the left edge of a rate, or use the arrow keys, to open the block earlier or later.")
        self.setToolTip(hint)

    def sizeHint(self) -> QSize:
        return QSize(280, max(len(self._blocks), 1) * (_HEIGHT + _GAP) + 2)

    # --- in words

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
        if block.state != "trains":
            return {
                "frozen": self.tr("frozen"),
                "int8": self.tr("fp32 → int8"),
                "fp32": self.tr("stays fp32"),
                "removed": self.tr("is removed"),
                "maybe": self.tr("may be removed"),
                "smaller": self.tr("gets smaller"),
            }.get(block.state, "")
        parts = {
            "biases": self.tr("biases train"),
            "norms": self.tr("norms train"),
            "adapters": self.tr("adapters train"),
        }
        words = [parts.get(block.part, self.tr("trains"))]
        if block.rate != 1:
            words.append(f"× {formats.compact(block.rate, 2)}")
        if block.opens > 0:
            words.append(self.tr("from epoch {n}").format(n=formats.number(block.opens + 1)))
        return " ".join(words)

    # --- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, block in enumerate(self._blocks):
            self._paint(painter, self._area(index), block)
            if index == self._current and self.hasFocus():
                painter.setPen(QPen(QColor(theme.colours().accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self._area(index), 6, 6)

    def _area(self, index: int) -> QRectF:
        line = len(self._blocks) - 1 - index
        inset = 0.0 if "block" in self._blocks[index].name else 10.0
        return QRectF(1 + inset, 1 + line * (_HEIGHT + _GAP), self.width() - 2 - 2 * inset, _HEIGHT)

    def _strip(self, area: QRectF) -> QRectF:
        """Where a block's rate over time is drawn: at the same place in all blocks."""
        whole = QRectF(1, area.top(), self.width() - 2, area.height())
        width = whole.width() * _STRIP
        return QRectF(whole.right() - width - 12, area.top() + 3, width, area.height() - 6)

    def _paint(self, painter: QPainter, area: QRectF, block: Block) -> None:
        c = theme.colours()
        busy = block.state in ("trains", "int8", "smaller")
        tint = theme.data_colour({"trains": 0, "int8": 2, "smaller": 0}.get(block.state, 7))
        back = QColor(tint)
        back.setAlpha(60 if busy and not block.curve else 26)
        goes = block.state in ("removed", "maybe")
        edge = QPen(tint if busy or goes else QColor(c.border), 1.6 if busy else 1)
        if goes:
            edge.setStyle(Qt.PenStyle.DashLine)
            back.setAlpha(0 if block.state == "removed" else 26)
        painter.setPen(edge)
        painter.setBrush(back)
        painter.drawRoundedRect(area, 6, 6)
        if block.state == "frozen":
            hatch = QColor(c.muted)
            hatch.setAlpha(60)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(hatch, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(area, 6, 6)
        if block.curve and block.state == "trains":
            self._paint_curve(painter, self._strip(area), block)
        self._paint_texts(painter, area, block, busy)

    def _paint_curve(self, painter: QPainter, strip: QRectF, block: Block) -> None:
        """The learning rate over the training: nothing before the block opens."""
        tint = theme.data_colour(0)
        start = self._start(block) / self._epochs if self._epochs else 0.0
        edge = strip.left() + start * strip.width()
        points = QPolygonF([QPointF(edge, strip.bottom())])
        last = max(len(block.curve) - 1, 1)
        for number, value in enumerate(block.curve):
            if number / last >= start - 1e-9:
                points.append(
                    QPointF(strip.left() + number / last * strip.width(), strip.bottom() - value * strip.height())
                )
        points.append(QPointF(strip.right(), strip.bottom()))
        fill = QColor(tint)
        fill.setAlpha(90)
        painter.setPen(QPen(tint, 1))
        painter.setBrush(fill)
        painter.drawPolygon(points)
        if self._draggable and self._is_movable(block):
            painter.setPen(QPen(QColor(theme.colours().text), 2.4))
            painter.drawLine(QPointF(edge, strip.top()), QPointF(edge, strip.bottom()))

    def _paint_texts(self, painter: QPainter, area: QRectF, block: Block, busy: bool) -> None:
        c = theme.colours()
        middle = Qt.AlignmentFlag.AlignVCenter
        place = area.adjusted(12, 0, -10, 0)
        curve = bool(block.curve) and block.state == "trains"
        if curve:
            place.setRight(self._strip(area).left() - 8)
        painter.setPen(QColor(c.text))
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, self.title(block))
        state = block.note or (self._short(block) if curve else self.state(block))
        count = formats.parameters(block.parameters) if block.parameters else ""
        texts = (self.title(block), count, state)
        if sum(painter.fontMetrics().horizontalAdvance(text) + 8 for text in texts) > place.width():
            count = ""  # the sentence above the drawing and a screen reader say it
        if curve:
            room = place.width() - painter.fontMetrics().horizontalAdvance(texts[0]) - 8
            state = state if painter.fontMetrics().horizontalAdvance(state) <= room else ""
        painter.setPen(QColor(c.text if busy else c.muted))
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, state)
        painter.setPen(QColor(c.muted))
        painter.drawText(self._between(painter, place, texts[0], state), middle | Qt.AlignmentFlag.AlignHCenter, count)
        if block.state == "frozen":
            width = painter.fontMetrics().horizontalAdvance(state)
            lock = theme.pixmap("lock", c.muted, 14, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(place.right() - width - 20, area.center().y() - 7), lock)

    def _between(self, painter: QPainter, place: QRectF, left: str, right: str) -> QRectF:
        """What is left of a line between two texts."""
        width = painter.fontMetrics().horizontalAdvance
        return place.adjusted(width(left), 0, -width(right), 0)

    def _short(self, block: Block) -> str:
        """What the curve does not show: which part trains, and the factor on the rate."""
        parts = {"biases": self.tr("biases"), "norms": self.tr("norms"), "adapters": self.tr("adapters")}
        rate = "" if block.rate == 1 else f"× {formats.compact(block.rate, 2)}"
        return parts.get(block.part, "") or rate

    # --- what the user does

    def _is_movable(self, block: Block) -> bool:
        return block.state == "trains" and block.name.startswith(("block", "embeddings"))

    def _start(self, block: Block) -> float:
        if self._dragged is not None and self._blocks[self._dragged[0]] is block:
            return self._dragged[1]
        return block.opens

    def _at(self, position: QPointF) -> int:
        """Index of the block at a place; -1 where there is none."""
        return next((index for index in range(len(self._blocks)) if self._area(index).contains(position)), -1)

    def _edge_at(self, position: QPointF) -> int:
        """Index of the block whose moment of opening is at a place; -1 where there is none."""
        index = self._at(position)
        if index < 0 or not self._draggable or not self._epochs or not self._is_movable(self._blocks[index]):
            return -1
        strip = self._strip(self._area(index))
        edge = strip.left() + self._blocks[index].opens / self._epochs * strip.width()
        return index if abs(position.x() - edge) <= _GRAB else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index = self._at(event.position())
        if (edge := self._edge_at(event.position())) >= 0:
            self._dragged = (edge, self._blocks[edge].opens)
        elif self._clickable and index >= 0:
            self.toggled.emit(self._blocks[index].name)
        self._current = max(index, edge)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            edge = self._edge_at(event.position()) >= 0
            click = self._clickable and self._at(event.position()) >= 0
            shape = Qt.CursorShape.SplitHCursor if edge else Qt.CursorShape.PointingHandCursor
            self.setCursor(shape if edge or click else Qt.CursorShape.ArrowCursor)
            return
        index = self._dragged[0]
        strip = self._strip(self._area(index))
        share = (event.position().x() - strip.left()) / max(strip.width(), 1.0)
        self._dragged = (index, self._rounded(share * self._epochs))
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._dragged is None:
            return
        index, epoch = self._dragged
        self._dragged = None
        if epoch != self._blocks[index].opens:
            self.opened.emit(self._blocks[index].name, epoch)
        self.update()

    def _rounded(self, epoch: float) -> float:
        return min(max(round(epoch / _STEP) * _STEP, 0.0), self._epochs)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        shifts = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        key = event.key()
        if key in moves and self._blocks:
            self._current = min(max(self._current + moves[Qt.Key(key)], 0), len(self._blocks) - 1)
            self.update()
            return
        block = self._blocks[self._current] if 0 <= self._current < len(self._blocks) else None
        if block is not None and self._clickable and key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.toggled.emit(block.name)
        elif block is not None and self._draggable and key in shifts and self._is_movable(block):
            self.opened.emit(block.name, self._rounded(block.opens + shifts[Qt.Key(key)]))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._current = self._current if self._current >= 0 else len(self._blocks) - 1
        super().focusInEvent(event)
        self.update()
