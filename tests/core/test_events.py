"""Events: every kind survives JSON; what is unknown is ignored."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tlstudio.core import events

SAMPLES = [
    events.RunStarted(run="r", folder="/r", stages=("prepare", "train")),
    events.StageStarted(stage="train", index=1, total=2),
    events.StageFinished(stage="train", seconds=1.5),
    events.Progress(stage="train", done=1, total=2, unit="steps", detail={"epoch": 1}),
    events.Metric(split="train", step=1, epoch=0.5, values={"loss": 0.7}),
    events.Rewound(step=3),
    events.Log(code="a.b", message="{x} é 你好", params={"x": 1}),
    events.Checkpoint(step=1, epoch=1.0, path="p", best=True, score=0.5),
    events.Artifact(name="model", path="model", bytes=3),
    events.Result(name="test", data={"rows": 2}),
    events.Finished(outcome="failed", seconds=1.0, error={"code": "x"}),
]


def test_samples_cover_all_kinds():
    assert {type(sample) for sample in SAMPLES} == set(events.Event.__subclasses__())
    assert len({sample.kind for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.kind)
def test_round_trip(event):
    line = json.dumps(event.to_dict())
    assert "\n" not in line
    assert events.from_dict(json.loads(line)) == event


def test_events_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SAMPLES[1].stage = "other"


@pytest.mark.parametrize("data", [{}, {"event": "from-the-future"}, {"event": "metric", "split": "train"}])
def test_unknown_or_incomplete_is_none(data):
    assert events.from_dict(data) is None


def test_unknown_fields_are_dropped():
    data = {**SAMPLES[2].to_dict(), "colour": "blue", "id": 3}
    assert events.from_dict(data) == SAMPLES[2]


def test_log_helper():
    heard = []
    events.log(heard.append, "a.b", "{n} texts", "warning", n=3)
    assert (heard[0].code, heard[0].message, heard[0].params, heard[0].level) == (
        "a.b",
        "{n} texts",
        {"n": 3},
        "warning",
    )
