"""The train pane: buttons by state, numbers, stages, curves and log."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.gui.sample_run import history
from tlstudio.core.events import Metric
from tlstudio.gui.panes.train import TrainPane
from tlstudio.gui.widgets.log_view import LIMIT


@pytest.fixture
def pane(qtbot):
    widget = TrainPane()
    qtbot.addWidget(widget)
    widget.resize(800, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_start_needs_a_ready_recipe_and_says_what_is_missing(pane, qtbot) -> None:
    pane.set_ready(False, "Choose a labelled file.")
    assert not pane.start_button.isEnabled()
    assert pane.activity.text() == "Choose a labelled file."
    pane.set_ready(True)
    assert "Ready" in pane.activity.text()
    with qtbot.waitSignal(pane.start_requested, timeout=1000):
        click(pane.start_button)


@pytest.mark.parametrize(
    ("state", "shown", "enabled"),
    [
        ("idle", {"start"}, {"start"}),
        ("starting", {"pause", "stop", "cancel"}, {"cancel"}),
        ("running", {"pause", "stop", "cancel"}, {"pause", "stop", "cancel"}),
        ("paused", {"resume", "stop", "cancel"}, {"resume", "stop", "cancel"}),
        ("stopping", {"pause", "stop", "cancel"}, {"cancel"}),
        ("finished", {"start"}, {"start"}),
        ("failed", {"start"}, {"start"}),
    ],
)
def test_buttons_follow_the_state(pane, state, shown, enabled) -> None:
    pane.set_ready(True)
    pane.set_state(state)
    buttons = {name: getattr(pane, f"{name}_button") for name in ("start", "pause", "resume", "stop", "cancel")}
    assert {name for name, button in buttons.items() if button.isVisible()} == shown
    assert {name for name, button in buttons.items() if button.isVisible() and button.isEnabled()} == enabled


def test_each_button_asks_for_its_own(pane, qtbot) -> None:
    pane.set_state("running")
    for button, signal in (
        (pane.pause_button, pane.pause_requested),
        (pane.stop_button, pane.stop_requested),
        (pane.cancel_button, pane.cancel_requested),
    ):
        with qtbot.waitSignal(signal, timeout=1000):
            click(button)
    pane.set_state("paused")
    with qtbot.waitSignal(pane.resume_requested, timeout=1000):
        click(pane.resume_button)


def test_a_run_shows_numbers_stages_and_time_left(pane) -> None:
    pane.set_state("running")
    pane.attach(history())
    shown = {key: pane.numbers.value(key) for key in pane.numbers._tiles}
    assert shown == {
        "epoch": "4.00",
        "step": "40",
        "loss": "0.05",
        "score": "90.0 %",
        "rate": "2.5e-05",
        "norm": "1.25",
        "speed": "63.2",
        "left": "1 min 30 s",
    }
    assert pane.progress.value() == 400
    assert pane.activity.text() == "Training · 40 of 80 steps"
    assert pane.stages.texts() == ["Preparing the data: done in 2 s", "Training: going on", "Exporting: waiting"]


def test_refresh_draws_new_points_in_both_plots(pane) -> None:
    run = history()
    pane.set_state("running")
    pane.attach(run)
    run.append(Metric(split="train", step=41, epoch=4.1, values={"loss": 0.01}))
    run.append(Metric(split="validation", step=41, epoch=4.1, values={"accuracy": 0.99, "macro_f1": 0.98}))
    pane.refresh()
    assert pane.loss_plot.values_at(41)["Training"] == 0.01
    assert pane.metric_plot.values_at(41) == {"Accuracy": 0.99, "F1, mean of classes": 0.98}
    assert pane.numbers.value("score") == "99.0 %"


def test_plots_are_made_when_first_shown(qtbot) -> None:
    pane = TrainPane()
    qtbot.addWidget(pane)
    pane.attach(history())
    pane.set_earlier([("old", history(10))])
    assert pane.loss_plot is None
    with qtbot.waitExposed(pane):
        pane.show()
    assert pane.loss_plot.values_at(40)["Training"] == 0.05
    assert "earlier" in pane.loss_plot._entries


def test_a_new_run_starts_clean(pane) -> None:
    pane.attach(history())
    pane.add_log("info", "old")
    pane.set_outcome("Finished.")
    pane.attach(None)
    assert pane.numbers.value("loss") == "–"
    assert pane.log.model.lines == [] and not pane.outcome.isVisible()
    assert pane.loss_plot.values_at(1) == {}


def test_outcome_is_said(pane) -> None:
    pane.set_state("failed")
    pane.set_outcome("No memory was left.")
    assert pane.outcome.isVisible() and pane.outcome.property("role") == "error"
    assert pane.start_button.text() == "Train again"


def test_the_log_is_filtered_copied_and_saved(pane, tmp_path, monkeypatch) -> None:
    for level in ("debug", "info", "warning", "error"):
        pane.add_log(level, f"a {level} line")
    log = pane.log
    assert log.shown.rowCount() == 3
    log.level.setCurrentIndex(2)
    assert [log.shown.index(row, 2).data() for row in range(log.shown.rowCount())] == ["a warning line", "a error line"]
    click(log.copy_button)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert len(copied) == 2 and copied[0].endswith("⚠ warning\ta warning line")
    target = tmp_path / "log.txt"
    monkeypatch.setattr(
        "tlstudio.gui.widgets.log_view.QFileDialog.getSaveFileName", lambda *_args, **_kw: (str(target), "")
    )
    click(log.save_button)
    assert "a error line" in target.read_text(encoding="utf-8")


def test_the_log_is_bounded(pane) -> None:
    for number in range(LIMIT + 1):
        pane.log.model.add("info", str(number))
    assert len(pane.log.model.lines) <= LIMIT
    assert pane.log.model.lines[-1][2] == str(LIMIT)


def test_an_adaptation_is_a_stage(keep) -> None:
    from tlstudio.gui.widgets.stage_list import StageList
    from tlstudio.session.history import Stage

    stages = keep(StageList())
    stages.set_stages([Stage("prepare", "done", 2.0), Stage("adapt", "running"), Stage("tokenise")])
    assert stages.texts()[1] == "Adapting the model: going on"
