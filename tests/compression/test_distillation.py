"""Distillation as a compression step: smaller students of each kind learn the trained model's answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests import tiny
from tests.conftest import WORDS
from tests.tasks import models
from tlstudio import pipeline
from tlstudio.compression import narrowing, networks
from tlstudio.compression.base import CompressJob
from tlstudio.compression.distillation import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models.scorers import TorchScorer
from tlstudio.pipeline import again, compressing
from tlstudio.pipeline.checks import Configured, check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.forms import TRAINED, Form


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A trained run, reopened for compression, and a model of another architecture with another tokenizer."""
    folder = tmp_path_factory.mktemp("run")
    with tiny.own_home(folder / "home"):
        backbone = models.word_bert(folder / "backbone", WORDS)
        recipe = tiny.recipe(backbone, tiny.write_csv(folder / "tickets.csv"), strategy={"name": "full-fine-tuning"},
                             training={"epochs": 6, "batch_size": 8, "threads": 1, "precision": "fp32",
                                       "learning_rate": 3e-3})  # fmt: skip
        finished = pipeline.run(recipe, folder / "run", tiny.Heard(), Control())
        assert finished.outcome == "completed", finished.error
        context = Context(
            recipe, folder / "run", tiny.Heard(), Control(), ("tokenise", "compress"), events="more.jsonl"
        )
        context.results = read_json(folder / "run/results.json")
        stages = again.reopened(context, check(recipe))
        yield stages, models.byte_gpt2(folder / "other", [" ".join(WORDS)])
        context.close()


def _distilled(run, target, **options):
    """The form that the step gives, and the share of training rows that it answers like the trained model."""
    stages, other = run
    options = {name: str(other) if value == "OTHER" else value for name, value in options.items()}
    before = Form(TRAINED, stages.context.folder / "model", "transformers", stages.encoded, stages.scorer())
    form = compressing.apply(stages, Configured(PLUGIN, PLUGIN.Config(**options)), before, target / "1-s", "1-s")
    answers = [tiny.logits(one.scorer, one.examples("train")).argmax(1) for one in (before, form)]
    return form, float((answers[0] == answers[1]).mean())


def test_a_student_of_fewer_layers(run, tmp_path):
    form, alike = _distilled(run, tmp_path, epochs=3, learning_rate=2e-3, teacher=1.0)
    assert json.loads((form.folder / "config.json").read_text())["num_hidden_layers"] == 1
    assert alike > 0.9


def test_a_narrower_student(run, tmp_path):
    form, alike = _distilled(run, tmp_path, student="narrower", width=0.5, epochs=6, learning_rate=3e-3, hidden=0.1)
    config = json.loads((form.folder / "config.json").read_text())
    assert (config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]) == (24, 48, 2)
    assert config["num_hidden_layers"] == 2
    assert networks.parameters(networks.load(form.folder)) < 0.5 * networks.parameters(run[0].model)
    assert alike > 0.9


def test_another_model_with_another_tokenizer(run, tmp_path):
    form, alike = _distilled(run, tmp_path, student="model", model="OTHER", epochs=8, learning_rate=3e-3, teacher=1.0)
    assert json.loads((form.folder / "config.json").read_text())["model_type"] == "gpt2"
    assert form.encoded.examples("train")[0]["input_ids"] != run[0].encoded.examples("train")[0]["input_ids"]
    assert read_json(form.folder / "tlstudio.json")["task"] == "text-classification"
    assert alike > 0.8
    again = TorchScorer(form.folder)  # from the folder alone, with the rows as the pipeline reads them for it
    rows = form.examples("test")
    np.testing.assert_allclose(tiny.logits(again, rows), tiny.logits(form.scorer, rows), atol=1e-5)


def test_texts_without_labels_are_learnt(run, tmp_path):
    texts = tmp_path / "more.csv"
    texts.write_text("text\n" + "\n".join(f"my parcel is late again {at}" for at in range(12)) + "\n")
    run[0].context.emit = heard = tiny.Heard()
    _distilled(run, tmp_path, epochs=1, unlabelled=str(texts))
    told = [event for event in heard.of("log") if event.code == "strategy.unlabelled"]
    assert [event.params["count"] for event in told] == [12]


def test_what_cannot_be_a_student(run, tmp_path):
    for options, code in (({"student": "model"}, "compress.no-student"), ({"layers": 5}, "compress.layers"),
                          ({"student": "model", "model": "nowhere"}, "model.nowhere")):  # fmt: skip
        with pytest.raises(StudioError) as problem:
            _distilled(run, tmp_path, epochs=1, **options)
        assert problem.value.code == code
    assert list(tmp_path.iterdir()) == []


# --- narrower networks


def _planted(kind, useless):
    """A network with hidden dimensions, neurons and heads of no effect in known places."""
    import transformers

    torch.manual_seed(0)
    sizes = {"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
             "intermediate_size": 24}  # fmt: skip
    model = getattr(transformers, f"{kind}ForSequenceClassification")(getattr(transformers, f"{kind}Config")(**sizes))
    with torch.no_grad():
        for block in range(2):
            layer = model.base_model.encoder.layer[block]
            layer.intermediate.dense.weight[:12], layer.intermediate.dense.bias[:12] = 0, 0
            layer.output.dense.weight[:, :12] = 0
            head = layer.attention.self
            for one in (head.query, head.key, head.value):
                one.weight[:8], one.bias[:8] = 0, 0
            layer.attention.output.dense.weight[:, :8] = 0
    return model.eval()


def test_what_matters_stays(monkeypatch):
    """With all hidden dimensions kept, a student without the useless heads and neurons answers just the same."""
    model = _planted("Bert", 0)
    config = type(model.config)(**{**model.config.to_dict(), "intermediate_size": 12})
    student = type(model)(config).eval()
    before = narrowing.widths_of(model)
    narrowing._fill(student, model, [0, 1], torch.arange(16), (before, narrowing.Widths(16, 12, 4, 4)))
    given = {"input_ids": torch.tensor([[3, 7, 9, 1]])}
    np.testing.assert_allclose(student(**given).logits.detach(), model(**given).logits.detach(), atol=1e-5)

    monkeypatch.setattr(narrowing, "importance", lambda *_given: torch.arange(16.0))
    job = CompressJob(None, "transformers", tiny.Heard(), Control())
    small = narrowing.narrowed(model, 0.5, [0, 1], job)
    own, other = small.bert.encoder.layer[1], model.bert.encoder.layer[1]
    torch.testing.assert_close(own.attention.self.query.weight, other.attention.self.query.weight[8:, 8:])
    torch.testing.assert_close(own.attention.output.dense.weight, other.attention.output.dense.weight[8:, 8:])
    torch.testing.assert_close(own.intermediate.dense.weight, other.intermediate.dense.weight[12:, 8:])
    torch.testing.assert_close(own.output.dense.bias, other.output.dense.bias[8:])
    torch.testing.assert_close(small.bert.embeddings.word_embeddings.weight,
                               model.bert.embeddings.word_embeddings.weight[:, 8:])  # fmt: skip


def test_networks_that_cannot_be_made_narrower():
    import transformers

    for kind, options in (("GPT2", {"n_embd": 16, "n_layer": 2, "n_head": 2, "pad_token_id": 0}),
                          ("Llama", {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
                                     "num_key_value_heads": 2, "intermediate_size": 24})):  # fmt: skip
        config = getattr(transformers, f"{kind}Config")(vocab_size=30, **options)
        with pytest.raises(StudioError) as problem:
            narrowing.widths_of(getattr(transformers, f"{kind}ForSequenceClassification")(config))
        assert problem.value.code == "compress.no-narrower"
