"""The parts of a curve plot: its drawing area, axes, lines and legend entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QCheckBox

from tlstudio.gui import theme
from tlstudio.gui.smoothing import Smoother
from tlstudio.session.history import RunHistory

_SYMBOLS_UP_TO = 60  # points: a curve of one point is invisible without a symbol, and many symbols are slow
_SYMBOLS = {
    Qt.PenStyle.SolidLine: "o",
    Qt.PenStyle.DashLine: "s",
    Qt.PenStyle.DotLine: "t",
    Qt.PenStyle.DashDotLine: "d",
}
_SMOOTH_EDGES_UP_TO = 2000  # points: anti-aliasing a dense path takes a tenth of a second
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -(1 << 30),
    Qt.Key.Key_End: 1 << 30,
}


@dataclass(frozen=True)
class Curve:
    """A curve that a plot shows of each run. ``colour`` counts the theme's data colours."""

    split: str
    name: str
    label: str
    colour: int = 0
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    smooth: bool = True


@dataclass(frozen=True)
class Line:
    """One line of one run; a pale one is an earlier run, in the background."""

    label: str
    history: RunHistory
    split: str
    name: str
    colour: int = 0
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    pale: bool = False
    smooth: bool = True


def faded(colour: str, alpha: int) -> QColor:
    result = QColor(colour)
    result.setAlpha(alpha)
    return result


def pen_of(spec: Line, alpha: int = 255) -> QPen:
    colour = theme.data_colour(spec.colour)
    colour.setAlpha(90 if spec.pale else alpha)
    return pg.mkPen(colour, width=1, style=spec.style)


class ValueAxis(pg.AxisItem):
    """An axis without 'k' and 'M' prefixes, in per cent where the values are shares."""

    def __init__(self, percent: bool, orientation: str) -> None:
        super().__init__(orientation)
        self._percent = percent
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-4)

    def set_percent(self, on: bool) -> None:
        self._percent = on
        self.picture = None
        self.update()

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if not self._percent or self.logMode:
            return super().tickStrings(values, scale, spacing)
        digits = max(0, int(np.ceil(-np.log10(spacing * 100)))) if spacing else 0
        return [f"{value * 100:.{digits}f} %" for value in values]


class Canvas(pg.PlotWidget):
    """The drawing area: hover and arrow keys move a crosshair; the wheel zooms only with Ctrl, so that a page scrolls.

    pyqtgraph's own menu is off: its words are not translated and its SVG export is broken.
    """

    hovered = Signal(float)
    left = Signal()
    moved = Signal(int)

    def __init__(self, axes: dict[str, pg.AxisItem]) -> None:
        super().__init__(axisItems=axes)
        self.setMinimumSize(220, 140)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.15)
        self.getPlotItem().getViewBox().setDefaultPadding(0.04)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(360, 220)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        box = self.getPlotItem().getViewBox()
        place = self.mapToScene(event.position().toPoint())
        if box.sceneBoundingRect().contains(place):
            self.hovered.emit(box.mapSceneToView(place).x())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()))
        if step is not None:
            self.moved.emit(step)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            event.ignore()
        else:
            super().keyPressEvent(event)


class PlottedLine:
    """A line on a plot: the drawn (smoothed) curve and, behind it, the raw one in a pale colour."""

    def __init__(self, spec: Line, plot: pg.PlotItem) -> None:
        self.spec = spec
        self.visible = True
        self.x: NDArray[np.float64] = np.empty(0)
        self._y: NDArray[np.float64] = np.empty(0)
        self._smoother = Smoother()
        self._smoothed = False
        self._raw = self._item(plot, -1)
        self._main = self._item(plot, -5 if spec.pale else 1)
        self._raw.hide()

    @staticmethod
    def _item(plot: pg.PlotItem, z: float) -> pg.PlotDataItem:
        item = pg.PlotDataItem(
            clipToView=True, autoDownsample=True, downsampleMethod="peak", connect="finite", antialias=True
        )
        item.opts["autoDownsampleFactor"] = 1.0  # the default keeps five points a pixel: five times the painting
        item.setZValue(z)
        plot.addItem(item)
        return item

    def remove(self, plot: pg.PlotItem) -> None:
        plot.removeItem(self._raw)
        plot.removeItem(self._main)

    def draw(self, weight: float, log: bool) -> None:
        """Takes the points that the history has now."""
        self.x, raw = self.spec.history.snapshot(self.spec.split, self.spec.name)
        smooth = weight > 0 and self.spec.smooth
        self._smoothed = smooth
        self._y = self._smoother.update(raw, weight) if smooth else raw
        self._main.setSymbol(_SYMBOLS.get(self.spec.style, "o") if self._few and not self.spec.pale else None)
        fine = self.x.size <= _SMOOTH_EDGES_UP_TO
        self._main.setData(self.x, _for_axis(self._y, log), antialias=fine)
        self._raw.setVisible(smooth and self.visible)
        if smooth:
            self._raw.setData(self.x, _for_axis(raw, log), antialias=fine)

    @property
    def _few(self) -> bool:
        return 0 < self.x.size <= _SYMBOLS_UP_TO and self.spec.split != "train"

    def set_visible(self, on: bool) -> None:
        self.visible = on
        self._main.setVisible(on)
        self._raw.setVisible(on and self._smoothed)

    def index_at(self, step: float) -> int:
        """Index of the point nearest to ``step``; there must be one."""
        right = min(int(np.searchsorted(self.x, step)), self.x.size - 1)
        left = max(right - 1, 0)
        return left if abs(self.x[left] - step) <= abs(self.x[right] - step) else right

    def value_at(self, step: float) -> float:
        return float(self._y[self.index_at(step)])

    @property
    def bounds(self) -> tuple[float, ...]:
        """The lowest and the highest value; empty where there is none."""
        found = self._y[np.isfinite(self._y)]
        return (float(found.min()), float(found.max())) if found.size else ()

    def restyle(self) -> None:
        self._main.setPen(pen_of(self.spec))
        self._main.setSymbolPen(pen_of(self.spec))
        self._main.setSymbolBrush(theme.data_colour(self.spec.colour))
        self._main.setSymbolSize(6)
        self._raw.setPen(pen_of(self.spec, 70))


def _for_axis(values: NDArray[Any], log: bool) -> NDArray[Any]:
    """A log axis has no place for zero: such points become gaps."""
    return np.where(values > 0, values, np.nan) if log else values


class LegendEntry(QCheckBox):
    """Shows a line's colour, style, name and value, and hides the line when it is unchecked."""

    def __init__(self, spec: Line) -> None:
        super().__init__()
        self._spec, self._name, self._value = spec, spec.label, ""
        self.setIconSize(QSize(26, 12))
        self.setChecked(True)
        self.setText(self._name)

    def set_name(self, name: str) -> None:
        self._name = name
        self.set_value(self._value)

    def set_value(self, value: str) -> None:
        self._value = value
        text = f"{self._name}  {value}".rstrip().replace("&", "&&")
        if text != self.text():
            self.setText(text)
            self.setMinimumWidth(max(self.minimumWidth(), self.sizeHint().width()))  # never wraps back and forth

    def restyle(self) -> None:
        ratio = self.devicePixelRatioF()
        image = QPixmap(round(26 * ratio), round(12 * ratio))
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setPen(QPen(pen_of(self._spec).color(), 2, self._spec.style))
        painter.drawLine(1, 6, 25, 6)
        painter.end()
        self.setIcon(QIcon(image))
