"""Several labels a text: thresholds, weights, what is saved and what is answered."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tests.tasks import whole
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks.base import Encoded, EncodeJob, ListRows
from tlstudio.tasks.multi_label import PLUGIN, positive_weights

LABELS = ["delivery", "refund", "technical"]


def rows(count=120, seed=0):
    draw = random.Random(seed)
    chosen = [whole.some(draw) for _ in range(count)]
    return [(f"{whole.sentence(draw, subjects)} {at}", "|".join(subjects)) for at, subjects in enumerate(chosen)]


def write(folder, **changes):
    return whole.write(folder / "labels.csv", ["text", "labels"], rows(**changes))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return whole.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def trained(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("multi")
    extra = whole.write(folder / "extra.csv", ["text", "labels"], [("parcel late now", "delivery"), ("now", "")])
    with tiny.own_home(folder / "home"):
        found = whole.run(
            PLUGIN.NAME, model, write(folder), folder, export=["onnx"],
            options={"thresholds": "tuned-per-class"}, evaluate={"bootstrap": 100, "extra_sets": [str(extra)]},
        )  # fmt: skip
    return whole.good(found)


def test_everything_is_learnt_and_the_labels_are_single_ones(trained):
    results = trained.results
    assert results["labels"] == LABELS
    assert (results["headline"], results["unit"]) == ("micro_f1", "texts")
    assert results["test"]["metrics"]["micro_f1"]["value"] > 0.97
    assert results["extra"][0]["metrics"]["subset_accuracy"]["value"] == 1.0
    assert {"loss", "micro_f1", "macro_f1", "subset_accuracy"} == set(trained.heard.of("metric")[-1].values)
    assert [entry["name"] for entry in results["baselines"]] == ["majority", "bag-of-words"]
    assert results["baselines"][0]["metrics"]["micro_f1"]["value"] < 0.8
    assert [entry["label"] for entry in results["test"]["per_class"]] == LABELS
    assert {entry["label"] for entry in results["data"]["classes"]} == set(LABELS)


def test_thresholds_travel_with_the_model(trained):
    limits = trained.settings["thresholds"]
    assert list(limits) == LABELS
    assert [entry["threshold"] for entry in trained.results["test"]["per_class"]] == list(limits.values())
    for place in (trained.folder, trained.folder / "exports/onnx"):
        [answer] = Predictor(place).predict([{"text": f"{whole.sentence(random.Random(1), LABELS[:2])} 7"}])
        assert answer["kind"] == "labels"
        assert answer["thresholds"] == limits
        assert answer["labels"] == ["delivery", "refund"]
        assert list(answer["probabilities"]) == LABELS


def test_exports_agree_and_their_scripts_answer_alike(trained):
    assert [entry["parity"]["status"] for entry in trained.results["exports"]] == ["passed"]
    texts = ["crash screen now", "parcel late money back", "help"]
    expected = Predictor(trained.folder).predict([{"text": text} for text in texts])
    for folder in whole.with_scripts(PLUGIN, trained):
        for line, answer in zip(whole.script(folder, *texts), expected, strict=True):
            parts = dict(part.split() for part in line.split(", ")) if line != "-" else {}
            assert list(parts) == answer["labels"]
            for label, chance in parts.items():
                assert float(chance) == pytest.approx(answer["probabilities"][label], abs=2e-3)


def test_predictions_and_samples(trained):
    table = trained.predictions()
    assert {"text", "label", "predicted", "score", *(f"p_{label}" for label in LABELS)} <= set(table)
    assert "delivery|refund" in table["label"]
    assert all(score == 1.0 for label, given, score in zip(table["label"], table["predicted"], table["score"],
                                                          strict=True) if label == given)  # fmt: skip
    samples = trained.results["test"]["samples"]
    assert samples["kind"] == "labels"
    assert set(samples["items"][0]) == {"row", "text", "labels", "predicted", "probabilities"}


def test_a_linear_probe_over_folds_with_one_threshold_and_weights_of_rows(model, tmp_path):
    data = whole.write(tmp_path / "weighted.csv", ["text", "labels", "w"],
                       [(*row, 1 + at % 2) for at, row in enumerate(rows(count=90))])  # fmt: skip
    found = whole.good(whole.run(
        PLUGIN.NAME, model, data, tmp_path, strategy={"name": "linear-probe"},
        section={"roles": {"weight": "w"}, "split": {"method": "k-fold", "folds": 3}},
        training={"epochs": 40, "batch_size": 16, "threads": 1, "precision": "fp32"},
        options={"positive_weights": "balanced"},
    ))  # fmt: skip
    limits = set(found.settings["thresholds"].values())
    assert len(limits) == 1
    assert limits != {0.5}
    assert found.results["cross_validation"]["pooled"]["micro_f1"]["value"] > 0.6
    assert found.results["cross_validation"]["mean"]["micro_f1"] > 0.6


def test_rows_cannot_be_balanced_by_class(model, tmp_path):
    found = whole.run(PLUGIN.NAME, model, write(tmp_path), tmp_path, section={"balance": "classes"})
    assert found.finished.outcome == "failed"
    assert found.finished.error["code"] == "training.no-classes"


def test_without_validation_rows_the_fixed_threshold_stands_and_it_is_said(model, tmp_path):
    found = whole.good(whole.run(
        PLUGIN.NAME, model, write(tmp_path, count=40), tmp_path, options={"threshold": 0.3},
        section={"split": {"validation": 0.0}}, training={"epochs": 1, "threads": 1},
    ))  # fmt: skip
    assert "task.no-validation" in found.heard.codes()
    assert set(found.settings["thresholds"].values()) == {0.3}


def encode(model, path, **options):
    labelled = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), labelled, model, silent, Control()))


def test_targets_are_single_labels_and_the_key_knows_them(model, tmp_path):
    encoded = encode(model, write(tmp_path, count=60))
    labelled = require(DataSection(path=str(tmp_path / "labels.csv")), silent, Control(), PLUGIN.ROLES)
    assert encoded.labels == LABELS
    assert np.array_equal(encoded.targets("train"), labelled.several("train"))
    whole.write(tmp_path / "labels.csv", ["text", "labels"], [(text, label or "refund") for text, label in
                                                              rows(count=60)])  # fmt: skip
    assert encode(model, tmp_path / "labels.csv").key != encoded.key


def encoded_rows(truth):
    return Encoded({"train": ListRows([{"input_ids": [1], "labels": row} for row in truth])}, ["a", "b"])


def test_loss_and_weights_are_those_of_torch():
    import torch

    encoded = encoded_rows([[1, 0], [0, 0], [0, 0], [1, 1]])
    assert positive_weights(encoded).tolist() == [1.0, 3.0]
    logits = torch.tensor([[2.0, -1.0], [0.5, 0.0]])
    padded = torch.tensor([[1, 0, -100, -100], [0, 1, -100, -100]])  # as a collator leaves them
    truth = padded[:, :2].float()
    for name, weight in (("none", None), ("balanced", torch.tensor([1.0, 3.0]))):
        loss = PLUGIN.loss(PLUGIN.Config(positive_weights=name), encoded)
        each = torch.nn.BCEWithLogitsLoss(pos_weight=weight, reduction="none")(logits, truth).mean(1)
        outputs, rows_count = SimpleNamespace(logits=logits), torch.tensor([0.5, 1.5])
        assert loss(outputs, padded).item() == pytest.approx(each.mean().item())
        assert loss(outputs, padded, row_weights=rows_count).item() == pytest.approx((each * rows_count).mean().item())


def test_thresholds_are_chosen_on_validation_rows_only():
    rows_of = {"validation": ListRows([{"labels": row} for row in [[1, 0], [1, 1], [0, 0], [0, 0]]]),
               "test": ListRows([{"labels": [1, 1]}])}  # fmt: skip
    encoded = Encoded(rows_of, ["a", "b"])
    logits = np.array([[-1.0, -3.0], [-1.2, 2.0], [-2.0, -3.0], [-4.0, -2.5]])
    asked = []

    def outputs_of(split):
        asked.append(split)
        return list(logits)

    per_class = PLUGIN.tune(PLUGIN.Config(thresholds="tuned-per-class"), encoded, outputs_of)["thresholds"]
    assert 1 / (1 + np.exp(2.0)) < per_class["a"] <= 1 / (1 + np.exp(1.2))
    one = PLUGIN.tune(PLUGIN.Config(), encoded, outputs_of)["thresholds"]
    assert one["a"] == one["b"]
    assert asked == ["validation", "validation"]
    fixed = PLUGIN.tune(PLUGIN.Config(thresholds="fixed", threshold=0.4), encoded, outputs_of)["thresholds"]
    assert fixed == {"a": 0.4, "b": 0.4}
    assert len(asked) == 2
    measured = PLUGIN.measure(PLUGIN.Config(thresholds="tuned-per-class"), encoded, "validation", list(logits), 0.7)
    assert measured["micro_f1"] == 1.0
    assert measured["loss"] == 0.7
    assert PLUGIN.measure(PLUGIN.Config(thresholds="fixed"), encoded, "validation", list(logits), 0.7)["micro_f1"] < 1


def test_cancelling_ends_the_run(model, tmp_path):
    control = Control()

    class Stop(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "metric":
                control.cancel()

    found = whole.run(PLUGIN.NAME, model, write(tmp_path), tmp_path, control, heard=Stop())
    assert found.finished.outcome == "cancelled"
