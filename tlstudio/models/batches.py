"""Rows of model inputs as padded batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

Example = Mapping[str, Any]  # inputs of one row by name: token ids as a list, images and sounds as arrays
IGNORED = -100  # a label that does not count, as in PyTorch
STEP = 8  # lengths of training batches are multiples of it, see :func:`collate`


class Examples(Sequence[Example]):
    """The model inputs of the rows of a split, read when asked for.

    Args:
        rows: dataset or sequence of dicts.
        inputs: which of a row's values the model takes.

    ``unit`` is what one of them is called, where that is not a row of the data.
    """

    unit = ""

    def __init__(self, rows: Any, inputs: Sequence[str]) -> None:
        self._rows, self._inputs = rows, tuple(inputs)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        row = self._rows[int(index)]
        return {name: row[name] for name in self._inputs}

    def __iter__(self) -> Iterator[Example]:
        return (self[index] for index in range(len(self)))

    def lengths(self) -> list[int]:
        """Tokens (or samples) of each row, by which batches are grouped; equal where all rows are of one size."""
        if "length" in getattr(self._rows, "column_names", ()):
            return list(self._rows["length"])
        if hasattr(self._rows, "column_names"):
            return [1] * len(self)
        return lengths_of([{name: row[name] for name in self._inputs} for row in self._rows])


def lengths_of(examples: Iterable[Example]) -> list[int]:
    """Length of the first input of each row."""
    return [len(next(iter(example.values()))) for example in examples]


def collate(
    rows: Sequence[Example], names: Sequence[str], pad_id: int = 0, limit: int = 0, step: int = 1, left: bool = False
) -> dict[str, np.ndarray]:
    """One array for each name, padded on the right to the longest row.

    Token ids are padded with ``pad_id``, labels with -100, everything else with 0. An attention mask [B, T] is made
    beside token ids that come without. Numbers become a vector [B], images [B, C, H, W].

    Args:
        rows: values by name.
        names: which values are taken.
        pad_id: of the padding token.
        limit: no row is padded beyond it; 0 for none.
        step: lengths are rounded up to a multiple of it. oneDNN keeps buffers for every shape that it meets: with all
            lengths allowed memory grew by 10 MB for each new length (MiniLM, bf16); with multiples of 8 it stays flat.
        left: padded on the left, for decoders that go on from the end of a row.
    """
    batch = {}
    for name in names:
        padding = {"input_ids": pad_id, "labels": IGNORED}.get(name, 0)
        batch[name] = _stacked([row[name] for row in rows], padding, limit, step, left)
    if "input_ids" in batch and "attention_mask" not in batch:
        mask = np.zeros_like(batch["input_ids"])
        for row, example in enumerate(rows):
            mask[row, _place(len(example["input_ids"]), mask.shape[1], left)] = 1
        batch["attention_mask"] = mask
    return batch


def _stacked(values: Sequence[Any], padding: float, limit: int, step: int, left: bool) -> np.ndarray:
    first = values[0]
    if isinstance(first, (bool, int, float, np.number)):
        return np.asarray(values, dtype=np.float32 if isinstance(first, (float, np.floating)) else np.int64)
    arrays = [np.asarray(value) for value in values]
    kind = np.float32 if arrays[0].dtype.kind == "f" else np.int64
    if arrays[0].ndim != 1:
        return np.stack(arrays).astype(kind, copy=False)
    longest = max(len(array) for array in arrays)
    width = -(-longest // step) * step
    result = np.full((len(arrays), max(min(width, limit or width), longest)), padding, dtype=kind)
    for row, array in enumerate(arrays):
        result[row, _place(len(array), result.shape[1], left)] = array
    return result


def _place(length: int, width: int, left: bool) -> slice:
    """Where the values of a row lie, with the padding on the other side."""
    return slice(width - length, width) if left else slice(0, length)


def tensors(batch: Mapping[str, np.ndarray], device: Any = "cpu") -> dict[str, torch.Tensor]:
    """The batch as tensors on a device."""
    import torch

    return {name: torch.from_numpy(value).to(device) for name, value in batch.items()}


def describe(example: Example) -> dict[str, dict[str, Any]]:
    """Type and shape of each input; an axis whose length differs between rows is None."""
    found = {}
    for name, value in collate([example], list(example)).items():
        shape = [None] if value.ndim == 2 else list(value.shape[1:])
        found[name] = {"dtype": str(value.dtype), "shape": shape}
    return found


def dummy(inputs: Mapping[str, Mapping[str, Any]], rows: int = 2, length: int = 9) -> dict[str, np.ndarray]:
    """A batch of ones in the given types and shapes; ``length`` stands for an axis that differs between rows."""
    return {
        name: np.ones((rows, *(length if size is None else size for size in about["shape"])), dtype=about["dtype"])
        for name, about in inputs.items()
    }


def split_batch(batch: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """Takes out of a batch what the model must not see: labels, numbers of the rows, and options of the loss."""
    weights = batch.pop("row_weights", None)
    return batch.pop("labels"), batch.pop("rows", None), {} if weights is None else {"row_weights": weights}


def write_examples(path: Path, examples: Sequence[Example]) -> None:
    """Rows of inputs as arrays called ``<row>.<input>``, for another process."""
    arrays = {f"{row}.{name}": np.asarray(value) for row, one in enumerate(examples) for name, value in one.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def read_examples(path: Path) -> list[dict[str, np.ndarray]]:
    """What :func:`write_examples` has written."""
    examples: list[dict[str, np.ndarray]] = []
    with np.load(path, allow_pickle=False) as stored:
        for key in stored.files:
            row, name = key.split(".", 1)
            while len(examples) <= int(row):
                examples.append({})
            examples[int(row)][name] = stored[key]
    return examples
