"""Random resized crop (Szegedy et al. 2015, "Going deeper with convolutions", section 6)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.pictures import between, box

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_TRIES = 10  # as in torchvision; then the whole image is taken


class Options(ImageOptions):
    smallest: float = Field(
        0.6,
        gt=0,
        le=1,
        title="Smallest area",
        description="Share of the image that is kept at least; training from nothing uses 0.08, transfer less harsh.",
    )
    stretch: float = Field(
        4 / 3, ge=1, le=4, title="Stretch", description="Greatest change of the ratio of width to height; 1 keeps it."
    )


class Crop:
    """A part of the image, enlarged to its size."""

    NAME = "crop"
    TITLE = "Random crop"
    SUMMARY = "A random part of the image is enlarged to the size of the whole. The most useful change for most images."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        from PIL import Image as images

        limit = math.log(config.stretch)
        for _ in range(_TRIES):
            area = between(random, config.smallest, 1)
            ratio = math.exp(between(random, -limit, limit)) * image.width / image.height
            if found := box(random, image.size, area, ratio):
                return image.resize(image.size, images.Resampling.BICUBIC, box=found)
        return image.copy()


PLUGIN = Crop()
