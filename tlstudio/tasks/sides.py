"""Rows of two or three texts that a model reads one by one: the sides of a pair or a triplet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tlstudio.core.events import Event, Log
from tlstudio.models.batches import STEP, Examples, collate, tensors
from tlstudio.tasks import texts
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Row, row_weights_of

if TYPE_CHECKING:
    import numpy as np

Prefixes = tuple[str, str]  # written before first texts, and before second and third ones


class SideRows(Sequence[Any]):
    """Several datasets of tokenised texts as one of rows: token ids of each side under ``texts``."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)
        self.column_names = ["texts", *(name for name in ("labels", "row", "weight") if name in parts[0].column_names),
                             "length"]  # fmt: skip

    def __len__(self) -> int:
        return len(self.parts[0])

    def __getitem__(self, key: Any) -> Any:
        import numpy as np

        if key == "length":
            return np.maximum.reduce([np.asarray(part["length"]) for part in self.parts]).tolist()
        if isinstance(key, str):
            return list(self.parts[0][key])
        rows = [part[int(key)] for part in self.parts]
        kept = {name: value for name, value in rows[0].items() if name in ("labels", "row", "weight")}
        return {"texts": [row["input_ids"] for row in rows], **kept, "length": max(row["length"] for row in rows)}


class SingleTexts(Examples):
    """The texts of the rows one by one: the sides of the first row, then those of the second …"""

    unit = "texts"

    def __init__(self, rows: SideRows) -> None:
        super().__init__(rows, ("input_ids",))
        self._parts = rows.parts

    def __len__(self) -> int:
        return len(self._parts) * len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        row, side = divmod(int(index), len(self._parts))
        return {"input_ids": self._parts[side][row]["input_ids"]}

    def lengths(self) -> list[int]:
        import numpy as np

        return np.stack([np.asarray(part["length"]) for part in self._parts], axis=1).ravel().tolist()


@dataclass(frozen=True)
class SideEncoded(Encoded):
    """Rows of several texts; a scorer is asked for the texts one by one."""

    sides: int = 2

    def examples(self, split: str) -> Examples:
        return SingleTexts(self.splits[split])


def encode(
    job: EncodeJob, targets: Any, length: int, roles: Sequence[str], prefixes: Prefixes = ("", "")
) -> SideEncoded:
    """Tokenises the columns of ``roles`` as texts of their own; see :func:`tlstudio.tasks.texts.encode`."""

    def emit(event: Event) -> None:
        if not isinstance(event, Log):  # what was cut is told once, of all sides
            job.emit(event)

    quiet = replace(job, emit=emit, augmenter=None)
    parts = [texts.encode(quiet, targets if not side else _nothing, length, (role,), prefixes[min(side, 1)])
             for side, role in enumerate(roles)]  # fmt: skip
    splits = {split: SideRows([part.splits[split] for part in parts]) for split in job.labelled.splits}
    truncated = texts.truncation(
        {f"{split} {side}": rows for side, part in enumerate(parts) for split, rows in part.splits.items()}, length
    )
    texts.tell_truncated(job.emit, truncated)
    key = hashlib.sha256("".join(part.key for part in parts).encode()).hexdigest()[:32]
    return SideEncoded(splits, [], max_length=length, pad_id=parts[0].pad_id, truncated=truncated, key=key,
                       backbone=job.backbone, sides=len(parts))  # fmt: skip


def _nothing(labelled: Any, split: str) -> texts.Targets:
    import pyarrow as pa

    return texts.Targets([0] * len(labelled.splits[split]), pa.int64(), b"")


unlabelled = _nothing


def stacked(rows: Sequence[Row], encoded: Encoded, low: float, span: float) -> Batch:
    """The texts of rows one below the other, [B * S, T]; the loss needs more than a number a row.

    Args:
        rows: of :class:`SideRows`.
        encoded: for padding and length.
        low: the least score.
        span: between the least and the highest score, so that all lie between 0 and 1.

    Returns:
        Inputs, and ``labels``: ``mask`` [B * S, T], ``values`` [B], and ``texts`` [B, S], where equal numbers are
        equal texts.
    """
    import torch

    singles = [{"input_ids": ids} for row in rows for ids in row["texts"]]
    batch = tensors(collate(singles, ["input_ids"], encoded.pad_id, encoded.max_length, STEP))
    known: dict[tuple[int, ...], int] = {}
    numbers = [[known.setdefault(tuple(ids), len(known)) for ids in row["texts"]] for row in rows]
    values = [(float(row["labels"]) - low) / span for row in rows]
    labels = {"mask": batch["attention_mask"], "values": torch.tensor(values), "texts": torch.tensor(numbers)}
    return {**batch, "labels": labels, **row_weights_of(rows)}


def numbered(rows: SideRows) -> list[np.ndarray]:
    """For each side int64 [N]: equal numbers are texts that are equal to the model."""
    import numpy as np

    known: dict[bytes, int] = {}
    found = []
    for part in rows.parts:
        keys = (np.asarray(ids, dtype=np.int32).tobytes() for ids in part["input_ids"])
        found.append(np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64))
    return found


@dataclass(frozen=True)
class Pool:
    """Which documents a test searches, each text once.

    Attributes:
        places: for each document the (side, row) where it stands first.
        right: for each row the documents that belong to its first text.
        numbers: of the first texts [N]; equal numbers are equal texts.
    """

    places: list[tuple[int, int]]
    right: list[set[int]]
    numbers: np.ndarray

    def vectors(self, sides: Sequence[np.ndarray]) -> np.ndarray:
        """Those of the documents [M, D]."""
        import numpy as np

        return np.stack([sides[side][row] for side, row in self.places])


def pool(rows: SideRows) -> Pool:
    """All second (and third) texts; right are those that came with the same first text anywhere."""
    first, *others = numbered(rows)
    places: list[tuple[int, int]] = []
    documents: dict[int, int] = {}
    for side, numbers in enumerate(others, 1):
        for row, number in enumerate(numbers.tolist()):
            if number not in documents:
                documents[number] = len(places)
                places.append((side, row))
    belonging: dict[int, set[int]] = {}
    for query, number in zip(first.tolist(), others[0].tolist(), strict=True):
        belonging.setdefault(query, set()).add(documents[number])
    return Pool(places, [belonging[query] for query in first.tolist()], first)
