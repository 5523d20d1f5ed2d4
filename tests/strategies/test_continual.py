"""Continual learning: new classes and new tasks, and what is kept of the old ones."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.models import heads
from tlstudio.pipeline.run import run

TRAINING = {"epochs": 8, "batch_size": 8, "threads": 1, "precision": "fp32", "learning_rate": 5e-3, "patience": 0}
METHODS = ("none", "replay", "ewc", "lwf", "adapter")


@pytest.fixture
def parts(tmp_path, tickets):
    """The tickets of two classes; and those of the third with some of the second."""
    with open(tickets, encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    first, second, third = sorted({label for _text, label in rows})
    old = [(text, label) for text, label in rows if label in (first, second)]
    new = [(text, label if label == third else "other") for text, label in rows if label != first]
    return tiny.write_csv(tmp_path / "old.csv", old), tiny.write_csv(tmp_path / "new.csv", new)


@pytest.fixture
def before(tmp_path, tiny_model, parts):
    """A run that has learnt the first two."""
    wish = tiny.recipe(tiny_model, parts[0], strategy={"name": "full-fine-tuning"}, training=TRAINING)
    assert run(wish, tmp_path / "runs" / "one", tiny.Heard(), Control()).outcome == "completed"
    return tmp_path / "runs" / "one"


def gone_on(before, data, name="two", training=TRAINING, **options):
    heard = tiny.Heard()
    wish = tiny.recipe(before, data, model={"source": "run", "name": str(before)}, training=training,
                       strategy={"name": "continual", **options})  # fmt: skip
    finished = run(wish, before.parent / name, heard, Control())
    assert finished.outcome == "completed", finished.error
    return read_json(before.parent / name / "results.json"), heard


@pytest.mark.parametrize("method", METHODS)
def test_the_matrix_tells_what_is_left_of_the_first_classes(method, before, parts):
    results, heard = gone_on(before, parts[1], method=method)
    found = results["retention"]
    assert (found["tasks"], found["method"]) == (["one", "two"], method)
    (then, none), (now, new) = found["values"]
    assert none is None
    assert then == read_json(before / "results.json")["test"]["metrics"]["accuracy"]["value"]
    assert new == results["test"]["metrics"]["accuracy"]["value"]
    assert found["backward"] == pytest.approx(now - then)
    assert "retention.backward" in heard.codes()
    labels = set(heads.load(before.parent / "two" / "model").config.id2label.values())
    old = set(heads.load(before / "model").config.id2label.values())
    assert (old <= labels) == (method != "adapter")
    if method == "adapter":
        assert now == then, "the network of the first run is still there"
    if method == "replay":
        assert now > 0.8, "rows that are learnt again are not forgotten"


def test_plain_fine_tuning_forgets_what_replay_keeps(before, parts):
    plain = gone_on(before, parts[1], "plain", method="none")[0]["retention"]["values"][-1][0]
    kept = gone_on(before, parts[1], "kept", method="replay")[0]["retention"]["values"][-1][0]
    assert plain < kept


def test_a_third_run_has_a_row_for_each_before_it(before, parts):
    gone_on(before, parts[1], "two", method="replay", training={**TRAINING, "epochs": 1})
    results, _heard = gone_on(before.parent / "two", parts[0], "three", method="replay",
                              training={**TRAINING, "epochs": 1})  # fmt: skip
    values = results["retention"]["values"]
    assert results["retention"]["tasks"] == ["one", "two", "three"]
    assert [sum(value is not None for value in row) for row in values] == [1, 2, 3]
    assert results["retention"]["forward"] is not None
    assert -1 <= results["head_start"]["gain"] <= 1


def test_a_task_of_another_kind_gets_a_head_of_its_own(before, tmp_path, tickets):
    """Numbers after classes: the head of the classes is tested on the changed backbone."""
    with open(tickets, encoding="utf-8", newline="") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    path = tmp_path / "lengths.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "number"), *((text, len(text)) for text in texts)])
    wish = tiny.recipe(before, path, model={"source": "run", "name": str(before)}, task={"name": "regression"},
                       training={**TRAINING, "epochs": 2}, strategy={"name": "continual", "method": "ewc"},
                       data={"path": str(path), "roles": {"text": "text", "number": "number"}})  # fmt: skip
    finished = run(wish, before.parent / "two", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    (entry,) = read_json(before.parent / "two" / "results.json")["tasks"]
    assert entry["task"] == "text-classification"
    assert np.isfinite(entry["metrics"]["accuracy"]["value"])
    assert entry["alone"]["accuracy"]["value"] > 0.5


def test_it_must_start_from_an_earlier_run(tiny_model, tickets, tmp_path):
    wish = tiny.recipe(tiny_model, tickets, strategy={"name": "continual"})
    finished = run(wish, tmp_path / "run", tiny.Heard(), Control())
    assert finished.error["code"] == "strategy.no-earlier-run"


def test_the_fisher_information_is_the_mean_squared_slope(tiny_model, tickets):
    """Against a plain computation, for the bias of the head."""
    import torch

    from tlstudio.models.callbacks import Loop
    from tlstudio.strategies.continual import Earlier, fisher

    encoded = tiny.encode(tiny_model, tickets)
    model = tiny.task().build(tiny_model, encoded).eval()
    job = tiny.job(tiny_model, encoded)
    one = Earlier(model, tiny.other("other", tiny_model, encoded), job)
    parameters = {"classifier.bias": model.classifier.bias}
    loop = Loop(model, 1, 1, 8, None, 7, tiny.Heard(), Control())
    found = fisher(model, one, parameters, 5, loop)["classifier.bias"]
    drawn = np.random.default_rng(7).permutation(len(encoded.splits["train"]))[:5]
    truth = torch.zeros(3)
    for place in drawn:
        batch = job.collate([encoded.splits["train"][int(place)]])
        label = batch.pop("labels")
        chance = model(**batch).logits.softmax(-1)[0]
        truth += (chance - torch.nn.functional.one_hot(label[0], 3)).square() / 5
    assert torch.allclose(found, truth.detach(), atol=1e-6)
