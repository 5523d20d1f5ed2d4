"""The recipe: YAML in and out, errors that name the field, edits that make a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe

TEXT = """
schema: 1
model: {source: hub, name: org/name}
data: {path: a.csv, delimiter: ";", roles: {text: body}, split: {test: 0.3}}
strategy: {name: linear-probe, pooling: mean}
training: {epochs: 3, learning_rate: 5e-5}
compress: [dynamic-int8]
export: [onnx, {name: onnx-int8}]
"""


def test_parse():
    recipe = recipes.parse(TEXT)
    assert recipe.data.options == {"delimiter": ";"}
    assert recipe.data.split.test == 0.3
    assert recipe.strategy.options == {"pooling": "mean"}
    assert recipe.training.learning_rate == 5e-5
    assert [choice.name for choice in recipe.export] == ["onnx", "onnx-int8"]


def test_round_trip(tmp_path):
    recipe = recipes.parse(TEXT).changed("data.path", str(tmp_path / "ü.csv"))
    recipes.save(recipe, tmp_path / "r.yaml")
    assert recipes.load(tmp_path / "r.yaml") == recipe
    assert recipes.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("- a\n- b", "recipe.not-a-mapping", ""),
        ("", "recipe.not-a-mapping", ""),
        ("schema: 99", "recipe.schema", "schema"),
        ("modle: {}", "recipe.unknown-field", "modle"),
        ("training: {epoch: 3}", "recipe.unknown-field", "training.epoch"),
        ("training: {epochs: 0}", "recipe.bad-value", "training.epochs"),
        ("training: {epochs: lots}", "recipe.bad-value", "training.epochs"),
        ("data: {split: {test: 1.5}}", "recipe.bad-value", "data.split.test"),
        ("model: {sha256: xyz}", "recipe.bad-value", "model.sha256"),
        ("export: [{tolerance: 1}]", "recipe.missing-field", "export.0.name"),
        ("a: [", "recipe.not-yaml", "recipe"),
        ("a: &x [1]\nb: *x", "recipe.not-yaml", "recipe"),
        ("a: !!python/object/apply:os.system ['true']", "recipe.not-yaml", "recipe"),
    ],
)
def test_errors_name_the_field(text, code, where):
    with pytest.raises(StudioError) as caught:
        recipes.parse(text)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.remedy


def test_syntax_error_names_the_line():
    with pytest.raises(StudioError) as caught:
        recipes.parse("model:\n  name: x\n bad: y")
    assert caught.value.params["line"] == 3


def test_changed_makes_a_new_recipe():
    recipe = Recipe()
    other = recipe.changed("training.epochs", 4).changed("strategy", {"name": "linear-probe"})
    assert (recipe.training.epochs, other.training.epochs) == ("auto", 4)
    assert other.strategy.name == "linear-probe"
    assert other.changed("export.0", "onnx-int8").export[0].name == "onnx-int8"
    assert other.changed("data.delimiter", ";").changed("data.delimiter", None).data.options == {}


@pytest.mark.parametrize(
    "path", ["training.epoch", "nothing.at.all", "training", "export.7", "export.x.y", "model.name.x", "", "."]
)
def test_changing_what_is_not_there(path):
    with pytest.raises(StudioError) as caught:
        Recipe().changed(path, "?")
    assert caught.value.code.startswith("recipe.")


def test_relative_paths_are_taken_from_the_recipe(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "model: {source: folder, name: m}\ndata: {path: a.csv, test: /abs/t.csv}\nevaluate: {extra_sets: [x.csv]}"
    )
    recipe = recipes.load(tmp_path / "r.yaml")
    assert recipe.data.path == str(tmp_path / "a.csv")
    assert recipe.data.test == str(Path("/abs/t.csv"))
    assert recipe.data.validation is None
    assert recipe.model.name == str(tmp_path / "m")
    assert recipe.evaluate.extra_sets == (str(tmp_path / "x.csv"),)


def test_a_hub_name_is_no_path(tmp_path):
    recipe = recipes.resolve_paths(recipes.parse("model: {name: org/name}"), tmp_path)
    assert recipe.model.name == "org/name"


def test_loading_what_is_no_recipe(tmp_path):
    with pytest.raises(StudioError) as caught:
        recipes.load(tmp_path / "absent.yaml")
    assert caught.value.code == "files.missing"
    (tmp_path / "big.yaml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(StudioError) as caught:
        recipes.load(tmp_path / "big.yaml")
    assert caught.value.code == "recipe.too-large"
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    with pytest.raises(StudioError) as caught:
        recipes.load(tmp_path / "binary.yaml")
    assert caught.value.code == "recipe.not-yaml"
    with pytest.raises(StudioError) as caught:
        recipes.load(tmp_path)
    assert caught.value.remedy


def test_data_files():
    data = recipes.parse("data: {path: [x/a.csv, b.csv], test: c}").data
    assert data.files == {"train": ("x/a.csv", "b.csv"), "test": ("c",)}
    assert data.title == "a.csv"
    assert recipes.parse("data: {path: 'hub:org/name'}").data.title == "hub:org/name"


def test_names_are_no_paths(tmp_path):
    recipe = recipes.parse("data: {path: [a.csv, 'sample:digits'], test: 'sqlite:///x.db'}")
    data = recipes.resolve_paths(recipe, tmp_path).data
    assert data.path == (str(tmp_path / "a.csv"), "sample:digits")
    assert data.test == "sqlite:///x.db"


def test_cleaning_of_older_recipes_becomes_steps():
    data = recipes.parse("data: {path: a, empty_rows: drop, similar_labels: merge, rare_classes: ask}").data
    assert [step.name for step in data.steps] == ["drop-empty", "merge-similar-labels"]
    assert data.options == {}
    again = recipes.from_dict(recipes.Recipe(data=data).to_dict())
    assert again.data == data


def test_steps_may_be_bare_names():
    data = recipes.parse("data: {steps: [drop-empty, {name: drop-rows, rows: [ab]}], augment: [random-swap]}").data
    assert [step.name for step in data.steps] == ["drop-empty", "drop-rows"]
    assert data.augment[0].name == "random-swap"


def test_the_file_of_an_augmentation_is_found_from_the_recipe(tmp_path):
    text = "data: {augment: [{name: language-mix, dictionary: words.tsv}, random-swap]}"
    found = recipes.resolve_paths(recipes.parse(text), tmp_path).data.augment
    assert found[0].options["dictionary"] == str(tmp_path / "words.tsv")
    assert found[1].options == {}
