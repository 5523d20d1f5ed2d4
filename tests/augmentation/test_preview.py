"""Before and after, for the eyes."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.augmentation.common import ALL, REUTERS, picture
from tlstudio.augmentation import apply
from tlstudio.augmentation.base import Resources
from tlstudio.augmentation.preview import preview_images, preview_texts
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError

RESOURCES = Resources(Control())


def choice(name, **options):
    return ALL[name], ALL[name].Config(**options)


def test_texts_are_those_of_training():
    choices = [
        choice("random-swap", share_of_rows=0.01),
        choice("flip"),
        choice("spelling-noise"),
        choice("random-swap"),
    ]
    samples = [REUTERS, "", "火焰"]
    found = preview_texts(choices, samples, 7, RESOURCES)
    assert [entry["augmentation"] for entry in found] == [
        *["random-swap"] * 3,
        *["spelling-noise"] * 3,
        *["random-swap"] * 3,
    ]
    assert [entry["before"] for entry in found] == samples * 3
    assert found[0]["after"] != found[6]["after"]
    [copy] = apply.augmented([REUTERS], [choice("spelling-noise")], 7, RESOURCES)
    assert copy.text == found[3]["after"]


@pytest.fixture
def files(tmp_path):
    paths = []
    for number, size in enumerate([(300, 200), (20, 60), (64, 64)]):
        paths.append(tmp_path / f"{number}.png")
        picture(*size).save(paths[-1])
    return paths


def test_images(files, tmp_path):
    before = [path.read_bytes() for path in files]
    choices = [choice("mixup"), choice("flip", probability=0.01), choice("crop"), choice("random-swap")]
    found = preview_images(choices, files, ["cat", "dog", "cat"], 7, tmp_path / "shown", RESOURCES)
    assert [entry["augmentation"] for entry in found] == [*["flip"] * 3, *["crop"] * 3, "mixup"]
    for number, entry in enumerate(found[:6]):
        with Image.open(entry["before"]) as left, Image.open(entry["after"]) as right:
            assert left.size == right.size
            assert max(left.size) <= 160
            assert left.tobytes() != right.tobytes(), number
    mixed = found[6]
    assert len(mixed["targets"]) == 3
    assert all("%" in text and ("cat" in text or "dog" in text) for text in mixed["targets"])
    with Image.open(mixed["after"]) as grid:
        assert grid.size == (3 * 96, 96)
    assert [path.read_bytes() for path in files] == before, "the user's files stay"
    again = preview_images(choices, files, ["cat", "dog", "cat"], 7, tmp_path / "again", RESOURCES)
    assert again[6]["targets"] == mixed["targets"]


def test_nothing_to_show(tmp_path):
    assert preview_images([choice("flip")], [], [], 7, tmp_path / "shown", RESOURCES) == []
    assert preview_texts([], [REUTERS], 7, RESOURCES) == []


def test_a_broken_image_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nonsense")
    with pytest.raises(StudioError) as caught:
        preview_images([choice("flip")], [tmp_path / "broken.png"], ["cat"], 7, tmp_path / "shown", RESOURCES)
    assert caught.value.code == "data.broken-image"
