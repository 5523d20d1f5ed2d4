"""Prototypes: the nearest mean, as a linear head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks.cases import CASES
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.recipe import from_dict
from tlstudio.strategies.prototypes import PLUGIN, class_means, clustered, set_means
from tlstudio.training.trainer import fit_all


class Rows(list):
    pass


def test_the_head_answers_with_the_nearest_mean():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 30)
    values = draw.normal(size=(90, 5)) + 3 * np.eye(5)[labels]
    layer = torch.nn.Linear(5, 4)
    set_means(layer, Rows({"features": value, "labels": label} for value, label in zip(values, labels, strict=True)))
    means, spread = class_means(values, labels, 4)
    assert means[:3] == pytest.approx(np.stack([values[labels == at].mean(0) for at in range(3)]))
    with torch.inference_mode():
        scores = layer(torch.tensor(values, dtype=torch.float32)).numpy()
    distances = np.square(values[:, None] - means[:3]).sum(-1)
    assert (scores.argmax(1) == distances.argmin(1)).all(), "the fourth class has no rows and is never chosen"
    shares = np.exp(scores[:, :3]) / np.exp(scores[:, :3]).sum(1, keepdims=True)
    expected = np.exp(-distances / spread) / np.exp(-distances / spread).sum(1, keepdims=True)
    assert shares == pytest.approx(expected, abs=1e-5)


def test_nothing_is_trained_and_rows_are_told_apart(tiny_model, encoded_tickets, tmp_path):
    task = tiny.task()
    heard = tiny.Heard()
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets)
    last, trained = fit_all(prepared, task.loss(task.Config(), encoded_tickets), tiny.judge(encoded_tickets),
                            tiny.SETTINGS, tmp_path, heard, Control())  # fmt: skip
    assert trained.steps == 0
    assert heard.values("train", "loss") == []
    assert trained.best_score == heard.values("validation", "macro_f1")[0] > 0.5
    assert type(last.finish()).__name__ == "BertForSequenceClassification"


def drawn(seed):
    """One or two labelled rows a class, off the middle of theirs; and many others of classes that lie apart."""
    draw = np.random.default_rng(seed)
    labels, truth = np.array([0, 1, 2, 2]), np.repeat([0, 1, 2], 60)
    centres = 4 * np.eye(6)[:3]
    return (centres[labels] + 1.5 * draw.normal(size=(4, 6)), labels,
            centres[truth] + draw.normal(size=(180, 6)), truth)  # fmt: skip


def test_rows_without_labels_move_the_means_and_raise_the_accuracy():
    found = []
    for seed in range(20):
        values, labels, more, truth = drawn(seed)
        ways = (class_means(values, labels, 4), clustered(values, labels, 4, more, 1),
                clustered(values, labels, 4, more, 50))  # fmt: skip
        nearest = [np.square(more[:, None] - means[:3]).sum(-1).argmin(1) for means, _spread in ways]
        found.append([float((one == truth).mean()) for one in nearest])
    seeds, once, ended = np.mean(found, axis=0)
    assert seeds < 0.92 < once < ended
    assert ended > 0.99


def test_clusters_end_where_no_row_moves_and_labelled_rows_stay():
    values, labels, more, _truth = drawn(3)
    means, spread = clustered(values, labels, 4, more, 50)
    nearest = np.square(more[:, None] - means[:3]).sum(-1).argmin(1)
    whole = class_means(np.concatenate([values, more]), np.concatenate([labels, nearest]), 4)
    assert whole[0] == pytest.approx(means)
    assert spread == pytest.approx(whole[1])
    assert not means[3].any(), "a class without labelled rows stays empty"
    # a labelled row that lies with another class still counts for its own
    far = np.array([[0.0], [10.0], [9.9]])
    means, _spread = clustered(far, np.array([0, 1, 0]), 2, np.array([[0.1], [10.1]]), 20)
    assert means[:, 0] == pytest.approx([(0 + 9.9 + 0.1) / 3, (10 + 10.1) / 2])


def test_a_run_with_texts_without_labels(tiny_model, tmp_path):
    """The tiny network is random, but the words of the classes are told apart by their vectors."""
    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path / "few.csv", tiny.ticket_rows(30)))
    place = tmp_path / "more.txt"
    place.write_text("\n".join(text for text, _label in tiny.ticket_rows(60, seed=5)), encoding="utf-8")
    heard = tiny.Heard()
    plain = tiny.transfer(PLUGIN.NAME, tiny_model, encoded).finish().classifier.weight
    moved = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard, unlabelled=str(place)).finish().classifier.weight
    assert "strategy.clusters" in heard.codes()
    assert not torch.allclose(plain, moved)
    again = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard, unlabelled=str(place)).finish().classifier.weight
    assert torch.equal(moved, again), "from the cache"


def test_images_without_labels(tmp_path):
    case = CASES["image-classification"]
    data = case.data(tmp_path)
    recipe = from_dict({
        "model": {"source": "folder", "name": str(case.model(tmp_path / "model"))}, "data": data,
        "task": {"name": "image-classification", **case.options}, "evaluate": {"bootstrap": 100}, "export": [],
        "strategy": {"name": PLUGIN.NAME, "unlabelled": data["path"], "rounds": 2}, "training": {"threads": 1},
    })  # fmt: skip
    heard = tiny.Heard()
    finished = pipeline.run(recipe, tmp_path / "run", heard, Control())
    assert finished.outcome == "completed", finished.error
    assert "strategy.clusters" in heard.codes()


def test_pairs_without_labels_are_refused(tmp_path):
    case = CASES["pair-classification"]
    recipe = from_dict({
        "model": {"source": "folder", "name": str(case.model(tmp_path / "model"))}, "data": case.data(tmp_path),
        "task": {"name": "pair-classification"}, "evaluate": {"bootstrap": 100}, "export": [],
        "strategy": {"name": PLUGIN.NAME, "unlabelled": str(tmp_path / "pairs.csv")}, "training": {"threads": 1},
    })  # fmt: skip
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.error["code"] == "strategy.no-further-rows"
