"""Text classification: what a text becomes, and what is saved."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models import tokenizers
from tlstudio.models.heads import Head
from tlstudio.tasks import texts as module
from tlstudio.tasks.base import Encoded, EncodeJob
from tlstudio.tasks.classes import class_weights
from tlstudio.tasks.text_classification import PLUGIN as TASK


def test_encoding_keeps_rows_labels_and_special_tokens(tiny_model, tickets):
    from transformers import AutoTokenizer

    rows = require(DataSection(path=str(tickets)), silent, Control())
    encoded = TASK.encode(EncodeJob(TASK.Config(), rows, tiny_model, silent, Control()))
    assert encoded.labels == ["delivery", "refund", "technical"]
    assert encoded.max_length == 64
    assert encoded.truncated == {"texts": 0, "share": 0.0, "tokens_lost": 0, "max_length": 64}
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    for split in rows.splits:
        texts = rows.splits[split].dataset(rows.roles)["text"]
        assert tiny.ids(encoded, split) == [tokenizer(text)["input_ids"] for text in texts]
        assert encoded.targets(split) == rows.class_numbers(split)
        assert encoded.splits[split]["length"] == [len(ids) for ids in tiny.ids(encoded, split)]
    assert tiny.ids(encoded, "test")[0][0] == tokenizer.cls_token_id


def test_truncation_is_counted_and_told(tiny_model, tmp_path):
    rows = [(f"help {'my ' * (index % 10)}{index}", "ab"[index % 2]) for index in range(40)]
    heard = tiny.Heard()
    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path / "long.csv", rows), heard, max_length=8)
    whole = tiny.encode(tiny_model, tmp_path / "long.csv", max_length=64)
    full = [len(ids) for split in whole.splits for ids in tiny.ids(whole, split)]
    over = [length - 8 for length in full if length > 8]
    expected = {"texts": len(over), "share": len(over) / 40, "tokens_lost": sum(over), "max_length": 8}
    assert over
    assert encoded.truncated == expected
    assert max(len(ids) for split in encoded.splits for ids in tiny.ids(encoded, split)) == 8
    assert all(ids[-1] == 3 for ids in tiny.ids(encoded, "train")), "the final special token survives"
    [note] = heard.of("log")
    assert note.code == "task.truncated"
    assert note.message.format(**note.params).startswith(f"{len(over)} texts (")


def test_the_cache_is_used_and_knows_what_matters(tiny_model, tickets, monkeypatch):
    first = tiny.encode(tiny_model, tickets)
    tokenise, calls = module.tokenise, []
    monkeypatch.setattr(module, "tokenise", lambda *args: (calls.append(1), tokenise(*args))[1])
    again = tiny.encode(tiny_model, tickets)
    assert not calls
    assert again.key == first.key
    assert tiny.ids(again, "train") == tiny.ids(first, "train")
    assert tiny.encode(tiny_model, tickets, max_length=8).key != first.key
    assert len(calls) == 3
    other_split = tiny.encode(tiny_model, tickets, data_options={"split": {"seed": 8}})
    assert other_split.key != first.key
    tickets.write_text(tickets.read_text().replace("please", "now"))
    assert tiny.encode(tiny_model, tickets).key != first.key


def test_cancelled_tokenising_leaves_nothing(tiny_model, tickets):
    rows, control = require(DataSection(path=str(tickets)), silent, Control()), Control()
    control.cancel()
    with pytest.raises(Cancelled):
        TASK.encode(EncodeJob(TASK.Config(), rows, tiny_model, silent, control))
    assert not [path for path in cache_folder("tokens").rglob("*") if path.is_file()]


def test_more_tokens_than_the_model_reads(tiny_model, tickets):
    with pytest.raises(StudioError) as caught:
        tiny.encode(tiny_model, tickets, max_length=100)
    assert (caught.value.code, caught.value.where) == ("task.too-long", "task.max_length")


def test_a_monstrous_text_is_cut_before_it_is_tokenised(tiny_model, monkeypatch):
    monkeypatch.setattr(tokenizers, "_CHARACTERS", 50)
    ids, full = module.tokenise(module.load_tokenizer(tiny_model), ["my " * 1000, "help"], 8)
    assert [len(row) for row in ids] == [8, 3]
    assert full[0] < 60


def test_building_names_the_classes_and_replaces_another_head(tiny_model, tmp_path):
    import torch

    model = TASK.build(tiny_model, Encoded({}, ["one", "two", "three"]))
    assert model.config.id2label == {0: "one", 1: "two", 2: "three"}
    assert model.dtype == torch.float32
    model.save_pretrained(tmp_path / "three")
    again = TASK.build(tmp_path / "three", Encoded({}, ["x", "y"]), hidden_dropout_prob=0.25)
    assert again.classifier.weight.shape == (2, 32)
    assert again.config.label2id == {"x": 0, "y": 1}
    assert again.config.hidden_dropout_prob == 0.25
    backbone = again.base_model.state_dict()
    assert all(torch.equal(value, backbone[name]) for name, value in model.base_model.state_dict().items())


def test_class_weights_are_those_of_scikit_learn(tiny_model, tmp_path):
    import numpy as np
    import torch
    from sklearn.utils.class_weight import compute_class_weight

    rows = [(f"help {index}", "often" if index % 5 else "rare") for index in range(50)]
    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path / "skewed.csv", rows))
    targets = encoded.targets("train")
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=targets)
    assert class_weights(encoded).tolist() == pytest.approx(expected.tolist())

    class Outputs:
        logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])

    labels = torch.tensor([1, 0, 0])
    each = torch.nn.functional.cross_entropy(Outputs.logits, labels, reduction="none")
    plain = TASK.loss(TASK.Config(), encoded)(Outputs, labels)
    balanced = TASK.loss(TASK.Config(class_weights="balanced"), encoded)(Outputs, labels)
    assert plain.item() == pytest.approx(each.mean().item())
    assert balanced.item() == pytest.approx((each * torch.tensor(expected)[labels]).mean().item())


def test_saving_and_reading_back(tiny_model, tickets, tmp_path):
    from transformers import AutoModelForSequenceClassification

    encoded = tiny.encode(tiny_model, tickets, max_length=16)
    TASK.save(TASK.build(tiny_model, encoded), encoded, tiny_model, tmp_path / "model")
    assert {"config.json", "model.safetensors", "tokenizer.json", "tlstudio.json"} <= {
        path.name for path in (tmp_path / "model").iterdir()
    }
    settings = json.loads((tmp_path / "model/tlstudio.json").read_text())
    assert (settings["task"], settings["max_length"]) == (TASK.NAME, 16)
    assert settings["inputs"] == {name: {"dtype": "int64", "shape": [None]} for name in ("input_ids", "attention_mask")}
    assert Head.of(settings) == TASK.HEAD
    assert AutoModelForSequenceClassification.from_pretrained(tmp_path / "model").config.num_labels == 3
    texts = ["please help now", "my " * 40]
    ids = module.tokenise(module.load_tokenizer(tiny_model), texts, 16)[0]
    asked = [{"text": text} for text in texts]
    assert TASK.examples(tmp_path / "model", asked) == [{"input_ids": row} for row in ids]


def test_a_damaged_tokenizer_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{broken")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(StudioError) as caught:
        module.load_tokenizer(tmp_path)
    assert caught.value.code == "model.bad-tokenizer"
    assert caught.value.where == str(tmp_path)


def weighted(tmp_path, weights):
    lines = ["text,label,w"] + [f"text number {i},class {i % 2},{weights[i % len(weights)]}" for i in range(40)]
    path = tmp_path / "weighted.csv"
    path.write_text("\n".join(lines))
    return path


def test_weights_of_rows_have_mean_one_and_reach_the_loss(tmp_path, tiny_model):
    import torch

    options = {"roles": {"weight": "w"}}
    encoded = tiny.encode(tiny_model, weighted(tmp_path, ["1", "3.0"]), data_options=options)
    train = encoded.splits["train"]
    assert sum(train["weight"]) / len(train) == pytest.approx(1)
    assert set(np.round(train["weight"], 3)) == set(np.round([0.5 * 1, 0.5 * 3], 3))
    assert "weight" not in encoded.splits["test"].column_names
    loss = TASK.loss(TASK.Config(), encoded)
    outputs = SimpleNamespace(logits=torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    labels, each = torch.tensor([0, 0]), torch.nn.functional.cross_entropy
    plain = each(outputs.logits, labels, reduction="none")
    assert loss(outputs, labels) == pytest.approx(plain.mean().item())
    found = loss(outputs, labels, row_weights=torch.tensor([0.5, 1.5]))
    assert found == pytest.approx((plain * torch.tensor([0.5, 1.5])).mean().item())


@pytest.mark.parametrize(("weights", "code"), [(["1", "much"], "data.bad-number"), (["-1"], "data.bad-number"),
                                               (["0"], "data.no-weight")])  # fmt: skip
def test_wrong_weights(tmp_path, tiny_model, weights, code):
    with pytest.raises(StudioError) as caught:
        tiny.encode(tiny_model, weighted(tmp_path, weights), data_options={"roles": {"weight": "w"}})
    assert caught.value.code == code
