"""The runs that a recipe names; its files are in test_recipe."""

from __future__ import annotations

import pytest

from tlstudio.core import places, recipe


def named(name):
    return recipe.from_dict({
        "model": {"source": "run", "name": name}, "strategy": {"name": "distillation", "teacher": name},
    })  # fmt: skip


def names(found):
    return {found.model.name, found.strategy.options["teacher"]}


@pytest.mark.parametrize("given", ["runs/a", "./a", "a"])
def test_relative_folders_become_absolute(given, tmp_path):
    (tmp_path / given).mkdir(parents=True)
    assert names(places.resolve_paths(named(given), tmp_path)) == {str(tmp_path / given)}


def test_the_name_of_a_run_stays_until_its_folder_is_known(tmp_path):
    (tmp_path / "runs/20260101-a").mkdir(parents=True)
    kept = places.resolve_paths(named("20260101-a"), tmp_path)
    assert names(kept) == {"20260101-a"}
    assert names(places.resolve_runs(kept, tmp_path)) == {"20260101-a"}, "no run of this name there"
    assert names(places.resolve_runs(kept, tmp_path / "runs")) == {str(tmp_path / "runs/20260101-a")}


def test_the_rows_of_an_adaptation(tmp_path):
    given = [{"name": "masked-lm", "data": place} for place in ("a.txt", "train", "hub:org/texts", "/abs/b.txt")]
    found = places.resolve_paths(recipe.from_dict({"adapt": [*given, "simcse"]}), tmp_path).adapt
    named = [choice.options.get("data") for choice in found]
    assert named == [str(tmp_path / "a.txt"), "train", "hub:org/texts", "/abs/b.txt", None]


def test_further_rows_of_a_strategy(tmp_path):
    def placed(given):
        strategy = {"name": "distillation", "unlabelled": given}
        return places.resolve_paths(recipe.from_dict({"strategy": strategy}), tmp_path).strategy.options["unlabelled"]

    assert placed("a.txt") == str(tmp_path / "a.txt")
    assert (placed(""), placed("hub:org/texts")) == ("", "hub:org/texts")


def test_a_second_backbone_may_be_a_folder_a_run_or_a_model_of_the_hub(tmp_path):
    (tmp_path / "models/a").mkdir(parents=True)

    def placed(given):
        strategy = {"name": "feature-fusion", "second": given}
        return places.resolve_paths(recipe.from_dict({"strategy": strategy}), tmp_path).strategy.options["second"]

    assert placed("models/a") == str(tmp_path / "models/a")
    assert [placed(name) for name in ("20260101-a", "org/model", "")] == ["20260101-a", "org/model", ""]
    kept = recipe.from_dict({"strategy": {"name": "feature-fusion", "second": "a"}})
    assert places.resolve_runs(kept, tmp_path / "models").strategy.options["second"] == str(tmp_path / "models/a")


def test_other_models_and_strategies_are_left_alone(tmp_path):
    (tmp_path / "org").mkdir()
    plain = recipe.from_dict({"model": {"name": "org"}, "strategy": {"name": "lora"}})
    assert places.resolve_runs(plain, tmp_path) == plain == places.resolve_paths(plain, tmp_path)
    assert places.resolve_runs(named(""), tmp_path) == named("")
