"""The search: better values are found, kept and gone on from."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.pipeline import searching
from tlstudio.pipeline.searching import search
from tlstudio.pipeline.trials import Trial

RATE = ["training.learning_rate=1e-6..1e-1:log"]


@pytest.fixture
def recipe(tiny_model, tickets):
    training = {"epochs": 2, "batch_size": 8, "threads": 1, "precision": "fp32", "learning_rate": 1e-6}
    return tiny.recipe(tiny_model, tickets, training=training)


def test_a_real_search_and_going_on(recipe, tmp_path):
    heard = tiny.Heard()
    found = search(recipe, RATE, tmp_path / "study", heard, Control(), minutes=5, trials=4)
    json.dumps(found)
    assert found["metric"] == "macro_f1"
    assert [entry["number"] for entry in found["trials"]] == [0, 1, 2]
    assert found["base"]["number"] == -1
    assert all(1e-6 <= entry["values"]["training.learning_rate"] <= 1e-1 for entry in found["trials"])
    told = [event.data for event in heard.of("result") if event.name == "trial"]
    assert [entry["number"] for entry in told] == [-1, 0, 1, 2]
    assert len([event for event in heard.of("result") if event.name == "epoch"]) == 8
    assert heard.of("progress")
    if found["recipe"]:
        best = recipes.load(tmp_path / "study" / "best.yaml")
        assert best.training.learning_rate == found["best"]["values"]["training.learning_rate"]
    again = search(recipe, RATE, tmp_path / "study", silent, Control(), minutes=5, trials=1)
    assert [entry["number"] for entry in again["trials"]] == [0, 1, 2, 3]
    assert again["trials"][:3] == found["trials"]
    assert again["base"] == found["base"]
    with pytest.raises(StudioError) as caught:
        search(recipe, ["training.epochs=1..3"], tmp_path / "study", silent, Control())
    assert caught.value.code == "search.other"


def simulated(monkeypatch, value, listens=1):
    """Trainings whose value the test states."""

    def trained(_self, recipe, _number, listen):
        for epoch in range(listens):
            listen(epoch + 1, value(recipe))
        return Trial("macro_f1", value(recipe), {}, 42, 6, 0.0, 2, 0, True)

    monkeypatch.setattr(searching._Searcher, "_trained", trained)


def test_it_finds_the_hill(monkeypatch, recipe, tmp_path):
    import math

    simulated(monkeypatch, lambda recipe: 1 - abs(math.log10(recipe.training.learning_rate) + 3) / 10)
    found = search(recipe, [*RATE, "training.epochs=1..9"], tmp_path, silent, Control(), trials=25)
    assert 2e-4 < found["best"]["values"]["training.learning_rate"] < 5e-3
    assert found["importances"]["training.learning_rate"] > 0.5
    assert [item["code"] for item in found["reasons"]] == ["search.better", "search.flatters"]
    assert recipes.load(tmp_path / "best.yaml").training.epochs == found["best"]["values"]["training.epochs"]


def test_the_recipe_as_it_is_may_be_best(monkeypatch, recipe, tmp_path):
    simulated(monkeypatch, lambda recipe: 1.0 if recipe.training.learning_rate == 1e-6 else 0.5)
    found = search(recipe, ["training.learning_rate=1e-5..1e-1:log"], tmp_path, silent, Control(), trials=3)
    assert (found["best"], found["recipe"]) == (found["base"], None)
    assert [item["code"] for item in found["reasons"]] == ["search.base"]


def test_what_does_badly_is_broken_off(monkeypatch, recipe, tmp_path):
    simulated(monkeypatch, lambda recipe: recipe.training.learning_rate, listens=3)
    found = search(recipe, RATE, tmp_path, silent, Control(), trials=20)
    states = [entry["state"] for entry in found["trials"]]
    assert states[:4] == ["complete"] * 4
    assert "pruned" in states
    assert all(len(entry["curve"]) < 3 for entry in found["trials"] if entry["state"] == "pruned")


def test_values_that_fail(monkeypatch, recipe, tmp_path):
    def value(recipe):
        if recipe.training.learning_rate > 1e-3:
            raise StudioError("training.nan", "The loss is not a number any more.", "Lower it.")
        return 0.5

    simulated(monkeypatch, value)
    found = search(recipe, RATE, tmp_path, silent, Control(), trials=9)
    failed = [entry for entry in found["trials"] if entry["state"] == "failed"]
    assert failed
    assert all(entry["error"]["code"] == "training.nan" for entry in failed)
    assert found["base"]["value"] == 0.5


def test_a_recipe_that_always_fails_says_so(monkeypatch, recipe, tmp_path):
    def value(_recipe):
        raise StudioError("training.no-memory", "No.", "Less.")

    simulated(monkeypatch, value)
    with pytest.raises(StudioError) as caught:
        search(recipe, RATE, tmp_path, silent, Control(), trials=9)
    assert caught.value.code == "training.no-memory"


def test_time_stop_and_cancel(monkeypatch, recipe, tmp_path):
    simulated(monkeypatch, lambda _recipe: 0.5)
    assert search(recipe, RATE, tmp_path / "a", silent, Control(), minutes=0)["best"] is None
    control = Control()

    def stop(event):
        if event.kind == "result" and event.name == "trial" and event.data["number"] == 1:
            control.stop()

    found = search(recipe, RATE, tmp_path / "b", stop, control)
    assert len(found["trials"]) == 2
    control.cancel()
    with pytest.raises(Cancelled):
        search(recipe, RATE, tmp_path / "b", silent, control)


def test_a_search_that_was_killed_goes_on(monkeypatch, recipe, tmp_path):
    def killed(event):
        if event.kind == "result" and event.name == "epoch" and event.data["trial"] == 1:
            raise Cancelled

    simulated(monkeypatch, lambda _recipe: 0.5)
    with pytest.raises(Cancelled):
        search(recipe, RATE, tmp_path, killed, Control(), trials=9)
    found = search(recipe, RATE, tmp_path, silent, Control(), trials=1)
    assert [entry["state"] for entry in found["trials"]] == ["complete", "stopped", "complete"]
