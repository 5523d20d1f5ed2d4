"""Curves of a run: live, smoothed, with a crosshair, the best checkpoint, phases and earlier runs.

pyqtgraph takes most of a second to import, so panes import this module when they first show a plot.
Kept smooth by: pen width 1, no symbols on long curves, ndarrays, clipToView and downsampling at construction,
and a redraw only when the history's version has changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme, words
from tlstudio.gui.plot_parts import Canvas, Curve, LegendEntry, Line, PlottedLine, ValueAxis, faded
from tlstudio.gui.widgets.flow import FlowLayout
from tlstudio.session.history import Phase, RunHistory

__all__ = ["Curve", "CurvePlot", "Line"]

_SMOOTHING_STEPS = 99
_EARLIER = "earlier"
_SHARES, _ENDLESS = (-0.04, 1.06), (-1e307, 1e307)  # of an axis: what of it can be shown


class CurvePlot(QFrame):
    """A plot of curves over the optimiser's steps.

    Give it one run with :meth:`attach`, or lines of several runs with :meth:`set_lines`, and call
    :meth:`refresh` at most ten times a second.
    """

    def __init__(
        self,
        title: str,
        curves: Sequence[Curve] = (),
        *,
        percent: bool = False,
        smoothing: bool = False,
        log_axis: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title, self._curves, self._percent = title, tuple(curves), percent
        self._history: RunHistory | None = None
        self._earlier: list[tuple[str, RunHistory]] = []
        self._lines: list[PlottedLine] = []
        self._entries: dict[str, LegendEntry] = {}
        self._decorations: list[pg.GraphicsObject] = []
        self._drawn: tuple[int, ...] | None = None
        self._hovered: float | None = None
        self._weight, self._log = 0.0, False
        self._build(smoothing, log_axis)
        theme.set_role(self, "card")
        self._rebuild()

    # -- what is shown ------------------------------------------------------------------------------------------

    def attach(self, history: RunHistory | None) -> None:
        """Shows the curves of ``history``; None empties the plot."""
        self._history = history
        self._rebuild()

    def set_curves(self, curves: Sequence[Curve], percent: bool = False) -> None:
        """Other curves of the same run; ``percent``: all of them are shares."""
        if tuple(curves) != self._curves:
            self._curves = tuple(curves)
            self.set_percent(percent)
            self._rebuild()

    def set_earlier(self, earlier: Sequence[tuple[str, RunHistory]]) -> None:
        """Draws the same curves of earlier runs as pale lines below."""
        self._earlier = list(earlier)
        self._rebuild()

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Shows any lines, one legend entry each; replaces the attached run."""
        self._history, self._earlier = None, []
        self._set_lines(lines)

    def refresh(self) -> bool:
        """Redraws if anything has changed since; tells whether it did."""
        versions = tuple(line.spec.history.curves_version for line in self._lines)
        if versions == self._drawn:
            return False
        self._drawn = versions
        for line in self._lines:
            line.draw(self._weight, self._log)
        self._limit()
        self._draw_decorations()
        self._show_values()
        self._empty.setVisible(not any(line.x.size for line in self._lines))
        return True

    # -- what the user sets -------------------------------------------------------------------------------------

    def set_smoothing(self, weight: float) -> None:
        """``weight`` in [0, 0.99]: the share of the past in the moving average."""
        self._weight = min(max(weight, 0.0), _SMOOTHING_STEPS / 100)
        with QSignalBlocker(self.smoothing):
            self.smoothing.setValue(round(self._weight * 100))
        self._smoothing_value.setText(formats.decimal(self._weight, 2) if self._weight else self.tr("off"))
        self._redraw()

    @Slot(bool)
    def set_log(self, on: bool) -> None:
        self._log = on
        self.log_axis.setChecked(on)
        self._plot.setLogMode(False, on)
        self._redraw()

    def set_percent(self, on: bool) -> None:
        """Whether the values are shares, shown in per cent."""
        self._percent = on
        self._plot.getAxis("left").set_percent(on)

    @Slot()
    def fit(self) -> None:
        """Shows all of the curves again after a zoom."""
        self._plot.enableAutoRange()

    def values_at(self, step: float) -> dict[str, float]:
        """Legend label to the drawn value nearest to ``step``, for the curves that are shown."""
        shown = [line for line in self._lines if line.visible and line.x.size and not line.spec.pale]
        return {line.spec.label: line.value_at(step) for line in shown}

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self, smoothing: bool, log_axis: bool) -> None:
        self.canvas = Canvas({"left": ValueAxis(self._percent, "left"), "bottom": ValueAxis(False, "bottom")})
        self._plot = self.canvas.getPlotItem()
        # adding a curve to a plot overwrites the curve's own choice of these two with the plot's
        self._plot.setDownsampling(auto=True, mode="peak")
        self._plot.setClipToView(True)
        self.canvas.setAccessibleName(self._title)
        self.canvas.hovered.connect(self._hover)
        self.canvas.left.connect(self._leave)
        self.canvas.moved.connect(self._move_by_key)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._cross.hide()
        self._best = pg.PlotDataItem(symbol="star", symbolSize=15, pen=None)
        self._best_line = pg.InfiniteLine(angle=90, movable=False)
        self._best_line.hide()
        for item in (self._best_line, self._cross):
            self._plot.addItem(item, ignoreBounds=True)
        self._plot.addItem(self._best)
        self._best.setZValue(10)
        self._empty = QLabel(self.tr("No values yet"), self.canvas)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self._empty, "muted")
        overlay = QVBoxLayout(self.canvas)
        overlay.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(self._header(log_axis))
        self._legend_box = QWidget()
        self._legend = FlowLayout(self._legend_box, gap=10)
        layout.addWidget(self._legend_box)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(self._footer(smoothing))

    def _header(self, log_axis: bool) -> QHBoxLayout:
        heading = QLabel(self._title)
        theme.set_role(heading, "title")
        self._step_label = QLabel()
        theme.set_role(self._step_label, "caption")
        self.log_axis = QCheckBox(self.tr("Log axis"))
        self.log_axis.setToolTip(self.tr("Shows small values as clearly as large ones"))
        self.log_axis.setVisible(log_axis)
        self.log_axis.toggled.connect(self.set_log)
        self.fit_button = QPushButton(self.tr("Fit"))
        theme.set_role(self.fit_button, "quiet")
        self.fit_button.setToolTip(self.tr("Show the whole curve (zoom with Ctrl and the wheel, move by dragging)"))
        self.fit_button.setAccessibleName(self.tr("Fit {plot} to its curves").format(plot=self._title))
        self.fit_button.clicked.connect(self.fit)
        row = QHBoxLayout()
        for widget in (heading, self._step_label):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.log_axis)
        row.addWidget(self.fit_button)
        return row

    def _footer(self, smoothing: bool) -> QHBoxLayout:
        label = QLabel(self.tr("Smoothing"))
        theme.set_role(label, "caption")
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, _SMOOTHING_STEPS)
        self.smoothing.setMaximumWidth(160)
        self.smoothing.setAccessibleName(self.tr("Smoothing of {plot}").format(plot=self._title))
        self.smoothing.valueChanged.connect(self._slide)
        self._smoothing_value = QLabel(self.tr("off"))
        theme.set_role(self._smoothing_value, "caption")
        row = self.footer = QHBoxLayout()
        for widget in (label, self.smoothing, self._smoothing_value):
            widget.setVisible(smoothing)
            row.addWidget(widget)
        row.addStretch(1)
        steps = QLabel(self.tr("optimiser steps"))
        theme.set_role(steps, "caption")
        row.addWidget(steps)
        return row

    def _rebuild(self) -> None:
        pale = [
            Line(name, history, curve.split, curve.name, curve.colour, curve.style, pale=True)
            for name, history in self._earlier
            for curve in self._curves
        ]
        own = self._history or RunHistory()
        main = [
            Line(curve.label, own, curve.split, curve.name, curve.colour, curve.style, smooth=curve.smooth)
            for curve in self._curves
        ]
        self._set_lines([*pale, *main])

    def _set_lines(self, lines: Sequence[Line]) -> None:
        for line in self._lines:
            line.remove(self._plot)
        hidden = {key for key, entry in self._entries.items() if not entry.isChecked()}
        self._lines = [PlottedLine(spec, self._plot) for spec in lines]
        self._build_legend(hidden)
        self._restyle()
        self._drawn = None
        self.refresh()

    def _build_legend(self, hidden: set[str]) -> None:
        while (item := self._legend.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()  # it lives on until the event loop comes round
                widget.deleteLater()
        self._entries = {}
        names = [line.spec.label for line in self._lines if line.spec.pale]
        for line in sorted(self._lines, key=lambda line: line.spec.pale):
            key = _EARLIER if line.spec.pale else line.spec.label
            if key not in self._entries:
                entry = self._entries[key] = LegendEntry(line.spec)
                entry.setChecked(key not in hidden)
                entry.toggled.connect(self._show_lines)
                self._legend.addWidget(entry)
        if _EARLIER in self._entries:
            distinct = list(dict.fromkeys(names))
            self._entries[_EARLIER].set_name(self.tr("Earlier runs ({n})").format(n=len(distinct)))
            self._entries[_EARLIER].setToolTip("\n".join(distinct))
        self._show_lines()

    # -- drawing ------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        self._drawn = None
        self.refresh()

    def _limit(self) -> None:
        """Shares end at 0 and 100 %: a level curve must not be drawn on an axis that goes beyond."""
        values = [value for line in self._lines for value in line.bounds]
        within = self._percent and not self._log and bool(values) and min(values) >= 0 and max(values) <= 1
        low, high = _SHARES if within else _ENDLESS
        self._plot.setLimits(yMin=low, yMax=high)

    def _draw_decorations(self) -> None:
        for item in self._decorations:
            self._plot.removeItem(item)
        phases = self._history.phases if self._history else []
        self._decorations = [item for number, phase in enumerate(phases) for item in self._band(phase, number)]
        for item in self._decorations:
            self._plot.addItem(item, ignoreBounds=True)
        best = self._history.best if self._history else None
        line = next((line for line in reversed(self._lines) if line.spec.split == "validation" and line.x.size), None)
        self._best_line.setVisible(best is not None)
        if best is None or line is None:
            self._best.setData([], [])
            return
        self._best_line.setPos(best.step)
        self._best.setData(np.array([float(best.step)]), np.array([line.value_at(best.step)]))

    def _band(self, phase: Phase, number: int) -> list[pg.GraphicsObject]:
        """A shaded part of the plot with its name at the top."""
        colours = theme.colours()
        ends = [line.x[-1] for line in self._lines if line.x.size and not line.spec.pale]
        end = phase.end if phase.end is not None else max([*ends, phase.start])
        brush = pg.mkBrush(faded(colours.data[(number + 3) % len(colours.data)], 26))
        region = pg.LinearRegionItem((phase.start, end), movable=False, brush=brush, pen=pg.mkPen(None))
        region.setZValue(-20)
        place = {"position": 0.95 - 0.09 * (number % 2), "anchors": [(0, 0.5), (0, 0.5)], "color": colours.muted}
        start = pg.InfiniteLine(
            phase.start, angle=90, pen=pg.mkPen(colours.border, width=1), label=phase.name, labelOpts=place
        )
        return [region, start]

    def _restyle(self) -> None:
        colours = theme.colours()
        self.canvas.setBackground(colours.base)
        # a fixed width: axes of plots side by side agree, and the curves don't jump while digits change
        self._plot.getAxis("left").setWidth(self.fontMetrics().horizontalAdvance("0.0000 %") + 6)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.border, width=1))
            axis.setTextPen(pg.mkPen(colours.muted))
        self._cross.setPen(pg.mkPen(colours.muted, width=1))
        self._best_line.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DotLine))
        self._best.setSymbolBrush(pg.mkBrush(colours.warn))
        self._best.setSymbolPen(pg.mkPen(colours.base))
        for line in self._lines:
            line.restyle()
        for entry in self._entries.values():
            entry.restyle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._restyle()
            self._redraw()

    # -- hovering -----------------------------------------------------------------------------------------------

    @Slot(float)
    def _hover(self, step: float) -> None:
        self._hovered = step
        self._cross.setPos(step)
        self._cross.show()
        self._show_values()

    @Slot()
    def _leave(self) -> None:
        self._hovered = None
        self._cross.hide()
        self._show_values()

    @Slot(int)
    def _move_by_key(self, points: int) -> None:
        """Moves the crosshair along the first visible curve that has points."""
        line = next((line for line in self._lines if line.visible and line.x.size and not line.spec.pale), None)
        if line is None:
            return
        at = line.x.size - 1 if self._hovered is None else line.index_at(self._hovered)
        self._hover(float(line.x[min(max(at + points, 0), line.x.size - 1)]))

    def _show_values(self) -> None:
        ends = [line.x[-1] for line in self._lines if line.x.size and not line.spec.pale]
        step = self._hovered if self._hovered is not None else (max(ends) if ends else None)
        values = self.values_at(step) if step is not None else {}
        show = formats.percent if self._percent else formats.compact
        texts = {label: show(value) for label, value in values.items()}
        for key, entry in self._entries.items():
            entry.set_value(texts.get(key, ""))
        at = self.tr("step {step}").format(step=formats.count(step)) if self._hovered is not None else ""
        best = self._history.best if self._history else None
        mark = self.tr("★ best: step {step}").format(step=formats.count(best.step)) if best else ""
        self._step_label.setText(at or mark)
        spoken = words.listing(f"{label} {text}" for label, text in texts.items())
        self.canvas.setAccessibleDescription(f"{at}: {spoken}" if at else spoken)

    @Slot()
    def _show_lines(self) -> None:
        for line in self._lines:
            key = _EARLIER if line.spec.pale else line.spec.label
            line.set_visible(self._entries[key].isChecked())
        self._show_values()

    @Slot(int)
    def _slide(self, value: int) -> None:
        self.set_smoothing(value / 100)
