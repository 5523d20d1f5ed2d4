"""Charts of results, drawn with QPainter: scores with intervals, and reliability."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, metric_names, theme, words

_ROW = 34


class IntervalBars(QWidget):
    """Horizontal bars with their 95 % intervals, shares from 0 to 100 %; the last is the model and stands out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, dict[str, Any]]] = []
        self._metric = metric_names.DEFAULT
        self._range = (0.0, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_bars(
        self, bars: list[tuple[str, dict[str, Any]]], metric: str, limits: tuple[float, float] | None = None
    ) -> None:
        """``limits``: the ends of the bars, where they are known of what is no share."""
        self._bars, self._metric = bars, metric
        usual = (0.0, 1.0) if metric_names.is_share(metric) else _range([value for _, value in bars])
        self._range = limits or usual
        title = self.tr("{metric} beside the baselines") if len(bars) > 1 else "{metric}"
        self.setAccessibleName(title.format(metric=metric_names.title(metric)))
        self.setAccessibleDescription("; ".join(f"{name}: {self._text(value)}" for name, value in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _ROW * len(self._bars) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, _ROW * len(self._bars) + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        names = min(max((metrics.horizontalAdvance(name) for name, _ in self._bars), default=0) + 2, self.width() // 3)
        texts = [self._text(value) for _, value in self._bars]
        numbers = max(metrics.horizontalAdvance(text) for text in ("100.0 % (100.0–100.0)", *texts))
        room = max(self.width() - names - numbers - 28, 20)
        for row, (name, value) in enumerate(self._bars):
            self._draw(painter, QRectF(0, row * _ROW, self.width(), _ROW), (name, value), names, room)

    def _draw(
        self, painter: QPainter, area: QRectF, bar: tuple[str, dict[str, Any]], names: float, room: float
    ) -> None:
        (name, value), last = bar, area.top() >= (len(self._bars) - 1) * _ROW
        middle = area.center().y()
        short = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(names))
        painter.setPen(theme.colour("text"))
        painter.drawText(
            QRectF(0, area.top(), names, area.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            short,
        )
        left = names + 12
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover"))
        painter.drawRoundedRect(QRectF(left, middle - 7, room, 14), 3, 3)
        painter.setBrush(theme.data_colour(0) if last else theme.data_colour(7))
        share = 0.0 if formats.missing(value.get("value")) else self._share(value["value"])
        zero = self._share(0.0)
        begin, end = sorted((zero, share))
        painter.drawRoundedRect(QRectF(left + begin * room, middle - 7, max((end - begin) * room, 2), 14), 3, 3)
        self._draw_interval(painter, value, left, room, middle)
        painter.setPen(theme.colour("text" if last else "muted"))
        place = QRectF(left + room + 10, area.top(), self.width() - left - room - 10, area.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, self._text(value))

    def _draw_interval(self, painter: QPainter, value: dict[str, Any], left: float, room: float, middle: float) -> None:
        if formats.missing(value.get("low")) or formats.missing(value.get("high")):
            return
        painter.setPen(QPen(theme.colour("text"), 1.5))
        low, high = (left + self._share(value[end]) * room for end in ("low", "high"))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for end in (low, high):
            painter.drawLine(QPointF(end, middle - 5), QPointF(end, middle + 5))

    def _share(self, value: float) -> float:
        """Where a value lies on the bar, 0 to 1."""
        low, high = self._range
        return min(max((float(value) - low) / (high - low), 0.0), 1.0)

    def _text(self, value: dict[str, Any]) -> str:
        return metric_names.interval(self._metric, value)


def _range(values: list[dict[str, Any]]) -> tuple[float, float]:
    """From zero, or the lowest value below it, to the highest."""
    ends = [value.get(key) for value in values for key in ("value", "low", "high")]
    numbers = [float(end) for end in ends if end is not None and not formats.missing(end)]
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    return (low, high) if high > low else (0.0, 1.0)


class ReliabilityDiagram(QWidget):
    """Accuracy over confidence in bins. A well calibrated model lies on the diagonal; a bar shows how many rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bins: list[dict[str, Any]] = []
        self.setMinimumSize(260, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_bins(self, bins: list[dict[str, Any]], unit: str = "texts") -> None:
        self._bins = [item for item in bins if item.get("count")]
        text = self.tr("confidence {confidence}, accuracy {accuracy}, {count}")
        self.setAccessibleName(self.tr("Reliability diagram"))
        self.setAccessibleDescription(
            "; ".join(
                text.format(
                    confidence=formats.percent(item["confidence"]),
                    accuracy=formats.percent(item["accuracy"]),
                    count=words.counted(item["count"], unit),
                )
                for item in self._bins
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 340)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + 12 + metrics.height()
        width, height = self.width() - left - 14, self.height() - metrics.height() * 2 - 26
        side = min(width, height * 1.4)
        return QRectF(left, 10, side, height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        self._draw_frame(painter, area)
        most = max((item["count"] for item in self._bins), default=1)
        painter.setPen(Qt.PenStyle.NoPen)
        for item in self._bins:
            left, right = area.left() + item["low"] * area.width(), area.left() + item["high"] * area.width()
            height = item["count"] / most * area.height() * 0.25
            painter.setBrush(theme.colour("border"))
            painter.drawRect(QRectF(left + 1, area.bottom() - height, right - left - 2, height))
        points = [self._place(area, item["confidence"], item["accuracy"]) for item in self._bins]
        painter.setBrush(theme.data_colour(0))
        painter.setPen(QPen(theme.data_colour(0), 2))
        painter.drawPolyline(QPolygonF(points))
        for point in points:
            painter.drawEllipse(point, 4, 4)

    def _draw_frame(self, painter: QPainter, area: QRectF) -> None:
        metrics = self.fontMetrics()
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            x, y = area.left() + tick * area.width(), area.bottom() - tick * area.height()
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            text = formats.percent(tick, 0)
            width = metrics.horizontalAdvance(text)
            painter.drawText(QPointF(area.left() - width - 6, y + metrics.ascent() / 2 - 1), text)
            painter.drawText(QPointF(x - width / 2, area.bottom() + metrics.height() + 1), text)
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        caption = QRectF(area.left(), area.bottom() + metrics.height() + 6, area.width(), metrics.height() + 4)
        painter.drawText(caption, Qt.AlignmentFlag.AlignHCenter, self.tr("Confidence of the model"))
        painter.save()
        painter.translate(metrics.ascent(), area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-120, -metrics.ascent(), 240, metrics.height()), 4, self.tr("Share that is right"))
        painter.restore()

    @staticmethod
    def _place(area: QRectF, x: float, y: float) -> QPointF:
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())


class ProbabilityBars(QWidget):
    """Labels with their probabilities, the likeliest first; marks where the threshold of a label lies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, float]] = []
        self._thresholds: dict[str, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_probabilities(self, probabilities: dict[str, float], thresholds: dict[str, float] | None = None) -> None:
        """With ``thresholds`` every label that reaches its own is given; else only the likeliest."""
        self._bars = sorted(probabilities.items(), key=lambda item: -item[1])[:12]
        self._thresholds = thresholds or {}
        self.setAccessibleName(self.tr("Probabilities"))
        self.setAccessibleDescription(words.listing(f"{name} {formats.percent(value)}" for name, value in self._bars))
        self.updateGeometry()
        self.update()

    def bars(self) -> list[tuple[str, float]]:
        return list(self._bars)

    def given(self, row: int) -> bool:
        """Whether the model gives the label of this bar."""
        name, value = self._bars[row]
        return value >= self._thresholds.get(name, 0.5) if self._thresholds else row == 0

    def sizeHint(self) -> QSize:
        return QSize(320, 26 * len(self._bars) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 26 * len(self._bars) + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(self._name(row)) for row in range(len(self._bars))), default=0) + 2
        names, numbers = min(widest, self.width() * 2 // 5), metrics.horizontalAdvance("100.0 %")
        room = max(self.width() - names - numbers - 30, 20)
        for row, (name, value) in enumerate(self._bars):
            top = row * 26.0
            painter.setPen(theme.colour("text"))
            short = metrics.elidedText(self._name(row), Qt.TextElideMode.ElideRight, names)
            painter.drawText(QRectF(0, top, names, 26), Qt.AlignmentFlag.AlignVCenter, short)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("hover"))
            painter.drawRoundedRect(QRectF(names + 12, top + 6, room, 14), 3, 3)
            painter.setBrush(theme.data_colour(0 if self.given(row) else 7))
            painter.drawRoundedRect(QRectF(names + 12, top + 6, max(value * room, 2), 14), 3, 3)
            painter.setPen(QPen(theme.colour("text"), 2))
            if name in self._thresholds:
                x = names + 12 + self._thresholds[name] * room
                painter.drawLine(QPointF(x, top + 3), QPointF(x, top + 23))
            place = QRectF(names + room + 20, top, numbers + 8, 26)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, formats.percent(value))

    def _name(self, row: int) -> str:
        """With a tick where several can be given, so that the colour is not the only sign."""
        name = self._bars[row][0]
        return f"{'✓' if self.given(row) else '  '} {name}" if self._thresholds else name
