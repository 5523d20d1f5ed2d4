"""Forms of a model by two measures, with the line of those that no other one beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from tlstudio.gui import theme
from tlstudio.gui.plot_parts import Canvas, ValueAxis, faded

_NEAR = 14  # pixels
_SIZE, _CHOSEN = 12, 22
_HEIGHT = 330  # pixels


@dataclass(frozen=True)
class Dot:
    """A form at its place: ``text`` is told where the mouse is over it."""

    key: str
    x: float
    y: float
    text: str
    pareto: bool = False
    within: bool = False
    reference: bool = False


@dataclass(frozen=True)
class PlotAxis:
    """What an axis shows, with its unit, and whether its values are shares."""

    title: str
    unit: str = ""
    percent: bool = False


class FrontierPlot(Canvas):
    """``chosen(key)``: a click on a point, or the arrow keys. Shape and colour both say what a point is."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._axes = {"left": ValueAxis(False, "left"), "bottom": ValueAxis(False, "bottom")}
        super().__init__(dict(self._axes))
        self.setParent(parent)
        self.setAccessibleName(name)
        self.setFixedHeight(_HEIGHT)
        self._dots: list[Dot] = []
        self._shown = (PlotAxis(""), PlotAxis(""))
        self._key = ""
        self._line = pg.PlotDataItem(antialias=True)
        self._mark = pg.ScatterPlotItem(size=_CHOSEN, symbol="o")
        self._others = pg.ScatterPlotItem(size=_SIZE, symbol="o")
        self._within = pg.ScatterPlotItem(size=_SIZE + 2, symbol="d")
        self._trained = pg.ScatterPlotItem(size=_SIZE + 6, symbol="star")
        for item in (self._line, self._mark, self._others, self._within, self._trained):
            self.getPlotItem().addItem(item)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.15)
        self.moved.connect(self._step)
        self._dress()

    # --- setters

    def set_axes(self, across: PlotAxis, up: PlotAxis) -> None:
        self._shown = (across, up)
        self._axes["bottom"].set_percent(across.percent)
        self._axes["left"].set_percent(up.percent)
        self._dress()

    def set_dots(self, dots: Sequence[Dot], corners: Sequence[tuple[float, float]]) -> None:
        """The forms, and the corners of the line from the best across on."""
        self._dots = sorted(dots, key=lambda dot: (dot.x, dot.y))
        self._line.setData([x for x, _ in corners], [y for _, y in corners])
        self._draw()
        self._fit()

    def set_chosen(self, key: str) -> None:
        """Marks a point that is chosen here or elsewhere; emits nothing."""
        self._key = key
        spots = [(dot.x, dot.y) for dot in self._dots if dot.key == key]
        self._mark.setData(pos=np.array(spots, dtype=float).reshape(-1, 2))

    @property
    def dots(self) -> list[Dot]:
        return self._dots

    # --- the hand

    def nearest(self, place: QPointF) -> Dot | None:
        """The point within a few pixels of a place on the widget."""
        box, scene = self.getPlotItem().getViewBox(), self.mapToScene(place.toPoint())
        best, least = None, float(_NEAR**2)
        for dot in self._dots:
            spot = box.mapViewToScene(QPointF(dot.x, dot.y))
            far = (spot.x() - scene.x()) ** 2 + (spot.y() - scene.y()) ** 2
            if far <= least:
                best, least = dot, far
        return best

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        dot = self.nearest(event.position())
        if dot is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), dot.text, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (dot := self.nearest(event.position())) is not None:
            self.chosen.emit(dot.key)

    def _step(self, by: int) -> None:
        """The arrow keys go from point to point, from left to right."""
        if not self._dots:
            return
        at = next((place for place, dot in enumerate(self._dots) if dot.key == self._key), -1 if by > 0 else 0)
        self.chosen.emit(self._dots[min(max(at + by, 0), len(self._dots) - 1)].key)

    # --- drawing

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_key"):
            self._dress()

    def _draw(self) -> None:
        """Filled where nothing beats a form, else hollow."""
        colours = theme.colours()
        groups = {
            self._others: [dot for dot in self._dots if not (dot.reference or dot.within)],
            self._within: [dot for dot in self._dots if dot.within and not dot.reference],
            self._trained: [dot for dot in self._dots if dot.reference],
        }
        for (item, dots), tint in zip(groups.items(), (0, 2, 1), strict=True):
            colour = theme.data_colour(tint)
            full, hollow = pg.mkBrush(colour), pg.mkBrush(faded(colours.raised, 255))
            item.setData(
                [dot.x for dot in dots],
                [dot.y for dot in dots],
                brush=[full if dot.pareto or dot.reference else hollow for dot in dots],
                pen=pg.mkPen(colour, width=2),
            )
        self.set_chosen(self._key)

    def _fit(self) -> None:
        """All points with room around them, a single one in the middle."""
        if not self._dots:
            return
        spots = np.array([(dot.x, dot.y) for dot in self._dots])
        low, high = spots.min(axis=0), spots.max(axis=0)
        room = np.where(high > low, (high - low) * 0.1, np.maximum(np.abs(high) * 0.1, 0.01))
        (left, bottom), (right, top) = low - room, high + room
        self.getPlotItem().setRange(xRange=(left, right), yRange=(bottom, top), padding=0)

    def _dress(self) -> None:
        colours = theme.colours()
        self.setBackground(colours.raised)
        plot = self.getPlotItem()
        for side, axis in zip(("bottom", "left"), self._shown, strict=True):
            text = f"{axis.title} ({axis.unit})" if axis.unit else axis.title
            plot.setLabel(side, text, color=colours.muted)
            plot.getAxis(side).setPen(colours.border)
            plot.getAxis(side).setTextPen(colours.muted)
        self._line.setPen(pg.mkPen(colours.muted, width=1.5, style=Qt.PenStyle.DashLine))
        self._mark.setPen(pg.mkPen(colours.text, width=2))
        self._mark.setBrush(pg.mkBrush(None))
        self._draw()
