"""A run from start to end: its folder, its events, and exactly one end whatever happens."""

from __future__ import annotations

import json
import threading
import time

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.recipe import Choice, load
from tlstudio.pipeline.stages import Stages

STAGES = ("prepare", "tokenise", "rehearse", "train", "evaluate", "compress", "export", "report")


def lines(folder, name="events.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def as_json(heard):
    return json.loads(json.dumps([event.to_dict() for event in heard]))


def quick(model, data, folder, heard, control=None, **changes):
    return pipeline.run(tiny.recipe(model, data, **changes), folder, heard, control or Control())


def ended_once(heard, outcome):
    assert [event.outcome for event in heard.of("finished")] == [outcome]
    assert heard[-1].kind == "finished"


def test_the_run_folder_is_complete(whole):
    assert whole.finished.outcome == "completed", whole.finished.error
    folder = whole.folder
    for name in ("recipe.yaml", "events.jsonl", "environment.json", "results.json", "predictions.parquet",
                 "report.html", "model/model.safetensors", "compressed/1-dynamic-int8/model.onnx",
                 "exports/safetensors/model.safetensors", "exports/onnx-int8/model.onnx"):  # fmt: skip
        assert (folder / name).is_file(), name
    assert not (folder / "run.lock").exists()
    assert not (folder / "checkpoints").exists()
    assert not [path for path in folder.rglob("*") if path.name.endswith(".part")]
    assert load(folder / "recipe.yaml") == whole.recipe


def test_the_file_of_events_is_what_was_told(whole):
    assert lines(whole.folder) == as_json(whole.heard)
    ended_once(whole.heard, "completed")
    assert whole.heard[0].kind == "run-started"
    assert whole.heard[0].stages == STAGES
    for kind in ("stage-started", "stage-finished"):
        assert [event.stage for event in whole.heard.of(kind)] == list(STAGES)


def test_every_stage_asks_for_the_wishes_of_the_user(whole):
    """Not counting the look before a stage; the report alone takes no time."""
    asked = {stage: whole.checks.get(stage, 0) for stage in STAGES if stage != "report"}
    assert all(count >= 2 for count in asked.values()), asked


def test_progress_goes_forward(whole):
    fractions = [event.run_fraction for event in whole.heard.of("progress")]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1
    assert all(event.run_seconds_left >= 0 for event in whole.heard.of("progress"))


def test_the_results_hold_what_the_window_reads(whole):
    results = json.loads((whole.folder / "results.json").read_text(encoding="utf-8"))
    assert results["outcome"] == "completed"
    assert set(results["seconds"]) == set(STAGES)
    assert results["labels"] == ["delivery", "refund", "technical"]
    assert results["data"]["rows"] == {"train": 42, "validation": 6, "test": 12}
    assert results["data"]["truncated"]["max_length"] == 64
    assert results["model"]["trainable"] == results["model"]["parameters"] > 10_000
    assert results["training"]["epochs_done"] == 2
    assert results["test"]["rows"] == 12
    assert [entry["name"] for entry in results["stages"]] == ["trained", "1-dynamic-int8"]
    assert results["stages"][0]["agreement"] == 1.0
    assert results["stages"][1]["bytes"] < 0.7 * results["stages"][0]["bytes"]
    assert [entry["name"] for entry in results["exports"]] == ["safetensors", "onnx-int8"]
    assert results["extra"][0]["rows"] == 9


def test_the_same_recipe_gives_the_same_numbers(tiny_model, tickets, tmp_path, monkeypatch):
    found = []
    for number in range(2):
        monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / f"home{number}"))  # nothing from a cache
        heard = tiny.Heard()
        quick(tiny_model, tickets, tmp_path / f"run{number}", heard, strategy={"name": "full-fine-tuning"})
        results = json.loads((tmp_path / f"run{number}/results.json").read_text())
        found.append(([heard.values("train", "loss"), heard.values("validation", "loss")], results["test"]))
    assert found[0] == found[1]


class Trouble(Exception):
    pass


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("problem", "outcome", "code"),
    [
        (Trouble("unforeseen"), "failed", "run.unexpected"),
        (StudioError("x.y", "known"), "failed", "x.y"),
        (MemoryError(), "failed", "run.no-memory"),
        (ImportError("libx.so: failed to map segment from shared object"), "failed", "run.no-memory"),
        (OSError(28, "No space left on device"), "failed", "files.disk-full"),
        (Cancelled(), "cancelled", None),
    ],
)
def test_one_end_whatever_a_stage_raises(tiny_model, tickets, tmp_path, monkeypatch, stage, problem, outcome, code):
    def trouble(stages):
        (stages.context.folder / "checkpoints").mkdir()
        raise problem

    for name in STAGES:
        monkeypatch.setattr(Stages, name, trouble if name == stage else lambda _stages: None)
    heard, folder = tiny.Heard(), tmp_path / "run"
    finished = quick(
        tiny_model, tickets, folder, heard, strategy={"name": "full-fine-tuning"}, compress=["dynamic-int8"],
        export=["onnx"],
    )  # fmt: skip
    ended_once(heard, outcome)
    assert finished is heard[-1]
    assert (finished.error or {}).get("code") == code
    assert lines(folder) == as_json(heard)
    assert json.loads((folder / "results.json").read_text())["outcome"] == outcome
    assert [event.stage for event in heard.of("stage-started")][-1] == stage
    assert stage not in [event.stage for event in heard.of("stage-finished")]
    assert not (folder / "run.lock").exists()
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize("stage", ["prepare", "tokenise", "train", "evaluate"])
def test_an_error_in_the_middle_of_real_work(tiny_model, tickets, tmp_path, stage):
    heard = tiny.Heard()

    def emit(event):
        heard(event)
        if event.kind == "progress" and event.stage == stage:
            raise Trouble(stage)

    finished = quick(tiny_model, tickets, tmp_path / "run", emit)
    ended_once(heard, "failed")
    assert finished.error["params"] == {"kind": "Trouble", "reason": stage}
    assert (tmp_path / "run/checkpoints").exists() == (stage == "evaluate"), "kept where a resumed run can use them"
    assert not [path for path in (tmp_path / "run").rglob("*") if path.name.endswith(".part")]


def test_cancel_while_training_leaves_no_model_and_no_checkpoint(tiny_model, tickets, tmp_path):
    heard, control = tiny.Heard(), Control()

    def emit(event):
        heard(event)
        if event.kind == "checkpoint":
            assert (tmp_path / "run" / event.path).is_file()
            control.cancel()

    training = {"epochs": 500, "batch_size": 8, "threads": 1, "patience": 0}
    quick(tiny_model, tickets, tmp_path / "run", emit, control, training=training)
    ended_once(heard, "cancelled")
    assert len(heard.of("checkpoint")) == 1
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left == {"recipe.yaml", "events.jsonl", "environment.json", "results.json"}


def test_stop_keeps_the_best_and_goes_on_with_it(tiny_model, tickets, tmp_path):
    heard, control = tiny.Heard(), Control()

    def emit(event):
        heard(event)
        if event.kind == "checkpoint":
            control.stop()

    training = {"epochs": 500, "batch_size": 8, "threads": 1, "patience": 0}
    quick(tiny_model, tickets, tmp_path / "run", emit, control, training=training)
    ended_once(heard, "stopped")
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["outcome"] == results["training"]["outcome"] == "stopped"
    assert results["training"]["best_epoch"] is not None
    assert results["test"]["rows"] == 12
    assert (tmp_path / "run/model/model.safetensors").is_file()


def test_a_stop_after_training_changes_nothing(tiny_model, tickets, tmp_path):
    heard, control = tiny.Heard(), Control()

    def emit(event):
        heard(event)
        if event.kind == "stage-started" and event.stage == "evaluate":
            control.stop()

    assert quick(tiny_model, tickets, tmp_path / "run", emit, control).outcome == "completed"


def test_pause_holds_a_run_and_is_not_counted(tiny_model, tickets, tmp_path):
    heard, control = tiny.Heard(), Control()

    def emit(event):
        heard(event)
        if event.kind == "stage-started" and event.stage == "train":
            control.pause()

    done = []
    begin = time.monotonic()
    thread = threading.Thread(target=lambda: done.append(quick(tiny_model, tickets, tmp_path / "run", emit, control)))
    thread.start()
    while not control.paused and time.monotonic() - begin < 30:
        time.sleep(0.01)
    time.sleep(0.4)
    held = len(heard)
    time.sleep(0.8)
    assert len(heard) == held
    control.resume()
    thread.join(60)
    ended_once(heard, "completed")
    assert done[0].seconds < time.monotonic() - begin - 0.8


def test_a_wrong_recipe_ends_at_once_without_a_folder(tiny_model, tickets, tmp_path):
    heard = tiny.Heard()
    finished = quick(tiny_model, tickets, tmp_path / "run", heard, strategy={"name": "magic"})
    ended_once(heard, "failed")
    assert (finished.error["code"], len(heard)) == ("recipe.unknown-plugin", 1)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made(tiny_model, tickets, tmp_path):
    (tmp_path / "file").write_text("in the way")
    heard = tiny.Heard()
    quick(tiny_model, tickets, tmp_path / "file/run", heard)
    ended_once(heard, "failed")


def test_a_full_disk_for_the_events_is_told_once(tiny_model, tickets, tmp_path):
    """Closing a file that could not be flushed raises again: nothing may follow the terminal event."""
    folder = tmp_path / "run"
    folder.mkdir()
    try:
        (folder / "events.jsonl").symlink_to("/dev/full")
        with open("/dev/full", "wb"):
            pass
    except OSError:
        pytest.skip("this system has no /dev/full")
    heard = tiny.Heard()
    finished = quick(tiny_model, tickets, folder, heard)
    ended_once(heard, "failed")
    assert finished.error["code"] == "files.disk-full"
    assert not (folder / "run.lock").exists()


def test_a_finished_run_is_exported_again(whole, tmp_path):
    folder = whole.copy(tmp_path / "run")
    before, heard = lines(folder), tiny.Heard()
    assert pipeline.export(folder, [Choice(name="onnx")], heard, Control()).outcome == "completed"
    ended_once(heard, "completed")
    assert (folder / "exports/onnx/model.onnx").is_file()
    results = json.loads((folder / "results.json").read_text())
    assert [entry["name"] for entry in results["exports"]] == ["safetensors", "onnx-int8", "onnx"]
    assert results["exports"][-1]["parity"]["status"] == "passed"
    assert results["test"] == json.loads((whole.folder / "results.json").read_text())["test"]
    assert lines(folder) == before
    assert lines(folder, "exports.jsonl") == as_json(heard)
    assert load(folder / "recipe.yaml") == whole.recipe
    assert not (folder / "run.lock").exists()


def test_exporting_what_is_no_finished_run(whole, tmp_path):
    heard = tiny.Heard()
    assert pipeline.export(tmp_path / "none", [Choice(name="onnx")], heard, Control()).outcome == "failed"
    ended_once(heard, "failed")
    folder = whole.copy(tmp_path / "run")
    (folder / "predictions.parquet").unlink()
    results = (folder / "results.json").read_text()
    heard = tiny.Heard()
    assert pipeline.export(folder, [Choice(name="onnx")], heard, Control()).error["code"] == "export.no-model"
    ended_once(heard, "failed")
    assert (folder / "results.json").read_text() == results


def test_a_cancelled_export_keeps_the_run_as_it_was(whole, tmp_path):
    folder, control, heard = whole.copy(tmp_path / "run"), Control(), tiny.Heard()
    results = (folder / "results.json").read_text()
    control.cancel()
    pipeline.export(folder, [Choice(name="onnx")], heard, control)
    ended_once(heard, "cancelled")
    assert (folder / "results.json").read_text() == results
    assert not (folder / "exports/onnx").exists()
    assert not (folder / "run.lock").exists()
