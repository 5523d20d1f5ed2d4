"""Distillation into a smaller student: it learns to answer like the trained model, whose answers are kept.

Sources: Hinton et al., 2015, "Distilling the knowledge in a neural network" (soft answers); Sanh et al., 2019,
"DistilBERT", § 2 (a student made of layers of its teacher); Muralidharan et al., 2024, "Compact language models via
pruning and knowledge distillation" (a narrower one); Turc et al., 2019, "Well-read students learn better" (a student
that has been trained before, and texts without labels).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tlstudio.compression import layer_removal, narrowing, networks, recovering
from tlstudio.compression.base import CompressJob, Format, Recovery
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json
from tlstudio.models import loading
from tlstudio.models.checks import check_folder
from tlstudio.models.heads import Head, read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tlstudio.models.scorers import Scorer
    from tlstudio.tasks.base import Encoded

_WHERE = "compress.distillation"
_SOFT = ("classes", "signs", "values", "places")  # answers that another network can be taught


class Options(recovering.Options):
    """Choices of the distillation."""

    student: Literal["layers", "narrower", "model", "same"] = Field(
        "layers", title="Student",
        description="Some layers of the trained model; a narrower network made of it; another model; or the network "
        "as the steps before have left it.",
    )  # fmt: skip
    layers: Literal["auto"] | Annotated[int, Field(ge=1, le=96)] = Field(
        "auto", title="Layers", description="Of the student; auto takes half of those of the trained model, and all of "
        "them for a narrower one.", json_schema_extra={"only": {"student": ["layers", "narrower"]}},
    )  # fmt: skip
    choose: Literal["alternate", "top", "importance"] = Field(
        "alternate", title="Which layers go",
        description="Every other one; those nearest to the answer; or those that change least of what passes through "
        "them on the user's rows.", json_schema_extra={"only": {"student": ["layers", "narrower"]}},
    )  # fmt: skip
    width: float = Field(
        0.5, gt=0, lt=1, title="Share of the width",
        description="Of attention heads, hidden dimensions and neurons that a narrower student has.",
        json_schema_extra={"only": {"student": ["narrower"]}},
    )  # fmt: skip
    model: str = Field(
        "", title="Other model", description="A model folder, an earlier run, or a model of the hub that is on this "
        "machine.", json_schema_extra={"only": {"student": ["model"]}, "folder": True},
    )  # fmt: skip
    epochs: int = Field(10, ge=1, le=1000, title="Epochs", description="Passes of the student over the training rows.")
    unlabelled: str = Field(
        "", title="Rows without labels",
        description="A file or folder of further texts, which the student learns as the trained model answers them.",
        json_schema_extra={"file": True, "folder": True},
    )  # fmt: skip

    @property
    def recovery(self) -> Recovery:
        return Recovery(self.epochs, self.learning_rate, self.teacher, hidden=self.hidden, unlabelled=self.unlabelled)


class Distillation:
    """Any smaller network, as far as it can learn the answers."""

    NAME = "distillation"
    TITLE = "Distillation"
    SUMMARY = (
        "A smaller student learns to answer like the trained model: fewer layers, a narrower network, or another model."
    )
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    REREADS = True
    KEEPS_SIZE = True  # another model may have any
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.kind in _SOFT and not task.HEAD.losses:
            return None
        return StudioError(
            "compress.no-distillation", "Models of the task {task} cannot be distilled: their answers have no soft "
            "form that is known here.", "Choose another compression step, such as layer removal.",
            where=_WHERE, task=task.TITLE,
        )  # fmt: skip

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        job.rows  # noqa: B018 - tells where there are none
        if config.student == "model":
            _of_another(config, job, folder)
            return
        model: Any = networks.load(job.source)
        before = networks.parameters(model)
        if config.student != "same":
            model = _of_trained(model, config, job)
        _tell(job, model, before)
        recovering.recover(model, config, job)
        networks.save(model, job.source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = Distillation()


def _tell(job: CompressJob, student: Any, before: int) -> None:
    log(job.emit, "compress.student", "The student has {own} million parameters, the trained model {others} million.",
        own=round(networks.parameters(student) / 1e6, 2), others=round(before / 1e6, 2))  # fmt: skip


def _of_trained(model: Any, config: Options, job: CompressJob) -> Any:
    """A student that begins as a part of the trained model.

    Raises:
        StudioError: it has not so many layers, or is of another kind.
    """
    most = len(layer_removal.blocks_of(model))
    usual = most if config.student == "narrower" else max(1, most // 2)
    count = usual if config.layers == "auto" else config.layers
    if count > most:
        raise StudioError(
            "compress.layers", "The network has {most} layers; {count} cannot be kept.",
            "Lower the number of layers to keep.", where=_WHERE, most=most, count=count,
        )  # fmt: skip
    if config.student == "narrower":
        narrowing.widths_of(model)
    places = layer_removal.chosen(config.choose, count, most, lambda: layer_removal.influences(model, job))
    if config.student == "narrower":
        return narrowing.narrowed(model, config.width, places, job)
    layer_removal.keep_blocks(model, places)
    return model


# --- another model


def _of_another(config: Options, job: CompressJob, folder: Path) -> None:
    """Trains another model with a fresh head, and saves it with its own tokenizer.

    Raises:
        StudioError: there is no such model, or it cannot learn this.
    """
    if not config.model:
        raise StudioError(
            "compress.no-student", "No student is chosen.", "Name a model folder, an earlier run or a model of the hub "
            "that is on this machine, or choose another kind of student.", where=_WHERE,
        )  # fmt: skip
    found = loading.anywhere(config.model, _WHERE)
    check_folder(found.path, {}, job.control.check)
    if problem := job.task.fits(read_json(found.path / "config.json")):
        raise problem
    assert job.read is not None and job.train is not None  # given wherever rows are
    encoded, head = job.read(found.path), Head.of(read_settings(job.source))
    if (head.per_token or head.kind == "places") and not _same_tokens(job.rows, encoded):
        raise StudioError(
            "compress.other-tokens", "{model} reads texts in other tokens than the trained model, whose answers are "
            "one a token: they cannot be taught.", "Choose a student with the same tokenizer, or one that is made of "
            "the trained model.", where=_WHERE, model=found.name,
        )  # fmt: skip
    model = job.task.build(found.path, encoded)
    _tell(job, model, networks.parameters(networks.load(job.source)))
    model = job.task.finish(model, encoded)  # a head of numbers then answers like a trained one
    job.train(model, config.recovery, (), encoded)
    job.task.save(model, encoded, found.path, folder, head)


def _same_tokens(rows: Encoded, others: Encoded) -> bool:
    """Whether the training rows of two encodings have as many tokens each."""
    one, other = rows.splits["train"], others.splits["train"]
    return len(one) == len(other) and _lengths(one) == _lengths(other)


def _lengths(rows: Sequence[Any]) -> list[int]:
    return [len(rows[at]["input_ids"]) for at in range(len(rows)) if "input_ids" in rows[at]]
