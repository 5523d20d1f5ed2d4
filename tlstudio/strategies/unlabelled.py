"""Rows without labels that a student learns from as its teacher answers them (a transfer set: Hinton et al., 2015,
§ 2; Turc et al., 2019, "Well-read students learn better", § 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.adaptation import rows
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.models.heads import Head, read_settings
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Encoded, ListRows, Row

if TYPE_CHECKING:
    import numpy as np

    from tlstudio.strategies.teaching import Teacher


def read(place: str, teacher: Teacher, job: TransferJob) -> tuple[ListRows, str]:
    """The rows of a place as the teacher takes them, and a key that names them.

    Raises:
        StudioError: it cannot be read, or the task answers more than whole texts.
    """
    task = find("tlstudio.tasks").get(str(read_settings(teacher.folder).get("task") or ""))
    if task is None or task.LEARNS != "text" or job.head.per_token:
        raise StudioError(
            "strategy.no-unlabelled", "Rows without labels are of use only where whole texts are answered, and where "
            "the teacher is a run.", "Leave strategy.unlabelled empty.", where="strategy.unlabelled",
        )  # fmt: skip
    found = rows.read(place, task.ASKS, "", job.emit, job.control)
    columns = [list(found.splits["train"].texts(found.roles.one(role))) for role in task.ASKS]
    texts = [dict(zip(task.ASKS, values, strict=True)) for values in zip(*columns, strict=True)]
    examples = [{**row, "length": len(row["input_ids"])} for row in task.examples(teacher.folder, texts)]
    return ListRows(examples), hashlib.sha256(repr(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def labelled(found: ListRows, answers: Sequence[np.ndarray], job: TransferJob) -> ListRows:
    """The rows with the teacher's answers as their labels, and with the mean weight where rows have weights."""
    more = {"weight": 1.0} if "weight" in job.encoded.splits["train"].column_names else {}
    labels = [label_of(job.head, answer, job.encoded) for answer in answers]
    return ListRows([{**row, "labels": label, **more} for row, label in zip(found, labels, strict=True)])


def label_of(head: Head, answer: np.ndarray, encoded: Encoded) -> Any:
    """An answer as the task would have it for a label."""
    if head.kind == "signs":
        return (answer > 0).astype(int).tolist()
    if head.kind == "values":
        facts = {"mean": 0.0, "scale": 1.0, **encoded.facts}
        return float((answer.reshape(-1)[0] - facts["mean"]) / facts["scale"])
    return int(answer.argmax())


class Joined(Sequence[dict[str, Any]]):
    """Rows of the recipe, and after them others with the same columns where they have them."""

    def __init__(self, first: Any, second: ListRows) -> None:
        self._first, self._second = first, second
        self.column_names = [name for name in first.column_names if name in second.column_names]

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __getitem__(self, key: Any) -> Row:  # type: ignore[override]
        if isinstance(key, str):
            return [*self._first[key], *self._second[key]]  # type: ignore[return-value]
        index = range(len(self))[int(key)]
        return self._first[index] if index < len(self._first) else self._second[index - len(self._first)]
