"""What a task is: one file that knows roles, preprocessing, head, loss, metrics and how a prediction is shown.

Most of a task is the same for all, so :class:`TaskBase` does it; a task file states what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from tlstudio.augmentation.apply import Augmenter
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import atomic_folder, write_json
from tlstudio.data.labelled import Labelled
from tlstudio.models import folders
from tlstudio.models.batches import STEP, Examples, collate, describe, tensors
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.tasks.building import build_model, named

if TYPE_CHECKING:
    import numpy as np
    import torch

_LAST_READERS = ("xlnet",)  # their classifiers want padding on the left
Outputs = Sequence["np.ndarray"]  # an array for each row, as the task's head gives it
Row = Mapping[str, Any]
Batch = dict[str, Any]


@dataclass(frozen=True)
class Encoded:
    """Rows as a model takes them.

    Attributes:
        splits: for each split a memory-mapped dataset, or a sequence of dicts: the inputs and ``labels``, and where
            they have one a ``length`` (batches are grouped by it), a ``weight``, and ``row``, the 1-based number of
            the row in its table.
        labels: class names; the class number is the index. Empty where there are no classes.
        inputs: which of a row's values the model takes.
        max_length: tokens that a text was cut to, special tokens included; 0 where there are no texts.
        pad_id: of the padding token.
        truncated: ``{"texts", "share", "tokens_lost", "max_length"}`` over all splits.
        key: changes with backbone, tokenizer, data and length; caches use it.
        facts: what the task needs to know of the model later; kept in its settings file.
        backbone: whose tokenizer made the rows, where the task has to read them again.
        scored: what a scorer reads beside the inputs, such as the labels of language models.
        head: fields of the task's head that the backbone or the data decide, such as how vectors are pooled.
        second: folder of a second backbone with another tokenizer, see :mod:`tlstudio.tasks.beside`.
        second_settings: what the settings file of the second tokenizer says.
    """

    splits: dict[str, Any]
    labels: list[str]
    inputs: tuple[str, ...] = ("input_ids", "attention_mask")
    max_length: int = 0
    pad_id: int = 0
    truncated: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    backbone: Path | None = None
    scored: tuple[str, ...] = ()
    head: dict[str, Any] = field(default_factory=dict)
    second: Path | None = None
    second_settings: dict[str, Any] = field(default_factory=dict)

    def examples(self, split: str) -> Examples:
        """The model inputs of a split."""
        rows = self.splits[split]
        present = rows[0] if len(rows) else {}
        return Examples(rows, [name for name in (*self.inputs, *self.scored) if name in present])

    def targets(self, split: str) -> list[Any]:
        return list(self.splits[split]["labels"])


@dataclass(frozen=True)
class EncodeJob:
    """What a task encodes.

    Attributes:
        config: the options of the task.
        labelled: the rows.
        backbone: folder of the backbone.
        emit: where notes go.
        control: the user's wishes.
        augmenter: makes changed copies of training rows.
        known: what the model was trained on, where further rows are encoded to be tested: they take its settings.
    """

    config: Any
    labelled: Labelled
    backbone: Path
    emit: Emit
    control: Control
    augmenter: Augmenter | None = None
    known: Encoded | None = None


@dataclass(frozen=True)
class TestJob:
    """A model's answers to the rows of a split, to be measured.

    Attributes:
        config: the options of the task.
        encoded: the rows as the model took them.
        labelled: the rows as they are.
        split: which rows.
        outputs: the model's answers, in the order of ``encoded.splits[split]``.
        bootstrap: resamples behind each interval.
        seed: of the resampling.
        emit: where notes go.
        control: the user's wishes.
        ask: the answers of the same model to further rows, for samples.
    """

    __test__: ClassVar[bool] = False  # no test of pytest

    config: Any
    encoded: Encoded
    labelled: Labelled
    split: str
    outputs: Outputs
    bootstrap: int
    seed: int
    emit: Emit
    control: Control
    ask: Callable[[Sequence[Row]], Outputs] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments that all metrics take."""
        return {"bootstrap": self.bootstrap, "seed": self.seed, "check": self.control.check}

    @property
    def targets(self) -> list[Any]:
        return self.encoded.targets(self.split)

    def texts(self, role: str) -> list[str]:
        """The values of a role that is a text or a path, in the order of the rows."""
        rows = self.labelled.splits[self.split]
        return list(rows.texts(self.labelled.roles.one(role)))

    def lists(self, role: str) -> list[list[str]]:
        """The values of a role that is a list."""
        rows, column = self.labelled.splits[self.split], self.labelled.roles.one(role)
        return [list(value) for batch in rows.batches([column]) for value in batch.column(0).to_pylist()]

    def row_numbers(self) -> list[int]:
        """The 1-based number of each row in its file."""
        rows = self.labelled.splits[self.split]
        return [rows.table.place(int(index))[1] for index in rows.indices]


@dataclass(frozen=True)
class Tested:
    """What a test came to.

    Attributes:
        result: ``results["test"]``: rows, metrics with intervals, and what the pictures need; ``headline`` where the
            main metric of these rows is another than the task's.
        columns: of ``predictions.parquet``, one value a row of data: at least ``label`` and ``predicted`` as texts, and
            ``score``, how good the answer is (1 for right); also what a prediction needs where the data has it in
            another form.
    """

    result: dict[str, Any]
    columns: dict[str, list[Any]]


class NoOptions(BaseModel):
    """The ``Config`` of a task that has nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskBase:
    """A task plug-in; instances hold no state."""

    NAME: str
    TITLE: str
    SUMMARY: str
    ROLES: tuple[str, ...]  # what the data must have
    ALTERNATIVES: tuple[tuple[str, ...], ...] = ()  # other roles that do as well
    SUGGESTED = True  # for data with these roles; off where another task with the same roles is the usual one
    ORDERS = False  # whether it knows which of two wrong answers is nearer to the right one
    ASKS: tuple[str, ...] = ("text",)  # what a prediction takes
    OPTIONAL: tuple[str, ...] = ()  # what of it may be left out
    LEARNS: Literal["text", "image", "audio"] = "text"
    AUGMENTS: tuple[str, ...] = ()  # kinds of augmentations that reach the training: text, image, batch
    MISFITS: tuple[str, ...] = ()  # augmentations of these kinds that would leave the targets behind
    UNIT = "texts"  # what a row is called
    HUB_TAG = "text-classification"  # the pipeline_tag of the hub, for the model card
    METRIC = "accuracy"  # the main metric of a test
    QUICK: tuple[str, ...] = ("loss",)  # validation metrics of each epoch
    BEST = ""  # which of QUICK decides about the best epoch; the first that is not the loss if empty
    UNTRAINED = False  # the backbone can do the task before it has learnt it: then that is a baseline, too
    GATHERS = True  # False: validation takes only the loss, because the answers would fill the memory
    Config: type[BaseModel] = NoOptions
    HEAD = Head()
    SCRIPTS: Mapping[str, str] = {"onnx": "export/predict_onnx.py", "transformers": "export/predict_transformers.py"}

    # --- before training

    def lacks(self, roles: Collection[str]) -> list[str]:
        """Roles that data with ``roles`` lacks for the task."""
        lists = [[role for role in needed if role not in roles] for needed in (self.ROLES, *self.ALTERNATIVES)]
        return lists[0] if all(lists) else []

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        """Why a backbone with this ``config.json`` cannot learn the task; None if it can."""
        kind = str(config.get("model_type") or "")
        if kind in _LAST_READERS and self.HEAD.auto == "AutoModelForSequenceClassification":
            return StudioError(
                "task.reads-the-last", "A backbone of the type '{kind}' answers with the last token of a batch, which "
                "is padding here: it cannot learn the task {task}.",
                "Choose another backbone, such as one of the BERT, RoBERTa or DeBERTa family.",
                where="model.name", kind=kind, task=self.TITLE,
            )  # fmt: skip
        if self.HEAD.knows(kind):
            return None
        return StudioError(
            "task.other-backbone", "A backbone of the type '{kind}' cannot learn the task {task}.",
            "Choose another backbone in the Model step; the list there shows which ones fit.",
            where="model.name", kind=kind, task=self.TITLE,
        )  # fmt: skip

    def head(self, config: Any) -> Head:
        """The head with the settings of this run."""
        return self.HEAD

    def encode(self, job: EncodeJob) -> Encoded:
        """Prepares the rows of all splits that there are, or takes them from the cache."""
        raise self._must("encode")

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        """The backbone in fp32 with a fresh head; ``overrides`` go into the model's config."""
        return build_model(self.HEAD, backbone, named(encoded.labels) | overrides)

    def ready(self, model: torch.nn.Module) -> None:
        """Gives a model that was loaded from its folder what it needs beside its weights to be trained again."""

    def collator(self, config: Any, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        """Rows of a split → tensors with the inputs, ``labels`` and, where rows have a weight, ``row_weights`` [B]."""
        return partial(padded, encoded=encoded)

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        """``loss(outputs, labels, row_weights=None)``: a mean over the batch; weights [B] have mean 1 over all rows."""
        raise self._must("loss")

    def curves(self, encoded: Encoded) -> tuple[str, ...]:
        """Those of ``QUICK`` that these rows have."""
        return self.QUICK

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        """The metrics ``QUICK`` of a split, for the curves; ``outputs`` are empty where the task does not gather."""
        raise self._must("measure")

    def watch(self, config: Any, encoded: Encoded, model: torch.nn.Module, emit: Emit, control: Control) -> None:
        """Called after each validation; may log what the model does by now, such as a generated sample."""

    # --- after training

    def finish(self, model: torch.nn.Module, encoded: Encoded) -> torch.nn.Module:
        """The model for use, from the trained one, on the CPU; everything below is asked of what this gives."""
        return model

    def tune(self, config: Any, encoded: Encoded, outputs_of: Callable[[str], Outputs]) -> dict[str, Any]:
        """What is chosen on the validation split with the trained model, such as thresholds; goes into ``facts``."""
        return {}

    def save(self, model: Any, encoded: Encoded, backbone: Path, folder: Path, head: Head | None = None) -> None:
        """Writes model, tokenizer or processor, and settings in transformers layout."""
        with atomic_folder(folder) as part:
            folders.copy_tokenizer(backbone, part)
            parts = list(getattr(model, "tlstudio_parts", ()))  # what transformers alone cannot load
            # how it generates may be another than the backbone's
            model.save_pretrained(part, safe_serialization=True, variant="parts" if parts else None)
            settings = self.settings(encoded, replace(head or self.HEAD, **encoded.head))
            write_json(part / folders.SETTINGS_FILE, {**settings, **({"parts": parts} if parts else {})})
            self.save_processor(backbone, part)
            if encoded.second is not None:
                _save_second(encoded.second, encoded.second_settings, part / folders.SECOND)

    def save_processor(self, backbone: Path, folder: Path) -> None:
        """Writes what prepares the inputs, beyond the files of the backbone; the settings file is there already."""
        load_tokenizer(backbone).save_pretrained(folder)

    def settings(self, encoded: Encoded, head: Head) -> dict[str, Any]:
        """The settings file: what predicts needs to know beside ``config.json``."""
        split = next(name for name in ("train", *encoded.splits) if len(encoded.splits.get(name, ())))
        length = {"max_length": encoded.max_length} if encoded.max_length else {}
        example = {name: value for name, value in encoded.examples(split)[0].items() if name in encoded.inputs}
        masked = {"attention_mask": [1]} if "input_ids" in example and "attention_mask" not in example else {}
        inputs = describe({**example, **masked})
        return {"task": self.NAME, "head": head.to_dict(), "inputs": inputs, **length, **encoded.facts}

    def test(self, job: TestJob) -> Tested:
        """Everything that is measured of a split."""
        raise self._must("test")

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        """What needs no network: ``[{"name", "title", "metrics"}]``; at least one, and the strongest last."""
        raise self._must("baselines")

    # --- new rows

    def lacking(self, row: Row) -> list[str]:
        """What a new row lacks of what a prediction needs."""
        return [role for role in self.ASKS if role not in row and role not in self.OPTIONAL]

    def examples(self, folder: Path, rows: Sequence[Row]) -> Sequence[Row]:
        """New rows (values of ``ASKS`` by role) as the model in ``folder`` was trained to see them.

        A row may become several; then each has its index among ``rows`` as ``source``.
        """
        raise self._must("examples")

    def proofs(self, folder: Path, rows: Sequence[Row]) -> Sequence[Row]:
        """Test rows (values of ``ASKS`` and ``ROLES``) as what an export must answer like the model in ``folder``."""
        return self.examples(folder, rows)

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        """The model's answers for people and programs, one dict a row with its ``kind``."""
        raise self._must("answers")

    def _must(self, name: str) -> TypeError:
        return TypeError(f"{type(self).__name__} lacks {name}()")


def _save_second(backbone: Path, settings: dict[str, Any], folder: Path) -> None:
    """Writes what reads the texts for a second backbone."""
    folders.copy_tokenizer(backbone, folder)
    write_json(folder / "config.json", folders.read_json(backbone / "config.json"))
    write_json(folder / folders.SETTINGS_FILE, settings)
    load_tokenizer(backbone).save_pretrained(folder)


def padded(rows: Sequence[Row], encoded: Encoded) -> Batch:
    """The inputs and labels of rows as tensors, padded to a multiple of 8 (see :func:`collate`)."""
    names = [name for name in (*encoded.inputs, "labels") if name in rows[0]]
    batch = tensors(collate(rows, names, encoded.pad_id, encoded.max_length, STEP))
    return {**batch, **row_weights_of(rows)}


def row_weights_of(rows: Sequence[Row]) -> Batch:
    """``row_weights`` [B] of rows that have a weight."""
    import torch

    if "weight" not in rows[0]:
        return {}
    return {"row_weights": torch.tensor([row["weight"] for row in rows], dtype=torch.float32)}


def mean_of_rows(losses: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
    """Mean over rows of losses [B], each times its weight.

    Over the rows, not over the sum of weights: else a row's weight would depend on its neighbours.
    """
    return (losses if row_weights is None else losses * row_weights).sum() / len(losses)


class ListRows(Sequence[dict[str, Any]]):
    """Rows in memory with the column access of a dataset."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self.column_names = list(rows[0]) if rows else []

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> Any:
        return [row[key] for row in self._rows] if isinstance(key, str) else self._rows[int(key)]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)
