"""The runs that a strategy names: offered newest first, chosen in the recipe, and undone."""

from __future__ import annotations

import json

import pytest

from tests.gui.sample_run import folder
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Recipe, save
from tlstudio.gui.presenters.run_list import ChosenRuns
from tlstudio.gui.widgets.run_list import RunList


@pytest.fixture
def names(context):
    """Runs on the disk, the oldest first; the last one failed."""
    made = []
    for number, outcome in enumerate(("completed", "stopped", "failed")):
        place = folder(context.settings.runs_path, f"2026112{number}-010000-mini")
        results = json.loads((place / "results.json").read_text())
        results |= {"outcome": outcome, "created": f"2026-11-2{number}T01:00:00+00:00"}
        (place / "results.json").write_text(json.dumps(results))
        save(Recipe(), place / "recipe.yaml")
        made.append(place.name)
    return made


@pytest.fixture
def view(context, qtbot, names):
    widget = RunList()
    qtbot.addWidget(widget)
    widget.suggested = []
    chosen = ChosenRuns(context, widget, "strategy", lambda runs: setattr(widget, "suggested", runs))

    def refresh():
        strategy = context.project.recipe.strategy
        chosen.refresh(find("tlstudio.strategies").get(strategy.name), strategy.options)

    context.project_changed.connect(refresh)
    context.edit("strategy", {"name": "multi-task"})
    return widget


def offered(view):
    return [action.data() for action in view.menu.actions()]


def shown(view):
    return [view.list.item(row).text() for row in range(view.list.count())]


def test_completed_runs_are_offered_and_chosen(context, view, names, until):
    until(lambda: offered(view))
    assert offered(view) == [names[1], names[0]]
    assert view.title.text() == "Other tasks"
    view.menu.actions()[1].trigger()
    assert context.project.recipe.strategy.options["others"] == [names[0]]
    assert offered(view) == [names[1]]
    assert shown(view)[0].startswith(f"{names[0]}  ·  Text classification")
    context.project.undo()
    assert shown(view) == [] and len(offered(view)) == 2


def test_recipes_come_from_a_dialog(context, view, dialogs, tmp_path, until):
    until(lambda: offered(view))
    save(Recipe(), tmp_path / "mine.yaml")
    dialogs.files = [str(tmp_path / "mine.yaml"), str(tmp_path / "gone.yaml")]
    view.browse_button.click()
    assert context.project.recipe.strategy.options["others"] == dialogs.files
    assert shown(view) == ["mine.yaml  ·  recipe", "gone.yaml  ·  not found"]


def test_a_run_that_is_gone_is_marked(context, view, names, until):
    until(lambda: offered(view))
    context.edit("strategy.others", ["no-such-run", names[0]])
    assert shown(view)[0] == "no-such-run  ·  not found"
    assert "not found" not in shown(view)[1]


def test_other_strategies_have_no_list(context, view):
    assert not view.isHidden()
    context.edit("strategy", {"name": "full-fine-tuning"})
    assert view.isHidden()
    context.edit("strategy", {"name": "reptile"})
    assert not view.isHidden() and "the start is learnt" in view.note.text()


def test_an_option_for_a_single_run_is_offered_them_too(context, view, names, until):
    context.edit("strategy", {"name": "distillation"})
    until(lambda: view.suggested)
    assert [place for place, _title in view.suggested] == [names[1], names[0]]
    assert view.suggested[0][1].startswith(f"{names[1]}  ·  Text classification")
    assert not view.isVisible()
