"""Runs: one click, and a run that was broken off goes on with its curves."""

from __future__ import annotations

import json

import pytest

from tests.gui import sample_run
from tlstudio.core import recipe as recipes
from tlstudio.session import sample
from tlstudio.session.resumable import can_resume
from tlstudio.session.run_summary import summarise


@pytest.fixture
def broken(controller):
    """A run whose process is gone, in the middle of its training."""
    base = controller.context.settings.runs_path
    folder = sample_run.folder(base)
    for name in ("results.json", "report.html", "predictions.parquet"):
        (folder / name).unlink()
    recipes.save(sample.recipe(), folder / "recipe.yaml")
    return folder


def ends(folder, outcome):
    with open(folder / "events.jsonl", "a", encoding="utf-8") as stream:
        stream.write(f"\n{json.dumps({'event': 'finished', 'outcome': outcome, 'seconds': 1.0})}\n")


def test_what_can_go_on(broken):
    assert can_resume(summarise(broken))
    ends(broken, "cancelled")
    assert not can_resume(summarise(broken)), "before its first checkpoint"
    place = broken / "checkpoints/phase-0/step-000000008"
    place.mkdir(parents=True)
    (place / "hashes.json").write_text("{}")
    assert can_resume(summarise(broken))
    ends(broken, "completed")
    assert not can_resume(summarise(broken))
    ends(broken, "failed")
    assert can_resume(summarise(broken))
    (broken / "recipe.yaml").unlink()
    assert not can_resume(summarise(broken))


def test_one_click_goes_on(controller, broken, until, runners):
    controller.show()
    controller.window.go("runs")
    pane = controller.window.built("runs")
    until(lambda: pane.current_id() == broken.name)
    button = pane.findChild(type(pane.refresh_button), "resume")
    assert button.isEnabled()
    button.click()
    session = controller.context.session
    assert session.active
    assert not button.isEnabled()
    assert controller.window.steps.current() == "train"
    until(lambda: session.history is not None and session.history.latest("train").step > 35)
    steps, _losses = session.history.snapshot("train", "loss")
    assert list(steps[:36]) == list(range(1, 37)), "what it said before, then what is new"
    until(lambda: not session.active)
    asked = [job for runner in runners for job in runner.asked if job[0] == "resume"]
    assert asked == [("resume", {"folder": str(broken), "alone": "go-on"})]
    assert controller.context.project.results["outcome"] == "completed"
    controller.window.go("runs")
    until(lambda: not button.isEnabled())
