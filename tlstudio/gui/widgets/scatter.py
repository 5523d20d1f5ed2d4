"""Points over a diagonal, to be pointed at. pyqtgraph is slow to import: import this module when it is first shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from tlstudio.gui import theme
from tlstudio.gui.plot_parts import Canvas, ValueAxis, faded

_NEAR = 14  # pixels


class Scatter(Canvas):
    """``pointed(index)`` under the mouse, ``clicked(index)`` on a click."""

    pointed = Signal(int)
    clicked = Signal(int)

    def __init__(self, across: str, up: str, parent: QWidget | None = None) -> None:
        super().__init__({"left": ValueAxis(False, "left"), "bottom": ValueAxis(False, "bottom")})
        self._points = np.empty((0, 2))
        self._titles = (across, up)
        self._line = pg.PlotDataItem()
        self._dots = pg.ScatterPlotItem(size=9)
        self._chosen = pg.ScatterPlotItem(size=15)
        for item in (self._line, self._dots, self._chosen):
            self.getPlotItem().addItem(item)
        self.setAccessibleName(f"{up} / {across}")
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.15)

    def set_points(self, points: Sequence[tuple[float, float]]) -> None:
        """(true, predicted) of each row; both axes get the same range."""
        self._points = np.array(points, dtype=float).reshape(-1, 2)
        self._dress()
        ends = (self._points.min(), self._points.max()) if len(self._points) else (0.0, 1.0)
        spare = (ends[1] - ends[0]) * 0.06 or 1.0
        low, high = ends[0] - spare, ends[1] + spare
        self._line.setData([low, high], [low, high])
        self._dots.setData(pos=self._points)
        self._chosen.setData(pos=np.empty((0, 2)))
        self.getPlotItem().setRange(xRange=(low, high), yRange=(low, high), padding=0)

    def set_chosen(self, at: int) -> None:
        """Marks the point of the row that is chosen elsewhere."""
        self._chosen.setData(pos=self._points[at : at + 1])

    def nearest(self, place: QPointF) -> int | None:
        """The point within a few pixels of a place on the widget."""
        if not len(self._points):
            return None
        box = self.getPlotItem().getViewBox()
        spots = [box.mapViewToScene(QPointF(x, y)) for x, y in self._points]
        scene = self.mapToScene(place.toPoint())
        far = [(spot.x() - scene.x()) ** 2 + (spot.y() - scene.y()) ** 2 for spot in spots]
        best = int(np.argmin(far))
        return best if far[best] <= _NEAR**2 else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if (at := self.nearest(event.position())) is not None:
            self.pointed.emit(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (at := self.nearest(event.position())) is not None:
            self.clicked.emit(at)

    def _dress(self) -> None:
        colours = theme.colours()
        self.setBackground(colours.base)
        for side, title in zip(("bottom", "left"), self._titles, strict=True):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(colours.border, width=1))
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.setLabel(title, color=colours.muted)
        self._line.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))
        self._dots.setBrush(pg.mkBrush(faded(colours.data[0], 150)))
        self._dots.setPen(pg.mkPen(colours.base, width=1))
        self._chosen.setBrush(pg.mkBrush(colours.data[1]))
        self._chosen.setPen(pg.mkPen(colours.text, width=1.5))
