"""The curve plot: what is drawn, hovered, smoothed and hidden; and its speed with a million points."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.gui.sample_run import history
from tlstudio.core.events import Metric
from tlstudio.gui import theme
from tlstudio.gui.plots import Curve, CurvePlot, Line
from tlstudio.gui.smoothing import Smoother, ema
from tlstudio.session.history import RunHistory, Series

CURVES = [
    Curve("train", "loss", "Training", 0),
    Curve("validation", "loss", "Validation", 1, Qt.PenStyle.DashLine, smooth=False),
]


@pytest.fixture
def plot(qtbot):
    widget = CurvePlot("Loss", CURVES, smoothing=True, log_axis=True)
    qtbot.addWidget(widget)
    widget.resize(420, 320)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def drawn(plot: CurvePlot, label: str) -> np.ndarray:
    line = next(line for line in plot._lines if line.spec.label == label)
    y = line._main.yData
    return np.empty(0) if y is None else y


def test_an_empty_plot_says_so(plot) -> None:
    assert plot._empty.isVisible()
    plot.attach(history())
    assert not plot._empty.isVisible()


def test_it_redraws_only_what_is_new(plot) -> None:
    run = history(5)
    plot.attach(run)
    assert plot.refresh() is False
    run.append(Metric(split="train", step=6, epoch=0.6, values={"loss": 0.25}))
    assert plot.refresh() is True
    assert drawn(plot, "Training")[-1] == 0.25
    assert "0.25" in plot._entries["Training"].text()


def test_traps_of_pyqtgraph_are_avoided(plot) -> None:
    plot.attach(history())
    for line in plot._lines:
        options = line._main.opts
        assert options["clipToView"] and options["autoDownsample"] and options["downsampleMethod"] == "peak"
        assert options["pen"].widthF() == 1
    assert plot._lines[0]._main.opts["symbol"] is None
    assert plot._lines[1]._main.opts["symbol"] is not None, "a single validation point must be visible"


def test_hovering_shows_the_values_of_that_step(plot) -> None:
    plot.attach(history())
    assert plot.values_at(10) == {"Training": 0.2, "Validation": 0.3}
    box = plot._plot.getViewBox()
    place = plot.canvas.mapFromScene(box.mapViewToScene(box.viewRect().center()))
    QTest.mouseMove(plot.canvas.viewport(), QPoint(place))
    assert plot._cross.isVisible()
    assert plot._step_label.text().startswith("step ")


def test_the_crosshair_moves_with_the_keyboard(plot) -> None:
    plot.attach(history())
    plot.canvas.setFocus()
    QTest.keyClick(plot.canvas, Qt.Key.Key_Home)
    assert plot._step_label.text() == "step 1"
    QTest.keyClick(plot.canvas, Qt.Key.Key_Right)
    QTest.keyClick(plot.canvas, Qt.Key.Key_PageDown)
    assert plot._step_label.text() == "step 12"
    assert "Training 0.1667" in plot.canvas.accessibleDescription()
    QTest.keyClick(plot.canvas, Qt.Key.Key_Escape)
    assert plot._step_label.text() == "★ best: step 30"


def test_the_slider_smooths_training_only(plot) -> None:
    plot.attach(history())
    raw = drawn(plot, "Training").copy()
    plot.smoothing.setValue(80)
    smooth = drawn(plot, "Training")
    assert smooth[0] == raw[0] and smooth[-1] > raw[-1]
    assert plot._lines[0]._raw.isVisible()
    assert drawn(plot, "Validation")[0] == pytest.approx(0.3)
    plot.smoothing.setValue(0)
    assert np.array_equal(drawn(plot, "Training"), raw)
    assert not plot._lines[0]._raw.isVisible()


def test_a_log_axis_makes_gaps_of_zeros(plot) -> None:
    run = history(3)
    run.append(Metric(split="train", step=4, epoch=0.4, values={"loss": 0.0}))
    plot.attach(run)
    plot.log_axis.setChecked(True)
    assert np.isnan(drawn(plot, "Training")[-1])
    assert plot._plot.getAxis("left").logMode
    plot.log_axis.setChecked(False)
    assert drawn(plot, "Training")[-1] == 0.0


def test_a_legend_entry_hides_its_line(plot) -> None:
    plot.attach(history())
    entry = plot._entries["Validation"]
    entry.click()
    assert not plot._lines[1]._main.isVisible()
    assert "Validation" not in plot.values_at(10)
    plot.attach(history())
    assert not plot._entries["Validation"].isChecked(), "the choice outlives a new run"


def test_best_mark_phases_and_earlier_runs(plot) -> None:
    plot.set_earlier([("old", history(20)), ("older", history(10))])
    plot.attach(history())
    assert plot._best_line.isVisible() and plot._best_line.value() == 30
    assert plot._best.xData.tolist() == [30.0]
    assert len(plot._decorations) == 2
    assert plot._entries["earlier"].text() == "Earlier runs (2)"
    assert sum(line.spec.pale for line in plot._lines) == 4


def test_lines_of_several_runs(plot) -> None:
    plot.set_lines([Line("a", history(10), "train", "loss"), Line("b", history(20), "train", "loss", 1)])
    assert plot.values_at(5) == {"a": 0.4, "b": 0.4}
    assert set(plot._entries) == {"a", "b"}


def test_a_change_of_scheme_repaints(plot, qapp) -> None:
    plot.attach(history())
    theme.apply(qapp, "dark")
    qapp.processEvents()
    assert plot.canvas.backgroundBrush().color().name() == theme.DARK.base
    assert plot._lines[0]._main.opts["pen"].color().name() == theme.DARK.data[0]
    theme.apply(qapp, "light")
    qapp.processEvents()
    assert plot.canvas.backgroundBrush().color().name() == theme.LIGHT.base


def test_a_million_points_stay_smooth(plot, qapp) -> None:
    run, series = RunHistory(), Series()
    size = 1_000_000
    series._data = np.vstack([np.arange(size * 1.0), np.random.default_rng(0).random(size)])
    series._size = size - 100
    run._series[("train", "loss")] = series
    plot.attach(run)
    plot.set_smoothing(0.9)
    plot.grab()
    times = []
    for _ in range(10):
        series._size += 10
        run.curves_version += 1
        begin = time.perf_counter()
        plot.refresh()
        plot.canvas.viewport().repaint()
        times.append(time.perf_counter() - begin)
    assert plot._lines[0]._main.getData()[0].size < 5000
    assert sorted(times)[5] < 0.1, "a redraw must leave the event loop free at 10 Hz"


def test_ema_matches_the_plain_loop() -> None:
    values = np.random.default_rng(1).random(1000)
    expected, at = [], values[0]
    for value in values:
        at = 0.9 * at + 0.1 * value
        expected.append(at)
    assert np.allclose(ema(values, 0.9), expected)
    values[500] = np.nan
    smooth = ema(values, 0.9)
    assert np.isnan(smooth).sum() == 1 and np.isfinite(smooth[501])


def test_the_smoother_goes_on_where_it_was() -> None:
    values = np.random.default_rng(2).random(700)
    smoother = Smoother()
    for end in (10, 10, 300, 700):
        result = smoother.update(values[:end], 0.8)
    assert np.allclose(result, ema(values, 0.8))
    changed = values[:400] + 1
    assert np.allclose(smoother.update(changed, 0.8), ema(changed, 0.8))


def test_the_axis_of_shares_ends_at_100_per_cent(qtbot) -> None:
    widget = CurvePlot("Metrics", [Curve("validation", "accuracy", "Accuracy", 0, smooth=False)], percent=True)
    qtbot.addWidget(widget)
    run = RunHistory()
    for step in range(1, 4):
        run.append(Metric(split="validation", step=step, epoch=step, values={"accuracy": 1.0}))
    widget.attach(run)
    widget.grab()  # the range is found when it is painted
    _low, high = widget._plot.viewRange()[1]
    assert 0.9 < high < 1.1, "all are right: there is nothing above"
    run.append(Metric(split="validation", step=4, epoch=4, values={"accuracy": -1.0}))
    widget.refresh()
    widget.grab()
    low, _high = widget._plot.viewRange()[1]
    assert low <= -1, "a coefficient may be below zero"
