"""Trainings on growing parts, and the law through them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.pipeline import learning_curve
from tlstudio.pipeline.learning_curve import Law, curve, fitted, growing


def test_sizes_double():
    assert growing(800, 20, 6) == [25, 50, 100, 200, 400, 800]
    assert growing(801, 20, 3) == [200, 400, 801]
    with pytest.raises(StudioError) as caught:
        growing(30, 16, 6)
    assert caught.value.code == "curve.few-rows"


@pytest.mark.parametrize("law", [Law(2.0, 0.6, 0.03), Law(1.0, 0.3, 0.0), Law(8.0, 1.0, 0.1)])
def test_a_law_without_noise_is_found(law):
    rows = [50, 100, 200, 400, 800, 1600]
    found, others = fitted(rows, [law.error(size) for size in rows])
    for size in (1600, 3200):
        assert found.error(size) == pytest.approx(law.error(size), rel=0.02, abs=1e-3)
    assert all(other.error(3200) == pytest.approx(found.error(3200), rel=0.05, abs=2e-3) for other in others)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    law, rows = Law(2.0, 0.5, 0.05), np.repeat([50, 100, 200, 400, 800, 1600], 2)
    draw = np.random.default_rng(1)
    held = 0
    for _case in range(20):
        errors = [law.error(size) + 0.01 * draw.normal() for size in rows]
        _found, others = fitted(rows, errors, resamples=40)
        gains = [other.error(1600) - other.error(3200) for other in others]
        low, high = np.percentile(gains, [2.5, 97.5])
        held += low - 1e-3 <= law.error(1600) - law.error(3200) <= high + 1e-3
    assert held >= 15


def test_few_sizes():
    assert fitted([10, 20, 20], [0.5, 0.4, 0.4]) is None
    law, _others = fitted([10, 20, 40], [0.4, 0.2, 0.1], resamples=3)
    assert (law.b, law.c) == (pytest.approx(1.0, abs=0.01), 0.0)


def test_errors_that_do_not_fall():
    law, _others = fitted([50, 100, 200, 400], [0.2, 0.2, 0.2, 0.2], resamples=20)
    assert law.error(800) == pytest.approx(0.2, abs=0.01)
    law, _others = fitted([50, 100, 200, 400], [0.0, 0.0, 0.0, 0.0], resamples=2)
    assert law.error(800) == pytest.approx(0, abs=1e-3)


def test_a_curve(tiny_model, tickets):
    heard = tiny.Heard()
    recipe = tiny.recipe(tiny_model, tickets, training={"epochs": 3, "batch_size": 8, "threads": 1})
    found = curve(recipe, heard, Control(), repeats=2)
    json.dumps(found)
    assert [entry["rows"] for entry in found["sizes"]] == [21, 42]
    assert [event.data for event in heard.of("result")] == found["points"]
    assert len(found["points"]) == 4
    assert found["points"][0]["error"] == pytest.approx(1 - found["points"][0]["value"])
    assert (found["metric"], found["tested"], found["law"]) == ("macro_f1", 6, None)
    assert found["reasons"][0]["code"] == "curve.no-law"
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total


def test_what_twice_the_rows_would_bring(monkeypatch, tiny_model, tickets):
    from tlstudio.pipeline.trials import Trial

    law = Law(1.0, 0.5, 0.02)

    def trained(_bench, _recipe, size, draw, _whole):
        return Trial("accuracy", 1 - law.error(size.rows), {}, size.rows, 500, 1.0, 3, 0, True)

    monkeypatch.setattr(learning_curve, "_trained", trained)
    monkeypatch.setattr(learning_curve, "_FEWEST_ROWS", 2)
    found = curve(tiny.recipe(tiny_model, tickets), silent, Control(), repeats=1, sizes=5)
    assert [entry["rows"] for entry in found["sizes"]] == [10, 21, 42]
    wanted = law.error(42) - law.error(84)
    assert found["doubled"]["rows"] == 84
    assert found["doubled"]["gain"]["value"] == pytest.approx(wanted, abs=0.01)
    assert found["line"][0]["rows"] == 10
    assert found["line"][-1]["rows"] == 168
    assert [item["code"] for item in found["reasons"]] == ["curve.doubled-points", "curve.more"]


def test_a_few_examples_of_each_class(tiny_model, tickets):
    heard = tiny.Heard()
    recipe = tiny.recipe(tiny_model, tickets, training={"epochs": 2, "batch_size": 8, "threads": 1})
    found = curve(recipe, heard, Control(), repeats=2, per_class=(4, 2, 2))
    json.dumps(found)
    assert [(size["each"], size["rows"], size["trainings"]) for size in found["sizes"]] == [(2, 6, 2), (4, 12, 2)]
    assert [(point["each"], point["rows"], point["draw"]) for point in found["points"]] == [
        (2, 6, 0), (2, 6, 1), (4, 12, 0), (4, 12, 1),
    ]  # fmt: skip
    first = found["sizes"][0]
    values = [point["value"] for point in found["points"][:2]]
    assert first["value"] == pytest.approx(np.mean(values))
    assert first["sd"] == pytest.approx(np.std(values, ddof=1))
    assert (first["least"], first["most"]) == (min(values), max(values))
    assert found["law"] is None
    assert [item["code"] for item in found["reasons"]] == [
        "curve.draws-share", "curve.draws-share", "curve.last-step-points", "curve.best-epoch",
    ]  # fmt: skip
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total


def test_more_examples_than_there_are(tiny_model, tickets):
    recipe = tiny.recipe(tiny_model, tickets, training={"epochs": 1, "batch_size": 8, "threads": 1})
    found = curve(recipe, silent, Control(), repeats=1, per_class=(1000, 2000))
    assert [(size["each"], size["rows"], size["sd"]) for size in found["sizes"]] == [(1000, 42, None)]
    assert [item["code"] for item in found["reasons"]] == [
        "curve.draws-share", "curve.short-classes", "curve.best-epoch",
    ]  # fmt: skip
    recipe = recipe.changed("data.roles", {"number": "label"}).changed("task.name", "regression")
    with pytest.raises(StudioError):
        curve(recipe, silent, Control(), per_class=(2,))
    with pytest.raises(StudioError) as caught:
        curve(tiny.recipe(tiny_model, tickets), silent, Control(), per_class=(0, 4))
    assert caught.value.code == "curve.no-examples"


@pytest.mark.parametrize("strategy", ["prototypes", "contrastive-few-shot", "full-fine-tuning"])
def test_strategies_with_few_examples(strategy, tiny_model, tickets):
    recipe = tiny.recipe(tiny_model, tickets, strategy={"name": strategy},
                         training={"epochs": 1, "batch_size": 8, "threads": 1})  # fmt: skip
    found = curve(recipe, silent, Control(), repeats=1, per_class=(2, 4))
    assert [size["each"] for size in found["sizes"]] == [2, 4]


def test_time_and_stop_and_cancel(tiny_model, tickets):
    recipe = tiny.recipe(tiny_model, tickets)
    with pytest.raises(StudioError) as caught:
        curve(recipe, silent, Control(), minutes=0)
    assert caught.value.code == "curve.no-time"
    control = Control()
    found = curve(recipe, lambda event: control.stop() if event.kind == "result" else None, control)
    assert len(found["points"]) == 1
    control.cancel()
    with pytest.raises(Cancelled):
        curve(recipe, silent, control)
