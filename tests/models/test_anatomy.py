"""Layer groups of real architectures."""

from __future__ import annotations

import pytest

from tests.models.conftest import tiny_classifier
from tests.tasks.models import IMAGE_KINDS, image_network
from tlstudio.models.anatomy import backbone_of, group_name, layer_groups, parameter_groups


@pytest.mark.parametrize(
    ("parameter", "backbone", "expected"),
    [
        ("bert.embeddings.word_embeddings.weight", "bert", ("embeddings", "embeddings")),
        ("bert.encoder.layer.11.output.dense.bias", "bert", ("block 12", "block")),
        ("distilbert.transformer.layer.0.ffn.lin1.weight", "distilbert", ("block 1", "block")),
        ("model.layers.3.mlp.Wi.weight", "model", ("block 4", "block")),
        ("transformer.h.2.attn.c_attn.weight", "transformer", ("block 3", "block")),
        ("bert.pooler.dense.weight", "bert", ("pooler", "block")),
        ("classifier.weight", "bert", ("head", "head")),
        ("pre_classifier.weight", "distilbert", ("head", "head")),
        ("encoder.layer.0.x", "", ("block 1", "block")),
        ("vit.layers.0.attention.q_proj.weight", "vit", ("block 1", "block")),
        ("vit.layernorm.weight", "vit", ("final", "block")),
        ("vit.embeddings.cls_token", "vit", ("embeddings", "embeddings")),
        ("swin.encoder.layers.1.blocks.0.mlp.fc1.weight", "swin", ("block 2", "block")),
        ("resnet.encoder.stages.2.layers.0.layer.1.convolution.weight", "resnet", ("block 3", "block")),
        ("resnet.embedder.embedder.normalization.weight", "resnet", ("embeddings", "embeddings")),
        ("convnext.embeddings.layernorm.weight", "convnext", ("embeddings", "embeddings")),
        ("efficientnet.encoder.top_conv.weight", "efficientnet", ("final", "block")),
        ("vision_model.pre_layrnorm.weight", "vision_model", ("embeddings", "embeddings")),
        ("vision_model.post_layernorm.weight", "vision_model", ("final", "block")),
        ("vision_model.head.probe", "vision_model", ("pooler", "block")),
        ("transformer.ln_f.weight", "transformer", ("final", "block")),
        ("bert.embeddings.LayerNorm.weight", "bert", ("embeddings", "embeddings")),
        ("second.encoder.layer.0.output.dense.weight", "bert", ("second backbone", "block")),
        ("second.pooler.dense.weight", "bert", ("pooler", "block")),
    ],
)
def test_group_name(parameter, backbone, expected):
    assert group_name(parameter, backbone) == expected


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_groups_cover_every_parameter_once(kind):
    model = tiny_classifier(kind)
    groups = layer_groups(model)
    assert [group.name for group in groups if group.name.startswith("block")] == ["block 1", "block 2"]
    assert (groups[0].kind, groups[-1].kind) == ("embeddings", "head")
    assert sum(group.parameters for group in groups) == sum(p.numel() for p in model.parameters())
    names = [name for _kind, members in parameter_groups(model).values() for name in members]
    assert sorted(names) == sorted(name for name, _ in model.named_parameters())


def test_a_model_without_its_backbone_prefix():
    model = tiny_classifier("bert").bert
    assert [group.kind for group in layer_groups(model)] == ["embeddings", "block", "block", "block"]


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_groups_of_image_networks(tmp_path, kind):
    import transformers

    config = transformers.AutoConfig.from_pretrained(image_network(tmp_path, kind))
    model = transformers.AutoModelForImageClassification.from_config(config)
    groups = layer_groups(model)
    assert backbone_of(model) == kind
    assert [group.kind for group in groups] == ["embeddings", *["block"] * (len(groups) - 2), "head"]
    assert sum(group.parameters for group in groups) == sum(p.numel() for p in model.parameters())


def test_as_dict():
    assert layer_groups(tiny_classifier("bert"))[-1].to_dict() == {
        "name": "head", "kind": "head", "parameters": 99, "biases": 3, "norms": 0, "sides": 35,
    }  # fmt: skip
