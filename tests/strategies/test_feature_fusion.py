"""Feature fusion: two backbones under one head, trained, saved and exported as one network."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks import models, whole
from tests.tasks.cases import CASES
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.core.recipe import from_dict
from tlstudio.models import heads, parts
from tlstudio.models.scorers import OnnxScorer, TorchScorer
from tlstudio.pipeline.checks import check, problems
from tlstudio.pipeline.predict import Predictor
from tlstudio.strategies.feature_fusion import PLUGIN

WAYS = ["sum", "product", "concatenation", "matrix", "gate"]


def quick_first(values):
    """The first always; the others, which each write a graph and start programs, by hand: pytest -m slow."""
    first, *others = values
    return [first, *(pytest.param(value, marks=pytest.mark.slow) for value in others)]


@pytest.fixture(scope="module")
def narrow(tiny_model, tmp_path_factory):
    """A backbone of half the width with the same tokenizer, which drops as BERT does."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("narrow") / "model"
    shutil.copytree(tiny_model, folder)
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(tiny_model, hidden_size=16, intermediate_size=32, num_hidden_layers=1)
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("how", quick_first(WAYS))
def test_the_saved_network_and_its_graph_answer_as_the_trained_one(how, tiny_model, narrow, encoded_tickets, tmp_path):
    from tlstudio.models.onnx_graph import to_onnx

    model = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, how=how, second=str(narrow)).finish().eval()
    assert (model.config.hidden_dropout_prob, model.config.num_labels) == (0.1, 3)
    tiny.task().save(model, encoded_tickets, tiny_model, tmp_path / "model")
    again, settings = heads.load(tmp_path / "model"), heads.read_settings(tmp_path / "model")
    assert again.second.config.hidden_dropout_prob == 0.1, "the dropout while it was trained is no part of the model"
    rows = encoded_tickets.examples("test")
    truth = tiny.logits(TorchScorer(model), rows)
    assert truth.std() > 0
    assert np.abs(tiny.logits(TorchScorer(again), rows) - truth).max() < 1e-6
    if how in ("product", "gate"):  # which have all that the others are made of
        to_onnx(again, tmp_path / "model.onnx", heads.Head.of(settings), heads.inputs_of(settings))
        assert np.abs(tiny.logits(OnnxScorer(tmp_path / "model.onnx"), rows) - truth).max() < 1e-4
    with torch.no_grad():
        again.second.embeddings.word_embeddings.weight.normal_()
    assert np.abs(tiny.logits(TorchScorer(again), rows) - truth).max() > 1e-3, "the second backbone counts"


@pytest.mark.parametrize("how", WAYS)
def test_the_head_trains_on_what_the_whole_network_will_read(how, tiny_model, narrow, encoded_tickets):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, how=how, second=str(narrow))
    prepared.model.eval()
    batch = prepared.collate([prepared.train[place] for place in range(8)])
    assert batch["features"].shape == (8, 32 + 16)
    batch.pop("labels")
    with torch.inference_mode():
        cached = prepared.model(**batch).logits.numpy()
    rows = [encoded_tickets.examples("train")[place] for place in range(8)]
    assert np.abs(tiny.logits(TorchScorer(prepared.finish()), rows) - cached).max() < 1e-5


def test_a_second_backbone_that_does_not_train_drops_nothing(tiny_model, narrow, encoded_tickets):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, trains="first-backbone", second=str(narrow),
                             hidden_dropout=0.3)  # fmt: skip
    model = prepared.model.train()
    assert model.base_model.training
    assert not any(module.training for module in model.second.modules())
    assert not any(value.requires_grad for value in model.second.parameters())
    rates = {name.split(".")[0]: prepared.rates[name] for name in prepared.rates}
    assert rates == {"bert": 1.0, "fused": 10.0}
    finished = prepared.finish().train()
    assert finished.second.training
    assert all(value.requires_grad for value in finished.parameters())


def test_the_gate_weighs_the_two_sides():
    """Arevalo et al., 2017: h = z · tanh(U a) + (1 - z) · tanh(V b)."""
    head = parts.Fused([3, 2], "gate", 0, 2, 0.0).eval()
    a, b = torch.randn(4, 3), torch.randn(4, 2)
    with torch.no_grad():
        head.gate.weight.zero_()
        head.gate.bias.fill_(50.0)  # the first alone
    assert torch.allclose(head(a, b), head(a, torch.randn(4, 2)), atol=1e-6)
    with torch.no_grad():
        head.gate.bias.fill_(-50.0)
    assert torch.allclose(head(a, b), head(torch.randn(4, 3), b), atol=1e-6)


def test_nothing_is_projected_where_the_widths_are_the_same():
    names = {name for name, _value in parts.Fused([4, 4], "sum", 0, 2, 0.0).named_parameters()}
    assert names == {"layers.1.weight", "layers.1.bias"}
    assert parts.Fused([4, 6], "product", 0, 2, 0.0).second.weight.shape == (4, 6)
    assert parts.Fused([4, 6], "matrix", 0, 2, 0.0).matrix.weight.shape == (4, 6)


# --- whole runs


def fused(recipe, second, **options):
    return recipe.changed("strategy", {"name": PLUGIN.NAME, "second": str(second), **options})


@pytest.mark.slow
def test_pretrained_features_with_those_of_a_model_trained_on_the_data(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(
        tiny_model, tickets, strategy={"name": "full-fine-tuning"},
        training={"epochs": 6, "batch_size": 8, "learning_rate": 5e-3, "threads": 1, "precision": "fp32"},
    )  # fmt: skip
    assert pipeline.run(recipe, tmp_path / "source", tiny.Heard(), Control()).outcome == "completed"
    again = fused(recipe, "source", how="gate").changed("compress", ["dynamic-int8"])
    again = again.changed("export", ["safetensors", "onnx", "onnx-int8"])
    heard = tiny.Heard()
    finished = pipeline.run(again, tmp_path / "fused", heard, Control())
    assert finished.outcome == "completed", finished.error
    results = read_json(tmp_path / "fused/results.json")
    parity = {entry["name"]: entry["parity"] for entry in results["exports"]}
    assert [parity[name]["status"] for name in ("safetensors", "onnx")] == ["passed", "passed"]
    assert parity["onnx-int8"]["agreement"] >= 0.75, "of twelve rows"
    source = read_json(tmp_path / "source/results.json")["test"]["metrics"]["accuracy"]["value"]
    assert results["test"]["metrics"]["accuracy"]["value"] >= min(source, 0.9) - 0.1
    rows = [{"text": "my parcel is late"}, {"text": "the screen did crash"}]
    folders = ["", "exports/safetensors", "exports/onnx"]
    answers = [Predictor(tmp_path / "fused" / place).predict(rows) for place in folders]
    for other in answers[1:]:
        for one, two in zip(answers[0], other, strict=True):
            assert one["probabilities"] == pytest.approx(two["probabilities"], abs=1e-4)
    for place in folders[1:]:
        found = whole.predict_of(tmp_path / "fused" / place)("my parcel is late")
        assert found == pytest.approx(answers[0][0]["probabilities"], abs=1e-4)
    card = (tmp_path / "fused/exports/safetensors/README.md").read_text(encoding="utf-8")
    assert 'load("path' in card
    assert "| Second backbone | source |" in card
    assert "whose weights are part of this model, states no licence" in card


@pytest.mark.parametrize(
    "name", quick_first(["token-classification", "multi-label-classification", "regression", "image-classification",
                         "audio-classification", "pair-classification"]),
)  # fmt: skip
def test_every_kind_of_answer(name, tmp_path):
    case = CASES[name]
    place = case.model(tmp_path / "model")
    second = shutil.copytree(place, tmp_path / "second")
    recipe = from_dict({
        "model": {"source": "folder", "name": str(place)}, "data": case.data(tmp_path),
        "task": {"name": name, **case.options}, "evaluate": {"bootstrap": 100}, "export": ["onnx"],
        "training": {"epochs": 2, "batch_size": 4, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    finished = pipeline.run(fused(recipe, second, how="matrix"), tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    entries = read_json(tmp_path / "run/results.json")["exports"]
    assert [entry["parity"]["status"] for entry in entries] == ["passed"]


# --- another tokenizer


def gpt2(folder):
    return models.byte_gpt2(folder, ["my parcel is late", "money back please", "the screen did crash again"] * 3)


@pytest.mark.parametrize("trains", quick_first(["head", "first-backbone", "both-backbones"]))
def test_a_second_tokenizer_reads_the_same_texts(trains, tiny_model, tickets, tmp_path):
    more = tmp_path / "more.csv"
    shutil.copyfile(tickets, more)
    exports = ["safetensors", "onnx"] if trains == "head" else ["safetensors"]
    recipe = tiny.recipe(tiny_model, tickets, export=exports,
                         evaluate={"bootstrap": 100, "extra_sets": [str(more)]})  # fmt: skip
    recipe = fused(recipe, gpt2(tmp_path / "gpt2"), trains=trains)
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    results = read_json(tmp_path / "run/results.json")
    assert {entry["parity"]["status"] for entry in results["exports"]} == {"passed"}
    settings = read_json(tmp_path / "run/model/tlstudio.json")
    assert set(settings["inputs"]) == {"input_ids", "attention_mask", "second_input_ids", "second_attention_mask"}
    assert results["extra"][0]["metrics"]["accuracy"]["value"] >= 0
    folders = [tmp_path / "run", *(tmp_path / "run/exports" / name for name in exports)]
    texts = ["my parcel is late", "[SEP] the screen did crash " * 30]
    answers = [[one["probabilities"] for one in Predictor(place).predict([{"text": text} for text in texts])]
               for place in folders]  # fmt: skip
    for place, other in zip(folders[1:], answers[1:], strict=True):
        predict = whole.predict_of(place)
        for text, one, two in zip(texts, answers[0], other, strict=True):
            assert one == pytest.approx(two, abs=1e-4)
            assert predict(text) == pytest.approx(one, abs=1e-4)
    assert whole.script(folders[1], texts[0]) == whole.script(folders[-1], texts[0])


@pytest.mark.parametrize("name", quick_first(["pair-classification", "multi-label-classification", "regression"]))
def test_scripts_of_two_tokenizers_answer_every_task_of_texts(name, tmp_path):
    case = CASES[name]
    recipe = from_dict({
        "model": {"source": "folder", "name": str(gpt2(tmp_path / "model"))}, "data": case.data(tmp_path),
        "task": {"name": name, **case.options}, "evaluate": {"bootstrap": 100}, "export": ["safetensors", "onnx"],
        "training": {"epochs": 2, "batch_size": 8, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    recipe = fused(recipe, case.model(tmp_path / "second"), how="sum")
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    given = ["parcel 3", "money 4"] if "pair" in name else ["parcel 3"]
    asked = dict(zip(find("tlstudio.tasks")[name].ASKS, given, strict=True))
    answer = Predictor(tmp_path / "run").predict([asked])[0]
    expected = answer["value"] if "value" in answer else answer["probabilities"]
    for place in ("safetensors", "onnx"):
        found = whole.predict_of(tmp_path / "run/exports" / place)(*given)
        assert found == pytest.approx(expected, abs=1e-3, rel=1e-3)
    shown = [whole.script(tmp_path / "run/exports" / place, *given) for place in ("safetensors", "onnx")]
    assert shown[0] == shown[1]
    assert shown[0]


def test_a_student_learns_from_a_fused_teacher_with_two_tokenizers(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(tiny_model, tickets)
    finished = pipeline.run(fused(recipe, gpt2(tmp_path / "gpt2")), tmp_path / "teacher", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    student = recipe.changed("strategy", {"name": "distillation", "teacher": "teacher", "student": "backbone"})
    finished = pipeline.run(student, tmp_path / "student", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error


# --- refusals


def refused(recipe, folder):
    finished = pipeline.run(recipe, folder, tiny.Heard(), Control())
    assert finished.outcome == "failed"
    return finished.error["code"], finished.error["where"]


def test_a_fusion_needs_a_second_backbone(tiny_model, tickets, encoded_tickets, tmp_path):
    with pytest.raises(StudioError) as caught:
        tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, second="")
    assert (caught.value.code, caught.value.where) == ("strategy.no-second", "strategy.second")
    recipe = tiny.recipe(tiny_model, tickets)
    assert refused(fused(recipe, ""), tmp_path / "none") == ("strategy.no-second", "strategy.second")
    absent = fused(recipe, "somebody/absent")
    assert [(problem.code, problem.where) for problem in problems(absent)] == [("model.nowhere", "strategy.second")]
    assert refused(absent, tmp_path / "absent") == ("model.nowhere", "strategy.second")


def test_backbones_must_read_the_same_kind_of_data(tiny_model, tickets, tmp_path):
    image = CASES["image-classification"]
    recipe = tiny.recipe(tiny_model, tickets)
    assert refused(fused(recipe, image.model(tmp_path / "image")), tmp_path / "run")[0] == "strategy.second-kind"


def test_images_of_another_size_are_refused(tmp_path):
    case = CASES["image-classification"]
    place = case.model(tmp_path / "model")
    other = shutil.copytree(place, tmp_path / "other")
    for path in other.glob("*processor*"):
        text = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**text, "image_mean": [0.1, 0.1, 0.1]}), encoding="utf-8")
    recipe = from_dict({
        "model": {"source": "folder", "name": str(place)}, "data": case.data(tmp_path),
        "task": {"name": "image-classification", **case.options}, "evaluate": {"bootstrap": 100}, "export": [],
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    assert refused(fused(recipe, other), tmp_path / "run") == ("strategy.second-reads-otherwise", "strategy.second")


def test_tokens_of_two_tokenizers_cannot_be_joined(tmp_path):
    case = CASES["token-classification"]
    place = case.model(tmp_path / "model")
    other = models.word_bert(tmp_path / "other", ["parcel"])
    recipe = from_dict({
        "model": {"source": "folder", "name": str(place)}, "data": case.data(tmp_path),
        "task": {"name": "token-classification", **case.options}, "evaluate": {"bootstrap": 100}, "export": [],
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    assert refused(fused(recipe, other), tmp_path / "run") == ("strategy.second-tokens", "strategy.second")


def test_regularisers_need_a_backbone_that_trains(tiny_model, tickets):
    recipe = fused(tiny.recipe(tiny_model, tickets, regularise=["r-drop"]), tiny_model)
    with pytest.raises(StudioError) as caught:
        check(recipe)
    assert caught.value.code == "regularise.once"
    check(fused(recipe, tiny_model, trains="both-backbones"))


def test_a_fused_network_is_no_backbone(tiny_model, encoded_tickets, tmp_path):
    model = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets).finish()
    tiny.task().save(model, encoded_tickets, tiny_model, tmp_path / "model")
    with pytest.raises(StudioError) as caught:
        tiny.task().build(tmp_path / "model", encoded_tickets)
    assert caught.value.code == "model.has-parts"
