"""Runs for TensorBoard and MLflow; the extras may be absent."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from tests.session.test_runs import make_run
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Metric
from tlstudio.core.processes import Ended
from tlstudio.session import trackers
from tlstudio.session.run_summary import RunSummary, summarise


@pytest.fixture
def run(tmp_path) -> RunSummary:
    folder = make_run(tmp_path / "runs", "20261101-100000-a")
    (folder / "recipe.yaml").write_text("model: {name: org/x}\ntraining: {epochs: 2, learning_rate: 1.0e-4}\n")
    lines = []
    for step in (1, 2, 3):
        values = {"loss": 1.0 / step, "gradient_norm": None}
        lines.append(json.dumps(Metric(split="train", step=step, epoch=step / 3, values=values).to_dict()))
    values = {"accuracy": 0.75}
    lines.append(json.dumps(Metric(split="validation", step=3, epoch=1, values=values, time=1_700_000_000.5).to_dict()))
    (folder / "events.jsonl").write_text("\n".join([*lines[:2], "not json", *lines[2:], '{"event": "met']))
    return summarise(folder)


def code(work) -> str:
    with pytest.raises(StudioError) as caught:
        work()
    return caught.value.code


def test_points_settings_and_results(run) -> None:
    found = list(trackers.points(run))
    assert [(point.name, point.step) for point in found] == [
        ("train/loss", 1), ("train/loss", 2), ("train/loss", 3), ("validation/accuracy", 3),
    ]  # fmt: skip
    assert found[-1].time == 1_700_000_000.5 and found[1].value == 0.5
    assert trackers.settings(run)["training.learning_rate"] == "0.0001"
    assert trackers.results(run)["test/accuracy"] == 0.9 and trackers.results(run)["1-dynamic-int8/bytes"] == 100


def test_without_the_extra_the_remedy_is_told(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda _name: None)
    for name in trackers.TRACKERS:
        with pytest.raises(StudioError) as caught:
            trackers.track(run, name, str(tmp_path / "out"))
        assert caught.value.code == "track.not-installed"
        assert f"tlstudio[{name}]" in caught.value.remedy
    assert not (tmp_path / "out").exists()
    assert code(lambda: trackers.track(run, "wandb", "x")) == "track.unknown"


def test_a_run_without_events_is_told(run, tmp_path) -> None:
    (Path(run.folder) / "events.jsonl").unlink()
    assert code(lambda: list(trackers.points(run))) == "files.missing"


def scalars(folder: Path) -> dict[str, list[tuple[int, float, float]]]:
    """What stands in the event files of a folder: records of length, checksum, protocol buffer, checksum."""
    from tensorboardX.proto.event_pb2 import Event

    found: dict[str, list[tuple[int, float, float]]] = {}
    for path in folder.glob("events.out.tfevents.*"):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (size,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, []).append((event.step, value.simple_value, event.wall_time))
    return found


def test_tensorboard_reads_what_was_written(run, tmp_path) -> None:
    pytest.importorskip("tensorboardX")
    for _ in range(2):  # the same run again replaces its curves
        place = trackers.track(run, "tensorboard", str(tmp_path / "board"))
    assert place == str(tmp_path / "board" / run.id)
    found = scalars(Path(place))
    assert [(step, round(value, 3)) for step, value, _time in found["train/loss"]] == [(1, 1.0), (2, 0.5), (3, 0.333)]
    assert found["validation/accuracy"] == [(3, 0.75, 1_700_000_000.5)]
    assert found["test/accuracy"][0][1] == pytest.approx(0.9)


@pytest.mark.slow  # its import brings torch
def test_in_a_process_of_its_own(run, tmp_path, monkeypatch) -> None:
    """The window has no torch; what goes wrong there is told here."""
    pytest.importorskip("tensorboardX")
    trackers.track_apart(Path(run.folder), "tensorboard", str(tmp_path / "board"), Control())
    assert scalars(tmp_path / "board" / run.id)["test/accuracy"]
    (tmp_path / "file").write_text("")
    assert code(lambda: trackers.track_apart(Path(run.folder), "tensorboard", str(tmp_path / "file"), Control()))


def test_what_goes_wrong_in_that_process_is_told(run, monkeypatch) -> None:
    sentence = json.dumps(StudioError("track.unknown", "No {name}.", "Use another.", name="x").to_dict())
    for stderr, expected in (
        (f"noise\n{sentence}\n", "track.unknown"),
        ("Killed", "track.failed"),
        ("", "track.failed"),
    ):
        monkeypatch.setattr(trackers, "run_module", lambda *_args, text=stderr: Ended(1, text))
        assert code(lambda: trackers.track_apart(Path(run.folder), "x", "y", Control())) == expected


def test_cancel_while_writing(run, tmp_path) -> None:
    pytest.importorskip("tensorboardX")

    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        trackers.track(run, "tensorboard", str(tmp_path), cancel)


@pytest.mark.slow  # its import and the making of its database take half a minute
def test_mlflow_reads_what_was_written(run, tmp_path) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    address, made = trackers.track(run, "mlflow", str(tmp_path / "ml")).rstrip(")").split(" (")
    assert address == f"sqlite:///{tmp_path / 'ml' / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address)
    found = client.get_run(made)
    assert found.data.params["training.epochs"] == "2"
    assert found.data.metrics["test/accuracy"] == pytest.approx(0.9)
    assert next((item.step, item.value) for item in client.get_metric_history(made, "train/loss")) == (1, 1.0)
    assert (found.info.status, found.info.run_name) == ("FINISHED", run.id)
