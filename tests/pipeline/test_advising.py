"""Short trainings of several strategies, and what follows from them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.pipeline import advising
from tlstudio.pipeline.advising import advise
from tlstudio.pipeline.trials import Trial


@pytest.fixture
def many(tmp_path):
    return tiny.write_csv(tmp_path / "many.csv", tiny.ticket_rows(240))


def recipe(model, data, **changes):
    training = {"epochs": 2, "batch_size": 16, "threads": 1, "precision": "fp32"}
    return tiny.recipe(model, data, **{"training": training, "strategy": {"name": "full-fine-tuning"}, **changes})


def test_three_strategies_on_growing_parts(tiny_model, many):
    heard = tiny.Heard()
    found = advise(recipe(tiny_model, many, regularise=["r-drop"]), heard, Control(), rungs=2, most=100)
    json.dumps(found)
    assert found["rungs"] == [50, 100]
    assert found["rows"] == 174
    entries = {entry["name"]: entry for entry in found["strategies"]}
    assert set(entries) == {"linear-probe", "lora", "full-fine-tuning"}
    assert len(entries["linear-probe"]["probes"]) == 2
    through = [entries[name] for name in ("lora", "full-fine-tuning")]
    assert sorted(len(entry["probes"]) for entry in through) == [1, 2]
    assert sorted((entry["dropped_at"] for entry in through), key=str) == [50, None]
    assert all(entry["cost"]["seconds"] > 0 and entry["cost"]["memory_bytes"] > 1 << 20 for entry in entries.values())
    assert found["best"] == found["strategies"][0]["name"]
    assert found["strategies"][0]["difference"] is None
    assert all(entry["difference"]["low"] <= entry["difference"]["high"] for entry in found["strategies"][1:])
    assert len(heard.of("result")) == 5
    assert heard.of("progress")[-1].done == pytest.approx(heard.of("progress")[-1].total)
    assert found["reasons"][-1]["code"] == "advise.cost"


def simulated(monkeypatch, right, seconds):
    """Strategies whose answers and costs the test states; ``right``: share of right answers by name."""

    def tried(_bench, entrant, count, _whole):
        share = right[entrant.name]
        entrant.cost = {"seconds": seconds[entrant.name], "memory_bytes": 10**9}
        entrant.trials.append(Trial("accuracy", share, {}, count, 200, 1.0, 1.0, 0, True))
        entrant.scores.append((np.arange(200) < share * 200).astype(float))

    monkeypatch.setattr(advising, "_tried", tried)


def test_the_best_is_recommended_where_it_is_clearly_ahead(monkeypatch, tiny_model, many):
    simulated(monkeypatch, {"linear-probe": 0.7, "lora": 0.8, "full-fine-tuning": 0.95},
              {"linear-probe": 1, "lora": 50, "full-fine-tuning": 100})  # fmt: skip
    found = advise(recipe(tiny_model, many), silent, Control())
    assert (found["best"], found["recommended"], found["sure"]) == ("full-fine-tuning", "full-fine-tuning", "clear")
    assert "advise.clear" in [item["code"] for item in found["reasons"]]
    assert found["strategies"][1]["difference"]["value"] == pytest.approx(-0.25)  # the probe was never dropped


def test_what_is_as_good_and_cheaper_is_recommended(monkeypatch, tiny_model, many):
    simulated(monkeypatch, {"linear-probe": 0.945, "lora": 0.8, "full-fine-tuning": 0.95},
              {"linear-probe": 1, "lora": 50, "full-fine-tuning": 100})  # fmt: skip
    found = advise(recipe(tiny_model, many), silent, Control())
    assert (found["best"], found["recommended"], found["sure"]) == ("full-fine-tuning", "linear-probe", "open")


def test_what_cannot_take_part_is_said(monkeypatch, tiny_model, many):
    simulated(monkeypatch, {"linear-probe": 0.9, "full-fine-tuning": 0.9}, {"linear-probe": 1, "full-fine-tuning": 1})
    found = advise(recipe(tiny_model, many), silent, Control(), strategies=("linear-probe", "nope"))
    assert [entry["name"] for entry in found["skipped"]] == ["nope"]
    with pytest.raises(StudioError) as caught:
        advise(recipe(tiny_model, many, strategy={"name": "nope"}), silent, Control(), strategies=())
    assert caught.value.code == "recipe.unknown-plugin"


def test_rungs():
    assert advising._rungs(5485, 8, 3, 1600) == [400, 800, 1600]
    assert advising._rungs(100, 3, 3, 1600) == [50, 100]
    assert advising._rungs(40, 3, 3, 1600) == [40]


def test_stop_and_cancel(monkeypatch, tiny_model, many):
    simulated(monkeypatch, {"linear-probe": 0.9, "lora": 0.9, "full-fine-tuning": 0.9},
              {"linear-probe": 1, "lora": 1, "full-fine-tuning": 1})  # fmt: skip
    control = Control()
    found = advise(recipe(tiny_model, many), lambda event: control.stop() if event.kind == "result" else None, control)
    assert [entry["name"] for entry in found["strategies"]] == ["linear-probe"]
    assert [item["code"] for item in found["reasons"]] == ["advise.only-one", "advise.cost"]
    control.cancel()
    with pytest.raises(Cancelled):
        advise(recipe(tiny_model, many), silent, control)
