"""The learning rate for a recipe."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.pipeline.rates import _reasons, find_rate
from tlstudio.training.lr_finder import Sweep


def test_a_recipe(tiny_model, tickets):
    heard = tiny.Heard()
    recipe = tiny.recipe(tiny_model, tickets).changed("training.learning_rate", 1e-4)
    found = find_rate(recipe, heard, Control(), 1e-5, 10, 40)
    json.dumps(found)
    assert (found["usual"], found["set"], found["batch_size"]) == (1e-2, 1e-4, 8)
    assert 1e-5 < found["suggestion"] < found["lowest_at"]
    assert [event.data for event in heard.of("result")] == found["points"]
    assert found["reasons"][0]["code"] == "rate.steepest"


@pytest.mark.parametrize(("current", "code"), [(1e-1, "rate.too-high"), (1e-5, "rate.low"), (1e-3, "rate.fits")])
def test_the_rate_that_is_set_is_judged(current, code):
    said = _reasons(Sweep([], 1e-3, 1e-2, "rose"), current, once=False)
    assert [item["code"] for item in said] == ["rate.steepest", "rate.limit", code, "rate.careful"]
    assert [item["code"] for item in _reasons(Sweep([], None, None, "all"), current, once=True)] == ["rate.flat"]


@pytest.mark.parametrize("limits", [(0, 1, 10), (1, 1e-3, 10), (1e-3, 1, 1)])
def test_limits(tiny_model, tickets, limits):
    with pytest.raises(StudioError) as caught:
        find_rate(tiny.recipe(tiny_model, tickets), silent, Control(), *limits)
    assert caught.value.code == "rate.limits"


def test_stop_before_the_first_step(tiny_model, tickets):
    control = Control()
    control.stop()
    with pytest.raises(Cancelled):
        find_rate(tiny.recipe(tiny_model, tickets), silent, control)
