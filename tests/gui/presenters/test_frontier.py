"""A search for a trade-off in the Compress pane: budget, points as they come, the plot, and what is taken."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from tests.gui import fake, fake_frontier
from tests.gui.fake_studies import StudyRunner
from tlstudio.gui import app as app_module

BUDGET = {"lost": 0.015, "size_mb": None, "latency_ms": 12.0, "memory_mb": None, "batch": 1, "length": 0,
          "threads": "all"}  # fmt: skip
BEST = "layer-removal 4importance+dynamic-int8"


class Hold:
    """Whether the study waits."""

    on = False


@pytest.fixture
def hold():
    return Hold()


@pytest.fixture
def window(qapp, answers, runners, dialogs, problems, tmp_path, monkeypatch, hold):
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))

    def make():
        runners.append(StudyRunner(answers, pace=0.002, hold=lambda: hold.on))
        return runners[-1]

    controller = app_module.make_controller(qapp, make, dialogs)
    controller.show()
    controller.window.go("compress")
    yield controller
    hold.on = False
    dialogs.reply = {"Unsaved changes": "discard", "A search for a trade-off is going on": "end"}
    if not controller.window.may_close:
        controller.finish()
    controller.window.deleteLater()
    controller.deleteLater()


@pytest.fixture
def run(tmp_path):
    """A finished run on the disk."""
    folder = tmp_path / "runs" / "r"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(fake.results("r")), encoding="utf-8")
    return folder


def store(run, finished=True):
    (run / "frontier").mkdir()
    study = fake_frontier.answer(fake_frontier.points(BUDGET), BUDGET, finished)
    (run / "frontier" / "study.json").write_text(json.dumps({"about": {}, "result": study}), encoding="utf-8")


@pytest.fixture
def view(window):
    pane = window.window.pane("compress")
    pane.tabs.setCurrentWidget(pane.frontier)
    return pane.frontier


def asked(runners, job):
    return [args for runner in runners for name, args in runner.asked if name == job]


def test_it_needs_a_finished_run(window, view, run):
    assert not view.ask_button.isEnabled() and "finished run" in view.obstacle.text()
    assert not view.found.isVisible()
    window.context.project.set_run(run, fake.results("r", "cancelled"))
    assert "no trained model" in view.obstacle.text()
    window.context.show_run(run)
    assert view.ask_button.isEnabled() and view.ask_button.text() == "Start"


def test_points_come_in_and_the_best_is_chosen(window, view, run, until, runners, hold):
    window.context.show_run(run)
    hold.on = True
    view.lost.setValue(1.5)
    view.latency.setValue(12)
    view.ask_button.click()
    until(view.line.isVisible)
    assert not view.lost.isEnabled() and not view.ask_button.isEnabled()
    assert not window.window.pane("compress").compress_button.isEnabled()
    hold.on = False
    until(lambda: not window.context.studies.active)
    assert asked(runners, "frontier")[0] | {"recipe": None} == {
        "folder": str(run), "budget": BUDGET, "minutes": 30, "recipe": None}  # fmt: skip
    assert view.table.model().rowCount() == 13, "the trained model and twelve forms"
    assert len(view.plot.dots) == 12 and sum(dot.reference for dot in view.plot.dots) == 1
    assert "11 forms measured" in view.sentences.text() and "1 could not be made" in view.sentences.text()
    assert "best within the budget: Layer removal (4, " in view.sentences.text()
    assert view.detail.title.text() == "Layer removal → Dynamic int8"
    assert view.table.current().key == BEST
    told = " ".join(view.facts.texts()).replace("\u00a0", " ")
    assert "19.5 MB, 4.7 × smaller" in told and "7.6 ms, 3.2 × faster; p95 8.5 ms" in told


def test_an_earlier_study_is_shown_with_its_run_and_gone_on_with(window, view, run, until, runners):
    store(run, finished=False)
    window.context.show_run(run)
    assert view.found.isVisible() and view.latency.value() == 12 and view.lost.value() == 1.5
    assert view.ask_button.text() == "Go on" and "not finished" in view.sentences.text()
    view.ask_button.click()
    until(lambda: window.context.studies.get("frontier").state == "known")
    assert view.table.model().rowCount() == 13, "what is measured again takes the place of the older"
    assert view.ask_button.text() == "Start"
    window.context.project.set_run(None, None)
    assert not view.found.isVisible(), "it belongs to its run"


def test_what_could_not_be_made_and_what_was_not_tried_are_counted_apart(window, view, run):
    found = fake_frontier.points(BUDGET)
    found[0] |= {"status": "skipped", "reason": {"code": "frontier.no-time", "message": "No time.", "params": {}}}
    (run / "frontier").mkdir()
    study = {"about": {}, "result": fake_frontier.answer(found, BUDGET, finished=False)}
    (run / "frontier" / "study.json").write_text(json.dumps(study), encoding="utf-8")
    window.context.show_run(run)
    told = view.sentences.text()
    assert "10 forms measured" in told and "1 could not be made" in told and "1 were not tried" in told
    assert "points" not in view.lost.toolTip()


def test_a_study_at_a_length_is_gone_on_with_at_that_length(window, view, run, until, runners):
    (run / "frontier").mkdir()
    budget = {**BUDGET, "length": 128, "memory_mb": 400.0, "threads": "one"}
    study = {"about": {}, "result": fake_frontier.answer(fake_frontier.points(BUDGET), budget, finished=False)}
    (run / "frontier" / "study.json").write_text(json.dumps(study), encoding="utf-8")
    window.context.show_run(run)
    assert (view.length.value(), view.memory.value(), view.threads.currentData()) == (128, 400, "one")
    assert view.ask_button.text() == "Go on" and "rows of 128 tokens" in view.circumstances.text()
    view.length.setValue(0)
    assert view.length.text() == "as they are" and view.ask_button.text() == "Start", "all times are taken anew"
    view.length.setValue(128)
    view.ask_button.click()
    until(lambda: window.context.studies.get("frontier").state == "known")
    assert asked(runners, "frontier")[0]["budget"] == budget


def test_it_is_stopped_and_cancelled(window, view, run, until, hold):
    window.context.show_run(run)
    hold.on = True
    view.ask_button.click()
    until(view.line.isVisible)
    QTest.keyClick(view.line.stop, Qt.Key.Key_Space)
    until(lambda: window.context.studies.get("frontier").state == "known")
    assert not view.line.isVisible() and view.ask_button.isEnabled()
    view.ask_button.click()
    until(view.line.isVisible)
    view.line.cancel.click()
    until(lambda: window.context.studies.get("frontier").state == "cancelled")
    assert "gone on with" in view.obstacle.text()


def test_a_failure_is_told(window, view, run, until, answers):
    answers["frontier-error"] = {"code": "x", "message": "The rows are gone.", "remedy": "Put them back.", "params": {}}
    window.context.show_run(run)
    view.ask_button.click()
    until(lambda: window.context.studies.get("frontier").state == "failed")
    assert view.obstacle.text() == "The rows are gone. Put them back."


def test_points_are_chosen_by_mouse_by_keys_and_in_the_table(window, view, run):
    store(run)
    window.context.show_run(run)
    dot = next(dot for dot in view.plot.dots if dot.key == "dynamic-int8")
    assert "10.9 ms" in dot.text and dot.within
    box = view.plot.getPlotItem().getViewBox()
    place = view.plot.mapFromScene(box.mapViewToScene(QPointF(dot.x, dot.y)))
    assert view.plot.nearest(QPointF(place)) is dot
    QTest.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.table.current().key == "dynamic-int8" and view.detail.title.text() == "Dynamic int8"
    QTest.keyClick(view.plot, Qt.Key.Key_End)
    assert view.detail.title.text() == "The trained model" and not view.use_button.isVisible()
    QTest.keyClick(view.plot, Qt.Key.Key_Left)
    assert view.table.current().key == view.plot.dots[-2].key
    view.table.selectRow(12)
    assert "cannot be kept" in view.note.text() and not view.use_button.isEnabled()


def test_axes_are_chosen_and_stay(window, view, run):
    store(run)
    window.context.show_run(run)
    view.across.setCurrentIndex(view.across.findData("latency-16"))
    assert view.plot.getPlotItem().getAxis("bottom").labelText == "Time for 16 rows (ms)"
    assert min(dot.x for dot in view.plot.dots) == 31.0
    window.set_language("zh_CN")
    window.window.go("compress")
    assert window.window.pane("compress").frontier.across.currentData() == "latency-16"
    window.set_language("en")


def test_another_budget_is_said(window, view, run):
    store(run)
    window.context.show_run(run)
    assert "another budget" not in view.sentences.text()
    view.size_limit.setValue(20)
    assert "another budget" in view.sentences.text()
    view.lost.setValue(view.lost.minimum())
    assert view.lost.text() == "no limit" and view.budget().lost is None


def test_a_point_becomes_the_form_of_the_run(window, view, run, until, runners):
    store(run)
    window.context.show_run(run)
    before = window.context.project.results
    view.use_button.click()
    assert not view.use_button.isEnabled() and "wait until" in view.note.text()
    until(lambda: not window.context.session.active)
    assert asked(runners, "frontier-choose") == [{"folder": str(run), "key": BEST}]
    assert window.context.project.results is not before, "the run is read again"


def test_its_steps_go_into_the_recipe(window, view, run):
    store(run)
    window.context.show_run(run)
    window.context.edit("compress", [{"name": "dynamic-int8"}])
    view.add_button.click()
    chosen = [choice.model_dump() for choice in window.context.project.recipe.compress]
    assert chosen == [{"name": "layer-removal", "keep": 4, "choose": "importance"}, {"name": "dynamic-int8"}]
    assert not view.add_button.isEnabled() and "The recipe has these steps." in view.note.text()
    window.context.project.undo()
    assert view.add_button.isEnabled()


def test_a_damaged_study_is_told(window, view, run):
    lines = []
    window.context.told.connect(lines.append)
    (run / "frontier").mkdir()
    (run / "frontier" / "study.json").write_text("{", encoding="utf-8")
    window.context.show_run(run)
    assert lines and not view.found.isVisible() and view.ask_button.isEnabled()


def test_closing_asks_first(window, view, run, until, hold, dialogs):
    window.context.show_run(run)
    hold.on = True
    view.ask_button.click()
    until(view.line.isVisible)
    question = "A search for a trade-off is going on"
    dialogs.reply = {question: "stay", "Unsaved changes": "discard"}
    window.window.close()
    assert dialogs.asked == [question] and window.context.studies.active == "frontier"
    view.line.cancel.click()
    hold.on = False
    until(lambda: not window.context.studies.active)


def test_where_and_how_long_it_was_measured_and_no_column_out_of_sight(window, view, run):
    store(run)
    window.context.show_run(run)
    told = view.circumstances.text()
    for words in ("Made-up CPU", "2 threads", "16.0 GB", "160 validation rows", "1 min 35 s"):
        assert words in told
    window.window.resize(1280, 720)
    for _ in range(5):
        window.window.repaint()
        QTest.qWait(20)
    assert view.table.horizontalScrollBar().maximum() == 0
    assert "174.0 MB" in " ".join(view.facts.texts()), "the memory stands beside the plot"
    assert "Other programs" not in told
    window.context.project.set_run(None, None)
    assert view.circumstances.text() == ""
