"""A training that breaks down goes back once, more slowly; then it ends with a diagnosis."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.pipeline.stages import Stages
from tlstudio.session.history import RunHistory

TRAINING = {"epochs": 3, "batch_size": 8, "threads": 1, "patience": 0, "precision": "fp32", "learning_rate": 1e-3,
            "warmup": 0.0, "checkpoint_seconds": 0}  # fmt: skip


@pytest.fixture
def run(tiny_model, tickets, tmp_path, monkeypatch):
    """Trains with a loss that is no number at these calls, counted over all tries; 6 steps an epoch, 1 validation."""

    def of(bad, **training):
        calls, plain = [], Stages.loss

        def spoilt(stages):
            loss = plain(stages)

            def broken(outputs, labels, **options):
                calls.append(1)
                return loss(outputs, labels, **options) * (float("nan") if len(calls) in bad else 1.0)

            return broken

        monkeypatch.setattr(Stages, "loss", spoilt)
        heard = tiny.Heard()
        recipe = tiny.recipe(tiny_model, tickets, strategy={"name": "full-fine-tuning"},
                             training={**TRAINING, **training})  # fmt: skip
        ended = pipeline.run(recipe, tmp_path / "run", heard, Control())
        return ended, heard, tmp_path / "run"

    return of


REHEARSED = 5  # calls of the loss before the training


def test_it_goes_back_to_the_last_checkpoint_with_half_the_rate(run):
    ended, heard, folder = run({REHEARSED + 6 + 1 + 3})  # the third step of the second epoch
    assert ended.outcome == "completed", ended.error
    assert [event.step for event in heard.of("rewound")] == [8]
    assert heard.codes().count("training.back-nan") == 1
    training = read_json(folder / "results.json")["training"]
    assert (training["steps"], training["rate_factor"], training["outcome"]) == (18, 0.5, "completed")
    rates = {event.step: event.values["learning_rate"] for event in heard.of("metric") if event.split == "train"}
    assert rates[8] == pytest.approx(1e-3 * 11 / 18)
    assert rates[9] == pytest.approx(0.5e-3 * 10 / 18)
    steps, losses = RunHistory.from_events(folder / "events.jsonl").snapshot("train", "loss")
    assert list(steps) == list(range(1, 19))
    assert np.isfinite(losses).all()
    assert not (folder / "checkpoints").exists()
    assert heard.codes().index("training.checkpoints") < heard.codes().index("training.back-nan"), "told before"
    results = read_json(folder / "results.json")
    assert results["rehearsal"]["checkpoint_bytes"] > 4 * 3 * 3 * results["model"]["parameters"]


def test_without_a_checkpoint_it_goes_back_to_the_start(run):
    ended, heard, folder = run({REHEARSED + 3}, checkpoints_kept=0)
    assert ended.outcome == "completed", ended.error
    assert [event.step for event in heard.of("rewound")] == [0]
    assert read_json(folder / "results.json")["training"]["steps"] == 18


def test_the_second_time_it_ends_with_a_diagnosis(run):
    ended, heard, _folder = run({REHEARSED + 3, REHEARSED + 5})
    assert (ended.outcome, ended.error["code"]) == ("failed", "training.nan-again")
    assert ended.error["params"] == {"step": 4, "rate": "0.0005"}
    assert len(heard.of("rewound")) == 1


def test_the_second_time_the_best_weights_stay_where_there_are_some(run):
    ended, heard, folder = run({REHEARSED + 6 + 1 + 3, REHEARSED + 6 + 1 + 5})
    assert ended.outcome == "completed", ended.error
    assert "training.not-a-number" in heard.codes()
    training = read_json(folder / "results.json")["training"]
    assert (training["outcome"], training["best_epoch"], training["steps"]) == ("nan", 1.0, 10)
