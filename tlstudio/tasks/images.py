"""Images as the input of a model: prepared once, kept on the disk, and changed on the fly while a model trains.

The cache holds the square of each image as the backbone sees it, one byte a value; what is read of it is normalised.
So neither decoding nor memory limits the number of images. Augmentations work on these squares, each time that a
training row is read; what becomes of a row follows from seed, epoch and row alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.augmentation.apply import Augmenter
from tlstudio.core.events import log
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.images import open_image
from tlstudio.models.batches import Examples, tensors
from tlstudio.models.folders import read_json
from tlstudio.models.heads import read_settings
from tlstudio.models.pixels import Pixels, read_pixels
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Row, padded
from tlstudio.tasks.texts import row_weights

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_FORMAT = 1  # part of each key: another number makes every cache anew
_BLOCK = 32  # images between two looks at the user's wishes
_THREADS = 4  # Pillow decodes and resizes without the lock of the interpreter
_COPIES = 3  # changed copies of a training image where its features are taken only once
INPUT = "pixel_values"


class ImageOptions(BaseModel):
    """Choices of every task that reads whole images."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resolution: Literal["auto"] | Annotated[int, Field(ge=16, le=1024)] = Field(
        "auto",
        title="Resolution",
        description="Pixels of a side that the model sees; auto takes the backbone's own. Fewer are faster, more show "
        "finer detail; for a vision transformer best a multiple of its patches (14 or 16).",
        json_schema_extra={"unit": "pixels"},
    )
    crop: Literal["auto", "squash", "centre", "pad"] = Field(
        "auto",
        title="Shape",
        description="How an image becomes a square: squashed, its middle cut out, or whole on a white ground. Auto "
        "does as the backbone was trained.",
    )


class Store:
    """The prepared images of some files: uint8 [N, S, S, 3], memory-mapped.

    All splits of a data set share one, so that another division of the rows prepares nothing anew.
    """

    def __init__(self, job: EncodeJob, pixels: Pixels, files: Sequence[str]) -> None:
        self.job, self.pixels = job, pixels
        self.files = sorted(set(files))
        self.place = {file: number for number, file in enumerate(self.files)}
        self.key = self._key()

    def _key(self) -> str:
        """Changes with every file (its size and time stand for its content) and with all that decides the squares."""
        digest = hashlib.sha256(f"{_FORMAT}|{self.pixels.shape}".encode())
        for file in self.files:
            state = Path(file).stat() if Path(file).exists() else None  # a missing one is named when it is opened
            stamp = (state.st_size, state.st_mtime_ns) if state else ()
            digest.update(f"{file}|{stamp}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]

    def open(self) -> np.ndarray:
        """The images, from the cache or prepared now.

        Raises:
            StudioError: a file cannot be read, or the disk is full.
            Cancelled: the user has cancelled.
        """
        import numpy as np

        path = cache_folder("pixels") / f"{self.key}.npy"
        meter = Meter(self.job.emit, self.job.control, "tokenise", len(self.files), "images")
        if path.is_file():
            meter.advance(len(self.files))
        else:
            self._write(path, meter)
        with explain_os_errors(path):
            found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return found

    def _write(self, path: Path, meter: Meter) -> None:
        import numpy as np

        side = self.pixels.size
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(self.files), side, side, 3)}
        with atomic_write(path, "wb") as stream, ThreadPoolExecutor(_THREADS) as threads:
            np.lib.format.write_array_header_1_0(stream, header)
            for start in range(0, len(self.files), _BLOCK):
                block = self.files[start : start + _BLOCK]
                for square in threads.map(self._square, block):
                    stream.write(square)
                    meter.advance()

    def _square(self, file: str) -> bytes:
        return self.pixels.square(open_image(file)).tobytes()


class ImageRows(Sequence[dict[str, Any]]):
    """Rows of a split: the normalised image, read when asked for, beside the columns.

    Args:
        images: of a :class:`Store`, uint8 [N, S, S, 3].
        places: which image each row has, [n].
        pixels: how they are normalised.
        columns: other values by name, each [n].
    """

    def __init__(
        self, images: np.ndarray, places: Sequence[int], pixels: Pixels, columns: dict[str, list[Any]]
    ) -> None:
        self._images, self._places, self.pixels, self.columns = images, list(places), pixels, columns
        self.column_names = [INPUT, *columns]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.columns[key] if key in self.columns else [self[index][key] for index in range(len(self))]
        index = range(len(self))[int(key)]
        return {INPUT: self.values(index), **{name: column[index] for name, column in self.columns.items()}}

    def square(self, index: int) -> np.ndarray:
        """The unchanged image of a row, uint8 [S, S, 3]."""
        found: np.ndarray = self._images[self._places[index]]
        return found

    def values(self, index: int) -> np.ndarray:
        """What the model reads of a row, float32 [3, S, S]."""
        return self.pixels.values(self.square(index))


class ChangingRows(ImageRows):
    """Training rows, which look different each time that they are read.

    Each row says with ``draw`` which reading it was, so that a batch can be mixed in the same way again.
    """

    def __init__(self, rows: ImageRows, augmenter: Augmenter) -> None:
        super().__init__(rows._images, rows._places, rows.pixels, rows.columns)
        self.augmenter = augmenter
        self._epoch, self._read = 0, Counter[int]()

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch; a row that is read twice in one, as where classes are balanced, differs too."""
        self._epoch, self._read = epoch, Counter()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return super().__getitem__(key)
        index = range(len(self))[int(key)]
        draw = (self._epoch, index, self._read[index])
        self._read[index] += 1
        columns = {name: column[index] for name, column in self.columns.items()}
        return {INPUT: self.changed(index, draw), **columns, "draw": draw}

    def changed(self, index: int, draw: tuple[int, ...]) -> np.ndarray:
        """The image of a row after the augmentations, float32 [3, S, S]; ``draw`` decides how it looks."""
        import numpy as np
        from PIL import Image as images

        image: Image = images.fromarray(np.asarray(self.square(index)))
        return self.pixels.values(np.asarray(self.augmenter.image(image, draw)))

    def unrolled(self) -> Unrolled:
        """For a backbone that runs only once: the plain images, and changed copies of each."""
        return Unrolled(self, _COPIES if self.augmenter.changes_images else 0)


class Unrolled(Sequence[dict[str, Any]]):
    """Rows as they are, and after them changed copies of all, again and again."""

    def __init__(self, rows: ChangingRows, copies: int) -> None:
        self._rows, self._copies = rows, copies
        self.column_names = rows.column_names
        self.stamp = f"{copies}|{rows.augmenter.image_key}"

    def __len__(self) -> int:
        return len(self._rows) * (self._copies + 1)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return [value for _copy in range(self._copies + 1) for value in self._rows[key]]
        copy, index = divmod(range(len(self))[int(key)], len(self._rows))
        values = self._rows.changed(index, (copy, index, 0)) if copy else self._rows.values(index)
        return {INPUT: values, **{name: column[index] for name, column in self._rows.columns.items()}}


class Files(Sequence[dict[str, Any]]):
    """Images of files, opened and prepared when asked for."""

    column_names = (INPUT,)

    def __init__(self, paths: Sequence[str], pixels: Pixels) -> None:
        self._paths, self._pixels = list(paths), pixels

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: Any) -> Any:
        import numpy as np

        square = self._pixels.square(open_image(self._paths[int(index)]))
        return {INPUT: self._pixels.values(np.asarray(square))}


def encode(job: EncodeJob, targets: Callable[[Any, str], Sequence[Any]]) -> Encoded:
    """The images of all splits; the training rows change while they are read, where the recipe has augmentations.

    Args:
        job: what to encode; its options are :class:`ImageOptions`.
        targets: ``targets(labelled, split)`` gives what is learnt of each row.

    Raises:
        StudioError: an image cannot be read.
        Cancelled: the user has cancelled.
    """
    labelled, role = job.labelled, job.labelled.roles.one("image")
    pixels = read_pixels(job.backbone, job.config.resolution, job.config.crop)
    _tell_rest(job, pixels)
    files = {split: list(rows.texts(role)) for split, rows in labelled.splits.items()}
    store = Store(job, pixels, [file for part in files.values() for file in part])
    images = store.open()
    splits: dict[str, ImageRows] = {}
    digest = hashlib.sha256(f"{store.key}|{pixels}".encode())
    for split, paths in files.items():
        places = [store.place[path] for path in paths]
        splits[split] = ImageRows(images, places, pixels, _columns(job, split, targets(labelled, split)))
        digest.update(f"{split}|{places}|{splits[split].columns}".encode())
    if job.augmenter is not None and job.augmenter.image_key and "train" in splits:
        splits["train"] = ChangingRows(splits["train"], job.augmenter)
    return Encoded(splits, labelled.labels, (INPUT,), key=digest.hexdigest()[:32], facts={"pixels": pixels.to_dict()},
                   backbone=job.backbone)  # fmt: skip


def _columns(job: EncodeJob, split: str, labels: Sequence[Any]) -> dict[str, list[Any]]:
    rows, weights = job.labelled.splits[split], row_weights(job.labelled, split)
    columns = {"labels": list(labels), "row": [int(index) + 1 for index in rows.indices]}
    return columns if weights is None else {**columns, "weight": weights.tolist()}


def _tell_rest(job: EncodeJob, pixels: Pixels) -> None:
    """A transformer leaves out what is less than a patch."""
    config = read_json(job.backbone / "config.json")
    patch = (config.get("vision_config") or config).get("patch_size")
    if isinstance(patch, int) and (rest := pixels.size % patch) and "depths" not in config:
        log(job.emit, "task.patches",
            "Images of {size} pixels are no multiple of the model's patches of {patch}: {rest} pixels at the right and "
            "at the bottom are not read.", "warning", size=pixels.size, patch=patch, rest=rest)  # fmt: skip


def collator(encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
    """Rows → tensors; batches of training rows are mixed where the recipe says so, and have labels [B, K] then."""
    return partial(_collated, encoded=encoded)


def _collated(rows: Sequence[Row], encoded: Encoded) -> Batch:
    batch = padded(rows, encoded)
    train = encoded.splits.get("train")
    if "draw" not in rows[0] or not isinstance(train, ChangingRows) or not train.augmenter.mixes:
        return batch
    return {**batch, **_mixed(batch, rows[0]["draw"], train.augmenter, len(encoded.labels))}


def _mixed(batch: Batch, draw: tuple[int, ...], augmenter: Augmenter, classes: int) -> Batch:
    """Images [B, 3, S, S] and shares of the classes [B, K]; also where this batch is left as it is."""
    import numpy as np

    shares = np.eye(classes, dtype=np.float32)[batch["labels"].numpy()]
    images, shares = augmenter.batch(batch[INPUT].numpy(), shares, draw)
    return tensors({INPUT: images, "labels": shares})


def pixels_of(folder: Path) -> Pixels:
    """How the model in a folder reads images: as it was trained, or as its processor says where it is not ours."""
    found = read_settings(folder).get("pixels")
    return Pixels.of(found) if isinstance(found, dict) else read_pixels(folder)


def image_examples(folder: Path, rows: Sequence[Row]) -> Examples:
    """New images as the model in ``folder`` was trained to see them, each opened when it is asked for."""
    return Examples(Files([str(row["image"]) for row in rows], pixels_of(folder)), [INPUT])
