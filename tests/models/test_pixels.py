"""Images as numbers: the same as transformers' own processors where these can do it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.tasks.models import IMAGE_KINDS, image_network, two_towers
from tlstudio.core.errors import StudioError
from tlstudio.models.pixels import Pixels, read_pixels, stated_size, write_processor


def pictures():
    draw = np.random.default_rng(0)
    return [Image.fromarray(draw.integers(0, 256, (high, wide, 3), dtype=np.uint8))
            for high, wide in ((50, 70), (71, 53), (64, 64), (33, 90))]  # fmt: skip


def theirs(folder, image):
    from transformers.models.auto.image_processing_auto import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    return np.asarray(processor(images=image, return_tensors="np")["pixel_values"][0])


def ours(pixels, image):
    return pixels.values(np.asarray(pixels.square(image)))


@pytest.mark.parametrize("kind", [*IMAGE_KINDS, "clip", "siglip"])
def test_the_values_are_those_of_the_processor_before_and_after_saving(tmp_path, kind):
    make = two_towers if kind in ("clip", "siglip") else image_network
    folder = make(tmp_path / "model", kind)
    pixels = read_pixels(folder)
    (tmp_path / "saved").mkdir()
    write_processor(pixels, tmp_path / "saved")
    for image in pictures():
        found = ours(pixels, image)
        assert found.dtype == np.float32
        assert found.flags.c_contiguous
        assert np.abs(found - theirs(folder, image)).max() < 1e-6
        assert np.abs(found - theirs(tmp_path / "saved", image)).max() < 1e-6


def test_blue_first(tmp_path):
    import transformers

    transformers.MobileViTImageProcessorPil(
        size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(tmp_path / "model")  # fmt: skip
    pixels = read_pixels(tmp_path / "model")
    assert pixels.bgr
    (tmp_path / "saved").mkdir()
    write_processor(pixels, tmp_path / "saved")
    for folder in (tmp_path / "model", tmp_path / "saved"):
        assert np.abs(ours(pixels, pictures()[0]) - theirs(folder, pictures()[0])).max() < 1e-6


def test_another_resolution_cuts_off_the_same_share(tmp_path):
    folder = image_network(tmp_path, "dinov2")  # 36 at the edge, 32 of it
    assert (read_pixels(folder, 64).size, read_pixels(folder, 64).edge) == (64, 72)
    assert (read_pixels(folder, 64, "squash").crop, read_pixels(folder, 64, "squash").edge) == ("squash", 64)
    assert read_pixels(folder, 64, "centre") == read_pixels(folder, 64)


def test_padding_keeps_all_on_white(tmp_path):
    pixels = read_pixels(image_network(tmp_path), "auto", "pad")
    square = np.asarray(pixels.square(Image.new("RGB", (64, 32), "red")))
    assert square.shape == (32, 32, 3)
    assert (square[:8] == 255).all()
    assert (square[24:] == 255).all()
    assert (square[8:24] == (255, 0, 0)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (31, 33)])
@pytest.mark.parametrize("crop", ["squash", "centre", "pad"])
def test_every_shape_becomes_a_square(tmp_path, size, crop):
    pixels = Pixels(32, 36 if crop == "centre" else 32, crop, 3, (0.5,) * 3, (0.5,) * 3)
    assert pixels.square(Image.new("RGB", size)).size == (32, 32)


def test_what_is_not_stated(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", "image_size": 96}))
    pixels = read_pixels(tmp_path)
    assert (pixels.size, pixels.edge, pixels.crop, pixels.mean[0]) == (96, 96, "centre", 0.485)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "resnet"}))
    assert read_pixels(tmp_path).size == 224
    assert stated_size({"vision_config": {"image_size": 336}}) == 336


def test_a_damaged_processor_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "NoSuchProcessor"}))
    with pytest.raises(StudioError) as caught:
        read_pixels(tmp_path)
    assert (caught.value.code, caught.value.where) == ("model.bad-processor", str(tmp_path))


def test_settings_come_back(tmp_path):
    pixels = read_pixels(image_network(tmp_path, "efficientnet"))
    assert Pixels.of(json.loads(json.dumps(pixels.to_dict()))) == pixels
