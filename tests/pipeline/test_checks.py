"""Is a recipe complete? Quick, without torch, and every answer names its field."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import tiny
from tests.fresh import run_fresh
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe, from_dict
from tlstudio.pipeline import check, compressing, compression_notes, problems


@pytest.fixture
def good(tmp_path, tickets) -> Recipe:
    return tiny.recipe(tmp_path, tickets)


def test_a_complete_recipe_has_no_problems(good):
    assert problems(good) == []
    checked = check(good)
    assert checked.strategy.plugin.NAME == "linear-probe"
    assert checked.strategy.config.pooling == "auto"
    assert checked.compress == ()


def test_an_empty_recipe_lacks_model_and_data():
    assert [(error.code, error.where) for error in problems(Recipe())] == [
        ("model.none", "model.name"), ("data.none", "data.path"),
    ]  # fmt: skip


@pytest.mark.parametrize("split", ["path", "validation", "test"])
def test_files_that_are_gone(good, tmp_path, split):
    for missing in (str(tmp_path / "gone.csv"), "~nobody-is-called-this/gone.csv", "a\0b.csv"):
        [error] = problems(good.changed(f"data.{split}", missing))
        assert (error.code, error.where, error.params["path"]) == ("files.missing", f"data.{split}", missing)


@pytest.mark.parametrize(
    ("field", "value", "code", "where"),
    [
        ("task", {"name": "magic"}, "recipe.unknown-plugin", "task"),
        ("task", {"name": "text-classification", "max_length": 1}, "recipe.bad-value", "task.max_length"),
        ("strategy", {"name": "linear-probe", "colour": 1}, "recipe.unknown-field", "strategy.colour"),
        ("strategy", {"name": "full-fine-tuning", "hidden_dropout": 2}, "recipe.bad-value", "strategy.hidden_dropout"),
        ("compress", [{"name": "dynamic-int8", "bits": 4}], "recipe.unknown-field", "compress.dynamic-int8.bits"),
        ("compress", ["dynamic-int8", "dynamic-int8"], "compress.order", "compress"),
        ("export", ["onnx-int8"], "export.needs-step", "export"),
        ("export", [{"name": "onnx", "opset": 1}], "recipe.unknown-field", "export.onnx.opset"),
        ("data.source", "parrot", "recipe.unknown-plugin", "data.source"),
    ],
)
def test_each_wrong_choice_names_its_field(good, field, value, code, where):
    wrong = good.changed(field, value)
    with pytest.raises(StudioError) as caught:
        check(wrong)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert [error.code for error in problems(wrong)] == [code]


def test_source_options_are_checked_where_the_source_is_known(good):
    data = {**good.data.model_dump(), "delimeter": ";"}
    check(good.changed("data", data))  # the file decides later which source it is
    with pytest.raises(StudioError) as caught:
        check(good.changed("data", {**data, "source": "csv"}))
    assert caught.value.where == "data.delimeter"


def test_checking_needs_no_heavy_library(good, tmp_path):
    from tlstudio.core.recipe import save

    save(good, tmp_path / "recipe.yaml")
    found = run_fresh(
        "import sys; from tlstudio.core import recipe; from pathlib import Path; from tlstudio import pipeline\n"
        f"found = pipeline.problems(recipe.load(Path({str(tmp_path / 'recipe.yaml')!r})))\n"
        "print(found, [name for name in HEAVY if name in sys.modules])"
    )
    assert found == "[] []"


def test_regularisers_need_a_backbone_that_trains():
    recipe = from_dict({"strategy": {"name": "linear-probe"}, "regularise": ["l2-sp"]})
    with pytest.raises(StudioError) as caught:
        check(recipe)
    assert (caught.value.code, caught.value.where) == ("regularise.once", "regularise")
    assert check(recipe.changed("strategy", {"name": "partial"})).regularise[0].config.strength == 0.01
    with pytest.raises(StudioError) as caught:
        check(from_dict({"regularise": [{"name": "l2-sp", "strenght": 1}]}))
    assert "strenght" in caught.value.message


def test_a_teacher_that_is_not_there_is_seen_at_once(tiny_model, tickets):
    recipe = tiny.recipe(tiny_model, tickets, strategy={"name": "distillation", "teacher": "absent"})
    assert [(problem.code, problem.where) for problem in problems(recipe)] == [("model.no-run", "strategy.teacher")]


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        (["bf16", {"name": "layer-removal", "epochs": 0}], "compress.undone-bf16"),
        (["bf16", "dynamic-int8"], "compress.undone-bf16"),
        (["magnitude-pruning", {"name": "layer-removal", "epochs": 1}], "compress.undone"),
        (["magnitude-pruning", {"name": "low-rank", "epochs": 0}], "compress.undone"),
        (["movement-pruning", "quantisation-aware-training", "dynamic-int8"], "compress.undone"),
        (["quantisation-aware-training", "magnitude-pruning"], "compress.undone"),
        (["magnitude-pruning", {"name": "layer-removal", "epochs": 0}, "dynamic-int8"], None),
        (["quantisation-aware-training", "dynamic-int8"], None),
        (["magnitude-pruning", "movement-pruning"], None),
        ([{"name": "layer-removal", "epochs": 1}, "bf16"], None),
        (["no-such-step", "bf16", "dynamic-int8"], None),
    ],
)
def test_chains_that_undo_themselves_are_told(good, chain, code):
    notes = compression_notes(good.changed("compress", chain))
    assert [note.code for note in notes] == [code] * (code is not None)
    assert all(note.where == "compress" and note.remedy for note in notes)


@pytest.mark.parametrize("way", [compressing.chain, compressing.kept])
def test_a_run_says_what_its_chain_undoes(way, tmp_path, monkeypatch):
    heard = tiny.Heard()
    steps = check(from_dict({"compress": ["bf16", "dynamic-int8"]})).compress
    stages = SimpleNamespace(
        context=SimpleNamespace(emit=heard, folder=tmp_path), checked=SimpleNamespace(compress=steps)
    )
    monkeypatch.setattr(compressing, "trained", lambda _stages: None)
    monkeypatch.setattr(compressing, "apply", lambda *_given: None)
    way(stages)
    [note] = heard.of("log")
    assert (note.code, note.level) == ("compress.undone-bf16", "warning")
