"""A second backbone beside the one of the recipe: found, checked, and asked how it reads the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models import loading
from tlstudio.models.batches import STEP, collate, tensors
from tlstudio.models.checks import check_folder
from tlstudio.strategies import readings, teaching
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.features import FeatureRows
from tlstudio.tasks.base import Batch, Encoded, Row, padded
from tlstudio.tasks.beside import PREFIX, alone, beside

if TYPE_CHECKING:
    import numpy as np

_WHERE = "strategy.second"
_IDS = "input_ids"


@dataclass(frozen=True)
class Second:
    """How two backbones read the rows.

    Attributes:
        first: the job of the backbone of the recipe.
        job: the same for the second one, with the rows as it takes them.
        encoded: the rows as both together take them, where these are more than the first takes; else None.
    """

    first: TransferJob
    job: TransferJob
    encoded: Encoded | None

    @property
    def apart(self) -> bool:
        """Whether each reads inputs of its own."""
        return self.encoded is not None

    @property
    def whole(self) -> TransferJob:
        """The job of both together."""
        if self.encoded is None:
            return self.first
        return replace(self.first, encoded=self.encoded, collate=partial(
            _collated, first=self.first.collate, names=[PREFIX + name for name in self.job.encoded.inputs],
            limit=self.job.encoded.max_length,
        ))  # fmt: skip


def none_chosen() -> StudioError:
    return StudioError(
        "strategy.no-second", "No second backbone is chosen.", "Name an earlier run, a model folder or a model "
        "that was downloaded in strategy.second.", where=_WHERE,
    )  # fmt: skip


def find(place: str, job: TransferJob) -> Second:
    """The second backbone that a recipe names.

    Raises:
        StudioError: none is named, it is not here, cannot learn the task, or reads the rows in a way that cannot be
            joined with the first.
    """
    if not place:
        raise none_chosen()
    folder = loading.anywhere(place, _WHERE).path
    check_folder(folder, {}, job.control.check)
    kind = str(read_json(folder / "config.json")["model_type"])
    if not job.head.knows(kind):
        raise StudioError(
            "strategy.second-kind", "A backbone of the type '{kind}' cannot learn this task, nor help with it.",
            "Choose a second backbone that reads the same kind of data.", where=_WHERE, kind=kind,
        )  # fmt: skip
    first = replace(job, encoded=alone(job.encoded))
    other = first.encoded if job.encode is None else job.encode(folder)
    key = teaching.weights_key(folder)
    assert job.build_on is not None  # the pipeline offers it
    if teaching.alike(first.encoded, other):
        build = partial(job.build_on, folder, first.encoded)
        return Second(first, replace(first, build=build, backbone_key=key), None)
    _require_texts(first, other)
    theirs = replace(first, build=partial(job.build_on, folder, other), encoded=other, backbone_key=key,
                     collate=partial(padded, encoded=other))  # fmt: skip
    return Second(first, theirs, beside(first.encoded, other, folder))


def _require_texts(job: TransferJob, other: Encoded) -> None:
    """Two readings of a row can be joined where each becomes one vector; of texts both are kept."""
    if _IDS not in job.encoded.inputs or _IDS not in other.inputs:
        raise StudioError(
            "strategy.second-reads-otherwise", "The two backbones prepare their inputs in different ways: in another "
            "size, with other colours, or at another rate.",
            "Choose a second backbone of the same family, or set the size in the options of the task.", where=_WHERE,
        )  # fmt: skip
    if job.head.per_token:
        raise StudioError(
            "strategy.second-tokens", "The two backbones cut words into different tokens, so that their features of a "
            "token cannot be joined.", "Choose a second backbone with the same tokenizer.", where=_WHERE,
        )  # fmt: skip
    if len(job.encoded.splits["train"]) != len(other.splits["train"]):
        raise StudioError(
            "strategy.second-rows", "The two backbones were given different numbers of training rows.",
            "Remove the augmentations that ask the backbone, in the Data step.", where=_WHERE,
        )  # fmt: skip


def _collated(rows: Sequence[Row], first: Any, names: Sequence[str], limit: int) -> Batch:
    return {**first(rows), **tensors(collate(rows, names, 0, limit, STEP))}


# --- features of both


class Joined(Sequence[dict[str, Any]]):
    """Features of two backbones side by side, [H + G] a row or [T, H + G]; the rest is that of the first."""

    def __init__(self, first: FeatureRows, second: FeatureRows) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, index: Any) -> Any:
        import numpy as np

        one, two = self._first[index], self._second[index]
        both: np.ndarray = np.concatenate([one["features"], two["features"]], -1)
        return {**one, "features": both}


def features_of_both(first: readings.Reader, other: readings.Reader, found: Second) -> dict[str, Joined]:
    """Features of the training and validation rows, from the cache or read now."""
    return {
        split: Joined(readings.rows(first, found.first, split), readings.rows(other, found.job, split))
        for split in ("train", "validation")
        if split in found.first.encoded.splits
    }
