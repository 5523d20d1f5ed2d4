"""Zips, clean-up, trash and trackers, from the window."""

from __future__ import annotations

import pytest

from tests.session.test_run_disk import filled as fill
from tlstudio.core.errors import StudioError
from tlstudio.gui.clean_dialog import CleanDialog
from tlstudio.gui.trash_dialog import TrashDialog
from tlstudio.session import run_disk, run_notes, trackers
from tlstudio.session.run_notes import RunNotes

ONE, TWO = "20261101-100000-a", "20261102-100000-b"


@pytest.fixture
def pane(controller, until):
    base = controller.context.settings.runs_path
    for name in (ONE, TWO):
        fill(base, name)
    controller.show()
    controller.window.go("runs")
    view = controller.window.pane("runs")
    until(lambda: len(view.table.shown()) == 2)
    return view


@pytest.fixture
def files(controller, pane):
    return controller._presenters["runs"].files


def test_sizes_and_notes(controller, pane, until) -> None:
    until(lambda: "checkpoints 1.0 kB" in pane.usage.text())
    pane.notes.tags.setText("paper")
    pane.notes.tags.editingFinished.emit()
    folder = controller.context.settings.runs_path / TWO
    until(lambda: run_notes.read(folder) == RunNotes(("paper",)))
    until(lambda: pane.table.shown()[0][-1] == "#paper")


def test_there_and_back_as_a_zip(controller, pane, files, dialogs, until, tmp_path) -> None:
    dialogs.target = dialogs.file = str(tmp_path / "run.zip")
    pane.zip_requested.emit(ONE)
    until(lambda: files.working is None and (tmp_path / "run.zip").is_file())
    pane.import_requested.emit()
    until(lambda: len(pane.table.shown()) == 3)
    assert dialogs.told == []
    (tmp_path / "run.zip").write_bytes(b"rubbish")
    pane.import_requested.emit()
    until(lambda: dialogs.told)
    assert "not the zip of a run" in dialogs.told[0] and files.working is None


def test_clean_trash_and_restore(controller, pane, files, dialogs, keep, until) -> None:
    runs = controller.context.index.list()
    dialog = CleanDialog(runs)
    keep(dialog)
    until(dialog.clean_button.isEnabled)
    assert "2.0 kB in 2 runs" in dialog.about.text()
    dialog.boxes["exports"].setChecked(True)
    wanted = dialog.chosen()
    assert {item.part for item in wanted} == {"checkpoints", "exports"}
    files.clean(wanted, for_good=False)
    trash = controller.context.index.trash
    until(lambda: files.working is None and len(trash.entries()) == 4)
    shown = TrashDialog()
    keep(shown)
    shown.set_entries(trash.entries())
    assert {row[1] for row in shown.table.shown()} == {"checkpoints", "exports"}
    files.restore(trash.entries())
    until(lambda: not trash.entries())
    assert run_disk.usage(controller.context.settings.runs_path / ONE).parts["exports"] == 3000
    pane.delete_requested.emit([ONE], False)
    until(lambda: len(pane.table.shown()) == 1)
    files.empty_trash([])
    assert dialogs.asked == ["Empty the trash"] and len(trash.entries()) == 1
    dialogs.reply = {"Empty the trash": "empty"}
    files.empty_trash([])
    until(lambda: files.working is None and not trash.entries())


def test_a_tracker_that_is_not_installed(pane, dialogs, monkeypatch) -> None:
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda _name: None)
    pane.track_requested.emit(ONE, "tensorboard")
    assert "tensorboardX, which is not installed" in dialogs.told[0]


def test_a_tracker_works_apart(pane, files, dialogs, until, monkeypatch, tmp_path) -> None:
    asked = []
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda _name: True)
    monkeypatch.setattr(trackers, "track_apart", lambda *args: asked.append(args))
    dialogs.folder = str(tmp_path)
    pane.track_requested.emit(ONE, "mlflow")
    until(lambda: asked and files.working is None)
    assert asked[0][0].name == ONE and asked[0][1:3] == ("mlflow", str(tmp_path))

    def fail(*_args) -> None:
        raise StudioError("track.failed", "It failed.", "Again.")

    monkeypatch.setattr(trackers, "track_apart", fail)
    pane.track_requested.emit(ONE, "mlflow")
    until(lambda: dialogs.told == ["It failed."] and files.working is None)
