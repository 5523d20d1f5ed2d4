"""Encoders with decoders: what their rows are, the loss, and models that do not fit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks import rewriting, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.batches import IGNORED
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.translation import PLUGIN


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return rewriting.model(tmp_path_factory.mktemp("t5"))


def encode(model, folder, emit=silent, control=None, roles=None, **options):
    data = DataSection(path=str(rewriting.write(folder, copies=2)), roles=roles or {})
    rows = require(data, silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, model, emit, control or Control())), rows


def test_rows_hold_sources_and_targets_with_their_end(model, tmp_path):
    from transformers import AutoTokenizer

    encoded, labelled = encode(model, tmp_path, prefix="the old ")
    tokenizer, rows = AutoTokenizer.from_pretrained(model), labelled.splits["train"]
    texts = [list(rows.texts(name)) for name in PLUGIN.ROLES]
    for row, source, target in zip(encoded.splits["train"], *texts, strict=True):
        assert row["input_ids"] == tokenizer(f"the old {source}")["input_ids"]
        assert row["labels"] == tokenizer(target)["input_ids"]
        assert row["labels"][-1] == tokenizer.eos_token_id
        assert row["length"] == len(row["input_ids"])
    assert list(encoded.examples("train")[0]) == ["input_ids"], "the model must not see what it is to write"
    again, _rows = encode(model, tmp_path, prefix="the old ")
    assert again.key == encoded.key
    assert encode(model, tmp_path)[0].key != encoded.key


def test_cut_texts_are_told(model, tmp_path):
    heard = tiny.Heard()
    encoded, labelled = encode(model, tmp_path, heard, max_source_length=8, max_target_length=5, prefix="a b c ")
    notes = {event.code: event.params for event in heard.of("log")}
    assert notes["task.truncated"]["texts"] == encoded.truncated["texts"] > 0
    assert notes["task.targets-cut"]["texts"] == sum(map(len, labelled.splits.values()))
    for row in encoded.splits["train"]:
        assert len(row["labels"]) == 5
        assert row["labels"][-1] == 1, "the end stays, or the model would never learn to stop"
    assert max(map(len, encoded.splits["train"]["input_ids"])) == 8


def test_the_decoder_reads_the_labels_shifted(model, tmp_path):
    encoded, _rows = encode(model, tmp_path)
    network = PLUGIN.build(model, encoded)
    batch = PLUGIN.collator(PLUGIN.Config(), encoded)([encoded.splits["train"][at] for at in range(3)])
    assert batch["input_ids"].shape[1] % 8 == batch["labels"].shape[1] % 8 == 0
    assert batch["decoder_input_ids"].equal(network.prepare_decoder_input_ids_from_labels(labels=batch["labels"]))
    assert (batch["decoder_input_ids"] >= 0).all()
    assert (batch["labels"] == IGNORED).any()
    labels = batch.pop("labels")
    loss = PLUGIN.loss(PLUGIN.Config(), encoded)(network.eval()(**batch), labels)
    theirs = network(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
    assert loss.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_smoothing_and_weights_reach_the_loss(model, tmp_path):
    encoded, _rows = encode(model, tmp_path)
    torch.manual_seed(0)
    outputs = SimpleNamespace(logits=torch.randn(2, 3, 7))
    labels = torch.tensor([[1, 2, IGNORED], [3, IGNORED, IGNORED]])
    each = torch.nn.functional.cross_entropy(outputs.logits.reshape(-1, 7)[[0, 1, 3]], torch.tensor([1, 2, 3]),
                                             reduction="none")  # fmt: skip
    loss = PLUGIN.loss(PLUGIN.Config(), encoded)
    assert loss(outputs, labels).item() == pytest.approx(each.mean().item())
    weighted = loss(outputs, labels, row_weights=torch.tensor([0.5, 1.5]))
    assert weighted.item() == pytest.approx((each * torch.tensor([0.5, 0.5, 1.5])).mean().item())
    smooth = PLUGIN.loss(PLUGIN.Config(label_smoothing=0.2), encoded)(outputs, labels)
    expected = torch.nn.functional.cross_entropy(outputs.logits.reshape(-1, 7)[[0, 1, 3]], torch.tensor([1, 2, 3]),
                                                 label_smoothing=0.2)  # fmt: skip
    assert smooth.item() == pytest.approx(expected.item())


def test_weights_of_rows(model, tmp_path):
    path = whole.write(tmp_path / "w.csv", [*PLUGIN.ROLES, "w"], [(*pair, 1 + at % 3) for at, pair in
                                                                  enumerate(rewriting.PAIRS * 2)])  # fmt: skip
    rows = require(DataSection(path=str(path), roles={"weight": "w"}), silent, Control(), PLUGIN.ROLES)
    encoded = PLUGIN.encode(EncodeJob(PLUGIN.Config(), rows, model, silent, Control()))
    assert np.mean(encoded.splits["train"]["weight"]) == pytest.approx(1)
    assert "weight" not in encoded.splits["test"].column_names
    batch = PLUGIN.collator(PLUGIN.Config(), encoded)([encoded.splits["train"][at] for at in range(3)])
    assert batch["row_weights"].shape == (3,)


def test_lengths(model, tmp_path):
    encoded, _rows = encode(model, tmp_path)
    assert (encoded.max_length, encoded.head["generate"]["max_new_tokens"]) == (128, 128)
    bart = rewriting.model(tmp_path / "bart", "bart")
    assert encode(bart, tmp_path)[0].max_length == 64, "its positions end there"
    with pytest.raises(StudioError) as caught:
        encode(bart, tmp_path, max_target_length=100)
    assert (caught.value.code, caught.value.where) == ("task.too-long", "task.max_target_length")
    t5 = rewriting.model(tmp_path / "t5-positions", n_positions=64)
    assert encode(t5, tmp_path, max_source_length=100)[0].max_length == 100, "T5 has relative positions only"


def test_cancelled(model, tmp_path):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        encode(model, tmp_path, control=control)


# --- models


@pytest.mark.parametrize("config", [{"model_type": "granite_speech"},
                                    {"model_type": "bert", "vocab_size": 9}, {"model_type": "gpt2", "vocab_size": 9},
                                    {"model_type": "voxtral", "vocab_size": 9, "audio_config": {}},
                                    {"model_type": "vit"}, {}])  # fmt: skip
@pytest.mark.parametrize("task", ["translation", "summarisation"])
def test_backbones_that_do_not_write_are_refused(config, task):
    problem = find("tlstudio.tasks")[task].fits(config)
    assert problem is not None
    assert "T5" in problem.remedy


@pytest.mark.parametrize("kind", ["t5", "mt5", "bart", "marian", "mbart", "pegasus", "m2m_100", "led"])
def test_families_that_fit(kind):
    assert PLUGIN.fits({"model_type": kind, "vocab_size": 9, "is_encoder_decoder": True}) is None


def test_strategies_exports_and_steps_that_make_no_sense_are_not_offered():
    assert find("tlstudio.strategies")["linear-probe"].fits(PLUGIN) is not None
    assert find("tlstudio.export")["onnx"].fits(PLUGIN) is not None
    assert find("tlstudio.export")["sentence-transformers"].fits(PLUGIN) is not None
    assert find("tlstudio.compression")["dynamic-int8"].fits(PLUGIN) is not None


def test_missing_weights_are_noticed(model, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(model, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    del weights["encoder.block.1.layer.0.SelfAttention.q.weight"]
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    encoded, _rows = encode(model, tmp_path)
    with pytest.raises(StudioError) as caught:
        PLUGIN.build(broken, encoded)
    assert caught.value.code == "model.cannot-load"
