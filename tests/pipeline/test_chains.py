"""Chains of steps: read, named and ordered."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tlstudio.compression import dynamic_int8, layer_removal, structured_pruning
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Choice
from tlstudio.pipeline import chains
from tlstudio.pipeline.chains import epochs_of
from tlstudio.pipeline.checks import Configured


def choice(name, **options):
    return Choice.model_validate({"name": name, **options})


CUT, INT8 = choice("layer-removal", keep=1, epochs=0), choice("dynamic-int8")


def test_a_chain_says_its_steps_and_the_options_that_were_chosen():
    chain = chains.parsed([CUT, INT8], tiny.task())
    assert chain.title == "Layer removal (keep=1, epochs=0) → Dynamic int8"
    assert chain.plain == [{"name": "layer-removal", "keep": 1, "epochs": 0}, {"name": "dynamic-int8"}]
    assert [step.config.keep for step in chain.steps[:1]] == [1]


def test_keys_name_weights_steps_options_and_their_order():
    keys = chains.parsed([CUT, INT8], tiny.task()).keys("weights")
    assert keys[0] == chains.key_of("weights", [CUT])
    others = [chains.key_of("others", [CUT]), chains.key_of("weights", [choice("layer-removal", keep=2, epochs=0)]),
              chains.key_of("weights", [INT8, CUT]), *keys]  # fmt: skip
    assert len(set(others)) == len(others)
    assert chains.key_of("weights", [choice("layer-removal", epochs=0, keep=1)]) == keys[0], "in whatever order"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([INT8, CUT], "compress.order"),
        ([INT8, INT8], "compress.order"),
        ([choice("layer-removal", keep=0)], "recipe.bad-value"),
        ([choice("layer-removal", keeps=1)], "recipe.unknown-field"),
        ([choice("nothing")], "recipe.unknown-plugin"),
    ],
)
def test_what_is_no_chain(steps, code):
    with pytest.raises(StudioError) as caught:
        chains.parsed(steps, tiny.task())
    assert caught.value.code == code, caught.value.code
    assert (caught.value.where or "").startswith("compress")


def test_passes_over_the_rows_are_summed():
    steps = [choice("layer-removal", keep=1, epochs=2), choice("structured-pruning", epochs=3), INT8]
    assert chains.epochs(chains.parsed(steps, tiny.task())) == 5


@pytest.mark.parametrize(("config", "kept"), [
    ({"num_hidden_layers": 12}, [6, 4]), ({"n_layer": 2}, [1]), ({"encoder_layers": 3}, [1]),
    ({"num_hidden_layers": 1}, []), ({}, []),
])  # fmt: skip
def test_layers_are_cut_to_the_half_and_the_third(config, kept, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert [one.options["keep"] for one in chains._cuts(tmp_path)] == kept


def test_usual_chains_have_no_step_twice_and_none_that_keeps_the_size_alone(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"num_hidden_layers": 6}))
    found = chains.usual(tiny.task(), tmp_path)
    names = [[one.name for one in chain.choices] for chain in found]
    assert ["dynamic-int8"] in names and ["layer-removal"] in names
    assert all(len(set(chain)) == len(chain) for chain in names)
    keeping = {name for name, step in find(chains.PACKAGE).items()
               if getattr(step, "KEEPS_SIZE", False) and step.GIVES == "transformers"}  # fmt: skip
    assert keeping and not [chain for chain in names if keeping & set(chain)]


@pytest.mark.parametrize(
    ("step", "options", "epochs"),
    [
        (layer_removal.PLUGIN, {"epochs": 4}, 4),
        (structured_pruning.PLUGIN, {"epochs": 5, "rounds": 4}, 5),
        (structured_pruning.PLUGIN, {"epochs": 2, "rounds": 4}, 4),
        (structured_pruning.PLUGIN, {"epochs": 0, "rounds": 4}, 0),
        (dynamic_int8.PLUGIN, {}, 0),
    ],
)
def test_epochs_are_those_that_are_trained(step, options, epochs):
    config = step.Config(**options)
    assert epochs_of(Configured(step, config)) == epochs
    if "rounds" in options:
        rounds = [structured_pruning.dealt(config, number).epochs for number in range(1, config.rounds + 1)]
        assert sum(rounds) == epochs
        assert max(rounds) - min(rounds) <= 1
