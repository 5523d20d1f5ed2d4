"""Classes in an order: how it is found and kept, and a loss that knows near from far."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tests.tasks import whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.folders import read_labels
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import suggest
from tlstudio.tasks.base import Encoded, EncodeJob, ListRows
from tlstudio.tasks.ordinal import PLUGIN, ordered, soft_labels

ORDER = ["low", "medium", "high", "10 of 10"]


def rows(count=120, seed=0):
    """The class is the number of subjects that a text has."""
    draw = random.Random(seed)
    for at in range(count):
        subjects = draw.sample(sorted(whole.SUBJECTS), at % 4)
        yield f"{whole.sentence(draw, subjects)} {at}", ORDER[len(subjects)]


def write(folder, **changes):
    return whole.write(folder / "grades.csv", ["text", "label"], rows(**changes))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return whole.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def trained(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ordinal")
    extra = whole.write(folder / "extra.csv", ["text", "label"], [("parcel late now", "medium"), ("now", "low")])
    with tiny.own_home(folder / "home"):
        found = whole.run(PLUGIN.NAME, model, write(folder), folder, options={"order": ", ".join(ORDER)},
                          evaluate={"bootstrap": 100, "extra_sets": [str(extra)]})  # fmt: skip
    return whole.good(found)


def test_the_order_is_that_of_the_model_and_of_all_results(trained):
    results = trained.results
    assert results["labels"] == read_labels(trained.folder / "model") == ORDER
    assert [entry["label"] for entry in results["test"]["per_class"]] == ORDER
    assert results["headline"] == "kappa"
    assert results["test"]["metrics"]["kappa"]["value"] > 0.9
    assert results["test"]["metrics"]["off_by_one"]["value"] == 1.0
    assert np.trace(results["test"]["confusion"]) >= 20
    assert set(PLUGIN.QUICK) == set(trained.heard.of("metric")[-1].values)


def test_an_extra_set_without_some_classes_is_measured_rightly(trained):
    [extra] = trained.results["extra"]
    assert extra["metrics"]["accuracy"]["value"] == 1.0
    assert extra["absent"] == ["high", "10 of 10"]


def test_baselines_have_the_same_metrics(trained):
    results = trained.results
    assert [entry["name"] for entry in results["baselines"]] == ["majority", "median", "bag-of-words"]
    assert all(set(entry["metrics"]) == set(results["test"]["metrics"]) for entry in results["baselines"])


def test_answers_and_predictions(trained):
    text = f"{whole.sentence(random.Random(1), ['technical', 'delivery'])} 7"
    [answer] = Predictor(trained.folder).predict([{"text": text}])
    assert answer["kind"] == "label"
    assert answer["label"] == "high"
    assert list(answer["probabilities"]) == ORDER
    table = trained.predictions()
    right = [float(label == given) for label, given in zip(table["label"], table["predicted"], strict=True)]
    assert table["score"] == right


def test_a_guessed_order_is_said_and_a_wrong_one_refused(model, tmp_path):
    heard = tiny.Heard()
    labelled = require(DataSection(path=str(write(tmp_path))), heard, Control())
    job = EncodeJob(PLUGIN.Config(), labelled, model, heard, Control())
    encoded = PLUGIN.encode(job)
    assert encoded.labels == ["10 of 10", "high", "low", "medium"]
    [note] = [event for event in heard.of("log") if event.code == "task.order"]
    assert note.level == "warning"
    places = [encoded.labels.index(label) for label in labelled.splits["train"].labels]
    assert encoded.targets("train") == places
    wish = {"config": PLUGIN.Config(order="low, high, medium"), "labelled": labelled}
    with pytest.raises(StudioError) as caught:
        PLUGIN.encode(EncodeJob(backbone=model, emit=heard, control=Control(), **wish))
    assert (caught.value.code, caught.value.where) == ("task.wrong-order", "task.order")
    assert caught.value.params["label"] == "10 of 10"


def test_orders():
    assert ordered("auto", ["10", "9", "-1", "2.5"]) == ["-1", "2.5", "9", "10"]
    assert ordered("auto", ["grade 10", "grade 2", "grade"]) == ["grade", "grade 2", "grade 10"]
    assert ordered("auto", ["5 stars", "10", "1 star"]) == ["10", "1 star", "5 stars"]
    assert ordered('low, "mid, dle" ,high', ["high", "low", "mid, dle"]) == ["low", "mid, dle", "high"]
    for wrong in ("a, b, b", "a", "a, b, c", ",", " "):
        with pytest.raises(StudioError):
            ordered(wrong, ["a", "b"])


def test_soft_labels_are_those_of_the_paper_and_fall_with_distance():
    import torch

    table = soft_labels(4, 1.0)
    assert table.sum(1).tolist() == pytest.approx([1.0] * 4)
    powers = np.exp([-0.0, -1.0, -4.0, -9.0])
    assert table[0].tolist() == pytest.approx((powers / powers.sum()).tolist())
    assert torch.equal(soft_labels(3, 0), torch.eye(3))


def test_a_near_miss_costs_less_than_a_far_one():
    import torch

    encoded = Encoded({"train": ListRows([{"labels": label} for label in (0, 0, 0, 1, 2)])}, ["a", "b", "c"])
    logits = torch.tensor([[0.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
    near_far = SimpleNamespace(logits=logits)

    def losses(**options):
        loss = PLUGIN.loss(PLUGIN.Config(**options), encoded)
        rows_of = [SimpleNamespace(logits=logits[at : at + 1]) for at in (0, 1)]
        return [loss(row, torch.tensor([0])).item() for row in rows_of]

    near, far = losses()
    assert near < far - 0.3
    plain = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 0]), reduction="none").tolist()
    assert losses(softness=0) == pytest.approx(plain)
    weighted = losses(softness=0, class_weights="balanced")
    assert weighted == pytest.approx([value * 5 / 9 for value in plain])
    loss = PLUGIN.loss(PLUGIN.Config(), encoded)
    both = loss(near_far, torch.tensor([0, 0]), row_weights=torch.tensor([2.0, 0.0])).item()
    assert both == pytest.approx(near, abs=1e-6)


def test_it_is_never_suggested():
    assert suggest.suggest({"text": "a", "label": "b"}) == "text-classification"


def test_a_linear_probe_over_folds(model, tmp_path):
    found = whole.good(whole.run(
        PLUGIN.NAME, model, write(tmp_path, count=80), tmp_path, strategy={"name": "linear-probe"},
        section={"split": {"method": "k-fold", "folds": 2}}, options={"order": ",".join(ORDER)},
        training={"epochs": 30, "batch_size": 16, "threads": 1, "precision": "fp32"},
    ))  # fmt: skip
    assert found.results["cross_validation"]["pooled"]["kappa"]["value"] > 0.3
