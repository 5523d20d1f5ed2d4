"""The trials of a search as points, and the best so far as a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QWidget

from tlstudio.gui import theme
from tlstudio.gui.plot_parts import Canvas, ValueAxis

_SIZE = 7  # pixels
_MOST_TICKS = 12


@dataclass(frozen=True)
class TrialPoint:
    """A trial with its score; one that was broken off has the last score that it had, and does not count."""

    number: int
    value: float
    counts: bool


class TrialPlot(Canvas):
    """Made once; points are added as trials come in."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._value_axis = ValueAxis(False, "left")
        super().__init__({"left": self._value_axis, "bottom": ValueAxis(False, "bottom")})
        self.setParent(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(220)
        plot = self.getPlotItem()
        self._base = pg.InfiniteLine(angle=0, movable=False)
        self._best = pg.PlotDataItem(stepMode="right")  # a better trial counts from itself on
        self._done = pg.ScatterPlotItem(size=_SIZE)
        self._broken = pg.ScatterPlotItem(size=_SIZE, symbol="x")
        for item in (self._base, self._best, self._broken, self._done):
            plot.addItem(item)
        self._titles = ("", "")
        self._dress()

    def set_axes(self, number: str, value: str, percent: bool) -> None:
        """What the axes are called, and whether values are shares."""
        self._titles = (number, value)
        self._value_axis.set_percent(percent)
        self._dress()

    def set_points(self, points: Sequence[TrialPoint], base: float | None, lower: bool) -> None:
        """The trials in order; ``base`` is the value of the recipe as it is, ``lower`` whether less is better."""
        done = [point for point in points if point.counts]
        values = np.array([point.value for point in done], np.float64)
        best = (np.minimum if lower else np.maximum).accumulate(values) if done else values
        numbers = np.array([point.number for point in done], np.float64)
        self._done.setData(numbers, values)
        self._best.setData(numbers, best)
        broken = [point for point in points if not point.counts]
        self._broken.setData([point.number for point in broken], [point.value for point in broken])
        self._base.setVisible(base is not None)
        if base is not None:
            self._base.setPos(base)
        step = math.ceil(max((point.number for point in points), default=1) / _MOST_TICKS)
        self.getPlotItem().getAxis("bottom").setTickSpacing(levels=[(step, 0)])  # there is no trial 1.5
        self.getPlotItem().enableAutoRange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_titles"):
            self._dress()

    def _dress(self) -> None:
        c = theme.colours()
        self.setBackground(c.raised)
        plot = self.getPlotItem()
        for axis, title in zip(("bottom", "left"), self._titles, strict=True):
            plot.setLabel(axis, title, color=c.muted)
            plot.getAxis(axis).setPen(c.border)
            plot.getAxis(axis).setTextPen(c.muted)
        first, second = theme.data_colour(0), theme.data_colour(1)
        self._done.setBrush(pg.mkBrush(first))
        self._done.setPen(_pen(first))
        self._broken.setPen(_pen(c.muted))
        self._broken.setBrush(pg.mkBrush(c.muted))
        self._best.setPen(_pen(second))
        self._base.setPen(pg.mkPen(c.muted, width=1, style=Qt.PenStyle.DashLine))


def _pen(colour: Any) -> Any:
    return pg.mkPen(colour, width=1)
