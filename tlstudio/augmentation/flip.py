"""Flips: left and right, or top and bottom, change sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from tlstudio.augmentation.base import ImageOptions

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class Options(ImageOptions):
    probability: float = Field(
        0.5, gt=0, le=1, title="Probability", description="How often an image is flipped, each time that it is seen."
    )
    horizontal: bool = Field(True, title="Left and right", description="Mirrors the image.")
    vertical: bool = Field(
        False, title="Top and bottom", description="For images without an up and a down, such as aerial photographs."
    )

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.horizontal or self.vertical):
            raise ValueError("choose at least one direction")
        return self


class Flip:
    """The image mirrored in one of the chosen directions."""

    NAME = "flip"
    TITLE = "Flip"
    SUMMARY = "Mirrors the image. Not where left and right matter: letters, digits, arrows."
    KIND = "image"
    Config = Options

    def change(self, config: Options, image: Image, random: np.random.Generator) -> Image:
        from PIL import ImageOps

        both = config.horizontal and config.vertical
        return (
            ImageOps.mirror(image)
            if config.horizontal and not (both and random.random() < 0.5)
            else ImageOps.flip(image)
        )


PLUGIN = Flip()
