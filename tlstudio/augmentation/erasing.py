"""Random erasing (Zhong et al. 2020, "Random erasing data augmentation", algorithm 1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.pictures import between, box

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_TRIES = 20  # boxes that do not fit are drawn again
_LONGEST = 1 / 0.3  # ratio of the sides, as in the paper
_SMALLEST = 0.02


class Options(ImageOptions):
    probability: float = Field(
        0.5, gt=0, le=1, title="Probability", description="How often a part is erased, each time that an image is seen."
    )
    largest: float = Field(
        0.25, ge=_SMALLEST, le=0.8, title="Largest area", description="Greatest share of the image that is erased."
    )
    fill: Literal["noise", "average", "black"] = Field(
        "noise",
        title="Filled with",
        description="Random pixels, which the paper found best; the mean colour; or black.",
    )


class Erasing:
    """A box of the image is hidden."""

    NAME = "erasing"
    TITLE = "Random erasing"
    SUMMARY = "Hides a random box of the image, so that the model does not rely on one detail."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        from PIL import Image as images

        limit = math.log(_LONGEST)
        for _ in range(_TRIES):
            area = between(random, _SMALLEST, config.largest)
            if found := box(random, image.size, area, math.exp(between(random, -limit, limit))):
                pixels = _filled(image, found, config.fill, random)
                return images.fromarray(pixels)
        return image.copy()


PLUGIN = Erasing()


def _filled(image: Image, place: tuple[int, int, int, int], fill: str, random: np.random.Generator) -> np.ndarray:
    import numpy as np

    pixels = np.array(image)
    left, top, right, bottom = place
    part = pixels[top:bottom, left:right]
    if fill == "noise":
        part[:] = random.integers(0, 256, part.shape, dtype=np.uint8)
    else:
        part[:] = pixels.reshape(-1, 3).mean(0).round() if fill == "average" else 0
    return pixels
