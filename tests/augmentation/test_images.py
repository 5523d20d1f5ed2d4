"""Each augmentation of images: what it does to the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from tests.augmentation.common import ALL, image, picture, pixels
from tlstudio.augmentation import pictures
from tlstudio.augmentation.colour_jitter import enhanced, turned
from tlstudio.augmentation.rand_augment import _OPERATIONS, _rotate, _solarise, _translate_x

GIVEN = picture()


def difference(left, right):
    return np.abs(pixels(left) - pixels(right)).mean()


def seeds(name, **options):
    return [image(name, GIVEN, seed, **options) for seed in range(12)]


# --- crop


def test_crop_shows_a_part_in_the_size_of_the_whole():
    made = seeds("crop", smallest=0.3)
    assert {changed.size for changed in made} == {GIVEN.size}
    assert len({changed.tobytes() for changed in made}) == 12
    # a crop of a gradient spans less of it
    assert all(np.ptp(pixels(changed)[..., 2].mean(0)) <= 256 for changed in made)


def test_crop_of_the_whole_changes_nothing():
    assert image("crop", GIVEN, smallest=1.0, stretch=1.0).tobytes() == GIVEN.tobytes()


# --- flip


def test_flip():
    assert (pixels(image("flip", GIVEN)) == pixels(GIVEN)[:, ::-1]).all()
    upright = image("flip", GIVEN, horizontal=False, vertical=True)
    assert (pixels(upright) == pixels(GIVEN)[::-1]).all()
    both = {changed.tobytes() for changed in seeds("flip", vertical=True)}
    assert both == {upright.tobytes(), image("flip", GIVEN).tobytes()}
    with pytest.raises(ValidationError):
        ALL["flip"].Config(horizontal=False)


# --- rotation


def test_rotation_keeps_the_centre_and_fills_the_corners():
    white = picture(60, 60)
    for seed in range(8):
        changed = image("rotation", white, seed, degrees=30.0)
        middle = (slice(27, 33), slice(27, 33))
        assert np.abs(pixels(changed)[middle] - pixels(white)[middle]).mean() < 12
        assert (pixels(changed)[0, 0] > 200).all(), "the border is white"
    black = [pixels(image("rotation", white, seed, degrees=45.0, fill="black"))[0, 0].sum() for seed in range(8)]
    assert min(black) == 0


def test_quarter_turn_is_exact():
    square = picture(40, 40)
    changed = pictures.moved(square, pictures.around_centre(square, 0, 1, -1, 0), "border")
    assert (pixels(changed)[1:-1, 1:-1] == np.rot90(pixels(square), -1)[1:-1, 1:-1]).all() or (
        pixels(changed)[1:-1, 1:-1] == np.rot90(pixels(square), 1)[1:-1, 1:-1]
    ).all()


# --- pictures


def test_border_colour():
    assert pictures.border_colour(GIVEN) == (255, 255, 255)
    assert pictures.border_colour(Image.new("RGB", (1, 1), (1, 2, 3))) == (1, 2, 3)


def test_a_move_brings_the_chosen_filling():
    wide = picture(50, 40)
    half = (1, 0, 25, 0, 1, 0)
    assert (pixels(pictures.moved(wide, half, "black"))[:, 30:] == 0).all()
    assert (pixels(pictures.moved(wide, half, "border"))[:, 30:] == 255).all()
    mirrored = pixels(pictures.moved(wide, half, "mirror"))
    assert (mirrored[:, :25] == pixels(wide)[:, 25:]).all()
    assert (mirrored[:, 25:] == pixels(wide)[:, :24:-1]).all()


def test_boxes_fit_or_are_none():
    random = np.random.default_rng(0)
    for _ in range(200):
        found = pictures.box(random, (30, 20), 0.25, 2.0)
        assert found is not None
        left, top, right, bottom = found
        assert 0 <= left < right <= 30
        assert 0 <= top < bottom <= 20
        assert (right - left, bottom - top) == (17, 9)
    assert pictures.box(random, (30, 20), 0.9, 3.0) is None
    assert pictures.box(random, (1, 1), 0.02, 1.0) == (0, 0, 1, 1)


# --- colours


def test_colour_jitter_is_bounded():
    made = seeds("colour-jitter", brightness=0.2, contrast=0.0, saturation=0.0, hue=0.0)
    ratios = [pixels(changed).mean() / pixels(GIVEN).mean() for changed in made]
    assert min(ratios) >= 0.79
    assert max(ratios) <= 1.21
    assert np.ptp(ratios) > 0.1
    none = image("colour-jitter", GIVEN, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0)
    assert difference(none, GIVEN) < 2, "only the way to hue and back rounds"


def test_hue_turns_around_the_circle():
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert turned(red, 1 / 3).getpixel((0, 0))[1] > 250
    assert turned(red, -1 / 3).getpixel((0, 0))[2] > 250
    assert turned(red, 1.0).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("what", ["brightness", "contrast", "saturation", "sharpness"])
def test_factor_one_changes_nothing(what):
    assert enhanced(GIVEN, what, 1.0).tobytes() == GIVEN.tobytes()
    assert enhanced(GIVEN, what, 0.3).tobytes() != GIVEN.tobytes()


# --- blur and erasing


def test_blur_smooths():
    def edges(given):
        return np.abs(np.diff(pixels(given), axis=0)).mean()

    for changed in seeds("blur", strongest=5.0):
        assert edges(changed) < edges(GIVEN)
        assert abs(pixels(changed).mean() - pixels(GIVEN).mean()) < 3


@pytest.mark.parametrize("fill", ["noise", "average", "black"])
def test_erasing_hides_one_box(fill):
    for seed in range(12):
        changed = pixels(image("erasing", GIVEN, seed, largest=0.3, fill=fill))
        rows, columns = np.nonzero((changed != pixels(GIVEN)).any(-1))
        area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1) / (GIVEN.width * GIVEN.height)
        assert 0.005 < area < 0.35
        part = changed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        if fill == "black":
            assert (part == 0).all()
        elif fill == "average":
            assert (part == part[0, 0]).all()


# --- RandAugment


def test_the_fourteen_operations():
    assert len(_OPERATIONS) == 14
    for operation in _OPERATIONS:
        for signed in (-1.0, 0.0, 1.0):
            changed = operation(GIVEN, signed, "border")
            assert (changed.size, changed.mode) == (GIVEN.size, "RGB")


def test_magnitude_zero_keeps_all_but_the_stretched_contrast():
    still = [operation(GIVEN, 0.0, "border") for operation in _OPERATIONS]
    assert sum(difference(changed, GIVEN) < 0.5 for changed in still) >= 12


def test_strength_grows_with_the_magnitude():
    mean = [np.mean([difference(changed, GIVEN) for changed in seeds("rand-augment", magnitude=magnitude)])
            for magnitude in (2.0, 28.0)]  # fmt: skip
    assert mean[1] > 1.3 * mean[0]


def test_operations_do_what_their_names_say():
    assert (pixels(_solarise(GIVEN, 1.0, "border")) == 255 - pixels(GIVEN)).all()
    shifted = pixels(_translate_x(GIVEN, 1.0, "black"))
    assert (shifted[:, -20:] == 0).all()
    assert difference(_rotate(GIVEN, 1.0, "border"), _rotate(GIVEN, -1.0, "border")) > 1
