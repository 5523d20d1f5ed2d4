"""Texts longer than a model reads, as overlapping windows; shared by the tasks that answer for places in a text.

The windows are those of the tokenizers library: each but the first begins with the last ``stride`` tokens of the one
before, so that every place has context on both sides in one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.tasks.base import Encoded, EncodeJob
from tlstudio.tasks.texts import row_weights, tokenizer_stamp, write_rows

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import pyarrow as pa

BATCH = 200  # rows of data that are tokenised at once
Entry = dict[str, Any]  # a window as it is stored: ``input_ids`` first, since batches are grouped by their length


def fast_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder, which must know the characters of each token.

    Raises:
        StudioError: it does not.
    """
    tokenizer = load_tokenizer(folder)
    if getattr(tokenizer, "is_fast", False):
        return tokenizer
    raise StudioError(
        "task.no-offsets", "The tokenizer of this model does not tell which characters a token stands for.",
        "Choose a model that has a file tokenizer.json, such as one of the BERT, RoBERTa or DeBERTa family.",
        where="model.name",
    )  # fmt: skip


def settled_stride(wish: int, room: int) -> int:
    """Tokens that neighbouring windows share: never more than half of the ``room`` in a window, so that all go on."""
    return min(wish, room // 2)


class WindowMaker:
    """Makes the datasets of windows, or finds them in the cache.

    Args:
        job: what is encoded.
        roles: the columns that are read.
        fields: names and Arrow types of what a window holds beside ``source``, ``row``, ``length`` and ``weight``.
        choices: whatever else changes the windows.
        make: ``make(split, columns, first)`` gives the windows of some rows, each with its ``source``; ``columns`` are
            lists of the values of ``roles``, ``first`` is the position of the first row in the split.
    """

    def __init__(
        self, job: EncodeJob, roles: Sequence[str], fields: dict[str, pa.DataType], choices: Any,
        make: Callable[[str, list[list[Any]], int], Iterator[Entry]],
    ) -> None:  # fmt: skip
        self._job, self._roles, self._fields, self._make = job, roles, fields, make
        self._stamp = f"1|{tokenizer_stamp(job.backbone)}|{choices}"
        self._keys: list[str] = []
        self._meter: Meter | None = None

    @property
    def key(self) -> str:
        """Changes with everything that the windows depend on."""
        return hashlib.sha256("".join(self._keys).encode()).hexdigest()[:32]

    def splits(self, unit: str) -> dict[str, datasets.Dataset]:
        """The windows of all splits, in the order of the rows."""
        labelled = self._job.labelled
        total = sum(len(rows) for rows in labelled.splits.values())
        self._meter = Meter(self._job.emit, self._job.control, "tokenise", total, unit)
        return {split: self._split(split) for split in labelled.splits}

    def _split(self, split: str) -> datasets.Dataset:
        import datasets

        rows, roles = self._job.labelled.splits[split], self._job.labelled.roles
        weights = row_weights(self._job.labelled, split)
        digest = hashlib.sha256(f"{self._stamp}|{rows.table.key}|{roles.columns}|{split}".encode())
        digest.update(rows.indices.tobytes())
        self._keys.append(digest.hexdigest()[:32])
        path = cache_folder("tokens") / f"{self._keys[-1]}.arrow"
        if not path.is_file():
            write_rows(path, self._batches(split, weights), self._schema(weights is not None))
        elif self._meter is not None:
            self._meter.advance(len(rows))
        return datasets.Dataset.from_file(str(path))

    def _batches(self, split: str, weights: np.ndarray | None) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        rows, roles = self._job.labelled.splits[split], self._job.labelled.roles
        schema, first = self._schema(weights is not None), 0
        for batch in rows.batches([roles.one(role) for role in self._roles]):
            for start in range(0, batch.num_rows, BATCH):
                columns = [column.to_pylist() for column in batch.slice(start, BATCH).columns]
                entries = list(self._make(split, columns, first))
                for entry in entries:
                    source = entry["source"]
                    entry |= {"row": int(rows.indices[source]) + 1, "length": len(entry["input_ids"])}
                    entry |= {} if weights is None else {"weight": float(weights[source])}
                yield pa.RecordBatch.from_pylist(entries, schema)
                first += len(columns[0])
                if self._meter is not None:
                    self._meter.advance(len(columns[0]))

    def _schema(self, weighted: bool) -> pa.Schema:
        import pyarrow as pa

        further = {"source": pa.int64(), "row": pa.int64(), "length": pa.int32()}
        return pa.schema({**self._fields, **further, **({"weight": pa.float64()} if weighted else {})})


def tell_windows(emit: Emit, splits: dict[str, Any], length: int, longer: str) -> dict[str, Any]:
    """Notes how many rows are read in several windows, with the template ``longer``; returns that nothing is cut."""
    import numpy as np

    several = 0
    for rows in splits.values():
        _sources, counts = np.unique(np.asarray(rows["source"], dtype=np.int64), return_counts=True)
        several += int((counts > 1).sum())
    if several:
        log(emit, "task.windows", longer, rows=several, max_length=length)
    return {"texts": 0, "share": 0.0, "tokens_lost": 0, "max_length": length}


def by_source(encoded: Encoded, split: str, outputs: Sequence[Any], columns: Sequence[str]) -> Iterator[list[Entry]]:
    """The windows of each row of data, with the given columns and the model's ``output``."""
    rows = encoded.splits[split]
    chosen = rows.select_columns([*columns, "source"]) if hasattr(rows, "select_columns") else rows
    yield from grouped({**row, "output": output} for row, output in zip(chosen, outputs, strict=True))


def grouped(windows: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Windows with the same ``source``, which follow one another."""
    group: list[Entry] = []
    for window in windows:
        if group and window["source"] != group[0]["source"]:
            yield group
            group = []
        group.append(window)
    if group:
        yield group
