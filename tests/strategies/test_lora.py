"""LoRA: what trains is what is drawn, and the result is an ordinary model that answers as it did in training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import tiny
from tests.tasks import models, speech, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.anatomy import layer_groups, parameter_groups
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.lora import PLUGIN, target_names
from tlstudio.tasks.base import EncodeJob
from tlstudio.training.trainer import fit


@pytest.fixture
def encoded(tiny_model, tickets):
    return tiny.encode(tiny_model, tickets)


def causal(model, folder, emit=silent, **options):
    """What LoRA makes of a decoder."""
    import torch

    task = find("tlstudio.tasks")["causal-lm"]
    rows = require(DataSection(path=str(speech.circle_file(folder))), silent, Control(), task.ROLES)
    made = task.encode(EncodeJob(task.Config(block_size=16), rows, model, silent, Control()))

    def build(**overrides):
        torch.manual_seed(3)
        return task.build(model, made, **overrides)

    job = TransferJob(build, made, task.collator(task.Config(), made), task.HEAD, "key", torch.device("cpu"), emit,
                      Control())  # fmt: skip
    return PLUGIN.prepare(PLUGIN.Config(**options), job), build()


def trained_groups(prepared, plain):
    """For each layer group of the plain model, whether anything in it or beside it trains."""
    moving = [name for name, parameter in prepared.model.named_parameters() if parameter.requires_grad]
    found = []
    for _group, (_kind, names) in parameter_groups(plain).items():
        modules = {name.rpartition(".")[0] for name in names}
        found.append(any(name in names or any(name.startswith(f"{module}.lora_") for module in modules if module)
                         for name in moving))  # fmt: skip
    return found


def shake(model):
    """Gives the small matrices values, as a training would."""
    import torch

    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and "lora_" in name:
                parameter.add_(torch.randn_like(parameter) * 0.3)


def test_what_trains_is_what_is_drawn(tiny_model, encoded, tmp_path):
    plain = tiny.task().build(tiny_model, encoded)
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    assert [one.trains for one in PLUGIN.plan(PLUGIN.Config(), layer_groups(plain), 3.0)] == trained_groups(
        prepared, plain
    )
    assert trained_groups(prepared, plain) == [False, True, True, True, True]
    for name, build in (("gpt2", models.byte_gpt2), ("tied", models.chat_llama),
                        ("untied", lambda folder, texts: models.chat_llama(folder, texts, tied=False))):  # fmt: skip
        prepared, plain = causal(build(tmp_path / name, speech.vocabulary()), tmp_path / f"{name}-data")
        drawn = [one.trains for one in PLUGIN.plan(PLUGIN.Config(), layer_groups(plain), 3.0)]
        assert drawn == trained_groups(prepared, plain), name
        kinds = [group.kind for group in layer_groups(plain)]
        assert all(not flag for flag, kind in zip(drawn, kinds, strict=True) if kind in ("head", "embeddings"))


@pytest.mark.parametrize("dora", [False, True])
@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama"])
def test_the_merged_model_answers_alike_and_is_ordinary(kind, dora, tiny_model, encoded, tmp_path):
    import torch

    if kind == "bert":
        prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, dora=dora)
        plain = tiny.task().build(tiny_model, encoded)
    else:
        build = models.byte_gpt2 if kind == "gpt2" else models.chat_llama
        prepared, plain = causal(build(tmp_path / kind, speech.vocabulary()), tmp_path, dora=dora)
    batch = prepared.collate([prepared.train[at] for at in range(4)])
    batch.pop("labels")
    prepared.model.eval()
    with torch.inference_mode():
        before = prepared.model(**batch).logits
    shake(prepared.model)
    with torch.inference_mode():
        changed = prepared.model(**batch).logits
    merged = prepared.finish().eval()
    with torch.inference_mode():
        after = merged(**batch).logits
    assert not torch.allclose(before, changed, atol=1e-3)
    assert torch.allclose(changed, after, atol=1e-3)
    assert type(merged) is type(plain)
    assert set(merged.state_dict()) == set(plain.state_dict())
    assert merged.config.to_dict().keys() == plain.config.to_dict().keys()
    assert all(parameter.requires_grad for parameter in merged.parameters())


def test_only_what_trains_is_kept_while_training(tiny_model, encoded, tmp_path, monkeypatch):
    from safetensors.torch import load_file

    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, rank=2)
    settings = replace(tiny.SETTINGS, epochs=1)
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    fit(prepared, loss, tiny.judge(encoded), settings, tmp_path, silent, Control())
    kept = load_file(tmp_path / "best.safetensors")
    assert all("lora_" in name or name.startswith(("classifier", "bert.pooler")) for name in kept)
    assert any("lora_A" in name for name in kept)
    assert sum(value.numel() for value in kept.values()) < 0.5 * sum(p.numel() for p in prepared.model.parameters())


def test_options_reach_the_matrices(tiny_model, encoded):
    heard = tiny.Heard()
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard, rank=3, alpha=12, lora_dropout=0.2)
    layer = prepared.model.bert.encoder.layer[0].attention.self.query
    assert layer.lora_A["default"].weight.shape == (3, 32)
    assert layer.scaling["default"] == 4
    assert layer.lora_dropout["default"].p == 0.2
    assert prepared.model.config.attention_probs_dropout_prob == 0.0
    [note] = [event for event in heard.of("log") if event.code == "strategy.lora"]
    assert note.params["count"] == sum(p.numel() for p in prepared.model.parameters() if p.requires_grad)
    assert prepared.finish().config.attention_probs_dropout_prob == 0.1
    kept = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, attention_dropout=0.3)
    assert kept.model.config.attention_probs_dropout_prob == 0.3


def test_auto_takes_a_rank_by_the_rows(tiny_model, encoded):
    prepared = tiny.transfer(PLUGIN.NAME, tiny_model, encoded)
    layer = prepared.model.bert.encoder.layer[0].attention.self.query
    assert layer.r["default"] == 8
    assert layer.scaling["default"] == 2
    many = replace(encoded, splits={**encoded.splits, "train": range(2000)})
    layer = tiny.transfer(PLUGIN.NAME, tiny_model, many).model.bert.encoder.layer[0].attention.self.query
    assert layer.r["default"] == 16


def test_which_layers(tiny_model, encoded, tmp_path):
    import torch

    model = tiny.task().build(tiny_model, encoded)
    every = target_names(model, "auto")
    assert len(every) == 2 * 6
    assert all(isinstance(model.get_submodule(name), torch.nn.Linear) for name in every)
    assert not any("classifier" in name or "pooler" in name for name in every)
    attention = target_names(model, "attention")
    assert len(attention) == 2 * 4
    assert set(attention) < set(every)
    with pytest.raises(StudioError) as caught:
        target_names(torch.nn.Sequential(torch.nn.Linear(2, 2)), "auto")
    assert caught.value.code == "strategy.no-lora-layers"


def test_convolutions_where_there_is_nothing_else():
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    names = target_names(ResNetForImageClassification(config), "auto")
    assert names
    assert all("stages" in name for name in names)


def test_it_fits_every_task_and_has_its_own_defaults():
    assert all(PLUGIN.fits(task) is None for task in find("tlstudio.tasks").values())
    assert PLUGIN.defaults(PLUGIN.Config(), 5000).learning_rate == 2e-4
    assert PLUGIN.defaults(PLUGIN.Config(), 5000, 384).learning_rate == 5e-4
    assert PLUGIN.REHEARSES


def test_a_whole_run(tiny_model, tickets, tmp_path):
    training = {**whole.TRAINING, "epochs": 20, "batch_size": 4, "learning_rate": 3e-3}
    found = whole.good(
        whole.run("text-classification", tiny_model, tickets, tmp_path, strategy={"name": PLUGIN.NAME},
                  training=training, export=["safetensors"])
    )  # fmt: skip
    results = found.results
    assert results["test"]["metrics"]["accuracy"]["value"] == 1.0
    assert 0 < results["model"]["trainable"] < results["model"]["parameters"]
    assert results["exports"][0]["parity"]["status"] == "passed"
    from safetensors import safe_open

    with safe_open(found.folder / "model/model.safetensors", "pt") as weights:
        assert not any("lora" in name or "base_layer" in name for name in weights.keys())  # noqa: SIM118
