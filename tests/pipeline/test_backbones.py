"""A backbone seen with the tasks in mind: which it can learn, and what can be made of it."""

from __future__ import annotations

import shutil
from contextlib import nullcontext

import pytest

from tests import tiny
from tests.tasks import models
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.plugins import find
from tlstudio.core.recipe import ModelSection, from_dict
from tlstudio.models import catalog
from tlstudio.pipeline import backbones


def found(recipe):
    return backbones.found(recipe, tiny.task(), tiny.Heard(), Control())


@pytest.mark.parametrize(("section", "chosen"), [
    ("export", [{"name": "onnx"}]), ("export", [{"name": "safetensors"}, {"name": "onnx"}]),
    ("compress", [{"name": "dynamic-int8"}]),
])  # fmt: skip
def test_graphs_that_could_read_no_texts_are_refused_before_the_training(tmp_path, tickets, section, chosen):
    folder = models.canine(tmp_path / "canine")
    with pytest.raises(StudioError) as caught:
        found(tiny.recipe(folder, tickets, **{section: chosen}))
    assert caught.value.code == "export.no-tokenizer-file"
    assert found(tiny.recipe(folder, tickets, export=[{"name": "safetensors"}])).path == folder


def test_other_tokenizers_are_no_obstacle(tiny_model, tickets):
    recipe = tiny.recipe(tiny_model, tickets, compress=[{"name": "dynamic-int8"}], export=[{"name": "onnx-int8"}])
    assert found(recipe).path == tiny_model


def test_an_inspection_says_what_can_be_made_of_it(tiny_model, tmp_path):
    facts = backbones.inspect(ModelSection(source="folder", name=str(tiny_model)), "text-classification")
    assert facts["no_graph"] is None
    assert facts["tasks"]["text-classification"] is None
    assert facts["tasks"]["translation"]["code"] == "task.no-writer"
    assert facts["adaptations"]["masked-lm"] is None
    assert facts["adaptations"]["masked-images"]["code"] == "adapt.no-patches"
    facts = backbones.inspect(ModelSection(source="folder", name=str(models.canine(tmp_path / "canine"))))
    assert facts["no_graph"]["code"] == "export.no-tokenizer-file"
    assert facts["tasks"]["text-classification"] is None


def test_no_task_of_texts_can_do_with_a_tokenizer_that_cannot_be_read(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / "tokenizer.json").write_text("{}")
    refused = backbones.inspect(ModelSection(source="folder", name=str(folder)))["tasks"]
    assert refused["text-classification"]["code"] == "model.bad-tokenizer"
    assert refused["image-classification"]["code"] != "model.bad-tokenizer"


def test_the_catalogue_has_a_model_for_every_task():
    refused = backbones.refused_of_catalogue()
    assert set(refused) == {entry.name for entry in catalog.entries()}
    for name in find("tlstudio.tasks"):
        assert [model for model, tasks in refused.items() if name not in tasks], f"no model of the catalogue for {name}"
    assert refused["google-bert/bert-base-uncased"]["translation"]["code"] == "task.no-writer"
    assert "translation" not in refused["google-t5/t5-small"]
    assert "object-detection" not in refused["PekingU/rtdetr_r18vd"]
    assert {"text-classification", "object-detection"} <= set(refused["facebook/wav2vec2-base-960h"])


def test_what_the_catalogue_cannot_learn_is_found_once(monkeypatch):
    first = backbones.refused_of_catalogue()
    monkeypatch.setattr(backbones, "_refused", None)
    assert backbones.refused_of_catalogue() == first


def test_a_cancel_ends_the_search_between_two_kinds():
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        backbones.refused_of_catalogue(stop)


@pytest.mark.parametrize(("steps", "exports", "refused"), [
    ([], ["onnx"], True), ([], ["openvino"], True), (["dynamic-int8"], [], True),
    ([], ["safetensors", "torch-export"], False), (["layer-removal", "dynamic-int8"], ["onnx"], False),
])  # fmt: skip
def test_what_is_too_large_for_onnx_is_refused_before_it_is_trained(steps, exports, refused):
    import torch

    wide = torch.nn.Linear(20_000, 30_000, bias=False, device="meta")
    recipe = from_dict({"compress": steps, "export": exports})
    with pytest.raises(StudioError) if refused else nullcontext() as caught:
        backbones.require_small(recipe, wide)
    assert not refused or caught.value.code == "export.too-large-for-onnx"
