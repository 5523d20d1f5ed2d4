"""What one stage hands to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.recipe import from_dict
from tlstudio.models.scorers import usable_cores
from tlstudio.pipeline import backbones
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.forms import TRAINED, Form
from tlstudio.pipeline.stages import Stages


@pytest.fixture
def stages(tiny_model, tickets, tmp_path):
    """Ready to train, without a rehearsal."""

    def make(**changes):
        recipe = tiny.recipe(tiny_model, tickets, **changes)
        context = Context(recipe, tmp_path / "run", tiny.Heard(), Control(), ("prepare", "tokenise", "train"))
        made.append(context)
        ready = Stages(context, check(recipe))
        ready.prepare()
        ready.tokenise()
        return ready

    made: list[Context] = []
    yield make
    for context in made:
        context.close()


def test_preparing_notes_machine_and_data(stages):
    ready = stages()
    facts = ready.context.results["data"]
    assert facts["source"] == "csv"
    assert facts["roles"] == {"text": "text", "label": "label"}
    assert sum(row["train"] for row in facts["classes"]) == facts["rows"]["train"] == 42
    environment = json.loads((ready.context.folder / "environment.json").read_text())
    assert environment["threads"] == 1


def test_the_head_is_the_same_however_often_the_model_is_built(stages):
    import torch

    ready = stages(strategy={"name": "full-fine-tuning"})
    ready.settle()
    first, second = ready.prepared().model, ready.prepared().model
    assert torch.equal(first.classifier.weight, second.classifier.weight)


def test_the_key_of_the_backbone_follows_its_files(stages, tiny_model):
    ready = stages()
    before = backbones.key(ready.backbone)
    assert backbones.key(ready.backbone) == before
    weights = tiny_model / "model.safetensors"
    state = weights.stat()
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns + 1_000_000))
    try:
        assert backbones.key(ready.backbone) != before
    finally:
        os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_the_second_run_finds_tokens_and_features(tiny_model, tickets, tmp_path):
    codes = []
    for number in range(2):
        heard = tiny.Heard()
        pipeline.run(tiny.recipe(tiny_model, tickets), tmp_path / str(number), heard, Control())
        codes.append(heard.codes().count("strategy.features-cached"))
    assert codes == [0, 2]
    first, second = (json.loads((tmp_path / f"{number}/results.json").read_text()) for number in range(2))
    assert first["test"] == second["test"]
    assert first["model"]["trainable"] == 32 * 3 + 3


def test_memory_short_before_training_is_still_a_run(tiny_model, tickets, tmp_path, monkeypatch):
    """The rehearsal computes batches in parts, and the training that follows does so too."""
    from tlstudio.training import rehearsal

    step = rehearsal._step

    def narrow(transfer, loss, rows, precision, device):
        if len(rows) > 4:
            raise RuntimeError("out of memory")
        return step(transfer, loss, rows, precision, device)

    monkeypatch.setattr(rehearsal, "_step", narrow)
    heard = tiny.Heard()
    recipe = tiny.recipe(tiny_model, tickets, strategy={"name": "full-fine-tuning"})
    assert pipeline.run(recipe, tmp_path / "run", heard, Control()).outcome == "completed"
    training = json.loads((tmp_path / "run/results.json").read_text())["training"]
    assert (training["batch_size"], training["accumulate"], training["steps"]) == (8, 2, 12)


def test_several_labels_are_not_one_label(tiny_model, tmp_path):
    """Without the check each combination would silently be learnt as a class of its own."""
    path = tmp_path / "several.csv"
    path.write_text("text,labels\n" + "".join(f"text {i},{'a|b' if i % 2 else 'b'}\n" for i in range(40)))
    recipe = tiny.recipe(tiny_model, path).changed("data.roles", {"labels": "labels"})
    heard = tiny.Heard()
    finished = pipeline.run(recipe, tmp_path / "run", heard, Control())
    assert finished.outcome == "failed"
    assert finished.error["code"] == "data.no-role"
    assert finished.error["params"]["missing"] == "label"


def test_all_forms_are_loaded_and_measured_with_the_threads_of_the_recipe(monkeypatch):
    """Of each runtime: PyTorch takes its threads from the process, others theirs when a model is loaded."""
    import torch

    before, seen = torch.get_num_threads(), []

    def see(*_given, **_more):
        seen.append((torch.get_num_threads(), usable_cores()))
        return [Form(TRAINED, Path(), "transformers", None, None)]

    recipe = from_dict({"training": {"threads": 3}})
    monkeypatch.setattr(
        "tlstudio.pipeline.stages.Tester", lambda *_given: SimpleNamespace(compare=lambda *_: see() and {TRAINED: []})
    )
    ready = Stages(SimpleNamespace(recipe=recipe), None)
    ready.rows = ready.encoded = None
    ready.compress(None, see)
    assert seen == [(3, 3), (3, 3)]
    assert torch.get_num_threads() == before
