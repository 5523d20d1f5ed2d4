"""Colour jitter: brightness, contrast, saturation and hue, in random order (as torchvision's ColorJitter does it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.pictures import between

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class Options(ImageOptions):
    brightness: float = Field(0.3, ge=0, le=1, title="Brightness", description="Factor from 1 - value to 1 + value.")
    contrast: float = Field(0.3, ge=0, le=1, title="Contrast", description="Factor from 1 - value to 1 + value.")
    saturation: float = Field(0.3, ge=0, le=1, title="Saturation", description="Factor from 1 - value to 1 + value.")
    hue: float = Field(
        0.05, ge=0, le=0.5, title="Hue", description="Turn of the colour circle to either side; 0.5 is every colour."
    )


class ColourJitter:
    """Other light, other colours."""

    NAME = "colour-jitter"
    TITLE = "Colour jitter"
    SUMMARY = "Changes brightness, contrast, saturation and hue. Not where the colour decides, such as ripe or unripe."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        factors = {name: getattr(config, name) for name in ("brightness", "contrast", "saturation", "hue")}
        changed = image.copy()
        for index in random.permutation(len(factors)):
            name = list(factors)[index]
            value = between(random, -factors[name], factors[name])
            changed = turned(changed, value) if name == "hue" else enhanced(changed, name, 1 + value)
        return changed


PLUGIN = ColourJitter()


def enhanced(image: Image, what: str, factor: float) -> Image:
    """The image with its brightness, contrast, saturation or sharpness multiplied; 1 changes nothing."""
    from PIL import ImageEnhance

    kinds = {
        "brightness": ImageEnhance.Brightness,
        "contrast": ImageEnhance.Contrast,
        "saturation": ImageEnhance.Color,
        "sharpness": ImageEnhance.Sharpness,
    }
    return kinds[what](image).enhance(factor)


def turned(image: Image, turn: float) -> Image:
    """The image with its hues turned around the colour circle; 1 is the whole circle."""
    hue, saturation, value = image.convert("HSV").split()
    shift = round(turn * 256)
    hue = hue.point([(level + shift) % 256 for level in range(256)])
    from PIL import Image as images

    return images.merge("HSV", (hue, saturation, value)).convert("RGB")
