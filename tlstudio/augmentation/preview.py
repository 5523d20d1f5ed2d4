"""Before and after: a few samples with each augmentation, for the Data step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.augmentation.apply import Choice, changed_texts, numbered, of_kind
from tlstudio.augmentation.base import Resources
from tlstudio.core.files import explain_os_errors

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_THUMBNAIL = 160  # pixels of the longer side
_TILE = 96
_COLUMNS = 4
_DRAWS = 8  # of a batch: the one that is mixed most is shown, because most mixes are hardly seen


def preview_texts(
    choices: Sequence[Choice], samples: Sequence[str], seed: int, resources: Resources
) -> list[dict[str, str]]:
    """For each text augmentation and sample: ``augmentation``, ``before`` and ``after``.

    ``after`` is the first copy that training would see with this seed; a share of rows is not regarded.
    """
    found = []
    for (plugin, config), nth in numbered(of_kind(choices, "text")):
        changed = changed_texts(plugin, config, samples, f"{seed}|{nth}|0", resources)
        found += [
            {"augmentation": plugin.NAME, "before": before, "after": after}
            for before, after in zip(samples, changed, strict=True)
        ]
    return found


def preview_images(
    choices: Sequence[Choice],
    samples: Sequence[Path],
    labels: Sequence[str],
    seed: int,
    folder: Path,
    resources: Resources,
) -> list[dict[str, Any]]:
    """Thumbnails of samples before and after each augmentation of images and batches, as PNG files in ``folder``.

    Returns:
        For each image augmentation and sample: ``augmentation``, and the paths ``before`` and ``after``. For each batch
        augmentation one entry: grids of all samples, and ``targets``, the shares of the labels of each image in words.
        Probabilities are not regarded: every sample is changed, and of several mixes the strongest is shown.

    Raises:
        StudioError: an image cannot be read, or the folder cannot be written.
    """
    from tlstudio.data.images import open_image

    originals = []
    for path in samples:
        resources.control.check()
        image = open_image(path)
        image.thumbnail((_THUMBNAIL, _THUMBNAIL))
        originals.append(image)
    if not originals:
        return []
    with explain_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return [
            *_images(of_kind(choices, "image"), originals, seed, folder, resources),
            *_batches(of_kind(choices, "batch"), originals, labels, seed, folder),
        ]


def _images(
    choices: Sequence[Choice], originals: list[Image], seed: int, folder: Path, resources: Resources
) -> list[dict[str, Any]]:
    from numpy.random import default_rng

    before = [_saved(image, folder / f"{number}-before.png") for number, image in enumerate(originals)]
    found = []
    for nth, (plugin, config) in enumerate(choices):
        for number, image in enumerate(originals):
            resources.control.check()
            changed = plugin.change(config, image, default_rng([seed, nth, number]))
            after = _saved(changed, folder / f"{number}-{nth}-{plugin.NAME}.png")
            found.append({"augmentation": plugin.NAME, "before": before[number], "after": after})
    return found


def _batches(
    choices: Sequence[Choice], originals: list[Image], labels: Sequence[str], seed: int, folder: Path
) -> list[dict[str, Any]]:
    import numpy as np

    tiles = np.stack([_tile(image) for image in originals])
    names = sorted(set(labels))
    targets = np.eye(len(names), dtype=np.float32)[[names.index(label) for label in labels]]
    found = []
    for nth, (plugin, config) in enumerate(choices):
        draws = (plugin.mix(config, tiles, targets, np.random.default_rng([seed, nth, draw])) for draw in range(_DRAWS))
        images, shares = min(draws, key=lambda drawn: float((drawn[1] ** 2).sum()))
        found.append(
            {
                "augmentation": plugin.NAME,
                "before": _saved(_grid(tiles), folder / "batch-before.png"),
                "after": _saved(_grid(images), folder / f"batch-{nth}-{plugin.NAME}.png"),
                "targets": [_in_words(row, names) for row in shares],
            }
        )
    return found


def _saved(image: Image, path: Path) -> str:
    image.save(path, format="PNG")
    return str(path)


def _tile(image: Image) -> np.ndarray:
    """Float32 [3, H, W] in [0, 1], in the middle of a white square."""
    import numpy as np
    from PIL import ImageOps

    square = ImageOps.pad(image, (_TILE, _TILE), color="white")
    return np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / 255


def _grid(tiles: np.ndarray) -> Image:
    """One picture of tiles [B, 3, H, W]."""
    import numpy as np
    from PIL import Image as images

    columns = min(_COLUMNS, len(tiles))
    grid = images.new("RGB", (columns * _TILE, -(-len(tiles) // columns) * _TILE), "white")
    for number, tile in enumerate(tiles):
        pixels = (tile.transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)
        grid.paste(images.fromarray(pixels), (number % columns * _TILE, number // columns * _TILE))
    return grid


def _in_words(shares: np.ndarray, names: Sequence[str]) -> str:
    """Such as "71 % cat, 29 % dog"."""
    order = shares.argsort(kind="stable")[::-1]
    return ", ".join(
        f"{round(100 * float(shares[place]))} % {names[place]}" for place in order if shares[place] >= 0.005
    )
