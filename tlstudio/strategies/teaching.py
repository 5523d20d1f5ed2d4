"""A trained model that teaches another: its answers, kept on the disk, and what its blocks hold, as further losses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.progress import Meter
from tlstudio.models import earlier
from tlstudio.models.batches import IGNORED
from tlstudio.models.blocks import block_modules
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.checks import weight_files
from tlstudio.models.folders import read_labels
from tlstudio.models.heads import Head, load, read_settings
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.models.tokenizers import quiet_loading
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.features import Store
from tlstudio.tasks.base import Batch, Encoded, Row

if TYPE_CHECKING:
    import numpy as np
    import torch

    from tlstudio.strategies.comparisons import Comparison

_WHERE = "strategy.teacher"
_LOOKED_AT = 200  # rows that tell whether two models read the same
_FORWARD = 1 / 3  # of the time of a forward and backward pass
_COMPARING = 0.2  # likewise, for the comparison of the blocks


@dataclass(frozen=True)
class Teacher:
    """A trained model and how it reads the rows.

    Attributes:
        folder: of the model.
        model: in fp32, on the CPU.
        head: with the offset of its own training.
        encoded: the rows as it takes them.
        alike: whether it reads just what the student reads.
        key: names its weights.
    """

    folder: Path
    model: Any
    head: Head
    encoded: Encoded
    alike: bool
    key: str


def find(place: str, job: TransferJob) -> Teacher:
    """The teacher that a recipe names.

    Raises:
        StudioError: none is named, there is no such run, or it has learnt something else.
    """
    if not place:
        raise none_chosen()
    folder = earlier.model_folder(place, _WHERE)
    settings = read_settings(folder)
    head = Head.of(settings) if settings.get("head") else job.head
    _require_same(folder, head, job)
    encoded = job.encoded if job.encode is None else job.encode(folder)
    with quiet_loading():
        model = load(folder, head)
    return Teacher(folder, model, head, encoded, alike(job.encoded, encoded), weights_key(folder))


def none_chosen() -> StudioError:
    return StudioError(
        "strategy.no-teacher", "No teacher is chosen.", "Name an earlier run, or the folder of a trained model, in "
        "strategy.teacher.", where=_WHERE,
    )  # fmt: skip


def _require_same(folder: Path, head: Head, job: TransferJob) -> None:
    """Answers can be compared only where they are of the same kind, and to the same classes in the same order."""
    same = all(getattr(head, name) == getattr(job.head, name) for name in ("auto", "outputs", "kind", "per_token"))
    if same and (not job.encoded.labels or read_labels(folder) == job.encoded.labels):
        return
    raise StudioError(
        "strategy.other-teacher", "The teacher {teacher} has learnt another task, or other classes.",
        "Choose a run that was trained for the same task with the same classes.", where=_WHERE,
        teacher=earlier.name_of(folder),
    )  # fmt: skip


def alike(own: Encoded, other: Encoded) -> bool:
    """Whether the rows of two encodings are the same; of rows that change, how they are prepared."""
    rows, others = own.splits["train"], other.splits["train"]
    if rows is others or changing(rows):
        return own.facts == other.facts
    if len(rows) != len(others) or own.inputs != other.inputs:
        return False
    import numpy as np

    step = max(1, len(rows) // _LOOKED_AT)
    names = [name for name in own.inputs if len(rows) and name in rows[0]]
    return all(np.array_equal(rows[at][name], others[at][name]) for at in range(0, len(rows), step) for name in names)


def changing(rows: Any) -> bool:
    """Whether training rows look different each time that they are read."""
    return hasattr(rows, "set_epoch")


def weights_key(folder: Path) -> str:
    states = [(path.name, path.stat()) for path in weight_files(folder)]
    text = "|".join(f"{name}:{state.st_size}:{state.st_mtime_ns}" for name, state in states)
    return hashlib.sha256(f"{folder.absolute()}|{text}".encode()).hexdigest()[:16]


# --- answers to the training rows


class Answers:
    """The teacher's answers to rows by their numbers."""

    def __init__(self, *parts: Sequence[np.ndarray]) -> None:
        """Args:
        parts: answers [C], or [T, C] where each token has one, of the first rows, of those that follow …
        """
        self._parts = parts

    def of(self, rows: torch.Tensor, length: int) -> torch.Tensor:
        """Answers [B, C] to rows of the given numbers, or [B, length, C] where each token has one."""
        import numpy as np
        import torch

        found = [self._of(int(row)) for row in rows]
        if found[0].ndim == 1:
            return torch.from_numpy(np.stack(found))
        whole = np.zeros((len(found), length, found[0].shape[-1]), np.float32)
        for place, answer in enumerate(found):
            whole[place, : len(answer)] = answer[:length]
        return torch.from_numpy(whole)

    def _of(self, row: int) -> np.ndarray:
        for part in self._parts:
            if row < len(part):
                return part[row]
            row -= len(part)
        raise IndexError(row)


class Kept(Sequence["np.ndarray"]):
    """The teacher's answers to some rows, from the cache or asked now.

    Args:
        teacher: who is asked.
        job: tells how far it is.
        rows: the model inputs.
        key: names the rows.
    """

    def __init__(self, teacher: Teacher, job: TransferJob, rows: Sequence[Any], key: str) -> None:
        text = f"answers|{teacher.key}|{key}|{len(rows)}"
        store = Store(hashlib.sha256(text.encode()).hexdigest()[:32])
        if store.complete:
            log(job.emit, "strategy.answers-cached", "The teacher's answers to {count} rows were found in the cache.",
                count=len(rows))  # fmt: skip
        else:
            store.write(_asked(teacher, job, rows))
        self._values, self._bounds = store.read()

    def __len__(self) -> int:
        return len(self._values) if self._bounds is None else len(self._bounds) - 1

    def __getitem__(self, row: Any) -> Any:
        import numpy as np

        row = range(len(self))[row]
        values = self._values[row] if self._bounds is None else self._values[self._bounds[row] : self._bounds[row + 1]]
        return np.asarray(values, dtype=np.float32)


def of_train(teacher: Teacher, job: TransferJob) -> Kept:
    """The answers to the training rows.

    Raises:
        StudioError: the teacher reads other rows of them than the student.
    """
    if len(teacher.encoded.splits["train"]) != len(job.encoded.splits["train"]):
        raise reads_otherwise()
    return Kept(teacher, job, teacher.encoded.examples("train"), teacher.encoded.key)


def _asked(teacher: Teacher, job: TransferJob, rows: Sequence[Any]) -> list[Any]:
    meter = Meter(job.emit, job.control, "train", len(rows), "rows")
    scorer = TorchScorer(teacher.model.to(job.device), head=teacher.head, inputs=teacher.encoded.inputs,
                         check=job.control.check)  # fmt: skip
    return score(scorer, rows, tick=meter.advance)


class Numbered(Sequence[dict[str, Any]]):
    """Rows that know their numbers."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self.column_names = list(rows.column_names)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        return self._rows[key] if isinstance(key, str) else {**self._rows[int(key)], "number": int(key)}

    def set_epoch(self, epoch: int) -> None:
        """Passed on to rows that change from epoch to epoch."""
        if changing(self._rows):
            self._rows.set_epoch(epoch)


def numbering(collate: Callable[[Sequence[Row]], Batch]) -> Callable[[Sequence[Row]], Batch]:
    """Lets batches have the numbers of their rows, see :class:`tlstudio.models.callbacks.Pass`."""
    return partial(_numbered, collate=collate)


def _numbered(rows: Sequence[Row], collate: Callable[[Sequence[Row]], Batch]) -> Batch:
    import torch

    batch = collate(rows)
    return {**batch, "rows": torch.tensor([row["number"] for row in rows])} if "number" in rows[0] else batch


# --- losses


@dataclass(frozen=True)
class Weights:
    """How much each lesson counts, and how soft the answers are made."""

    temperature: float
    answers: float
    hidden: float = 0.0
    attention: float = 0.0
    relations: float = 0.0

    @property
    def inside(self) -> bool:
        """Whether the blocks are compared, for which the teacher must see each batch."""
        return bool(self.hidden or self.attention or self.relations)


class Lessons(Callback):
    """(1 - w) · loss of the task + w · distance of the answers + distances of what the blocks hold.

    Args:
        student: what is trained, with a layer ``projection`` where its hidden states are of another width.
        teacher: with its answers.
        answers: kept ones; None asks the teacher for each batch.
        weights: of the losses.
        job: with head and rows.
    """

    def __init__(
        self, student: Any, teacher: Teacher, answers: Answers | None, weights: Weights, job: TransferJob
    ) -> None:
        self._student, self._teacher, self._answers, self._weights, self._job = student, teacher, answers, weights, job
        self._comparison: Comparison | None = None
        if answers is None:
            self.PASSES = _FORWARD * _size(teacher.model) / _size(student) + (_COMPARING if weights.inside else 0.0)

    def begin(self, loop: Loop) -> None:
        from tlstudio.strategies.comparisons import Comparison

        if self._answers is None:
            self._teacher.model.to(self._job.device).eval().requires_grad_(False)
        if self._weights.inside:
            self._comparison = Comparison(self._student, self._teacher.model, self._weights)

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        goal = self._goal(given)
        if self._weights.answers:
            share = self._weights.answers
            value = (1 - share) * value + share * self._distance(given, outputs, goal)
        return value if self._comparison is None else value + self._comparison.loss(given.inputs.get("attention_mask"))

    def _goal(self, given: Pass) -> torch.Tensor:
        """The teacher's answers [B, …] to the rows of a batch, as the student learns to give them."""
        import torch

        if self._answers is None:
            with torch.no_grad():
                output = self._teacher.model(**given.inputs)
                goal = _joined(self._teacher.head.parts(output, given.inputs))
        else:
            assert given.rows is not None  # the collator numbers them
            length = given.inputs["attention_mask"].shape[1] if self._job.head.per_token else 0
            goal = self._answers.of(given.rows, length).to(self._job.device)
        facts = self._job.encoded.facts
        return (goal.float() - facts["mean"]) / facts["scale"] if "scale" in facts else goal.float()

    def _distance(self, given: Pass, outputs: Any, goal: torch.Tensor) -> torch.Tensor:
        own = _joined([getattr(outputs, name) for name in self._job.head.outputs]).float()
        return soft_loss(self._job.head, own, goal, given.labels, given.inputs.get("attention_mask"),
                         self._weights.temperature)  # fmt: skip

    def end(self) -> None:
        if self._comparison is not None:
            self._comparison.close()
            self._comparison = None


def soft_loss(
    head: Head, own: torch.Tensor, goal: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor | None, heat: float
) -> torch.Tensor:
    """Distance of a student's answers to its teacher's: T² · KL(teacher / T ‖ student / T), Hinton et al., 2015, § 2.1.

    Of signs it is the mean over the binary ones, of places the mean over the columns, each over all tokens; of values
    the squared error.

    Args:
        head: of the task.
        own: answers of the student [B, C], or [B, T, C].
        goal: answers of the teacher, likewise.
        labels: of the rows; of tokens those that do not count are passed over.
        mask: 1 where a token is, [B, T].
        heat: the temperature T.
    """
    import torch
    from torch.nn.functional import kl_div, log_softmax, logsigmoid, mse_loss

    if head.kind == "values":
        return mse_loss(own, goal)
    if head.kind == "signs":
        own, goal = (torch.stack([logsigmoid(x / heat), logsigmoid(-x / heat)], -1) for x in (own, goal))
        return heat**2 * (goal.exp() * (goal - own)).sum(-1).mean()
    if head.kind == "places":
        assert mask is not None  # tokens have one
        own, goal = (x.masked_fill(~mask.bool()[..., None], -1e4).transpose(1, 2) for x in (own, goal))
    elif head.per_token:
        own, goal = own[labels != IGNORED], goal[labels != IGNORED]
        if not len(own):
            return own.sum()
    own, goal = log_softmax(own / heat, -1), log_softmax(goal / heat, -1)
    return heat**2 * kl_div(own.flatten(0, -2), goal.flatten(0, -2), log_target=True, reduction="batchmean")


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """As :func:`tlstudio.models.heads.joined`, for tensors."""
    import torch

    if len(parts) == 1:
        return parts[0]
    return torch.stack(list(parts), -1) if max(part.ndim for part in parts) == 2 else torch.cat(list(parts), -1)


def _size(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def reads_otherwise() -> StudioError:
    return StudioError(
        "strategy.teacher-reads-otherwise", "The model of the recipe does not fit the teacher: it is another network, "
        "or it reads with another tokenizer or in another size.", "Choose the teacher's run as the "
        "model (model.source: run); or a student of its own backbone that learns from answers alone.", where=_WHERE,
    )  # fmt: skip


def blocks_of(model: Any) -> int:
    """Number of blocks of a network that has as many as its config states, all of one kind.

    Raises:
        StudioError: it is of another kind, such as one with stages of different widths.
    """
    count = len(block_modules(model))
    if count and getattr(model.config, "num_hidden_layers", None) == count:
        return count
    raise StudioError(
        "strategy.no-layers", "The layers of a network of type {kind} cannot be taken or compared one by one.",
        "Set strategy.student to backbone, choose a small model, and let it learn from the answers alone.",
        where="strategy.student",
        kind=model.config.model_type,
    )  # fmt: skip
