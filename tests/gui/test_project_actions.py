"""What is not saved outlives the window; the rest of the project's menu is tested with the controller."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gui.conftest import Answers
from tlstudio.core import recipe as recipes
from tlstudio.core.recipe import Recipe
from tlstudio.gui import project_actions
from tlstudio.session.drafts import Drafts, drafts_folder, left_behind

QUESTION = "Unsaved changes were found"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_actions, "_KEEP_AFTER", 1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tlstudio"
    recipes.save(Recipe(), path)
    return path


def leave(recipe: Recipe, path: Path | None) -> None:
    """As a window that was killed leaves it."""
    window = Drafts()
    window.keep(recipe, path)
    window.close()


def kept() -> list[Path]:
    return sorted(drafts_folder().glob("*.json"))


def end(controller, until) -> None:
    closed = []
    controller.closed.connect(lambda: closed.append(True))
    controller.closing.end()  # as a signal of the system does
    until(lambda: closed)


def test_changes_are_kept_and_gone_when_they_are_saved(controller, project, until):
    controller.show(project)
    assert kept() == []
    controller.context.edit("training.epochs", 3)
    until(kept)
    assert left_behind() == []  # this window lives
    assert controller.project.save()
    until(lambda: not kept())


def test_undo_of_the_last_change_leaves_nothing(controller, project, until):
    controller.show(project)
    controller.context.edit("training.epochs", 3)
    until(kept)
    controller.context.project.undo()
    until(lambda: not kept())


def test_a_window_that_is_ended_by_a_signal_leaves_its_changes(controller, project, until):
    controller.show(project)
    controller.context.edit("training.epochs", 3)
    end(controller, until)
    [draft] = left_behind()
    assert draft.project == project and draft.recipe.training.epochs == 3


def test_discarded_changes_are_not_kept(controller, project, until, dialogs):
    controller.show(project)
    controller.context.edit("training.epochs", 3)
    until(kept)
    dialogs.reply = {"Unsaved changes": "discard"}
    closed = []
    controller.closed.connect(lambda: closed.append(True))
    controller.window.close()
    until(lambda: closed)
    assert kept() == []


def test_what_was_left_is_restored_into_its_project(controller, project, until, dialogs: Answers):
    leave(Recipe().changed("training.epochs", 3), project)
    controller.show()
    until(lambda: controller.context.project.recipe.training.epochs == 3)
    assert QUESTION in dialogs.asked
    assert controller.context.project.path == project and controller.context.project.dirty
    controller.context.project.undo()
    assert not controller.context.project.dirty
    until(lambda: not kept())


def test_a_new_project_is_restored_as_one(controller, until):
    leave(Recipe().changed("training.epochs", 3), None)
    controller.show()
    until(lambda: controller.context.project.recipe.training.epochs == 3)
    assert controller.context.project.path is None


def test_changes_of_a_project_whose_file_is_gone_are_restored_as_a_new_one(controller, project, until):
    leave(Recipe().changed("training.epochs", 3), project)
    project.unlink()
    controller.show()
    until(lambda: controller.context.project.recipe.training.epochs == 3)
    assert controller.context.project.path is None


def test_it_can_be_discarded(controller, project, until, dialogs):
    leave(Recipe().changed("training.epochs", 3), project)
    dialogs.reply = {QUESTION: "discard"}
    controller.show()
    until(lambda: QUESTION in dialogs.asked and not kept())
    assert controller.context.project.recipe == Recipe()


def test_later_asks_again_at_the_next_start(controller, project, until, dialogs):
    leave(Recipe().changed("training.epochs", 3), project)
    leave(Recipe().changed("training.epochs", 4), None)
    dialogs.reply = {QUESTION: "later"}
    controller.show()
    until(lambda: dialogs.asked.count(QUESTION) == 2)
    assert len(left_behind()) == 2
