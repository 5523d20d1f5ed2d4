"""CutMix (Yun et al. 2019, "CutMix: Regularization strategy to train strong classifiers", section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation.base import BatchOptions

if TYPE_CHECKING:
    import numpy as np


class Options(BatchOptions):
    probability: float = Field(
        0.5, gt=0, le=1, title="Probability", description="How often a batch is mixed; the authors take 0.5 on CIFAR."
    )
    alpha: float = Field(
        1.0,
        gt=0,
        le=10,
        title="Alpha",
        description="Of the beta distribution that the area of the box is drawn from; 1 makes every area as likely.",
    )


class CutMix:
    """Each image gets a box of another one of the batch; the targets are mixed by the area."""

    NAME = "cutmix"
    TITLE = "CutMix"
    SUMMARY = "Pastes a box of one image into another; the labels are mixed by the area. Takes more epochs."
    KIND = "batch"
    Config = Options

    def mix(
        self, config: Options, images: np.ndarray, targets: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """One box for the whole batch, as in the authors' code: its centre may lie anywhere, and the edge cuts it."""
        height, width = images.shape[-2:]
        top, bottom, left, right = _box(height, width, float(random.beta(config.alpha, config.alpha)), random)
        other = random.permutation(len(images))
        mixed = images.copy()
        mixed[..., top:bottom, left:right] = images[other][..., top:bottom, left:right]
        kept = 1 - (bottom - top) * (right - left) / (height * width)
        return mixed, (kept * targets + (1 - kept) * targets[other]).astype(targets.dtype)


PLUGIN = CutMix()


def _box(height: int, width: int, kept: float, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Rows and columns [top, bottom), [left, right) of a box with the share 1 - kept of the area."""
    cut = (1 - kept) ** 0.5
    high, wide = int(height * cut), int(width * cut)
    y, x = int(random.integers(height)), int(random.integers(width))
    top, left = y - high // 2, x - wide // 2
    return max(0, top), min(height, top + high), max(0, left), min(width, left + wide)
