"""Short trainings of variants of a recipe."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import tiny
from tests.conftest import ticket_rows
from tlstudio.core.control import Control
from tlstudio.core.events import Metric, Progress, log
from tlstudio.core.progress import silent
from tlstudio.pipeline.trials import Bench, Whole, train


@pytest.fixture
def recipe(tiny_model, tickets):
    return tiny.recipe(tiny_model, tickets, compress=["dynamic-int8"], export=["onnx"])


def test_a_training_without_test_rows(recipe):
    heard, said = tiny.Heard(), []
    bench = Bench(recipe, Control())
    with bench.stages(recipe, heard) as stages:
        assert set(stages.encoded.splits) == {"train", "validation"}
        trial = train(stages, lambda epoch, value: said.append((epoch, value)))
        scores = stages.scores()
    assert trial.metric == "macro_f1"
    assert [epoch for epoch, _value in said] == [1.0, 2.0]
    assert trial.value == max(value for _epoch, value in said) == trial.metrics["macro_f1"]
    assert (trial.rows, trial.tested, trial.epochs, trial.complete) == (42, 6, 2.0, True)
    assert trial.metrics["accuracy"] == pytest.approx(scores.mean())
    json.dumps(trial.to_dict())


def test_parts_and_draws(recipe):
    bench = Bench(recipe, Control(), tested=4)

    def ids(rows, draw):
        with bench.stages(recipe, rows=rows, draw=draw) as stages:
            assert len(stages.encoded.splits["validation"]) == 4
            return set(stages.rows.splits["train"].ids.tolist())

    assert len(ids(0, 0)) == 42
    assert len(ids(12, 0)) == 12
    assert ids(12, 0) == ids(12, 0) < ids(24, 0)
    assert ids(12, 0) != ids(12, 1)


def test_variants_share_the_rows_unless_they_read_them_otherwise(recipe):
    bench = Bench(recipe, Control())
    assert bench.read(recipe.changed("data.augment", ["case-noise"])) is bench.labelled
    assert bench.read(recipe.changed("training.epochs", 9)) is bench.labelled
    assert bench.read(recipe.changed("data.split.seed", 9)) is not bench.labelled


def test_rows_are_held_out_where_the_data_has_no_validation(recipe):
    bench = Bench(recipe.changed("data.split.validation", 0), Control())
    assert {split: len(rows) for split, rows in bench.labelled.splits.items()} == {
        "train": 38, "validation": 10, "test": 12,
    }  # fmt: skip


@pytest.mark.parametrize(("task", "header", "last"), [
    ("regression", "text,number", lambda at, _label: str(at / 7)),
    ("multi-label-classification", "text,labels", lambda at, label: f"{label}|late" if at % 2 else label),
])  # fmt: skip
def test_other_tasks_have_scores_too(tiny_model, tmp_path, task, header, last):
    path = tmp_path / "rows.csv"
    lines = [f"{text},{last(at, label)}" for at, (text, label) in enumerate(ticket_rows())]
    path.write_text("\n".join([header, *lines]) + "\n")
    names = dict(zip(("text", header.split(",")[1]), header.split(","), strict=True))
    recipe = tiny.recipe(tiny_model, path, task={"name": task}).changed("data.roles", names)
    bench = Bench(recipe, Control())
    with bench.stages(recipe) as stages:
        trial = train(stages)
        scores = stages.scores()
    assert np.isfinite(trial.value)
    assert scores.shape == (trial.tested,)


def test_a_rehearsal_settles_the_precision(recipe):
    bench = Bench(recipe, Control())
    with bench.stages(recipe.changed("strategy", {"name": "full-fine-tuning"})) as stages:
        found = stages.rehearsed()
        assert found.seconds > 0
        assert stages.settings.precision == "fp32"
        assert train(stages).complete


def test_the_whole_of_several_parts():
    heard = tiny.Heard()
    whole = Whole(heard, Control(), "advise", 3, "rows")
    with whole.part(1, name="first") as emit:
        emit(Progress(stage="train", done=5, total=10))
        emit(Progress(stage="rehearse", done=10, total=10))
        emit(Metric(split="train", step=1, epoch=1.0, values={"loss": 1.0}))
        log(emit, "a.note", "Not for the user.")
        log(emit, "a.warning", "For the user.", "warning")
    with whole.part(2, name="second") as emit:
        emit(Progress(stage="train", done=10, total=10))
    assert heard.codes() == ["a.warning"]
    assert len(heard.of("metric")) == 1
    last = heard.of("progress")[-1]
    assert (last.stage, last.done, last.total, last.detail) == ("advise", 3, 3, {"name": "second"})
    assert not heard.of("finished")
    assert silent(None) is None
