"""The compression steps of a recipe, one on the result of the other, with the trainings that they ask for."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.compression.base import CompressJob, Recovery
from tlstudio.core.events import Artifact, Emit, Event, Progress, log
from tlstudio.core.files import atomic_folder, size_of
from tlstudio.core.progress import only_progress
from tlstudio.models.callbacks import Callback
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.transfer import Judge, Transfer
from tlstudio.pipeline.checks import Configured, chain_notes
from tlstudio.pipeline.forms import TRAINED, Form
from tlstudio.strategies import distillation, inherited, teaching
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.tasks.base import Encoded
from tlstudio.training.settings import Settings, settle
from tlstudio.training.trainer import fit

if TYPE_CHECKING:
    import torch

    from tlstudio.pipeline.stages import Stages

FOLDER = "compressed"
_ANSWERS = {"label", "labels", "score", "number"}  # roles of what is learnt


def chain(stages: Stages, base: Path | None = None, ready: Sequence[Path] = ()) -> list[Form]:
    """Applies the steps of a run's recipe to its model; gives all forms, the trained one first.

    Args:
        stages: of the run, with its rows and its trained model.
        base: where the forms are written; by default the folder ``compressed`` of the run.
        ready: for each step the folder of what it has given before, which is copied where it is there.
    """
    _warn(stages)
    forms = [trained(stages)]
    for number, step in enumerate(stages.checked.compress, 1):
        name = f"{number}-{step.plugin.NAME}"
        target = (base or stages.context.folder / FOLDER) / name
        known = ready[number - 1] if ready else None
        if known is not None and known.is_dir():
            with atomic_folder(target) as part:
                shutil.copytree(known, part, dirs_exist_ok=True)
            forms.append(found(stages, step, forms[-1], target, name))
        else:
            forms.append(apply(stages, step, forms[-1], target, name))
        stages.context.emit(Artifact(name=name, path=f"{FOLDER}/{name}", bytes=size_of(target)))
    return forms


def kept(stages: Stages, base: Path | None = None) -> list[Form]:
    """As :func:`chain`, with those forms that are complete as they are: a folder is complete, or it is not there."""
    _warn(stages)
    forms = [trained(stages)]
    for number, step in enumerate(stages.checked.compress, 1):
        name = f"{number}-{step.plugin.NAME}"
        target = (base or stages.context.folder / FOLDER) / name
        form = found if target.is_dir() else apply
        forms.append(form(stages, step, forms[-1], target, name))
        stages.context.emit(Artifact(name=name, path=f"{FOLDER}/{name}", bytes=size_of(target)))
    return forms


def _warn(stages: Stages) -> None:
    """Says which steps of the chain are for nothing."""
    for note in chain_notes(stages.checked.compress):
        log(stages.context.emit, note.code, note.template, "warning", **note.params)


def trained(stages: Stages) -> Form:
    """The model of a run as it was trained."""
    return Form(TRAINED, stages.context.folder / "model", "transformers", stages.encoded, stages.scorer())


def moved(form: Form, folder: Path) -> Form:
    """A form after its folder has been moved to where those of the run in ``folder`` are."""
    return form if form.name == TRAINED else replace(form, folder=folder / FOLDER / form.name)


def apply(stages: Stages, step: Configured, source: Form, target: Path, name: str) -> Form:
    """One step; ``target`` is complete afterwards, or not there.

    Raises:
        StudioError: the network cannot be compressed so.
        Cancelled: the user has cancelled.
    """
    from transformers import set_seed

    context = stages.context
    set_seed(stages.settings.seed)  # whatever was done before, or by a process that is gone
    log(context.emit, "compress.step", "Compressing: {title}.", title=step.plugin.TITLE)
    with atomic_folder(target) as part:
        step.plugin.apply(step.config, job_for(stages, source), part)
    return found(stages, step, source, target, name)


def found(stages: Stages, step: Configured, source: Form, target: Path, name: str) -> Form:
    """The form that a step has made of ``source`` in the complete folder ``target``."""
    encoded = source.encoded
    if getattr(step.plugin, "REREADS", False):
        encoded = read_by(stages, encoded, target)
    return Form(name, target, step.plugin.GIVES, encoded, step.plugin.scorer(target), step.plugin.TITLE)


def read_by(stages: Stages, encoded: Encoded, folder: Path) -> Encoded:
    """The rows as the model in a folder reads them, with what is known of the classes and of the trained model."""
    read = stages.encode(only_progress(stages.context.emit), folder)
    return replace(read, labels=encoded.labels, facts={**encoded.facts, **read.facts})


def texts_of(stages: Stages, split: str) -> Iterator[str]:
    """The texts in the rows of a split, whatever the task reads of them; labels are none."""
    task, rows = stages.checked.task.plugin, stages.rows.splits[split]
    roles = stages.rows.roles.columns
    asked = {*task.ROLES, *task.ASKS, *(role for roles in task.ALTERNATIVES for role in roles)} - _ANSWERS
    columns = [column for role in asked & roles.keys() for column in roles[role]]
    for batch in rows.batches(columns) if columns else ():
        for column in batch.columns:
            for value in column.to_pylist():
                yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))


def job_for(stages: Stages, source: Form) -> CompressJob:
    """What a step is given, for a form."""
    task, config = stages.checked.task.plugin, stages.checked.task.config
    settings = settled(stages, Recovery())
    return CompressJob(
        source=source.folder,
        source_format=source.format,
        emit=stages.context.emit,
        control=stages.context.control,
        task=task,
        encoded=source.encoded,
        loss=task.loss(config, source.encoded),
        collate=task.collator(config, source.encoded),
        train=Trainer(stages, source),
        read=partial(read_by, stages, source.encoded),
        texts=partial(texts_of, stages),
        seed=settings.seed,
        device=settings.device,
    )


def settled(stages: Stages, recovery: Recovery) -> Settings:
    """What a recovery trains with: its own rate and length, the recipe's threads, seed, device and precision."""
    recipe = stages.context.recipe.training
    precision = (stages.context.results.get("training") or {}).get("precision") or recipe.precision
    own = recipe.model_copy(update={
        "epochs": recovery.epochs, "batch_size": recovery.batch_size, "learning_rate": recovery.learning_rate,
        "patience": "auto", "optimiser": "adamw", "schedule": "linear", "precision": precision,
    })  # fmt: skip
    usual = Defaults(recovery.epochs, recovery.batch_size, recovery.learning_rate, patience=recovery.epochs + 1)
    return settle(own, usual, stages.settings.device, stages.settings.best_metric)


class Trainer:
    """Trains a network that a step has made smaller, with the trained model as its teacher.

    Args:
        stages: of the run.
        source: what the step was given; its rows are learnt.
    """

    def __init__(self, stages: Stages, source: Form) -> None:
        self._stages, self._source = stages, source
        self._task = stages.checked.task.plugin
        self._head = Head.of(read_settings(source.folder))

    def __call__(
        self, model: Any, recovery: Recovery, callbacks: Sequence[Callback] = (), encoded: Encoded | None = None
    ) -> None:
        """See :class:`Recovery`; ``encoded`` are the rows where the model reads them in another way than the source.

        Raises:
            StudioError: the memory does not suffice, or the loss is not a number any more.
            Cancelled: the user has cancelled.
        """
        if not recovery.epochs:
            return
        stages, encoded = self._stages, encoded or self._source.encoded
        settings = settled(stages, recovery)
        model.to(settings.device).train().requires_grad_(True)
        self._task.ready(model)
        inherited.standardise(model, encoded)
        transfer = self._transfer(model, recovery, callbacks, settings, encoded)
        task, config = self._task, stages.checked.task.config
        judge = Judge(
            measure=lambda answers, loss: task.measure(config, encoded, "validation", answers, loss),
            read=self._read if task.GATHERS else None,
        )
        control = stages.context.control
        trained = fit(transfer, task.loss(config, encoded), judge, settings,
                      stages.context.folder / "checkpoints", within(stages.context.emit), control)  # fmt: skip
        distillation.narrow(model)
        task.finish(model.cpu().eval(), encoded)
        log(stages.context.emit, "compress.recovered", "Trained {epochs} epochs to recover in {minutes} minutes; best "
            "validation {metric}: {score}.", epochs=trained.epochs, minutes=round(trained.seconds / 60, 1),
            metric=settings.best_metric,
            score="–" if trained.best_score is None else round(trained.best_score, 4))  # fmt: skip

    def _transfer(self, model: Any, recovery: Recovery, callbacks: Sequence[Callback], settings: Settings,
                  encoded: Encoded) -> Transfer:  # fmt: skip
        stages, train, own = self._stages, encoded.splits["train"], list(callbacks)
        collate: Callable[..., dict[str, Any]] = self._task.collator(stages.checked.task.config, encoded)
        if self.teaches and (recovery.teacher or recovery.hidden):
            train, lessons = self._lessons(model, recovery, settings, encoded)
            own.append(lessons)
            train, collate = teaching.Numbered(train), teaching.numbering(collate)

        def finish() -> torch.nn.Module:
            found: torch.nn.Module = model
            return found

        return Transfer(model=model, train=train, validation=encoded.splits.get("validation", ()), collate=collate,
                        finish=finish, callbacks=tuple(own))  # fmt: skip

    @property
    def teaches(self) -> bool:
        """Whether the trained model can teach: whether its answers have a soft form."""
        return self._head.kind in distillation.KINDS and not self._head.losses

    def _lessons(self, model: Any, recovery: Recovery, settings: Settings, encoded: Encoded) -> tuple[Any, Callback]:
        import torch

        stages = self._stages
        job = TransferJob(
            build=partial(self._task.build, self._source.folder, encoded), encoded=encoded,
            collate=self._task.collator(stages.checked.task.config, encoded), head=self._head, backbone_key="",
            device=torch.device(settings.device), emit=within(stages.context.emit), control=stages.context.control,
            encode=partial(stages.encode, only_progress(stages.context.emit)),
        )  # fmt: skip
        teacher = teaching.find(str(stages.context.folder / "model"), job)
        train = encoded.splits["train"]
        weights = teaching.Weights(recovery.temperature, recovery.teacher, recovery.hidden)
        live = weights.inside or teaching.changing(train)
        if live and not teacher.alike:
            raise teaching.reads_otherwise()
        if recovery.hidden:
            distillation.widen(model, teacher.model)
        answers = [] if live else [teaching.of_train(teacher, job)]
        if recovery.unlabelled:
            train, more = distillation.with_unlabelled(recovery.unlabelled, train, teacher, job)
            answers += [] if live else [more]
        return train, teaching.Lessons(model, teacher, teaching.Answers(*answers) if answers else None, weights, job)

    def _read(self, output: Any, batch: dict[str, Any]) -> list[Any]:
        masks = {name: value.cpu().numpy() for name, value in batch.items() if name == "attention_mask"}
        return self._head.rows(self._head.read(output, batch), masks)


def within(emit: Emit) -> Emit:
    """An ``emit`` for a training within the compression: how far it is belongs to this stage, and its curves would
    be taken for those of the run's own training."""

    def tell(event: Event) -> None:
        if isinstance(event, Progress):
            emit(dataclasses.replace(event, stage="compress"))
        elif event.kind == "log":
            emit(event)

    return tell
