"""Rotation by a small angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import ImageOptions
from tlstudio.augmentation.pictures import Fill, around_centre, between, moved

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class Options(ImageOptions):
    degrees: float = Field(
        15.0,
        gt=0,
        le=180,
        title="Greatest angle",
        description="To either side.",
        json_schema_extra={"unit": "degrees"},
    )
    fill: Fill = Field(
        "border",
        title="Corners",
        description="What fills the corners: the colour of the border, the mirrored image, or black.",
    )


class Rotation:
    """The image turned around its centre."""

    NAME = "rotation"
    TITLE = "Rotation"
    SUMMARY = "Turns the image by a random angle. Not by much where up and down matter."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        angle = math.radians(between(random, -config.degrees, config.degrees))
        sine, cosine = math.sin(angle), math.cos(angle)
        return moved(image, around_centre(image, cosine, sine, -sine, cosine), config.fill)


PLUGIN = Rotation()
