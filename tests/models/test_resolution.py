"""Backbones at other sides: the architecture's own interpolation, done once and saved."""

from __future__ import annotations

import json

import pytest

from tests.tasks.models import image_network, two_towers
from tlstudio.core.errors import StudioError
from tlstudio.models.resolution import require_possible, resized

AUTO = "AutoModelForImageClassification"


def classifier(folder):
    import transformers

    return transformers.AutoModelForImageClassification.from_pretrained(folder, num_labels=3).eval()


@pytest.mark.parametrize("kind", ["vit", "deit", "dinov2", "clip", "siglip"])
@pytest.mark.parametrize("size", [48, 16])
def test_tables_of_positions_are_interpolated_and_saved(tmp_path, kind, size):
    import torch

    make = two_towers if kind in ("clip", "siglip") else image_network
    model = classifier(make(tmp_path / "model", kind))
    torch.manual_seed(1)
    pixels = torch.rand(2, 3, size, size)
    flag = {} if kind == "dinov2" else {"interpolate_pos_encoding": True}
    with torch.no_grad():
        expected = model(pixel_values=pixels, **flag).logits
        other = resized(model, size).eval()
        found = other(pixel_values=pixels).logits
        other.save_pretrained(tmp_path / "saved")
        again = classifier(tmp_path / "saved")(pixel_values=pixels).logits
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.equal(again, found)
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert (config.get("vision_config") or config)["image_size"] == size


@pytest.mark.parametrize("kind", ["resnet", "convnext", "efficientnet", "swin"])
def test_others_take_any_size_as_they_are(tmp_path, kind):
    model = classifier(image_network(tmp_path, kind))
    assert resized(model, 96) is model
    require_possible(tmp_path, AUTO, 96)


def test_the_own_size_changes_nothing(tmp_path):
    model = classifier(image_network(tmp_path))
    assert resized(model, 32) is model


@pytest.mark.parametrize(("kind", "size"), [("swin", 4), ("convnext", 4), ("vit", 4), ("efficientnet", 8)])
def test_what_is_too_small_is_refused_before_and_after_loading(tmp_path, kind, size):
    folder = image_network(tmp_path, kind)
    for ask in (lambda: require_possible(folder, AUTO, size), lambda: resized(classifier(folder), size)):
        with pytest.raises(StudioError) as caught:
            ask()
        assert (caught.value.code, caught.value.where) == ("task.resolution", "task.resolution")
        assert caught.value.params["kind"] == kind
