"""Differences with their intervals, a line each, against no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QWidget

from tlstudio.gui import theme
from tlstudio.gui.plot_parts import Canvas, ValueAxis

_LINE_HEIGHT, _AROUND = 26, 62  # pixels
_LONGEST = 34  # letters of a name on the axis


@dataclass(frozen=True)
class Difference:
    """A difference with its 95 % interval."""

    title: str
    value: float
    low: float
    high: float


class DifferencePlot(Canvas):
    """Made once; lines are set anew."""

    def __init__(self, name: str, axis: str, parent: QWidget | None = None) -> None:
        super().__init__({"left": ValueAxis(False, "left"), "bottom": ValueAxis(False, "bottom")})
        self.setParent(parent)
        self.setAccessibleName(name)
        self._axis_title = axis
        plot = self.getPlotItem()
        plot.showGrid(x=True, y=False, alpha=0.15)
        plot.invertY(True)
        self._zero = pg.InfiniteLine(0.0, angle=90, movable=False)
        none = np.zeros(1)
        self._bars = pg.ErrorBarItem(x=none, y=none, left=none, right=none, beam=0.2)
        self._points = pg.ScatterPlotItem(size=8)
        for item in (self._zero, self._bars, self._points):
            plot.addItem(item)
        self._dress()

    def set_differences(self, differences: Sequence[Difference]) -> None:
        values, low, high = (
            np.array([getattr(item, name) for item in differences], np.float64) for name in ("value", "low", "high")
        )
        places = np.arange(len(differences), dtype=np.float64)
        if differences:
            self._bars.setData(x=values, y=places, left=values - low, right=high - values)
        self._points.setData(values, places)
        plot = self.getPlotItem()
        plot.getAxis("left").setTicks([[(place, _short(item.title)) for place, item in enumerate(differences)]])
        plot.setYRange(-0.5, max(len(differences), 1) - 0.5, padding=0.05)
        plot.enableAutoRange(axis="x")
        self.setFixedHeight(_AROUND + _LINE_HEIGHT * max(len(differences), 1))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_points"):
            self._dress()

    def _dress(self) -> None:
        c = theme.colours()
        self.setBackground(c.raised)
        plot, colour = self.getPlotItem(), theme.data_colour(0)
        plot.setLabel("bottom", self._axis_title, color=c.muted)
        for axis in ("left", "bottom"):
            plot.getAxis(axis).setPen(c.border)
            plot.getAxis(axis).setTextPen(c.muted)
        self._zero.setPen(pg.mkPen(c.muted, width=1, style=Qt.PenStyle.DashLine))
        self._bars.setData(pen=pg.mkPen(colour, width=1))
        self._points.setPen(pg.mkPen(colour))
        self._points.setBrush(pg.mkBrush(colour))


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"
