"""Augmentations at work in tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.plugins import find

ALL = find("tlstudio.augmentation")
REUTERS = (
    "patrick petroleum co said it acquired shares of aurora industries for an undisclosed price, subject to completion "
    "of legal formalities. closing is expected in april!"
)


def generators(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, number]) for number in range(count)]


def change(name: str, texts: Sequence[str], seed: int = 0, backbone: Path | None = None, **options: Any) -> list[str]:
    """The texts after one augmentation."""
    plugin = ALL[name]
    resources = Resources(Control(), backbone)
    return plugin.change(plugin.Config(**options), texts, generators(len(texts), seed), resources)


def one(name: str, text: str, seed: int = 0, **options: Any) -> str:
    [changed] = change(name, [text], seed, **options)
    return changed


def many(name: str, text: str, count: int = 30, **options: Any) -> list[str]:
    """What different generators make of one text."""
    return [one(name, text, seed, **options) for seed in range(count)]


def picture(width: int = 48, height: int = 32) -> Image.Image:
    """A gradient with a red corner on a white border, so that every move shows."""
    across = np.linspace(0, 255, width, dtype=np.uint8)
    pixels = np.stack([np.tile(across, (height, 1))] * 3, axis=-1)
    pixels[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    pixels[: height // 4, : width // 4] = (255, 0, 0)
    if min(width, height) > 4:
        pixels[[0, -1]] = 255
        pixels[:, [0, -1]] = 255
    return Image.fromarray(pixels)


def image(name: str, given: Image.Image, seed: int = 0, **options: Any) -> Image.Image:
    plugin = ALL[name]
    return plugin.change(plugin.Config(**options), given, np.random.default_rng(seed))


def pixels(given: Image.Image) -> np.ndarray:
    return np.asarray(given).astype(int)
