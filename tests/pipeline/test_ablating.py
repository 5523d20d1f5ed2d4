"""What each part of a recipe brings."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.pipeline.ablating import _variants, ablate


@pytest.fixture
def recipe(tiny_model, tickets):
    made = tiny.recipe(tiny_model, tickets, compress=["dynamic-int8"], export=["onnx"])
    return made.changed("data.balance", "classes")


def test_fields_values_and_seeds(recipe, tmp_path):
    heard = tiny.Heard()
    found = ablate(recipe, tmp_path / "runs", heard, Control(), ["data.balance"], ["training.learning_rate=auto|1e-9"],
                   seeds=2)  # fmt: skip
    json.dumps(found)
    whole, without, slow = found["variants"]
    assert (whole["title"], without["title"], slow["title"]) == ("", "without data.balance",
                                                                 "training.learning_rate=1e-09")  # fmt: skip
    assert found["seeds"] == [7, 8]
    assert all(len(entry["values"]) == len(entry["runs"]) == 2 for entry in found["variants"])
    assert whole["difference"] is None
    assert slow["difference"]["value"] < 0
    assert slow["difference"]["low"] <= slow["difference"]["value"] <= slow["difference"]["high"]
    assert slow["mean"] < whole["mean"]
    assert found["rows"] == 12
    assert len(heard.of("result")) == 6
    assert len(list((tmp_path / "runs").iterdir())) == 6
    assert not list((tmp_path / "runs").glob("*/exports"))
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total
    assert len(found["reasons"]) == 2


def test_variants(recipe):
    assert [variant.title for variant in _variants(recipe, [], [])] == ["", "without data.augment+data.balance"]
    with pytest.raises(StudioError) as caught:
        _variants(recipe, ["data.augment", "regularise"], ["training.optimiser=adamw"])
    assert caught.value.code == "ablate.nothing"
    with pytest.raises(StudioError) as caught:
        _variants(recipe, [], ["training.optimiser"])
    assert caught.value.code == "ablate.vary"
    with pytest.raises(StudioError) as caught:
        _variants(recipe, [], ["training.optimiser=nope"])
    assert caught.value.code == "recipe.bad-value"


def test_a_variant_that_fails_leaves_the_others(recipe, tmp_path):
    found = ablate(recipe, tmp_path, silent, Control(), [],
                   ["task.max_length=500|32"])  # fmt: skip
    broken, short = found["variants"][1:]
    assert (broken["error"]["code"], broken["values"]) == ("task.too-long", [])
    assert short["difference"] is not None


def test_stop_and_cancel(recipe, tmp_path):
    control = Control()
    found = ablate(recipe, tmp_path, lambda event: control.stop() if event.kind == "result" else None, control)
    assert [len(entry["runs"]) for entry in found["variants"]] == [1, 0]
    assert found["reasons"] == []
    control.cancel()
    with pytest.raises(Cancelled):
        ablate(recipe, tmp_path, silent, control)
