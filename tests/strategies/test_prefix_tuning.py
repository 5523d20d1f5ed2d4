"""Prefix tuning: every kind of attention sees the learned keys and values, wherever its mask comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests import tiny
from tests.tasks import models, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.models import parts
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.prefix_tuning import PLUGIN, attention_modules
from tlstudio.training.trainer import fit

LENGTH = 3
IDS = torch.tensor([[5, 6, 7, 8, 9], [9, 8, 7, 0, 0]])
TEXTS = {"input_ids": IDS, "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])}
PAIRS = {**TEXTS, "decoder_input_ids": torch.tensor([[2, 6, 7, 8], [2, 9, 5, 6]])}
IMAGES = {"pixel_values": torch.rand(2, 3, 32, 32)}
SENTENCE = ["the parcel is late again", "money back now please"]


def job_of(model, inputs):
    encoded = tiny.Encoded({"train": [{}], "validation": [{}]}, [])
    return TransferJob(lambda **_options: model, encoded, lambda _rows: dict(inputs), tiny.task().HEAD, "key",
                       torch.device("cpu"), silent, Control())  # fmt: skip


def prepared(model, inputs, **options):
    """What the strategy makes of a model."""
    return PLUGIN.prepare(PLUGIN.Config(length=LENGTH, **options), job_of(model, inputs))


def network(kind, folder):
    """A tiny network and what it reads."""
    import transformers as t

    t.set_seed(0)
    if kind == "bert":
        return t.AutoModel.from_pretrained(models.word_bert(folder, ["the", "parcel", "is", "late"])), TEXTS
    if kind == "distilbert":
        config = t.DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=2, hidden_dim=64)
        return t.DistilBertForSequenceClassification(config), TEXTS
    if kind == "gpt2":
        return t.AutoModelForCausalLM.from_pretrained(models.byte_gpt2(folder, SENTENCE)), TEXTS
    if kind == "llama":
        return t.AutoModelForCausalLM.from_pretrained(models.chat_llama(folder, SENTENCE)), TEXTS
    if kind in ("t5", "bart", "marian"):
        return t.AutoModelForSeq2SeqLM.from_pretrained(models.word_writer(folder, kind, SENTENCE)), PAIRS
    return t.AutoModelForImageClassification.from_pretrained(models.image_network(folder, kind)), IMAGES


KINDS = ["bert", "distilbert", "gpt2", "llama", "t5", "bart", "marian", "vit", "dinov2"]


def answer(model, inputs):
    with torch.inference_mode():
        return model.eval()(**inputs)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", ["numbers", "tokens"])
def test_all_attention_gets_a_prefix_that_trains_alone_with_the_head(kind, start, tmp_path):
    model, inputs = network(kind, tmp_path)
    before = answer(model, inputs)
    transfer = prepared(model, inputs, start=start)
    names = {name for name, value in model.named_parameters() if value.requires_grad}
    [modules] = [part["modules"] for part in parts.parts_of(model)]
    assert len(modules) == {"t5": 6, "bart": 6, "marian": 6}.get(kind, 2)
    prefix = {f"{name}.prefix_{what}" for name, *_sizes in modules for what in ("key", "value")}
    assert prefix <= names
    assert all(name.startswith(("classifier", "pooler", "pre_classifier")) for name in names - prefix)
    with torch.no_grad():
        for name in prefix:
            model.get_parameter(name).add_(torch.randn_like(model.get_parameter(name)))
    assert not torch.allclose(before, answer(model, inputs), atol=1e-4)
    assert transfer.finish() is model
    for name, *_sizes in modules:
        module = model.get_submodule(name)
        del module.prefix_key, module.prefix_value
    assert torch.allclose(answer(model, inputs), before, atol=1e-6), "below is the network as it was"


@pytest.mark.parametrize("kind", ["bert", "distilbert", "vit", "dinov2", "bart"])
def test_a_prefix_that_repeats_all_keys_and_values_changes_nothing(kind, tmp_path):
    """A softmax over each key twice gives the same mean."""
    model, inputs = network(kind, tmp_path)
    model = model.get_encoder() if kind == "bart" else model
    given = {name: value[:1] for name, value in inputs.items() if not name.startswith("decoder")}
    before = answer(model, given)
    found = attention_modules(model, job_of(model, given))
    length = len(next(iter(found.values())).keys)
    modules = [[name, *one.shape] for name, one in found.items()]
    parts.add(model, {"part": "prefix", "length": length, "modules": modules})
    with torch.no_grad():
        for name, one in found.items():
            module = model.get_submodule(name)
            module.prefix_key.copy_(one.keys.transpose(0, 1))
            module.prefix_value.copy_(one.values.transpose(0, 1))
    assert torch.allclose(answer(model, given), before, atol=1e-5)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_decoders_do_not_look_ahead_and_write_with_a_cache(kind, tmp_path):
    model, inputs = network(kind, tmp_path)
    prepared(model, inputs)
    shake(model)
    ids = IDS[:1]
    other = torch.cat([ids[:, :-1], ids[:, -1:] + 1], 1)
    for mask in (None, torch.ones_like(ids)):
        left, right = (answer(model, {"input_ids": given, "attention_mask": mask}) for given in (ids, other))
        assert torch.allclose(left[:, :-1], right[:, :-1], atol=1e-6)
        assert not torch.allclose(left[:, -1], right[:, -1], atol=1e-4)
    alone = answer(model, {"input_ids": IDS[1:, :3]})
    assert torch.allclose(answer(model, TEXTS)[1, :3], alone[0], atol=1e-5), "padding does not matter"
    options = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "output_logits": True,
               "return_dict_in_generate": True}  # fmt: skip
    one, two = (model.generate(ids, use_cache=cache, **options) for cache in (True, False))
    assert one.sequences.tolist() == two.sequences.tolist()
    assert torch.allclose(torch.stack(one.logits), torch.stack(two.logits), atol=1e-4)


@pytest.mark.parametrize("kind", ["t5", "bart", "marian"])
def test_networks_that_rewrite_texts_write_with_a_cache(kind, tmp_path):
    model, inputs = network(kind, tmp_path)
    prepared(model, inputs)
    shake(model)
    options = {"max_new_tokens": 6, "do_sample": False, "output_logits": True, "return_dict_in_generate": True}
    one, two = (model.generate(**TEXTS, use_cache=cache, **options) for cache in (True, False))
    assert torch.allclose(torch.stack(one.logits), torch.stack(two.logits), atol=1e-4)


def test_other_networks_are_refused(tmp_path):
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    deberta = DebertaV2ForSequenceClassification(DebertaV2Config(vocab_size=50, **small))
    for model, inputs in ((deberta, TEXTS), network("resnet", tmp_path)):
        with pytest.raises(StudioError) as caught:
            prepared(model, inputs)
        assert caught.value.code == "strategy.no-prefix"


def shake(model):
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "prefix_" in name:
                value.add_(torch.randn_like(value))


def test_it_learns(lively, tmp_path):
    encoded = tiny.encode(lively, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(70)))
    transfer = tiny.transfer(PLUGIN.NAME, lively, encoded)
    heard = tiny.Heard()
    settings = replace(tiny.SETTINGS, epochs=40, learning_rate=1e-2)
    fit(transfer, tiny.task().loss(tiny.task().Config(), encoded), tiny.judge(encoded), settings, tmp_path, heard,
        Control())  # fmt: skip
    assert max(heard.values("validation", "macro_f1")) >= 0.9


@pytest.mark.slow
def test_a_whole_run_of_texts(tiny_model, tickets, tmp_path):
    found = whole.good(
        whole.run("text-classification", tiny_model, tickets, tmp_path, strategy={"name": PLUGIN.NAME, "length": 4},
                  training={**whole.TRAINING, "epochs": 2}, export=["onnx"])
    )  # fmt: skip
    assert [entry["parity"]["status"] for entry in found.results["exports"]] == ["passed"]
    assert found.settings["parts"][0]["part"] == "prefix"
    assert whole.script(found.folder / "exports/onnx", "parcel late")


def test_a_whole_run_of_images(tmp_path):
    model = models.image_network(tmp_path / "vit")
    found = whole.good(
        whole.run("image-classification", model, models.write_pictures(tmp_path / "pictures"), tmp_path,
                  strategy={"name": PLUGIN.NAME}, training={**whole.TRAINING, "epochs": 1})
    )  # fmt: skip
    assert len(found.settings["parts"][0]["modules"]) == 2
