"""Distillation: a small network learns to answer like a large one.

Soft answers: Hinton et al., 2015, "Distilling the knowledge in a neural network". Hidden states and attention: Jiao et
al., 2020, TinyBERT. Relations of the last block: Wang et al., 2020, MiniLM. A student made of layers of its teacher:
Sanh et al., 2019, DistilBERT, § 2.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.recipe import Recipe
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.blocks import block_modules
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import inherited, teaching, through, unlabelled
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.comparisons import PROJECTION, pairs
from tlstudio.strategies.plans import TRAINS, GroupPlan
from tlstudio.strategies.teaching import Answers, Kept, Lessons, Teacher, Weights

if TYPE_CHECKING:
    import torch

KINDS = ("classes", "signs", "values", "places")


class Options(through.Options):
    """Choices of distillation."""

    teacher: str = Field(
        "", title="Teacher", description="An earlier run, by name or folder, or the folder of a trained model.",
        json_schema_extra={"run": True, "folder": True},
    )  # fmt: skip
    student: Literal["layers", "backbone"] = Field(
        "layers",
        title="Student",
        description="Made of layers of the teacher; or the model of the recipe with all its layers.",
    )
    layers: Literal["auto"] | Annotated[int, Field(ge=1, le=96)] = Field(
        "auto",
        title="Layers",
        description="Of a student that is made of the teacher's; auto takes half of them.",
        json_schema_extra={"only": {"student": ["layers"]}},
    )
    choose: Literal["spread", "lowest", "highest"] = Field(
        "spread",
        title="Which layers",
        description="Spread evenly over the teacher, or its lower or upper ones.",
        json_schema_extra={"only": {"student": ["layers"]}},
    )
    unlabelled: str = Field(
        "",
        title="Rows without labels",
        description="A file or folder of further texts, which the student learns as the teacher answers them.",
        json_schema_extra={"file": True, "folder": True},
    )
    temperature: float = Field(
        2.0,
        gt=0,
        le=50,
        title="Temperature",
        description="Softens the teacher's answers, so that the classes which it finds less likely tell more.",
        json_schema_extra={"only": {"weight": {"above": 0}}},
    )
    weight: float = Field(
        0.7,
        ge=0,
        le=1,
        title="Weight of the teacher",
        description="Share of the teacher's answers in the loss; the rest is that of the true labels.",
    )
    hidden: float = Field(
        0.0,
        ge=0,
        le=100,
        title="Weight of hidden states",
        description="Lets every block give what the teacher's gives, as in TinyBERT. The teacher then sees each batch.",
    )
    attention: float = Field(
        0.0, ge=0, le=100, title="Weight of attention",
        description="Lets every block look at what the teacher's looks at, as in TinyBERT.",
    )  # fmt: skip
    relations: float = Field(
        0.0, ge=0, le=100, title="Weight of relations",
        description="Lets the last block relate tokens like the teacher's, as in MiniLM; any widths fit.",
    )  # fmt: skip


class Distillation:
    """A student learns from a teacher."""

    NAME = "distillation"
    ONCE = False
    FAMILY = "runs"
    TITLE = "Distillation"
    SUMMARY = (
        "A small student learns to answer like a model that you have trained before, its teacher. "
        "Nearly as accurate, at a fraction of the size and time."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.kind in KINDS and not task.HEAD.losses:
            return None
        return StudioError(
            "strategy.no-distillation", "The task {task} cannot be distilled: its answers are {kind}, for which no "
            "soft form is known here.", "Choose another strategy.", where="strategy.name", task=task.TITLE,
            kind="tokens" if task.HEAD.losses else task.HEAD.kind,
        )  # fmt: skip

    def lacks(self, config: Options, recipe: Recipe) -> StudioError | None:
        """What a recipe must have beside valid options."""
        return None if config.teacher else teaching.none_chosen()

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        # students gain from more passes and higher rates: Turc et al., 2019, "Well-read students learn better"
        few = through.usual(rows, 1e-4 if width >= through.WIDE else 3e-4)
        return Defaults(few.epochs * 2, few.batch_size, few.learning_rate, patience=3)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [TRAINS] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        teacher = teaching.find(config.teacher, job)
        weights = Weights(config.temperature, config.weight, config.hidden, config.attention, config.relations)
        live = weights.inside or teaching.changing(job.encoded.splits["train"])
        if (live or config.student == "layers") and not teacher.alike:
            raise teaching.reads_otherwise()
        model, restore = _of_layers(config, job, teacher) if config.student == "layers" else through.build(config, job)
        if weights.inside:
            teaching.blocks_of(model)
            teaching.blocks_of(teacher.model)
        if config.hidden:
            widen(model, teacher.model)
        prepared = through.transfer(job, model, restore, partial(self.plan, config))
        train, answers = prepared.train, [] if live else [teaching.of_train(teacher, job)]
        if config.unlabelled:
            train, more = with_unlabelled(config.unlabelled, train, teacher, job)
            answers += [] if live else [more]
        log(job.emit, "strategy.teacher", "The student has {own} million parameters, its teacher {others} million.",
            own=_millions(model), others=_millions(teacher.model))  # fmt: skip
        return replace(
            prepared,
            train=teaching.Numbered(train),
            collate=teaching.numbering(job.collate),
            finish=partial(_finish, model, prepared.finish),
            callbacks=(
                *prepared.callbacks,
                Lessons(model, teacher, Answers(*answers) if answers else None, weights, job),
            ),
        )


PLUGIN = Distillation()


def with_unlabelled(place: str, train: Any, teacher: Teacher, job: TransferJob) -> tuple[unlabelled.Joined, Kept]:
    """Training rows with others after them, and the teacher's answers to these.

    Raises:
        StudioError: they cannot be read, or are of no use here.
    """
    if not teacher.alike or teaching.changing(train):
        raise teaching.reads_otherwise()
    rows, key = unlabelled.read(place, teacher, job)
    log(job.emit, "strategy.unlabelled", "The student also learns {count} rows without labels.", count=len(rows))
    answers = Kept(teacher, job, rows, key)
    return unlabelled.Joined(train, unlabelled.labelled(rows, answers, job)), answers


def chosen(count: int, of: int, how: str) -> list[int]:
    """Which blocks of a teacher, counted from 0, become those of its student."""
    if how == "lowest":
        return list(range(count))
    return list(range(of - count, of)) if how == "highest" else [block - 1 for block in pairs(count, of)]


def _of_layers(config: Options, job: TransferJob, teacher: Teacher) -> tuple[Any, Any]:
    """A student that begins as some blocks of the teacher, with its embeddings and its head.

    Raises:
        StudioError: the architecture does not allow it, or the teacher has not so many blocks.
    """
    most = teaching.blocks_of(teacher.model)
    count = max(1, most // 2) if config.layers == "auto" else config.layers
    if count > most:
        raise StudioError(
            "strategy.layers", "The teacher has {most} layers; a student of {count} cannot be made of them.",
            "Lower strategy.layers.", where="strategy.layers", most=most, count=count,
        )  # fmt: skip
    places, like = chosen(count, most, config.choose), teacher.model.config
    base: Any = job.build().config
    if base.model_type != like.model_type or base.num_hidden_layers < count:
        raise teaching.reads_otherwise()
    kinds = {
        name: [value[place] for place in places]
        for name, value in like.to_dict().items()
        if "layer" in name and isinstance(value, list) and len(value) == most
    }
    smaller = replace(job, build=partial(job.build, num_hidden_layers=count, **kinds))
    model, restore = through.build(config, smaller)
    _fill(model, teacher.model, places)
    inherited.standardise(model, job.encoded)
    return model, restore


def _fill(student: Any, teacher: Any, places: list[int]) -> None:
    """Copies the teacher's weights: of blocks those in ``places``, of everything else all."""
    import torch

    blocks, others = block_modules(student), block_modules(teacher)
    known = teacher.state_dict()
    with torch.no_grad():
        for name, value in student.state_dict().items():
            source = name
            for block, place in zip(blocks, places, strict=True):
                if name.startswith(f"{block}."):
                    source = others[place] + name.removeprefix(block)
            if source not in known or known[source].shape != value.shape:
                raise teaching.reads_otherwise()
            value.copy_(known[source])


def widen(student: Any, teacher: Any) -> None:
    """Gives a student of another width a layer that its hidden states pass before they are compared."""
    import torch

    own, other = (getattr(model.config, "hidden_size", None) for model in (student, teacher))
    if own and other and own != other:
        student.add_module(PROJECTION, torch.nn.Linear(own, other, bias=False))


def _finish(model: Any, finish: Any) -> torch.nn.Module:
    """The student without what it only had to learn with."""
    narrow(model)
    found: torch.nn.Module = finish()
    return found


def narrow(model: Any) -> None:
    """Takes away what :func:`widen` gave."""
    model._modules.pop(PROJECTION, None)


def _millions(model: Any) -> float:
    return round(sum(parameter.numel() for parameter in model.parameters()) / 1e6, 1)
