"""Gaussian blur (Chen et al. 2020, "A simple framework for contrastive learning", appendix A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.pictures import between

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class Options(ImageOptions):
    probability: float = Field(
        0.5, gt=0, le=1, title="Probability", description="How often an image is blurred, each time that it is seen."
    )
    strongest: float = Field(
        1.0,
        gt=0,
        le=10,
        title="Strongest",
        description="Greatest radius, in percent of the shorter side; SimCLR takes 0.9 (2 pixels of 224).",
        json_schema_extra={"unit": "%"},
    )


class Blur:
    """The image out of focus."""

    NAME = "blur"
    TITLE = "Blur"
    SUMMARY = "Blurs the image a little, as a camera out of focus does. Not where fine detail decides."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        from PIL import ImageFilter

        strongest = config.strongest / 100 * min(image.size)
        return image.filter(ImageFilter.GaussianBlur(between(random, strongest / 10, strongest)))


PLUGIN = Blur()
