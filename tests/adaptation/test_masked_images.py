"""Images painted from a few of their patches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel

from tests.adaptation.common import learn
from tests.tasks.models import image_network
from tlstudio.adaptation import masked_images
from tlstudio.tasks.base import ListRows


def stripes(count, side):
    """Images with stripes, whose hidden patches follow from the others."""
    draw = np.random.default_rng(0)
    rows = []
    for _row in range(count):
        wave = np.sin(np.arange(side) * draw.uniform(0.2, 0.8) + draw.uniform(0, 6)).astype(np.float32)
        rows.append({"pixel_values": np.broadcast_to(wave, (3, side, side)).copy()})
    return ListRows(rows)


@pytest.mark.parametrize("kind", ["vit", "dinov2"])
def test_the_loss_falls(kind, tmp_path):
    folder = image_network(tmp_path / "model", kind)
    backbone = AutoModel.from_pretrained(folder)
    rows = stripes(48, backbone.config.image_size)
    _network, losses = learn("masked-images", backbone, folder, rows, tmp_path, epochs=15, rate=3e-3, masked=0.5,
                             decoder_width=32)  # fmt: skip
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    assert not backbone.embeddings._forward_hooks


def test_the_backbone_computes_only_what_it_sees(tmp_path):
    backbone = AutoModel.from_pretrained(image_network(tmp_path / "model", "vit"))
    network = masked_images.painter(backbone, masked_images.Options(masked=0.75))
    seen = []
    backbone.layernorm.register_forward_hook(lambda _module, _given, states: seen.append(states.shape[1]))
    side, size = backbone.config.image_size, backbone.config.patch_size
    count = (side // size) ** 2
    images = torch.randn(2, 3, side, side)
    found = network(pixel_values=images, noise=torch.tensor([1, 2]))
    left = max(1, count - round(0.75 * count))
    assert seen == [1 + left]
    assert found.painted.shape == found.goal.shape == (2, count - left, 3 * size * size)


def test_patches_and_their_order():
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)
    patches = masked_images.patches_of(images, 2)
    assert patches.shape == (2, 4, 12)
    assert torch.equal(patches[0, 1], images[0, :, :2, 2:].flatten())
    orders = masked_images.draws(torch.tensor([5, 5, 6]), 16)
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    assert sorted(orders[2].tolist()) == list(range(16))


def test_other_networks_are_refused():
    assert masked_images.PLUGIN.fits({"model_type": "resnet"}).code == "adapt.no-patches"
