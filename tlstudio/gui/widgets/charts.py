"""Small charts drawn with QPainter: bars with names and counts, a histogram. No plotting library is needed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, theme, words

_ROW = 22


class BarChart(QWidget):
    """Horizontal bars: name at the left, count at the end of the bar. Many bars are cut with a note."""

    def __init__(self, parent: QWidget | None = None, limit: int = 40) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, float]] = []
        self._limit, self._rest = limit, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_bars(self, bars: list[tuple[str, float]]) -> None:
        self._bars, self._rest = bars[: self._limit], max(len(bars) - self._limit, 0)
        text = words.listing(f"{name}: {formats.count(value)}" for name, value in self._bars)
        self.setAccessibleDescription(text)
        self.setToolTip(text if len(text) < 500 else "")
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, _ROW * max(len(self._bars) + bool(self._rest), 1) + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(self.font())
        most = max((value for _, value in self._bars), default=1) or 1
        widest = max((metrics.horizontalAdvance(name) for name, _ in self._bars), default=0)
        longest = widest + 2  # advances are rounded: at their exact width names would be cut
        names = min(longest, self.width() * 2 // 5)
        counts = max((metrics.horizontalAdvance(formats.count(value)) for _, value in self._bars), default=0)
        room = max(self.width() - names - counts - 22, 10)
        for index, (name, value) in enumerate(self._bars):
            top = index * _ROW
            painter.setPen(theme.colour("text"))
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(QRectF(0, top, names, _ROW), Qt.AlignmentFlag.AlignVCenter, short)
            width = max(value / most * room, 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.data_colour(0))
            painter.drawRoundedRect(QRectF(names + 10, top + 4, width, _ROW - 8), 3, 3)
            painter.setPen(theme.colour("muted"))
            place = QRectF(names + 16 + width, top, counts + 6, _ROW)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, formats.count(value))
        if self._rest:
            place = QRectF(0, len(self._bars) * _ROW, self.width(), _ROW)
            more = self.tr("and {n} more").format(n=formats.count(self._rest))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, more)


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
        last = len(self._edges) - 1
        for index, align in ((0, 0.0), (last // 2, 0.5), (last, 1.0)):
            text = formats.count(self._edges[index]) + (f" {self._unit}" if index == last else "")
            width = painter.fontMetrics().horizontalAdvance(text)
            x = area.left() + area.width() * index / max(last, 1) - width * align
            painter.drawText(QPointF(x, self.height() - 5), text)
        top = formats.count(max(self._counts))
        painter.drawText(QPointF(area.left(), 12), top)
