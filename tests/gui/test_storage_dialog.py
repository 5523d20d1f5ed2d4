"""The storage page: measured in the background, moved and cleaned with a question."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.session.test_storage import RUN, filled  # noqa: F401 - a fixture
from tlstudio.core import paths
from tlstudio.gui.presenters.storage import use_change
from tlstudio.gui.storage_dialog import StorageDialog
from tlstudio.session import settings as settings_module


@pytest.fixture
def dialog(filled, dialogs, keep, until):  # noqa: F811
    view = StorageDialog(dialogs)
    keep(view)
    until(lambda: len(view.places) == 6 and view.again_button.isEnabled())
    yield view
    view.survey.stop()


def choose(dialog: StorageDialog, place: str, part: str = "") -> None:
    for row in range(dialog.model.rowCount()):
        item = dialog.model.item(row, 0)
        rows = [item, *(item.child(at, 0) for at in range(item.rowCount()))]
        for entry in rows:
            dialog.view.setCurrentIndex(entry.index())
            if dialog.chosen() == (place, part):
                return
    raise AssertionError((place, part))


def test_places_with_their_parts(dialog) -> None:
    titles = [dialog.model.item(row, 0).text() for row in range(6)]
    assert titles[0] == "Models of the hub" and titles[3] == "Runs"
    models = dialog.model.item(0, 0)
    assert [models.child(row, 0).text() for row in range(2)] == ["org/big", "org/mini"], "the largest first"
    assert models.child(0, 3).text() == "can be fetched again" and models.child(0, 1).text() == "5.0 kB"
    assert "free on the disk" in dialog.about.text()
    choose(dialog, "models")
    assert not dialog.move_button.isEnabled() and "HF_HOME" in dialog.move_button.toolTip()
    choose(dialog, "runs", "runs")
    assert not dialog.clean_button.isEnabled() and not dialog.move_button.isEnabled()


def test_clean_asks(dialog, dialogs, until) -> None:
    choose(dialog, "features", "tokens")
    dialog.clean_button.click()
    assert dialogs.asked == ["Clean Features and other computed values"] and dialog.working is None
    dialogs.reply = {"Clean Features and other computed values": "clean"}
    changed: list[str] = []
    dialog.changed.connect(changed.append)
    dialog.clean_button.click()
    until(lambda: changed == ["features"] and dialog.again_button.isEnabled())
    assert not paths.cache_folder("tokens").exists() and paths.cache_folder("features").is_dir()


def test_move_and_use_it(dialog, dialogs, until, tmp_path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/other").write_text("")
    dialogs.folder, dialogs.reply = str(tmp_path / "disk"), {"Move Searches": "move"}
    choose(dialog, "studies")
    dialog.move_button.click()
    until(lambda: dialog.working is None and dialog.again_button.isEnabled() and len(dialog.places) == 6)
    assert paths.searches_folder() == tmp_path / "disk/tlstudio-studies"
    assert dialog.places["studies"].bytes == 70 and dialogs.told == []


def test_the_window_uses_the_new_place_of_runs(controller, tmp_path) -> None:
    settings_module.save(controller.context.settings.changed(runs_folder=str(tmp_path / "new")))
    use_change(controller.context, "studies")
    assert controller.context.settings.runs_folder == ""
    use_change(controller.context, "runs")
    assert controller.context.settings.runs_path == tmp_path / "new" == settings_module.load()[0].runs_path


def test_a_problem_is_told(dialog, dialogs, until, tmp_path) -> None:
    (paths.runs_folder() / RUN / "run.lock").write_text(str(os.getpid()))
    dialogs.folder, dialogs.reply = str(tmp_path), {"Move Runs": "move"}
    choose(dialog, "runs")
    dialog.move_button.click()
    until(lambda: dialogs.told and dialog.again_button.isEnabled())
    assert "going on" in dialogs.told[0] and Path(paths.runs_folder() / RUN / "results.json").is_file()


def test_closing_in_the_middle_ends_the_thread(filled, dialogs, keep) -> None:  # noqa: F811
    view = StorageDialog(dialogs)
    keep(view)
    view.close()
    assert view.survey._thread is None
