"""Runs that outlive their window, and runs that were broken off."""

from __future__ import annotations

import json
import os

import pytest

from tests.gui import fake
from tests.gui.test_controller import ready
from tlstudio.core import wishes
from tlstudio.core.errors import StudioError
from tlstudio.core.locks import Lock, Owner
from tlstudio.session.runners import explain_exit


@pytest.fixture
def folder(controller):
    """A run folder that this process works in, with some events."""
    made = controller.context.settings.runs_path / "20260101-100000-minilm"
    made.mkdir(parents=True)
    (made / "recipe.yaml").write_text("schema: 1\n")
    events = [
        {"event": "run-started", "run": made.name, "folder": str(made), "stages": ["train"], "time": 1.0},
        {"event": "stage-started", "stage": "train", "index": 0, "total": 1, "time": 1.0},
        {"event": "metric", "split": "train", "step": 1, "epoch": 0.1, "values": {"loss": 2.0}, "time": 2.0},
    ]
    (made / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return made


@pytest.fixture
def lock(folder):
    made = Lock(folder / "run.lock")
    made.acquire()
    yield made
    made.release()


def orphan(lock, monkeypatch):
    """Lets the run look as if its window were gone."""
    monkeypatch.setattr(Owner, "orphan", property(lambda self: True))


def test_a_run_that_outlived_its_window_is_followed_and_hears(controller, folder, lock, monkeypatch, until):
    orphan(lock, monkeypatch)
    controller.show()
    session = controller.context.session
    until(lambda: session.state == "running")
    assert (session.job, session.folder) == ("run", folder)
    until(lambda: session.history.latest("train") is not None)
    controller.window.actions_by_name["pause"].trigger()
    until((folder / wishes.FILE).is_file)
    assert (folder / wishes.FILE).read_text() == "pause\n"
    (folder / "results.json").write_text(json.dumps(fake.results(folder.name)))
    with open(folder / "events.jsonl", "a") as stream:
        stream.write(json.dumps({"event": "finished", "outcome": "completed", "seconds": 3.0, "time": 9.0}) + "\n")
    lock.release()
    until(lambda: not session.active)
    assert session.state == "finished"
    assert controller.context.project.run == folder


def test_closing_lets_it_go_on(controller, folder, lock, monkeypatch, until, dialogs):
    orphan(lock, monkeypatch)
    controller.show()
    until(lambda: controller.context.session.state == "running")
    dialogs.reply = {"A model is training": "detach", "Unsaved changes": "discard"}
    closed = []
    controller.closed.connect(lambda: closed.append(True))
    controller.window.close()
    until(lambda: closed)
    assert lock.held
    assert not (folder / wishes.FILE).exists()


def test_a_run_of_another_process_is_offered_to_be_followed(controller, folder, lock, until):
    controller.show()
    notice = controller.window.notice
    until(notice.isVisible)
    assert str(os.getpid()) in notice.text.text()
    notice.action.click()
    until(lambda: controller.context.session.state == "running")
    assert not notice.isVisible()


def test_a_run_that_was_broken_off_is_offered_to_be_resumed(controller, folder, runners, until):
    controller.show()
    notice = controller.window.notice
    until(notice.isVisible)
    assert folder.name in notice.text.text()
    notice.action.click()
    until(lambda: any(job == "resume" for runner in runners for job, _args in runner.asked))
    until(lambda: not controller.context.session.active)
    assert controller.context.project.run == folder


def test_a_worker_that_dies_gives_a_diagnosis_and_a_fresh_one_resumes(controller, csv, runners, until, monkeypatch):
    controller.show()
    ready(controller, csv, until)
    session = controller.context.session

    def dead(self, folder, after):
        yield {"event": "finished", "id": 1, "outcome": "failed", "seconds": 0.0, "error": explain_exit(-9).to_dict()}

    with monkeypatch.context() as patch:
        patch.setattr(fake.FakeRunner, "_run", dead)
        controller.start()
        until(lambda: session.state == "failed")
        until(controller.window.notice.isVisible)
    folder = session.folder
    assert "ran out of memory" in controller.window.notice.text.text()
    made = len(runners)
    controller.window.notice.action.click()
    until(lambda: session.state == "finished")
    assert len(runners) >= made
    assert [args["folder"] for runner in runners for job, args in runner.asked if job == "resume"] == [str(folder)]


def test_a_signal_ends_without_a_question(controller, csv, until, dialogs):
    controller.show()
    ready(controller, csv, until)
    controller.start()
    until(lambda: controller.context.session.state == "running")
    closed = []
    controller.closed.connect(lambda: closed.append(True))
    controller.closing.end()
    until(lambda: closed)
    assert not dialogs.asked


def test_an_unreadable_folder_is_no_obstacle(controller, monkeypatch, until):
    def broken(_base):
        raise StudioError("files.io", "No.")

    monkeypatch.setattr("tlstudio.gui.finding_again.look", broken)
    told = []
    controller.context.told.connect(told.append)
    controller.show()
    until(lambda: told)
    assert not controller.window.notice.isVisible()
