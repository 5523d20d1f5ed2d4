"""The project: edits, undo, files, states of the steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.session import project as module
from tlstudio.session.project import Project, relative_paths, step_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> list[StudioError]:
    found: list[StudioError] = []
    monkeypatch.setattr("tlstudio.pipeline.problems", lambda recipe: list(found))
    return found


def test_set_tells_listeners_and_can_be_undone(clock):
    project, heard = Project(), []
    project.listen(lambda: heard.append(project.recipe.training.epochs))
    project.set("training.epochs", 3)
    assert project.dirty
    project.undo()
    assert not project.dirty
    project.redo()
    assert heard == [3, "auto", 3]
    assert not project.can_redo


def test_rapid_edits_of_one_field_are_one_step(clock):
    project = Project()
    for epochs in (3, 4, 5):
        project.set("training.epochs", epochs)
        clock[0] += 0.3
    project.undo()
    assert project.recipe.training.epochs == "auto"


def test_slow_edits_and_other_fields_are_steps_of_their_own(clock):
    project = Project()
    project.set("training.epochs", 3)
    clock[0] += 5
    project.set("training.epochs", 4)
    project.set("training.seed", 1)
    for seed, epochs in ((7, 4), (7, 3), (7, "auto")):
        project.undo()
        assert (project.recipe.training.seed, project.recipe.training.epochs) == (seed, epochs)
    assert not project.can_undo


def test_an_edit_after_undo_drops_the_redo(clock):
    project = Project()
    project.set("training.epochs", 3)
    project.undo()
    project.set("training.seed", 9)
    assert not project.can_redo


def test_refused_value_changes_nothing():
    project = Project()
    with pytest.raises(StudioError) as error:
        project.update({"training.seed": 3, "training.epochs": -1})
    assert error.value.where == "training.epochs"
    assert project.recipe == Recipe()
    assert not project.can_undo


def test_same_value_is_no_step():
    project = Project()
    project.set("training.epochs", "auto")
    assert not project.can_undo


def test_save_makes_paths_relative_and_open_makes_them_absolute(tmp_path):
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    project = Project()
    project.update({"data.path": str(folder / "data" / "a.csv"), "data.test": str(tmp_path / "elsewhere.csv")})
    saved = project.save(folder / "mine")
    assert saved == folder / "mine.tlstudio"
    assert not project.dirty
    text = saved.read_text(encoding="utf-8")
    assert "path: data/a.csv" in text
    assert str(tmp_path / "elsewhere.csv") in text
    moved = tmp_path / "moved"
    folder.rename(moved)
    other = Project()
    other.open(moved / "mine.tlstudio")
    assert other.recipe.data.path == str(moved / "data" / "a.csv")
    assert other.name == "mine.tlstudio"
    assert not other.dirty


def test_save_without_a_path_needs_one():
    with pytest.raises(ValueError, match="needs a path"):
        Project().save()


def test_open_of_a_broken_file_keeps_the_project(tmp_path):
    path = tmp_path / "x.tlstudio"
    path.write_text("training: {epochs: many}", encoding="utf-8")
    project = Project()
    project.set("training.seed", 3)
    with pytest.raises(StudioError):
        project.open(path)
    assert project.recipe.training.seed == 3


def test_model_folder_and_extra_sets_become_relative(tmp_path):
    recipe = recipes.from_dict(
        {
            "model": {"source": "folder", "name": str(tmp_path / "net")},
            "evaluate": {"extra_sets": [str(tmp_path / "zh.csv")]},
        }
    )
    result = relative_paths(recipe, tmp_path)
    assert result.model.name == "net"
    assert result.evaluate.extra_sets == ("zh.csv",)
    assert recipes.resolve_paths(result, tmp_path) == recipe


def test_earlier_runs_and_rows_without_labels_become_relative(tmp_path):
    (tmp_path / "first").mkdir()
    recipe = recipes.from_dict(
        {
            "model": {"source": "run", "name": str(tmp_path / "first")},
            "strategy": {
                "name": "distillation",
                "teacher": str(tmp_path / "runs/b"),
                "unlabelled": str(tmp_path / "u.txt"),
            },
            "adapt": [{"name": "masked-lm", "data": str(tmp_path / "texts")}, {"name": "simcse", "data": "train"}],
        }
    )
    result = relative_paths(recipe, tmp_path)
    assert (result.model.name, result.strategy.options["teacher"]) == ("first", "runs/b")
    assert [choice.options["data"] for choice in result.adapt] == ["texts", "train"]
    assert recipes.resolve_paths(result, tmp_path) == recipe


def test_states_name_the_one_thing_that_is_missing(problems):
    project = Project()
    problems += [
        StudioError("model.none", "No model is chosen.", where="model.name"),
        StudioError("data.none", "No data is chosen.", where="data.path"),
    ]
    states = {state.step: state for state in project.states()}
    assert states["model"].missing is problems[0]
    assert states["train"].missing is problems[0]
    assert states["strategy"].status == "ready"
    assert states["results"].status == "missing"
    assert list(states) == list(module.STEPS)


def test_states_after_a_run_and_after_another_edit(problems, tmp_path):
    project = Project()
    assert project.states()[4].status == "ready"
    project.set_run(tmp_path, {"exports": [{"name": "onnx"}]}, project.recipe)
    assert {state.status for state in project.states()} == {"done"}
    project.set("training.epochs", 2)
    assert project.states()[4].status == "ready"
    assert project.states()[5].status == "done"


def test_found_problems_are_told_once_and_only_when_they_differ(problems):
    project, heard = Project(), []
    project.listen(lambda: heard.append(1))
    for _ in range(2):
        project.set_found("data", [StudioError("data.empty-file", "Empty.", where="data.path")])
    assert len(heard) == 1
    assert [item.code for item in project.problems()] == ["data.empty-file"]
    project.set_found("data", [])
    assert project.problems() == []


@pytest.mark.parametrize(
    ("where", "step"),
    [("model.name", "model"), ("training.epochs", "strategy"), ("task.max_length", "strategy"), ("a.csv", "data")],
)
def test_step_of(where, step):
    assert step_of(StudioError("x", "x", where=where)) == step


def test_replace_is_one_step_and_new_forgets_all(tmp_path):
    project = Project()
    project.replace(recipes.from_dict({"training": {"epochs": 2}}))
    project.undo()
    assert project.recipe == Recipe()
    project.set_run(Path(tmp_path), {})
    project.new()
    assert project.run is None
    assert not project.can_redo
