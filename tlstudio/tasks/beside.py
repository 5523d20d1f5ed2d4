"""Rows that two backbones read with a tokenizer each: one network takes both readings of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlstudio.tasks.base import Encoded, EncodeJob, Row

PREFIX = "second_"  # as tlstudio.models.parts has it
_IDS, _MASK = "input_ids", "attention_mask"


class Beside(Sequence[dict[str, Any]]):
    """Rows as the first backbone reads them, with the inputs of the second under other names.

    Args:
        first: rows of the one, which also have the labels.
        second: the same rows in the same order, as the other reads them.
        inputs: which values the other reads.
    """

    def __init__(self, first: Any, second: Any, inputs: Sequence[str]) -> None:
        self.first, self._second = first, second
        self._names = {PREFIX + name: name for name in inputs}
        self.column_names = [*first.column_names, *self._names]

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            row = self._second[int(key)]
            return {**self.first[int(key)], **{new: _value(row, name) for new, name in self._names.items()}}
        if key not in self._names:
            return self.first[key]
        if (name := self._names[key]) != _MASK:
            return self._second[name]
        return [[1] * len(ids) for ids in self._second[_IDS]]


def encode(task: Any, job: EncodeJob, second: Path | None) -> Encoded:
    """The rows as a task encodes them, also for the second backbone where there is one with another tokenizer."""
    first: Encoded = task.encode(job)
    return first if second is None else beside(first, task.encode(replace(job, backbone=second)), second)


def _value(row: Row, name: str) -> Any:
    return [1] * len(row[_IDS]) if name == _MASK else row[name]


def prefixed(row: Row) -> dict[str, Any]:
    """The inputs of the second backbone under their other names, with their mask."""
    return {PREFIX + name: _value(row, name) for name in (_IDS, _MASK, *(name for name in row if name != _IDS))}


def beside(first: Encoded, second: Encoded, folder: Path) -> Encoded:
    """Rows of two encodings of the same data as one network takes them.

    Args:
        first: of the backbone of the recipe.
        second: of the other one.
        folder: of the other backbone.
    """
    splits = {name: Beside(rows, second.splits[name], second.inputs) for name, rows in first.splits.items()}
    inputs = (*first.inputs, *(PREFIX + name for name in second.inputs))
    settings = {"max_length": second.max_length, "inputs": list(second.inputs), "between": second.facts.get("between")}
    return replace(first, splits=splits, inputs=inputs, second=folder, second_settings=settings)


def alone(encoded: Encoded) -> Encoded:
    """The rows as the first backbone reads them."""
    if encoded.second is None:
        return encoded
    splits = {name: rows.first for name, rows in encoded.splits.items()}
    inputs = tuple(name for name in encoded.inputs if not name.startswith(PREFIX))
    return replace(encoded, splits=splits, inputs=inputs, second=None, second_settings={})
