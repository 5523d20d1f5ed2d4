"""Mixup (Zhang et al. 2018, "mixup: Beyond empirical risk minimization", section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import BatchOptions

if TYPE_CHECKING:
    import numpy as np


class Options(BatchOptions):
    alpha: float = Field(
        0.2,
        gt=0,
        le=10,
        title="Alpha",
        description="Of the beta distribution that the shares are drawn from: small values mix little, 1 mixes evenly.",
    )


class Mixup:
    """Each image is blended with another one of the batch, and so are their targets."""

    NAME = "mixup"
    TITLE = "Mixup"
    SUMMARY = "Blends pairs of images and of their labels. Smooths the model's answers; takes more epochs."
    KIND = "batch"
    Config = Options

    def mix(
        self, config: Options, images: np.ndarray, targets: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """One share for the whole batch, each image with its partner in a random order, as in the authors' code."""
        share = float(random.beta(config.alpha, config.alpha))
        other = random.permutation(len(images))
        mixed = share * images + (1 - share) * images[other]
        return mixed.astype(images.dtype), (share * targets + (1 - share) * targets[other]).astype(targets.dtype)


PLUGIN = Mixup()
