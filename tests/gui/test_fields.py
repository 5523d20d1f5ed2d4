"""The fields that a search or an ablation can vary."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.core import plugins
from tlstudio.core.recipe import Recipe
from tlstudio.gui import fields, fit
from tlstudio.gui.facts import Facts
from tlstudio.gui.queries import Queries
from tlstudio.pipeline import spaces


@pytest.fixture
def facts(qapp):
    """Nothing is known of the model and the data."""
    return Facts(Queries(fake.FakeRunner))


def names(package):
    return sorted(plugins.find(f"tlstudio.{package}"))


def all_allowed(recipe, facts):
    found = fields.variable(recipe, facts)
    for field in found:
        (dimension,) = spaces.parse([fields.written(field.usual)], recipe)
        assert dimension.kind == field.kind, field.path
        assert fields.read(dimension.to_dict()) == fields.typed(field.usual, field)
    return {field.path for field in found}


@pytest.mark.parametrize("strategy", names("strategies"))
def test_usual_values_of_strategies_are_allowed(strategy, facts, qapp):
    recipe = Recipe().changed("strategy", {"name": strategy})
    found = all_allowed(recipe, facts)
    assert {"training.learning_rate", "task.class_weights", "data.balance"} <= found
    assert fields.first(fields.variable(recipe, facts))


@pytest.mark.parametrize("task", names("tasks"))
def test_usual_values_of_tasks_are_allowed(task, facts, qapp):
    recipe = Recipe().changed("task", {"name": task}).changed("export", [])
    fitting, _refused = fit.offered("strategies", recipe)
    all_allowed(recipe.changed("strategy", {"name": fitting[0][0]}), facts)


def test_fields_of_regularisers_and_of_what_matters(facts, qapp):
    recipe = Recipe().changed("regularise", ["weight-averaging", "r-drop"])
    found = {field.path: field for field in fields.variable(recipe, facts)}
    assert found["regularise.1.weight"].name == "R-Drop: Weight"
    assert "regularise.0.decay" in found and "regularise.0.start" not in found, "of another kind"
    assert "training.seed" not in found and "training.best_metric" not in found


def test_values_are_written_and_shown_as_they_are(facts, qapp):
    assert fields.written(fields.Wish("a.b", 0, 1)) == "a.b=0..1"
    assert fields.written(fields.Wish("a.b", 0.0, 1.0)) == "a.b=0.0..1.0", "not taken for whole numbers"
    assert fields.written(fields.Wish("a.b", 1e-5, 1e-3, True)) == "a.b=1e-05..0.001:log"
    assert fields.written(fields.Wish("a.b", values=(True, "x", 1e-4))) == "a.b=true|x|0.0001"
    strategy = next(field for field in fields.variable(Recipe(), facts) if field.path == "strategy.name")
    assert fields.shown(strategy, "lora") == "LoRA"
    assert (fields.shown(None, 1234), fields.shown(None, 0.00012345)) == ("1,234", "0.000123")
