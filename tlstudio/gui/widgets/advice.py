"""A question to the advisor: asked on a click, answered with a table, a drawing and sentences, and taken on a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme
from tlstudio.gui.plot_parts import Canvas, ValueAxis
from tlstudio.gui.widgets.busy_line import BusyLine
from tlstudio.gui.widgets.common import button, label
from tlstudio.gui.widgets.record_table import Column, RecordTable


@dataclass(frozen=True)
class Series:
    """Points of a drawing; ``band`` are the lower and upper limits of an interval around them."""

    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0
    points: bool = False
    band: tuple[Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True)
class Drawing:
    """A drawing; ``mark`` is a place on the x axis that is pointed out, ``ticks`` are those that have a number."""

    x_title: str
    y_title: str
    series: tuple[Series, ...]
    log_x: bool = False
    percent: bool = False
    mark: float | None = None
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the advisor has found. ``changes`` are what taking the advice sets in the recipe."""

    sentences: tuple[str, ...]
    records: Sequence[Any] = ()
    drawing: Drawing | None = None
    take: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


class AdviceView(QWidget):
    """Signals: what the user wants. Setters: what is known.

    Args:
        about: what is found out, and how long it takes.
        ask: text of the button.
        columns: of the table; none for an answer without one.
        name: of the table for screen readers.
    """

    asked = Signal()
    cancelled = Signal()
    taken = Signal()

    def __init__(
        self, about: str, ask: str, columns: Sequence[Column], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.about = label(about, "muted", wrap=True, parent=self)
        self.ask_button = button(ask, "play", parent=self)
        self.ask_button.clicked.connect(self.asked)
        self.obstacle = label("", "caption", wrap=True, parent=self)
        self.busy = BusyLine(name, self)
        self.busy.cancelled.connect(self.cancelled)
        self.busy.again_requested.connect(self.asked)
        self.sentences = label("", wrap=True, parent=self)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = RecordTable(list(columns), name, fits=True)
        self.table.setVisible(bool(columns))
        self.canvas: Canvas | None = None
        self._drawing: Drawing | None = None
        self.take_button = button("", "check", "primary", parent=self)
        self.take_button.clicked.connect(self.taken)
        first, last = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.ask_button)
        first.addWidget(self.obstacle, 1)
        first.addStretch()
        last.addWidget(self.take_button)
        last.addStretch(1)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 8, 0, 0)
        self._box.setSpacing(8)
        self._box.addWidget(self.about)
        self._box.addLayout(first)
        self._box.addWidget(self.busy)
        self._box.addWidget(self.sentences)
        self._box.addWidget(self.table)
        self._box.addLayout(last)
        self._box.addStretch(1)
        self.set_answer(None)

    # --- setters

    def set_possible(self, obstacle: str) -> None:
        """Why nothing can be asked now; empty where it can."""
        self.ask_button.setEnabled(not obstacle)
        self.obstacle.setText(obstacle)
        self.obstacle.setVisible(bool(obstacle))

    def set_failed(self, error: str) -> None:
        """What went wrong; it can be asked again."""
        self.set_possible(error)
        self.ask_button.setEnabled(True)

    def set_busy(self, text: str, fraction: float | None, left: str) -> None:
        self.busy.set_busy(text, fraction, left)
        self.ask_button.setEnabled(False)

    def set_stopped(self, text: str) -> None:
        """Empty: nothing is being found out."""
        if text:
            self.busy.set_stopped(text)
        else:
            self.busy.hide()

    def set_answer(self, answer: Answer | None) -> None:
        self.sentences.setText("\n".join(answer.sentences) if answer else "")
        self.sentences.setVisible(bool(answer and answer.sentences))
        self.table.set_records(answer.records if answer else ())
        self.table.setVisible(bool(answer and answer.records))
        self.table.setMinimumHeight(min(self.table.maximumHeight(), 260))
        self.take_button.setText(answer.take if answer else "")
        self.take_button.setVisible(bool(answer and answer.take))
        self._drawing = answer.drawing if answer else None
        self._draw()

    # --- inside

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.canvas is not None:
            self._draw()

    def _draw(self) -> None:
        if self.canvas is not None:
            self._box.removeWidget(self.canvas)
            self.canvas.deleteLater()
            self.canvas = None
        if self._drawing is not None:
            self.canvas = canvas_of(self._drawing)
            self._box.insertWidget(self._box.indexOf(self.table), self.canvas)


def canvas_of(drawing: Drawing) -> Canvas:
    """Draws series with their intervals."""
    c = theme.colours()
    canvas = Canvas({"left": ValueAxis(drawing.percent, "left"), "bottom": ValueAxis(False, "bottom")})
    canvas.setBackground(c.raised)
    canvas.setMinimumHeight(220)
    canvas.setAccessibleName(f"{drawing.y_title} / {drawing.x_title}")
    plot = canvas.getPlotItem()
    plot.setLogMode(x=drawing.log_x)
    plot.setLabel("bottom", drawing.x_title, color=c.muted)
    plot.setLabel("left", drawing.y_title, color=c.muted)
    for axis in ("left", "bottom"):
        plot.getAxis(axis).setPen(c.border)
        plot.getAxis(axis).setTextPen(c.muted)
    if drawing.ticks:
        places = np.log10(drawing.ticks) if drawing.log_x else np.asarray(drawing.ticks)
        named = zip(places.tolist(), map(formats.count, drawing.ticks), strict=True)
        plot.getAxis("bottom").setTicks([list(named)])
    for series in drawing.series:
        _add(plot, series, drawing.log_x)
    if drawing.mark is not None:
        place = float(np.log10(drawing.mark)) if drawing.log_x else drawing.mark
        plot.addItem(pg.InfiniteLine(place, angle=90, pen=pg.mkPen(c.accent, width=1, style=Qt.PenStyle.DashLine)))
    return canvas


def _add(plot: pg.PlotItem, series: Series, log_x: bool) -> None:
    colour = theme.data_colour(series.colour)
    if series.band is not None:
        pale = pg.mkColor(colour)
        pale.setAlpha(50)
        places = np.log10(series.x) if log_x else np.asarray(series.x)
        edges = [pg.PlotCurveItem(places, np.asarray(limit), pen=None) for limit in series.band]
        plot.addItem(pg.FillBetweenItem(*edges, brush=pale))
    options: dict[str, Any] = {"pen": pg.mkPen(colour, width=1)}
    if series.points:
        options = {"pen": None, "symbol": "o", "symbolSize": 7, "symbolBrush": colour, "symbolPen": colour}
    plot.plot(list(series.x), list(series.y), **options)
