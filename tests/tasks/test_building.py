"""A backbone under the head of a task: which weights it brings, and what is told of those that it does not bring."""

from __future__ import annotations

from typing import Any

import pytest
import transformers

from tests import tiny
from tests.tasks import models, speech
from tlstudio.core.plugins import find
from tlstudio.tasks.building import build_model, fresh_head, tell_fresh_head

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 60}
T5 = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "vocab_size": 60}


def task(name: str) -> Any:
    return find("tlstudio.tasks")[name]


def saved(folder, auto: str, kind: str, **values: Any):
    config = transformers.AutoConfig.for_model(kind, **values)
    getattr(transformers, auto).from_config(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("name", "auto", "kind", "values", "fresh"), [
    ("masked-lm", "AutoModel", "bert", SIZES, 6),
    ("masked-lm", "AutoModelForSequenceClassification", "bert", SIZES, 6),
    ("masked-lm", "AutoModelForMaskedLM", "bert", SIZES, 0),
    ("causal-lm", "AutoModel", "gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 2, "vocab_size": 60}, 0),
    ("causal-lm", "AutoModel", "llama", {**SIZES, "tie_word_embeddings": True}, 0),
    ("causal-lm", "AutoModel", "llama", SIZES, 1),
    ("instruction-tuning", "AutoModelForCausalLM", "llama", SIZES, 0),
    ("translation", "AutoModel", "t5", T5, 0),
])  # fmt: skip
def test_a_language_model_without_its_head_is_told(tmp_path, name, auto, kind, values, fresh):
    """Of a bare GPT-2 nothing is missing: it writes with the weights that it reads with."""
    note = fresh_head(task(name), saved(tmp_path, auto, kind, **values))
    assert (note.params["count"] if note else 0) == fresh
    heard = tiny.Heard()
    tell_fresh_head(heard, task(name), tmp_path)
    assert heard.codes() == ["model.fresh-head"] * bool(fresh)
    if note:
        assert note.params["network"] in note.remedy
        assert heard.of("log")[0].level == "warning"


@pytest.mark.parametrize("name", ["text-classification", "token-classification", "sentence-embedding"])
def test_heads_of_other_tasks_are_always_new(tmp_path, name):
    assert fresh_head(task(name), saved(tmp_path, "AutoModel", "bert", **SIZES)) is None


def test_looking_takes_no_weights(tmp_path, monkeypatch):
    """Names are enough; the networks of today would fill the memory for a note."""
    import safetensors.torch

    folder = saved(tmp_path, "AutoModel", "bert", **SIZES)
    monkeypatch.setattr(safetensors.torch, "load_file", None)
    assert fresh_head(task("masked-lm"), folder) is not None
    model = build_model(task("masked-lm").HEAD, models.word_bert(tmp_path / "words", speech.vocabulary()), {})
    assert all(parameter.device.type == "cpu" for parameter in model.parameters())
