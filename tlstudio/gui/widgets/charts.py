"""A small chart drawn with QPainter: a histogram. No plotting library is needed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, theme


class Histogram(QWidget):
    """Counts between edges, with the edges as an axis below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges: list[float] = []
        self._counts: list[float] = []
        self._unit = ""
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)

    def set_counts(self, edges: list[float], counts: list[float], unit: str) -> None:
        """``edges`` has one value more than ``counts``."""
        self._edges, self._counts, self._unit = edges, counts, unit
        if edges:
            text = self.tr("Text lengths from {low} to {high} {unit}")
            text = text.format(low=formats.count(edges[0]), high=formats.count(edges[-1]), unit=unit)
            self.setAccessibleDescription(text)
            self.setToolTip(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 160)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._counts:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(4, 16, self.width() - 8, self.height() - 36)
        self._paint_bars(painter, area)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._paint_axis(painter, area)

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        most = max(self._counts) or 1
        step = area.width() / len(self._counts)
        colour = QColor(theme.data_colour(2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for index, value in enumerate(self._counts):
            height = value / most * area.height()
            if value:
                bar = QRectF(area.left() + index * step + 1, area.bottom() - max(height, 1.5), max(step - 2, 1), height)
                painter.drawRect(bar)

    def _paint_axis(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(theme.colour("muted"))
        small = painter.font()
        small.setPointSizeF(small.pointSizeF() * 0.9)
        painter.setFont(small)
        last, right = len(self._edges) - 1, area.right() + 1
        for index, align in ((last, 1.0), (0, 0.0), (last // 2, 0.5)):
            text = formats.count(self._edges[index]) + (f" {self._unit}" if index == last else "")
            width = painter.fontMetrics().horizontalAdvance(text)
            x = area.left() + area.width() * index / max(last, 1) - width * align
            if x + width > right:
                continue  # the middle would touch the end
            right = x - 8 if index == last else right
            painter.drawText(QPointF(x, self.height() - 5), text)
        top = formats.count(max(self._counts))
        painter.drawText(QPointF(area.left(), 12), top)
