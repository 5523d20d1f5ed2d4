"""Fields to vary, as they are written."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio.core.errors import StudioError
from tlstudio.pipeline.spaces import Dimension, parse, value_of, varied


@pytest.fixture
def recipe(tiny_model, tickets):
    return tiny.recipe(tiny_model, tickets, strategy={"name": "lora"})


@pytest.mark.parametrize(("text", "found"), [
    ("training.learning_rate=1e-5..1e-3:log", Dimension("training.learning_rate", "float", 1e-5, 1e-3, True)),
    ("training.weight_decay=0..0.1", Dimension("training.weight_decay", "float", 0.0, 0.1)),
    ("training.warmup=0.05..0.25", Dimension("training.warmup", "float", 0.05, 0.25)),
    ("training.epochs=1..10", Dimension("training.epochs", "int", 1, 10)),
    ("strategy.rank=4..64:log", Dimension("strategy.rank", "int", 4, 64, True)),
    ("strategy.rank=4|8|16", Dimension("strategy.rank", "choice", choices=(4, 8, 16))),
    ("training.learning_rate = auto | 5e-5", Dimension("training.learning_rate", "choice", choices=("auto", 5e-5))),
    ("strategy.dora=true|false", Dimension("strategy.dora", "choice", choices=(True, False))),
    ("data.augment=[]|[case-noise]", Dimension("data.augment", "choice", choices=([], ["case-noise"]))),
])  # fmt: skip
def test_forms(recipe, text, found):
    assert parse([text], recipe) == (found,)


@pytest.mark.parametrize(("text", "code"), [
    ("training.epochs", "search.space"), ("training.epochs=", "search.space"), ("training.epochs=3", "search.space"),
    ("training.epochs=9..3", "search.space"), ("training.weight_decay=0..1:log", "search.space"),
    ("training.epochs=a..b", "search.space"), ("training.epochs=3|3", "search.space"),
    ("training.epochs=0..3", "recipe.bad-value"), ("training.nothing=1..3", "recipe.unknown-field"),
    ("strategy.nothing=1..3", "recipe.unknown-field"), ("training.optimiser=adamw|nope", "recipe.bad-value"),
    ("strategy.name=lora|nope", "recipe.unknown-plugin"), ("data.split.seed=1..9", "search.unfair"),
    ("training.best_metric=loss|accuracy", "search.unfair"), ("task.name=a|b", "search.unfair"),
])  # fmt: skip
def test_what_makes_no_sense(recipe, text, code):
    with pytest.raises(StudioError) as caught:
        parse([text], recipe)
    assert caught.value.code == code


def test_nothing(recipe):
    with pytest.raises(StudioError) as caught:
        parse([], recipe)
    assert caught.value.code == "search.nothing"


def test_another_strategy_begins_with_its_own_options(recipe):
    mine = recipe.changed("strategy", {"name": "lora", "rank": 4})
    assert varied(mine, {"strategy.name": "full-fine-tuning"}).strategy.options == {}
    assert varied(mine, {"strategy.name": "lora", "strategy.alpha": 8}).strategy.options == {"rank": 4, "alpha": 8}
    both = varied(mine, {"strategy.layer_decay": 0.9, "strategy.name": "full-fine-tuning"})
    assert both.strategy.options == {"layer_decay": 0.9}


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("5e-5", 5e-5), ("true", True), ("a b", "a b"),
                                             ("[1, 2]", [1, 2]), ("[", "["), ("auto", "auto")])  # fmt: skip
def test_values(text, value):
    assert value_of(text) == value
