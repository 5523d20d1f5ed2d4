"""Rows without labels: prototypes move with them, and a student learns from them as its teacher answers them (a
transfer set: Hinton et al., 2015, § 2; Turc et al., 2019, "Well-read students learn better", § 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.adaptation import rows
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import load_tokenizer, tokenise
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Encoded, ListRows, Row
from tlstudio.tasks.texts import tokenizer_stamp

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


def plain(place: str, model: Any, job: TransferJob) -> tuple[Sequence[Row], str]:
    """The texts or images of a place as a model takes the rows of the recipe, and a key that names them.

    Raises:
        StudioError: they cannot be read, or the task asks for pairs or sounds.
    """
    encoded, folder = job.encoded, Path(str(getattr(model, "name_or_path", "")))
    if "pixels" in encoded.facts:
        from tlstudio.models.pixels import Pixels
        from tlstudio.tasks.images import Files

        paths = _values(place, "image", job)
        return Files(paths, Pixels.of(encoded.facts["pixels"])), _stamp(encoded.facts["pixels"], paths)
    if "input_ids" not in encoded.inputs or "between" in encoded.facts or not (folder / "config.json").is_file():
        raise StudioError(
            "strategy.no-further-rows", "Rows without labels are of use only where single texts or images are "
            "answered.", "Leave strategy.unlabelled empty.", where="strategy.unlabelled",
        )  # fmt: skip
    texts = _values(place, "text", job)
    ids, _full = tokenise(load_tokenizer(folder), texts, encoded.max_length)
    inputs = ListRows([{"input_ids": row, "length": len(row)} for row in ids])
    return inputs, _stamp(tokenizer_stamp(folder), encoded.max_length, texts)


def _values(place: str, role: str, job: TransferJob) -> list[str]:
    found = rows.read(place, (role,), "", job.emit, job.control)
    return list(found.splits["train"].texts(found.roles.one(role)))


def _stamp(*facts: Any) -> str:
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


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
