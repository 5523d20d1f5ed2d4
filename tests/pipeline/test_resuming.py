"""A run that was broken off goes on, and ends as if it had never been."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.pipeline.context import Context
from tlstudio.session.history import RunHistory

STRATEGIES: dict[str, dict[str, Any]] = {
    "full": {"name": "full-fine-tuning"},
    "lora": {"name": "lora"},
    "gradual": {"name": "gradual-unfreezing", "by": "plateau"},
    "phases": {"name": "contrastive-few-shot", "pairs": 2},  # 42 rows: the first phase has 6 steps
}
TRAINING = {"epochs": 3, "batch_size": 8, "threads": 1, "patience": 0, "precision": "fp32",
            "checkpoint_seconds": 0}  # fmt: skip


class Killed(BaseException):
    """The process ends here: nothing of ours is run after it."""


@dataclass(frozen=True)
class Whole:
    """A run that was never broken off."""

    recipe: recipes.Recipe
    folder: Path
    heard: tiny.Heard


@pytest.fixture(scope="module")
def make(tiny_model, tmp_path_factory):
    """Gives the unbroken run of a recipe, each made once."""
    base, made = tmp_path_factory.mktemp("resuming"), {}
    data = tiny.write_csv(base / "tickets.csv")

    def of(name: str, **changes: Any) -> Whole:
        key = name + json.dumps(changes)
        if key not in made:
            recipe = tiny.recipe(tiny_model, data, strategy=STRATEGIES[name], **{"training": TRAINING, **changes})
            heard, folder = tiny.Heard(), base / f"whole{len(made)}"
            assert pipeline.run(recipe, folder, heard, Control()).outcome == "completed"
            made[key] = Whole(recipe, folder, heard)
        return made[key]

    return of


def broken(recipe, folder, ends) -> tiny.Heard:
    """Runs, or goes on where there is no recipe, until an event for which ``ends`` is true."""
    heard = tiny.Heard()

    def emit(event):
        heard(event)
        if ends(event):
            raise Killed

    with pytest.raises(Killed) as caught:
        pipeline.run(recipe, folder, emit, Control()) if recipe else pipeline.resume(folder, emit, Control())
    for entry in caught.traceback:  # the system would free what this process, which lives on, still holds
        if isinstance(context := entry.frame.f_locals.get("context"), Context):
            context.close()
    return heard


def resumed(folder, outcome="completed") -> tiny.Heard:
    heard = tiny.Heard()
    finished = pipeline.resume(folder, heard, Control())
    assert finished.outcome == outcome, finished.error
    return heard


def at_step(step):
    return lambda event: event.kind == "metric" and event.split == "train" and event.step == step


def at_stage(stage):
    return lambda event: event.kind == "stage-started" and event.stage == stage


def lines(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(folder):
    return [(event["split"], event["step"], event["epoch"],
             {name: value for name, value in event["values"].items() if name != "samples_per_second"})
            for event in lines(folder) if event["event"] == "metric"]  # fmt: skip


def same_as(whole: Whole, folder: Path) -> None:
    """Weights to the bit, curves to the last digit, the test, and one end."""
    assert curve(folder) == curve(whole.folder)
    for path in sorted(whole.folder.rglob("*.safetensors")):
        name = path.relative_to(whole.folder)
        assert (folder / name).read_bytes() == path.read_bytes(), name
    assert curve(folder) == curve(whole.folder)
    before, after = (read_json(place / "results.json") for place in (whole.folder, folder))
    assert after["test"] == before["test"]
    own = ("seconds", "samples_per_second", "peak_memory_bytes")
    assert {key: value for key, value in after["training"].items() if key not in own} == {
        key: value for key, value in before["training"].items() if key not in own
    }
    assert set(after) == set(before)
    assert [event["outcome"] for event in lines(folder) if event["event"] == "finished"] == ["completed"]
    assert {path.name for path in folder.iterdir()} == {path.name for path in whole.folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "step"),
    [("full", 8), ("lora", 12), ("gradual", 14), pytest.param("phases", 4, marks=pytest.mark.slow), ("phases", 9)],
)
def test_weights_and_curves_are_those_of_an_unbroken_run(make, tmp_path, name, step):
    whole, folder = make(name), tmp_path / "run"
    broken(whole.recipe, folder, at_step(step))
    heard = resumed(folder)
    assert heard.of("run-started")[0].resumed
    assert [event.step for event in heard.of("rewound")] == [step - 1], "a checkpoint follows its step's metric"
    assert min(event.step for event in heard.of("metric")) == step
    assert not [event for event in heard.of("progress") if event.stage == "rehearse"], "nothing is measured again"
    same_as(whole, folder)
    steps, _losses = RunHistory.from_events(folder / "events.jsonl").snapshot("train", "loss")
    assert list(steps) == sorted(set(steps)), "no doubles"


def test_without_a_checkpoint_the_training_starts_again(make, tmp_path):
    whole, folder = make("full"), tmp_path / "run"
    broken(whole.recipe.changed("training.checkpoints_kept", 0), folder, at_step(9))
    assert [event.step for event in resumed(folder).of("rewound")] == [0]
    same_as(whole, folder)


def test_an_adaptation_goes_on_too(make, tmp_path):
    """Its masks are drawn for each batch anew."""
    whole, folder = (
        make("full", adapt=[{"name": "masked-lm", "epochs": 2}], training={**TRAINING, "epochs": 1}),
        tmp_path / "run",
    )
    broken(whole.recipe, folder, at_step(5))
    heard = resumed(folder)
    assert [event.step for event in heard.of("rewound")] == [4, 0]
    same_as(whole, folder)
    before, after = (read_json(place / "results.json")["adaptation"][0] for place in (whole.folder, folder))
    assert {**after, "seconds": 0} == {**before, "seconds": 0}


LATER: dict[str, Any] = {"compress": ["magnitude-pruning", "low-rank"]}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["tokenise", "rehearse", "train", "evaluate", "compress", "export", "report"])
def test_what_is_complete_stays(make, tmp_path, stage):
    whole, folder = make("full", **LATER, export=["safetensors"]), tmp_path / "run"
    broken(whole.recipe, folder, at_stage(stage))
    heard = resumed(folder)
    assert bool(heard.of("metric")) == (stage in ("tokenise", "rehearse", "train")), "trained again"
    same_as(whole, folder)
    names = [entry["name"] for entry in read_json(folder / "results.json")["stages"]]
    assert names == ["trained", "1-magnitude-pruning", "2-low-rank"]


@pytest.mark.slow
def test_a_compressed_form_that_is_complete_is_not_made_again(make, tmp_path):
    whole, folder = make("full", **LATER, export=[]), tmp_path / "run"
    broken(whole.recipe, folder, lambda event: event.kind == "artifact" and event.name == "1-magnitude-pruning")
    made = (folder / "compressed/1-magnitude-pruning/model.safetensors").stat().st_mtime_ns
    heard = resumed(folder)
    assert not heard.of("metric"), "trained again"
    assert [event.params["title"] for event in heard.of("log") if event.code == "compress.step"] == [
        "Low-rank factorisation"
    ]
    assert (folder / "compressed/1-magnitude-pruning/model.safetensors").stat().st_mtime_ns == made
    same_as(whole, folder)


def test_half_a_line_half_written_files_and_a_damaged_checkpoint(make, tmp_path):
    whole, folder = make("full"), tmp_path / "run"
    broken(whole.recipe, folder, at_step(9))
    events = folder / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-17])
    (folder / "checkpoints/.best.abcd.part").mkdir()
    (folder / ".results.json.1234.part").write_text("{")
    kept = sorted((folder / "checkpoints/phase-0").iterdir())
    assert [place.name for place in kept] == ["step-000000007", "step-000000008"]
    weights = kept[1] / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    heard = resumed(folder)
    assert "training.checkpoint-damaged" in heard.codes()
    assert [event.step for event in heard.of("rewound")] == [7], "the one before is used"
    same_as(whole, folder)


def test_a_cancelled_run_can_go_on(make, tmp_path):
    whole, folder, control = make("full"), tmp_path / "run", Control()
    heard = tiny.Heard()

    def emit(event):
        heard(event)
        if event.kind == "metric" and event.step == 8:
            control.cancel()

    assert pipeline.run(whole.recipe, folder, emit, control).outcome == "cancelled"
    assert (folder / "checkpoints").is_dir()
    resumed(folder)
    same_as(whole, folder)


@pytest.mark.slow
def test_broken_off_again_and_again(make, tmp_path):
    whole, folder = make("full"), tmp_path / "run"
    broken(whole.recipe, folder, at_step(3))
    for step in (7, 7, 12):
        broken(None, folder, at_step(step))
    resumed(folder)
    same_as(whole, folder)


def test_a_complete_run_is_refused(make):
    finished = pipeline.resume(make("full").folder, tiny.Heard(), Control())
    assert (finished.outcome, finished.error["code"]) == ("failed", "resume.complete")


def test_a_run_killed_before_its_farewell_is_complete_and_says_so(make, tmp_path):
    folder = Path(shutil.copytree(make("full").folder, tmp_path / "run"))
    said = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert '"finished"' in said[-1]
    (folder / "events.jsonl").write_text("".join(said[:-1]) + said[-1][:9], encoding="utf-8")
    (folder / "checkpoints" / "step-1").mkdir(parents=True)
    (folder / "run.lock").write_text("")
    (folder / ".run.lock.held").touch()
    finished = pipeline.resume(folder, tiny.Heard(), Control())
    assert finished.error["code"] == "resume.complete"
    last = json.loads((folder / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["outcome"]) == ("finished", "completed")
    assert {path.name for path in folder.iterdir()} == {path.name for path in make("full").folder.iterdir()}


def test_other_rows_are_refused(make, tmp_path):
    whole, folder = make("full"), tmp_path / "run"
    data = Path(shutil.copy(whole.recipe.data.files["train"][0], tmp_path / "tickets.csv"))
    broken(whole.recipe.changed("data.path", str(data)), folder, at_step(8))
    tiny.write_csv(data, [(f"{text} today", label) for text, label in tiny.ticket_rows()])
    finished = pipeline.resume(folder, tiny.Heard(), Control())
    assert (finished.outcome, finished.error["code"]) == ("failed", "resume.changed")
    assert (folder / "checkpoints").is_dir(), "with the old file it can go on"


def test_a_folder_that_is_no_run(tmp_path):
    assert pipeline.resume(tmp_path, tiny.Heard(), Control()).outcome == "failed"
