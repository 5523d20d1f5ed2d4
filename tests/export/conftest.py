"""A tiny trained classifier and the job that exports it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import tiny
from tests.tasks import models
from tlstudio.core.control import Control
from tlstudio.core.recipe import Recipe, from_dict
from tlstudio.export.base import ExportJob

LABELS = ["refund", "card|lost", "<script>alert(1)</script>"]
WORDS = ["my", "card", "is", "lost", "refund", "money", "please", "where", "the", "back", "now", "?"]


@pytest.fixture(scope="session")
def classifier(tmp_path_factory) -> Path:
    """A random BERT of two small layers in transformers layout, with tokenizer, labels and our settings file."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("classifier")
    vocabulary = {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
        initializer_range=0.5,
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "tlstudio.json").write_text(json.dumps({"max_length": 16}))
    return folder


@pytest.fixture(scope="session")
def encoded() -> list[dict[str, list[int]]]:
    """Model inputs of some rows."""
    generator = np.random.default_rng(1)
    return tiny.rows([2, *generator.integers(4, 16, generator.integers(1, 14)).tolist(), 3] for _ in range(40))


@pytest.fixture(scope="session")
def reference(classifier, encoded) -> np.ndarray:
    from tlstudio.models.scorers import TorchScorer, score

    return np.stack(score(TorchScorer(classifier), encoded))


@pytest.fixture(scope="session")
def int8_folder(classifier, tmp_path_factory) -> Path:
    """What the dynamic-int8 step leaves."""
    import shutil

    from transformers import AutoModelForSequenceClassification

    from tlstudio.models.folders import copy_tokenizer
    from tlstudio.models.onnx_graph import quantise_dynamic, to_onnx

    work = tmp_path_factory.mktemp("int8")
    folder = work / "1-dynamic-int8"
    copy_tokenizer(classifier, folder)
    shutil.copyfile(classifier / "config.json", folder / "config.json")
    to_onnx(AutoModelForSequenceClassification.from_pretrained(classifier), work / "fp32.onnx")
    quantise_dynamic(work / "fp32.onnx", folder / "model.onnx")
    return folder


@pytest.fixture
def recipe() -> Recipe:
    return from_dict({"model": {"name": "org/tiny"}, "compress": ["dynamic-int8"]})


@dataclass
class Heard:
    """Collects events."""

    events: list[Any] = field(default_factory=list)

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]


@pytest.fixture
def heard() -> Heard:
    return Heard()


def results() -> dict[str, Any]:
    def measured(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.02, "high": value + 0.01}

    return {
        "run": "20261122-101500-tiny-full-fine-tuning",
        "created": "2026-11-22T10:15:00+00:00",
        "task": "text-classification",
        "labels": LABELS,
        "data": {
            "path": "/home/someone/secret/tickets.csv",
            "source": "csv",
            "rows": {"train": 800, "validation": 100, "test": 200},
            "classes": [{"label": label, "train": 260, "validation": 33, "test": 66} for label in LABELS],
            "truncated": {"texts": 12, "share": 0.011, "tokens_lost": 340, "max_length": 16},
        },
        "model": {
            "name": "org/tiny",
            "revision": "abc",
            "architecture": "BertModel",
            "parameters": 20_000,
            "trainable": 20_000,
            "licence": "apache-2.0",
        },
        "training": {"strategy": "full-fine-tuning", "strategy_title": "Full", "epochs_done": 3, "best_epoch": 2},
        "baselines": [
            {
                "name": "majority",
                "title": "Largest class",
                "metrics": {"accuracy": measured(0.33), "macro_f1": measured(0.17)},
            }
        ],
        "test": {
            "rows": 200,
            "metrics": {"accuracy": measured(0.94), "macro_f1": measured(0.93), "ece": measured(0.03)},
            "per_class": [{"label": label, "support": 66 if i else 5} for i, label in enumerate(LABELS)],
        },
        "stages": [
            {"name": "trained", "metrics": {"accuracy": measured(0.94)}, "latency": {"1": {"median_ms": 24.1}}},
            {"name": "1-dynamic-int8", "metrics": {"accuracy": measured(0.935)}, "latency": {"1": {"median_ms": 9.4}}},
        ],
    }


@pytest.fixture
def job(tmp_path, classifier, int8_folder, recipe, heard) -> ExportJob:
    return ExportJob(
        run_folder=tmp_path / "run",
        model_folder=classifier,
        compressed={"1-dynamic-int8": int8_folder},
        results=results(),
        recipe=recipe,
        emit=heard,
        control=Control(),
    )


@pytest.fixture
def canine_classifier(tmp_path) -> Path:
    """The folder of a model whose tokenizer cannot be written as tokenizer.json."""
    folder = models.canine(tmp_path / "canine")
    (folder / "tlstudio.json").write_text(json.dumps({"max_length": 16}))
    return folder
