"""Images with boxes: where each box lies in the square that a model sees, and back in the pixels of the file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.augmentation.apply import Augmenter
from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, read_json
from tlstudio.core.paths import cache_folder
from tlstudio.data.images import look
from tlstudio.data.labelled import Labelled
from tlstudio.data.rowwise import boxes_of
from tlstudio.metrics.detection import Boxes
from tlstudio.models.pixels import Pixels, read_pixels
from tlstudio.tasks import images
from tlstudio.tasks.base import Encoded, EncodeJob

if TYPE_CHECKING:
    import numpy as np

_MOST_PIXELS = 640  # of a side, unless the user wishes more: time grows with the square, of attention with the fourth
_SIZE_FORMAT = 1


@dataclass(frozen=True)
class Place:
    """Where an image lies in its square: left, top, width and height as shares of the side; and its own size."""

    left: float
    top: float
    wide: float
    high: float
    width: int
    height: int

    def to_square(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes [n, 4] in pixels (corners) as centre, width and height in shares of the square, float32."""
        import numpy as np

        corners = np.asarray(boxes, np.float64).reshape(-1, 4) / (self.width, self.height, self.width, self.height)
        corners = corners * (self.wide, self.high, self.wide, self.high) + (self.left, self.top, self.left, self.top)
        low, high = corners[:, :2], corners[:, 2:]
        return np.concatenate([(low + high) / 2, high - low], axis=1).astype(np.float32)

    def to_image(self, boxes: np.ndarray) -> np.ndarray:
        """The way back, cut at the edges of the image: float64 [n, 4]."""
        import numpy as np

        centre, half = np.asarray(boxes[:, :2], np.float64), np.asarray(boxes[:, 2:], np.float64) / 2
        corners = np.concatenate([centre - half, centre + half], axis=1)
        corners = (corners - (self.left, self.top, self.left, self.top)) / (self.wide, self.high, self.wide, self.high)
        return np.clip(corners, 0, 1) * (self.width, self.height, self.width, self.height)


def placed(pixels: Pixels, size: tuple[int, int]) -> Place:
    """Where :meth:`tlstudio.models.pixels.Pixels.square` puts an image of ``size`` (width, height)."""
    if pixels.crop != "pad":
        return Place(0.0, 0.0, 1.0, 1.0, *size)
    side, scale = pixels.size, pixels.size / max(size)
    wide, high = (max(1, round(length * scale)) for length in size)
    left, top = (side - wide) // 2, (side - high) // 2
    return Place(left / side, top / side, wide / side, high / side, *size)


class BoxRows(images.ImageRows):
    """Images with boxes; training rows are mirrored with their boxes, and changed by the recipe's augmentations.

    What becomes of a row follows from the seed, the epoch, the row and how often it was read in the epoch.
    """

    def __init__(
        self,
        rows: images.ImageRows,
        columns: dict[str, list[Any]],
        flip: float = 0.0,
        augmenter: Augmenter | None = None,
    ) -> None:
        super().__init__(rows._images, rows._places, rows.pixels, {**rows.columns, **columns})
        self._flip, self._augmenter = flip, augmenter
        self._epoch, self._read = 0, Counter[int]()

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        self._epoch, self._read = epoch, Counter()

    def __getitem__(self, key: Any) -> Any:
        row = super().__getitem__(key)
        if isinstance(key, str) or not (self._flip or self._augmenter):
            return row
        import numpy as np

        index = range(len(self))[int(key)]
        draw = (self._epoch, index, self._read[index])
        self._read[index] += 1
        if self._augmenter:
            row[images.INPUT] = self._changed(index, draw)
        return mirrored(row) if np.random.default_rng(draw).random() < self._flip else row

    def _changed(self, index: int, draw: tuple[int, ...]) -> np.ndarray:
        import numpy as np
        from PIL import Image

        assert self._augmenter is not None  # the caller has asked
        image = self._augmenter.image(Image.fromarray(np.asarray(self.square(index))), draw)
        return self.pixels.values(np.asarray(image))


def mirrored(row: dict[str, Any]) -> dict[str, Any]:
    """A row with left and right exchanged, its boxes with it."""
    import numpy as np

    boxes = row["labels"]["boxes"].copy()
    boxes[:, 0] = 1 - boxes[:, 0]
    values = np.ascontiguousarray(row[images.INPUT][..., ::-1])
    return {**row, images.INPUT: values, "labels": {**row["labels"], "boxes": boxes}}


def encode(job: EncodeJob) -> Encoded:
    """The images and boxes of all splits.

    Raises:
        StudioError: an image cannot be read, a box is none, or a split has a class that training has not.
        Cancelled: the user has cancelled.
    """
    names = job.known.labels if job.known is not None else classes(job.labelled)
    settled = replace(job, config=_settled(job), augmenter=None)
    encoded = images.encode(settled, lambda labelled, split: [None] * len(labelled.splits[split]))
    splits = {split: _with_boxes(job, split, rows, names) for split, rows in encoded.splits.items()}
    return replace(encoded, splits=splits, labels=names)


def _settled(job: EncodeJob) -> images.ImageOptions:
    """The options of :mod:`tlstudio.tasks.images`, with the resolution decided."""
    size = job.config.resolution
    if size == "auto":
        size = min(own_size(job.backbone), _MOST_PIXELS)
    return images.ImageOptions(resolution=size, crop=job.config.crop)


def own_size(backbone: Path) -> int:
    """Pixels of the longer side that a backbone was made for."""
    stated = read_json(backbone / "config.json").get("image_size")
    if isinstance(stated, list) and stated:
        return int(max(stated))
    return int(read_pixels(backbone).size)


def classes(labelled: Labelled) -> list[str]:
    """The classes of the boxes of the training images, sorted.

    Raises:
        StudioError: there is no box.
    """
    rows = labelled.splits["train"]
    names = sorted({name for labels in rows.lists(labelled.roles.one("box_labels")) for name in labels})
    if not names:
        raise StudioError(
            "data.no-boxes", "The training images have no boxes.", "Choose the columns with boxes and their labels.",
            where="data.roles.boxes",
        )  # fmt: skip
    return names


def _with_boxes(job: EncodeJob, split: str, rows: images.ImageRows, names: Sequence[str]) -> BoxRows:
    import numpy as np

    labelled, roles = job.labelled, job.labelled.roles
    number = {name: index for index, name in enumerate(names)}
    data = labelled.splits[split]
    sizes = image_sizes(list(data.texts(roles.one("image"))), job.control.check)
    columns: dict[str, list[Any]] = {"labels": [], "truth": [], "place": []}
    pairs = zip(data.lists(roles.one("boxes")), data.lists(roles.one("box_labels")), sizes, strict=True)
    for boxes, labels, size in pairs:
        if unknown := sorted(set(labels) - set(names)):
            raise _unseen(unknown[0], split)
        place = placed(rows.pixels, size)
        found = np.asarray(boxes_of(boxes), np.float64).reshape(-1, 4)
        kinds = np.asarray([number[label] for label in labels], np.int64)
        inside = np.clip(found, 0, (*size, *size))  # a box outside the image has no area and cannot be learnt
        kept = (inside[:, 2:] > inside[:, :2]).all(axis=1)
        columns["labels"].append({"class_labels": kinds[kept], "boxes": place.to_square(inside[kept])})
        columns["truth"].append(Boxes(inside[kept], kinds[kept]))
        columns["place"].append(place)
    rows.columns.pop("weight", None)  # the loss of a detector is a mean over boxes, not over images
    train = split == "train"
    augmenter = job.augmenter if train and job.augmenter is not None and job.augmenter.changes_images else None
    return BoxRows(rows, columns, job.config.flip if train else 0.0, augmenter)


def _unseen(label: str, split: str) -> StudioError:
    return StudioError(
        "data.unseen-box", "The class '{label}' has boxes in the {split} images but none in the training images.",
        "Divide the images differently, or correct the label.", where="data.roles.box_labels", label=label, split=split,
    )  # fmt: skip


def image_sizes(paths: Sequence[str], check: Any = None) -> list[tuple[int, int]]:
    """Width and height of each image as it is shown; from the cache where the files are as they were."""
    import numpy as np

    digest = hashlib.sha256(f"{_SIZE_FORMAT}".encode())
    for path in paths:
        state = Path(path).stat()
        digest.update(f"{path}|{state.st_size}|{state.st_mtime_ns}\n".encode("utf-8", "surrogatepass"))
    cache = cache_folder("pixels") / f"{digest.hexdigest()[:32]}.sizes.npy"
    if not cache.is_file():
        with atomic_write(cache, "wb") as stream:
            np.save(stream, np.array([_size(path, check) for path in paths], np.int64).reshape(-1, 2))
    return [(int(width), int(height)) for width, height in np.load(cache, allow_pickle=False)]


def _size(path: str, check: Any) -> tuple[int, int]:
    if check is not None:
        check()
    facts = look(path, decode=False)
    return facts.width, facts.height
