"""RandAugment (Cubuk et al. 2020, "RandAugment: Practical automated data augmentation", section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.colour_jitter import enhanced
from tlstudio.augmentation.pictures import Fill, around_centre, moved

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_STRONGEST = 30  # the paper's scale: 0 does nothing, 30 is the most


class Options(ImageOptions):
    changes: int = Field(
        2, ge=1, le=10, title="Changes", description="How many operations are applied to an image (N of the paper)."
    )
    magnitude: float = Field(
        9.0, ge=0, le=_STRONGEST, title="Magnitude", description="Strength of all operations, 0 to 30 (M of the paper)."
    )
    fill: Fill = Field(
        "border",
        title="Gaps",
        description="What fills the gaps of moved images: the colour of the border, the mirrored image, or black.",
    )


class RandAugment:
    """Some of the paper's 14 operations, at one strength."""

    NAME = "rand-augment"
    TITLE = "RandAugment"
    SUMMARY = (
        "Applies a few of 14 operations at one strength: turns, shifts, shears, colours, contrast, sharpness. "
        "A strong choice with two numbers to set."
    )
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        strength = config.magnitude / _STRONGEST
        changed = image.copy()
        for index in random.integers(len(_OPERATIONS), size=config.changes).tolist():
            signed = strength if random.random() < 0.5 else -strength
            changed = _OPERATIONS[index](changed, signed, config.fill)
        return changed


PLUGIN = RandAugment()


def _identity(image: Image, signed: float, fill: Fill) -> Image:
    return image


def _auto_contrast(image: Image, signed: float, fill: Fill) -> Image:
    from PIL import ImageOps

    return ImageOps.autocontrast(image)


def _equalise(image: Image, signed: float, fill: Fill) -> Image:
    from PIL import ImageOps

    return ImageOps.equalize(image)


def _rotate(image: Image, signed: float, fill: Fill) -> Image:
    import math

    angle = math.radians(30 * signed)
    sine, cosine = math.sin(angle), math.cos(angle)
    return moved(image, around_centre(image, cosine, sine, -sine, cosine), fill)


def _solarise(image: Image, signed: float, fill: Fill) -> Image:
    from PIL import ImageOps

    return ImageOps.solarize(image, round(256 * (1 - abs(signed))))


def _posterise(image: Image, signed: float, fill: Fill) -> Image:
    from PIL import ImageOps

    return ImageOps.posterize(image, 8 - round(4 * abs(signed)))


def _shear_x(image: Image, signed: float, fill: Fill) -> Image:
    return moved(image, around_centre(image, 1, 0.3 * signed, 0, 1), fill)


def _shear_y(image: Image, signed: float, fill: Fill) -> Image:
    return moved(image, around_centre(image, 1, 0, 0.3 * signed, 1), fill)


def _translate_x(image: Image, signed: float, fill: Fill) -> Image:
    return moved(image, (1, 0, _SHIFT * signed * image.width, 0, 1, 0), fill)


def _translate_y(image: Image, signed: float, fill: Fill) -> Image:
    return moved(image, (1, 0, 0, 0, 1, _SHIFT * signed * image.height), fill)


def _enhance(what: str) -> Callable[[Image, float, Fill], Image]:
    return lambda image, signed, fill: enhanced(image, what, 1 + 0.9 * signed)


_SHIFT = 150 / 331  # of the sides: 150 pixels of 331, as in the policies that the paper takes its ranges from
_OPERATIONS: tuple[Callable[[Image, float, Fill], Image], ...] = (
    _identity, _auto_contrast, _equalise, _rotate, _solarise, _enhance("saturation"), _posterise,
    _enhance("contrast"), _enhance("brightness"), _enhance("sharpness"), _shear_x, _shear_y, _translate_x,
    _translate_y,
)  # fmt: skip
