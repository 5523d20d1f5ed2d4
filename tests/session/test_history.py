"""RunHistory: curves, stages and logs from events, from another thread and from a damaged file."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Checkpoint, Finished, Log, Metric, Progress, RunStarted, StageFinished, StageStarted
from tlstudio.session.history import MAX_LOGS, RunHistory, Stage


def metric(step: int, loss: float, split: str = "train") -> Metric:
    return Metric(split=split, step=step, epoch=step / 10, values={"loss": loss})


def test_curves_grow_past_the_first_block() -> None:
    history = RunHistory()
    for step in range(1000):
        history.append(metric(step, 1 / (step + 1)))
    x, y = history.snapshot("train", "loss")
    assert x.tolist() == list(range(1000))
    assert y[999] == pytest.approx(0.001)
    assert history.snapshot("validation", "loss")[0].size == 0


def test_a_snapshot_is_a_view_that_later_points_do_not_change() -> None:
    history = RunHistory()
    for step in range(5):
        history.append(metric(step, float(step)))
    x, y = history.snapshot("train", "loss")
    assert x.base is not None and not y.flags.writeable
    for step in range(5, 2000):
        history.append(metric(step, float(step)))
    assert y.tolist() == [0, 1, 2, 3, 4]


def test_a_resumed_run_replaces_the_steps_that_it_repeats() -> None:
    history = RunHistory()
    for step in range(10):
        history.append(metric(step, 1.0))
    _, before = history.snapshot("train", "loss")
    for step in (5, 6):
        history.append(metric(step, 2.0))
    x, y = history.snapshot("train", "loss")
    assert x.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert y.tolist() == [1, 1, 1, 1, 1, 2, 2]
    assert before.tolist() == [1.0] * 10


def test_version_rises_only_with_what_is_known() -> None:
    history = RunHistory()
    history.append({"event": "from the future", "x": 1})
    history.append({"event": "metric", "split": "train"})
    assert (history.version, history.curves_version) == (0, 0)
    history.append(Progress(stage="train", done=1, total=2))
    assert (history.version, history.curves_version) == (1, 0)
    history.append(metric(1, 1.0).to_dict())
    assert (history.version, history.curves_version) == (2, 1)


def test_best_latest_and_nan() -> None:
    history = RunHistory()
    history.append({**metric(3, 0.5).to_dict(), "values": {"loss": None, "learning_rate": 1e-5}})
    history.append(Checkpoint(step=3, epoch=0.3, path="checkpoints/3", best=True, score=0.9))
    history.append(Checkpoint(step=6, epoch=0.6, path="checkpoints/6", best=False, score=0.8))
    assert history.best is not None and (history.best.step, history.best.score) == (3, 0.9)
    assert np.isnan(history.snapshot("train", "loss")[1]).tolist() == [True]
    latest = history.latest("train")
    assert latest is not None and latest.values["learning_rate"] == 1e-5
    assert history.names("train") == ["loss", "learning_rate"]


def test_phases_follow_each_other() -> None:
    history = RunHistory()
    history.append(Log(code="training.phase", message="", params={"phase": "head", "step": 0}))
    history.append(metric(10, 1.0))
    history.append(Progress(stage="train", done=1, total=2, detail={"phase": "all layers"}))
    history.append(Progress(stage="train", done=1, total=2, detail={"phase": "all layers"}))
    history.append(metric(20, 1.0))
    history.append(Finished(outcome="completed", seconds=1))
    assert [(p.name, p.start, p.end) for p in history.phases] == [("head", 0, 10), ("all layers", 10, 20)]


def test_stages_tell_where_it_failed() -> None:
    history = RunHistory()
    history.append(RunStarted(run="r", folder="/r", stages=("prepare", "train", "export")))
    history.append(StageStarted(stage="prepare", index=0, total=3))
    history.append(StageFinished(stage="prepare", seconds=2.0))
    history.append(StageStarted(stage="train", index=1, total=3))
    assert [stage.state for stage in history.stages] == ["done", "running", "waiting"]
    history.append(Finished(outcome="failed", seconds=3))
    assert history.stages == [Stage("prepare", "done", 2.0), Stage("train", "failed"), Stage("export", "skipped")]


def test_logs_are_bounded_and_read_once() -> None:
    history = RunHistory()
    for index in range(MAX_LOGS + 10):
        history.append(Log(code="x", message="line {n}", params={"n": index}))
    assert len(history.logs) == MAX_LOGS
    seen, lines = history.logs_since(MAX_LOGS + 7)
    assert seen == MAX_LOGS + 10
    assert [line.params["n"] for line in lines] == [MAX_LOGS + 7, MAX_LOGS + 8, MAX_LOGS + 9]
    assert history.logs_since(seen) == (seen, [])


def test_from_events_survives_a_cut_line(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [json.dumps(metric(step, 1.0).to_dict()) for step in range(3)]
    path.write_text("\n".join([lines[0], '{"event":"new-kind"}', "[1]", "garbage", lines[1], lines[2][:20]]))
    history = RunHistory.from_events(path)
    assert history.snapshot("train", "loss")[0].tolist() == [0, 1]


def test_from_events_names_a_missing_file(tmp_path) -> None:
    with pytest.raises(StudioError) as caught:
        RunHistory.from_events(tmp_path / "none.jsonl")
    assert caught.value.code == "files.missing"


def test_reading_while_another_thread_writes() -> None:
    history = RunHistory()
    writer = threading.Thread(target=lambda: [history.append(metric(step, float(step))) for step in range(20_000)])
    writer.start()
    while writer.is_alive():
        x, y = history.snapshot("train", "loss")
        assert np.array_equal(x, y)
        assert np.array_equal(x, np.arange(x.size))
    writer.join()
    assert history.snapshot("train", "loss")[0].size == 20_000


def test_curves_of_an_adaptation_make_way_for_those_of_the_training() -> None:
    history = RunHistory()
    history.append(StageStarted(stage="adapt", index=1, total=3))
    history.append(metric(5, 3.0))
    assert history.snapshot("train", "loss")[0].tolist() == [5]
    history.append(StageStarted(stage="train", index=2, total=3))
    history.append(metric(1, 2.0))
    assert history.snapshot("train", "loss")[0].tolist() == [1]
