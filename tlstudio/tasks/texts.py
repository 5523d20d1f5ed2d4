"""Texts, or pairs of texts, as token ids: for every task that gives one answer a row."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import sha256
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.labelled import Labelled
from tlstudio.data.tables import write_batches
from tlstudio.models import folders
from tlstudio.models.tokenizers import between, has_types, load_tokenizer, padding_id, tokenise, tokenise_pairs
from tlstudio.tasks.base import Encoded, EncodeJob, Row, TestJob
from tlstudio.tasks.beside import prefixed

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import pyarrow as pa

_FORMAT = 6  # part of each key: another number makes every cache anew
_BATCH = 500
_AUTO_MAX = 128  # tokens: most short texts fit, and time grows with the length
_PAIR_MAX = 256
PAIR = ("text", "text_b")


class TextOptions(BaseModel):
    """Choices of every task that reads whole texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens that are read of each text; auto takes 128 (256 for pairs), or less if the model allows "
        "less.",
        json_schema_extra={"unit": "tokens"},
    )


@dataclass(frozen=True)
class Targets:
    """What is learnt: a value for each row of a split, and its Arrow type; ``stamp`` changes with the values."""

    values: Sequence[Any]
    kind: pa.DataType
    stamp: bytes


def classes(labelled: Labelled, split: str) -> Targets:
    """The class number of each row."""
    import numpy as np
    import pyarrow as pa

    numbers = labelled.class_numbers(split)
    stamp = "\0".join(labelled.labels).encode() + np.asarray(numbers, dtype=np.int32).tobytes()
    return Targets(numbers, pa.int64(), stamp)


def several(labelled: Labelled, split: str) -> Targets:
    """For each row a list of 0 and 1, one for each of :attr:`Labelled.classes`."""
    import numpy as np
    import pyarrow as pa

    table = labelled.several(split).astype(np.int8)
    return Targets(list(table), pa.list_(pa.int8()), "\0".join(labelled.classes).encode() + table.tobytes())


def numbers(labelled: Labelled, split: str) -> Targets:
    """The number of each row.

    Raises:
        StudioError: a value is none; its row is named.
    """
    import pyarrow as pa

    values = labelled.splits[split].numbers(labelled.roles.one("number"))
    return Targets(values.tolist(), pa.float32(), values.tobytes())


def settled_length(wish: int | str, backbone: Path, auto: int = _AUTO_MAX, where: str = "task.max_length") -> int:
    """The maximum length in tokens.

    Raises:
        StudioError: the model reads less than the wish.
    """
    limit = folders.position_limit(folders.read_json(backbone / "config.json"))
    if wish == "auto":
        return min(auto, limit or auto)
    length = int(wish)
    if limit and length > limit:
        raise StudioError(
            "task.too-long", "The model reads at most {limit} tokens, not {wish}.",
            "Lower the maximum length, or choose a model for long texts.",
            where=where, limit=limit, wish=length,
        )  # fmt: skip
    return length


def encode(job: EncodeJob, targets: Any, length: int, roles: Sequence[str] = ("text",), prefix: str = "") -> Encoded:
    """Tokenises all splits, or takes them from the cache; training rows get the changed copies of the augmenter.

    Args:
        job: what to encode.
        targets: ``targets(labelled, split)`` gives the :class:`Targets` of a split.
        length: tokens at most.
        roles: text, or text and text_b.
        prefix: what is written before each text.
    """
    import datasets

    maker = _Maker(job, targets, length, tuple(roles), prefix)
    splits = {split: maker.split(split) for split in job.labelled.splits}
    truncated = truncation(splits, length)
    if job.augmenter is not None and job.augmenter.key and "train" in splits:
        copies = maker.copies(splits["train"])
        splits["train"] = datasets.concatenate_datasets([splits["train"], copies])
    tell_truncated(job.emit, truncated)
    key = hashlib.sha256("".join(maker.keys).encode()).hexdigest()[:32]
    inputs = ("input_ids", "attention_mask", *(("token_type_ids",) if maker.typed else ()))
    pad_id = padding_id(job.backbone)
    return Encoded(splits, job.labelled.labels, inputs, length, pad_id, truncated, key)


def encode_pairs(job: EncodeJob, targets: Any) -> Encoded:
    """As :func:`encode`, for pairs of texts; what is written between them is one of the facts."""
    length = settled_length(job.config.max_length, job.backbone, _PAIR_MAX)
    encoded = encode(job, targets, length, PAIR)
    return replace(encoded, facts={"between": between(load_tokenizer(job.backbone))})


def tell_truncated(emit: Emit, truncated: dict[str, Any]) -> None:
    if truncated["texts"]:
        log(emit, "task.truncated",
            "{texts} texts ({percent} %) are longer than {max_length} tokens and were cut; {tokens_lost} tokens "
            "are lost.", percent=round(100 * truncated["share"], 1), **truncated)  # fmt: skip


def tokenizer_stamp(backbone: Path) -> str:
    """Changes with the tokenizer, whatever its files are."""
    paths = [backbone / name for name in folders.TOKENIZER_FILES if (backbone / name).is_file()]
    return hashlib.sha256("".join(f"{path.name}:{sha256(path)}|" for path in paths).encode()).hexdigest()[:16]


class _Maker:
    """Makes the datasets of the splits, and the key of each."""

    def __init__(self, job: EncodeJob, targets: Any, length: int, roles: tuple[str, ...], prefix: str) -> None:
        self.job, self.targets, self.length, self.roles, self.prefix = job, targets, length, roles, prefix
        self.tokenizer = load_tokenizer(job.backbone)
        self.typed = len(roles) > 1 and has_types(self.tokenizer, job.backbone)
        self.keys: list[str] = []
        self._stamp = tokenizer_stamp(job.backbone)
        total = sum(len(rows) for rows in job.labelled.splits.values())
        self._meter = Meter(job.emit, job.control, "tokenise", total, "texts")

    def split(self, split: str) -> datasets.Dataset:
        labelled = self.job.labelled
        rows, targets = labelled.splits[split], self.targets(labelled, split)
        weights = row_weights(labelled, split)
        key = self._key(split, targets.stamp)
        if (path := _path(key)).is_file():
            self._meter.advance(len(rows))
            return _opened(path)
        columns = [labelled.roles.one(role) for role in self.roles]

        def batches() -> Iterator[pa.RecordBatch]:
            first = 0
            for batch in rows.batches(columns):
                for start in range(0, batch.num_rows, _BATCH):
                    texts = [column.to_pylist() for column in batch.slice(start, _BATCH).columns]
                    yield self._encoded(texts, range(first, first + len(texts[0])), rows.indices, targets, weights)
                    first += len(texts[0])
                    self._meter.advance(len(texts[0]))

        return self._written(path, batches(), targets, weights is not None)

    def copies(self, train: datasets.Dataset) -> datasets.Dataset:
        """Tokenised changed copies of the training texts, with the columns of ``train``."""
        augmenter, labelled = self.job.augmenter, self.job.labelled
        assert augmenter is not None  # the caller has asked for its key
        self.keys.append(augmenter.key)
        rows, targets = labelled.splits["train"], self.targets(labelled, "train")
        weights = row_weights(labelled, "train")
        names = [labelled.roles.one(role) for role in self.roles]
        key = hashlib.sha256(f"{self._key('train', targets.stamp, keep=False)}|{augmenter.key}".encode())

        def batches() -> Iterator[pa.RecordBatch]:
            others = [list(rows.texts(name)) for name in names[1:]]  # of a pair only the first text is changed
            copies = augmenter.copies(rows.texts(names[0]))
            while batch := list(itertools.islice(copies, _BATCH)):
                sources = [copy.source for copy in batch]
                texts = [[copy.text for copy in batch], *([other[at] for at in sources] for other in others)]
                yield self._encoded(texts, sources, rows.indices, targets, weights)

        return self._written(_path(key.hexdigest()[:32]), batches(), targets, weights is not None)

    def _encoded(
        self, texts: list[list[str]], sources: Sequence[int], indices: np.ndarray, targets: Targets,
        weights: np.ndarray | None,
    ) -> pa.RecordBatch:  # fmt: skip
        import pyarrow as pa

        types: list[list[int]] = []
        if len(texts) == 1:
            ids, full = tokenise(self.tokenizer, [self.prefix + text for text in texts[0]], self.length)
        else:
            ids, full, types = tokenise_pairs(self.tokenizer, texts[0], texts[1], self.length)
        columns = {
            "input_ids": ids,
            "length": [len(row) for row in ids],
            "full_length": full,
            "labels": [targets.values[at] for at in sources],
            "row": [int(indices[at]) + 1 for at in sources],
            **({"token_type_ids": types} if self.typed else {}),
            **({} if weights is None else {"weight": [float(weights[at]) for at in sources]}),
        }
        return pa.RecordBatch.from_pydict(columns, self._schema(targets, weights is not None))

    def _schema(self, targets: Targets, weighted: bool) -> pa.Schema:
        import pyarrow as pa

        fields = {"input_ids": pa.list_(pa.int32()), "length": pa.int32(), "full_length": pa.int32(),
                  "labels": targets.kind, "row": pa.int64()}  # fmt: skip
        if self.typed:
            fields["token_type_ids"] = pa.list_(pa.int8())
        if weighted:
            fields["weight"] = pa.float64()
        return pa.schema(fields)

    def _written(
        self, path: Path, batches: Iterator[pa.RecordBatch], targets: Targets, weighted: bool
    ) -> datasets.Dataset:
        if not path.is_file():
            write_rows(path, batches, self._schema(targets, weighted))
        return _opened(path)

    def _key(self, split: str, stamp: bytes, keep: bool = True) -> str:
        labelled = self.job.labelled
        rows = labelled.splits[split]
        shape = f"{self.length}|{self.roles}|{self.typed}|{self.prefix}"
        text = f"{_FORMAT}|{rows.table.key}|{labelled.roles.columns}|{self._stamp}|{shape}"
        digest = hashlib.sha256(text.encode())
        digest.update(rows.indices.tobytes())
        digest.update(stamp)
        if keep:
            self.keys.append(digest.hexdigest()[:32])
        return digest.hexdigest()[:32]


def write_rows(path: Path, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
    """Writes encoded rows as an Arrow file that is complete or absent; also where there are none."""
    import pyarrow as pa

    path.parent.mkdir(parents=True, exist_ok=True)
    if not write_batches(path, batches)[1]:
        write_batches(path, [pa.RecordBatch.from_pylist([], schema)])


def _path(key: str) -> Path:
    return cache_folder("tokens") / f"{key}.arrow"


def _opened(path: Path) -> datasets.Dataset:
    import datasets

    return datasets.Dataset.from_file(str(path))


def text_examples(folder: Path, rows: Sequence[Row], roles: Sequence[str] = ("text",)) -> list[dict[str, Any]]:
    """Token ids of new texts or pairs, as the model in ``folder`` was trained to see them."""
    found = _read_by(folder, rows, roles)
    if (other := folders.second_reader(folder)) is None:
        return found
    return [{**one, **prefixed(two)} for one, two in zip(found, _read_by(other, rows, roles), strict=True)]


def _read_by(folder: Path, rows: Sequence[Row], roles: Sequence[str]) -> list[dict[str, Any]]:
    tokenizer, length = load_tokenizer(folder), folders.max_length(folder)
    texts = [[str(row[role]) for row in rows] for role in roles]
    if len(roles) == 1:
        return [{"input_ids": ids} for ids in tokenise(tokenizer, texts[0], length)[0]]
    ids, _full, types = tokenise_pairs(tokenizer, texts[0], texts[1], length)
    if not has_types(tokenizer, folder):
        return [{"input_ids": row} for row in ids]
    return [{"input_ids": row, "token_type_ids": kinds} for row, kinds in zip(ids, types, strict=True)]


class Columns(NamedTuple):
    """The columns of texts of the training rows, read when asked for, and those of the tested rows."""

    train: list[Iterator[str]]
    test: list[list[str]]


def columns(job: TestJob, roles: Sequence[str]) -> Columns:
    """What models of words learn from, and what they are asked."""
    train, names = job.labelled.splits["train"], job.labelled.roles
    return Columns([train.texts(names.one(role)) for role in roles], [job.texts(role) for role in roles])


def row_weights(labelled: Labelled, split: str) -> np.ndarray | None:
    """float64 [n]: how much each training row counts, with mean 1; None without a column for it.

    Raises:
        StudioError: a weight is no number, or below zero.
    """
    if split != "train" or "weight" not in labelled.roles.columns:
        return None
    weights = labelled.splits[split].numbers(labelled.roles.one("weight"), least=0.0)
    if not weights.sum():
        raise StudioError(
            "data.no-weight", "All weights in the column '{column}' are zero.", "Choose another column.",
            where="data.roles.weight", column=labelled.roles.one("weight"),
        )  # fmt: skip
    return weights / weights.mean()


def truncation(splits: dict[str, Any], length: int) -> dict[str, Any]:
    """How many texts were cut, and what that costs; from the column ``full_length``."""
    import numpy as np

    full = np.concatenate([np.asarray(rows["full_length"], dtype=np.int64) for rows in splits.values()])
    over = full[full > length]
    return {
        "texts": len(over),
        "share": float(len(over) / max(len(full), 1)),
        "tokens_lost": int((over - length).sum()),
        "max_length": length,
    }
