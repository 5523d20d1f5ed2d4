"""The whole window over a fake worker: edits, runs, drops, shortcuts, closing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from tests.gui import fake
from tlstudio.core import recipe as recipes
from tlstudio.gui.controller import Controller
from tlstudio.session import sample, settings


def ready(controller: Controller, csv: Path, until) -> None:
    controller.context.edit_many({"model": {"source": "hub", "name": fake.MINILM}})
    controller.context.set_data_file("train", str(csv))
    until(lambda: controller.context.facts.data.state == "known" and controller.context.facts.model.state == "known")


def test_first_start_offers_the_sample(controller, until):
    controller.show()
    assert controller.window.stack.currentWidget() is controller.welcome
    controller.welcome.sample_requested.emit()
    assert controller.context.project.recipe == sample.recipe()
    assert controller.window.steps.current() == "data"
    until(lambda: controller.context.facts.data.state == "known")
    assert not controller.context.project.dirty


def test_plan_says_what_is_chosen_and_why_not(controller, csv, until):
    controller.show()
    plan = controller.window.plan
    assert not plan.start.isEnabled()
    assert "No model is chosen." in plan.texts()
    ready(controller, csv, until)
    texts = " ".join(plan.texts())
    assert plan.start.isEnabled()
    assert "800 texts, 8 labels" in texts
    assert "22.7 M" in texts
    assert "Full fine-tuning" in texts


def test_go_there_leads_to_the_step_that_is_missing(controller):
    controller.show()
    controller.window.go("strategy")
    controller.window.plan.why.click()
    assert controller.window.steps.current() == "model"


def test_undo_and_redo_by_keyboard(controller, until, csv):
    controller.show()
    ready(controller, csv, until)
    controller.window.go("strategy")
    controller.context.edit("training.epochs", 3)
    QTest.keyClick(controller.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert controller.context.project.recipe.training.epochs == "auto"
    pane = controller.window.pane("strategy")
    assert pane.common_form.fields["epochs"].value() == "auto"
    QTest.keyClick(controller.window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert pane.common_form.fields["epochs"].value() == 3


@pytest.mark.parametrize(("number", "place"), enumerate(("model", "data", "strategy", "compress"), 1))
def test_steps_by_keyboard(controller, number, place):
    controller.show()
    assert QTest.qWaitForWindowActive(controller.window)
    key = Qt.Key(Qt.Key.Key_0.value + number)
    QTest.keyClick(controller.window, key, Qt.KeyboardModifier.ControlModifier)
    assert controller.window.steps.current() == place
    assert controller.window.stack.currentWidget() is controller.window.built(place)


def drop(controller: Controller, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    controller.window.dropEvent(event)


def test_dropped_file_becomes_the_dataset(controller, csv, until):
    controller.show()
    drop(controller, csv)
    assert controller.context.project.recipe.data.path == str(csv)
    assert controller.window.steps.current() == "data"
    pane = controller.window.pane("data")
    until(lambda: pane.preview.rowCount() == 560)
    assert [pane.columns.model.facts(row).role for row in range(2)] == ["text", "label"]


def test_dropped_model_folder_and_project(controller, tmp_path):
    controller.show()
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    drop(controller, folder)
    assert controller.context.project.recipe.model.source == "folder"
    project = tmp_path / "a.tlstudio"
    recipes.save(sample.recipe(), project)
    controller.context.dialogs.reply = {"Unsaved changes": "discard"}
    drop(controller, project)
    assert controller.context.project.path == project
    assert settings.load()[0].recent == (str(project),)


def test_dropped_folder_with_nothing_in_it_is_told(controller, tmp_path):
    controller.show()
    (tmp_path / "bare").mkdir()
    drop(controller, tmp_path / "bare")
    assert "nothing to read" in controller.window.status.doing.text()


def test_run_from_start_to_results(controller, csv, until):
    controller.show()
    ready(controller, csv, until)
    controller.window.plan.start.click()
    assert controller.context.session.active
    assert controller.window.steps.current() == "train"
    until(lambda: controller.window.status.bar.value() > 100)
    assert "left" in controller.window.status.left.text()
    until(lambda: not controller.context.session.active)
    assert controller.context.project.results["outcome"] == "completed"
    assert controller.window.steps.state_of("results")[0] == "done"
    assert controller.window.status.doing.text().startswith("Finished in 1 min 23 s")


def test_pause_resume_stop(controller, csv, until):
    controller.show()
    ready(controller, csv, until)
    controller.start()
    session, status = controller.context.session, controller.window.status
    until(lambda: session.history is not None and session.history.latest("train") is not None)
    status.pause.click()
    assert session.state == "paused"
    status.pause.click()
    assert session.state == "running"
    status.stop.click()
    until(lambda: not session.active)
    assert controller.context.project.results["outcome"] == "stopped"


def test_window_answers_while_a_run_says_much(controller, csv, until, runners, qapp):
    controller.show()
    ready(controller, csv, until)
    controller.start()
    slowest = 0.0
    until(lambda: controller.window.built("train") is not None)
    qapp.processEvents()
    while controller.context.session.active:
        begin = time.monotonic()
        qapp.processEvents()
        slowest = max(slowest, time.monotonic() - begin)
        time.sleep(0.002)
    assert slowest < 0.5


def test_close_while_training_asks_and_waits(controller, csv, until, dialogs):
    controller.show()
    ready(controller, csv, until)
    controller.start()
    until(lambda: controller.context.session.state == "running")
    dialogs.reply = {"A model is training": "stay"}
    controller.window.close()
    assert controller.window.isVisible()
    assert controller.context.session.active
    dialogs.reply = {"A model is training": "stop", "Unsaved changes": "discard"}
    closed = []
    controller.closed.connect(lambda: closed.append(True))
    controller.window.close()
    assert controller.window.isVisible(), "it waits for the run"
    until(lambda: closed)
    assert not controller.window.isVisible()
    assert dialogs.asked.count("A model is training") == 2


def test_close_asks_for_unsaved_changes_and_saves(controller, csv, dialogs, tmp_path, until):
    controller.show()
    controller.context.set_data_file("train", str(csv))
    dialogs.reply = {"Unsaved changes": "stay"}
    controller.window.close()
    assert controller.window.isVisible()
    dialogs.reply, dialogs.target = {"Unsaved changes": "save"}, str(tmp_path / "mine" / "p.tlstudio")
    controller.window.close()
    until(lambda: not controller.window.isVisible())
    text = (tmp_path / "mine" / "p.tlstudio").read_text()
    assert "path: tickets.csv" in text


def test_broken_project_is_told_and_the_old_one_stays(controller, tmp_path, dialogs):
    controller.show()
    path = tmp_path / "bad.tlstudio"
    path.write_text("model: [", encoding="utf-8")
    before = controller.context.project.recipe
    assert not controller.project.open(path)
    assert controller.context.project.recipe == before
    assert "not valid YAML" in dialogs.told[0]


def test_language_makes_a_new_window_over_the_same_project(controller, csv):
    controller.show()
    controller.context.set_data_file("train", str(csv))
    controller.window.go("data")
    old = controller.window
    controller.set_language("zh_CN")
    assert controller.window is not old
    assert not old.isVisible()
    assert controller.window.steps.current() == "data"
    assert controller.window.pane("data").places.rows["train"].name.toolTip() == str(csv)
    assert settings.load()[0].language == "zh_CN"


def test_theme_toggle_is_remembered(controller):
    controller.show()
    controller.window.actions_by_name["theme"].trigger()
    assert settings.load()[0].colour_scheme == "dark"


def test_facts_that_fail_keep_the_run_from_starting(controller, csv, until, answers):
    controller.show()
    ready(controller, csv, until)
    error = {
        "code": "data.empty-file",
        "message": "{path} is empty.",
        "remedy": "Choose another.",
        "where": "data.path",
    }

    def fail(_args):
        raise ValueError({**error, "params": {"path": "x.csv"}})

    answers["inspect-data"] = fail
    controller.context.set_data_file("train", str(csv.parent / "x.csv"))
    until(lambda: controller.context.facts.data.state == "failed")
    assert not controller.window.plan.start.isEnabled()
    assert "x.csv is empty." in controller.window.plan.texts()
    assert controller.window.steps.state_of("data")[0] == "missing"


def test_failed_run_is_told_and_the_next_can_start(controller, csv, until, monkeypatch):
    controller.show()
    ready(controller, csv, until)

    def broken(_self, _folder, _done):
        error = {"code": "worker.crashed", "message": "The worker stopped.", "remedy": "Again.", "params": {}}
        yield {"event": "finished", "id": 1, "outcome": "failed", "seconds": 0.0, "error": error}

    monkeypatch.setattr(fake.FakeRunner, "_run", broken)
    controller.start()
    until(lambda: not controller.context.session.active)
    assert controller.context.session.state == "failed"
    assert "The worker stopped. Again." in controller.window.status.doing.text()
    assert controller.window.plan.start.isEnabled()


def test_estimate_belongs_to_its_recipe(controller, csv, until):
    controller.show()
    ready(controller, csv, until)
    controller.window.plan.estimate_requested.emit()
    until(lambda: "About 6 min 12 s, 1.4 GB" in controller.window.plan.estimate.text())
    controller.context.edit("training.epochs", 2)
    assert not controller.window.plan.estimate.text()


def test_saving_over_the_work_of_another_window_asks(controller, csv, dialogs, tmp_path):
    from tlstudio.session.project_file import ProjectFile

    path = tmp_path / "p.tlstudio"
    path.write_text("schema: 1\n")
    other = ProjectFile()
    other.use(path)
    controller.show()
    assert controller.project.open(path)
    assert "open in another window" in dialogs.told[-1]
    controller.context.edit("training.epochs", 3)
    assert not controller.project.save()
    assert path.read_text() == "schema: 1\n"
    dialogs.reply["Somebody else works on this project"] = "over"
    assert controller.project.save()
    assert "epochs: 3" in path.read_text()
    other.close()
