"""A training from start to end: the best weights are in the model afterwards."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import read_json
from tlstudio.models.callbacks import Loop
from tlstudio.training import checkpoints, studio_trainer
from tlstudio.training.best import BestWeights
from tlstudio.training.checkpoints import Checkpoints
from tlstudio.training.rehearsal import is_out_of_memory, out_of_memory
from tlstudio.training.settings import Settings
from tlstudio.training.studio_trainer import Loss, Parts
from tlstudio.training.watch import Watch

if TYPE_CHECKING:
    from tlstudio.models.transfer import Judge, Transfer


@dataclass(frozen=True)
class Trained:
    """What a training run came to. ``outcome``: completed, early (no improvement), stopped, or nan."""

    outcome: str
    epochs: float
    steps: int
    best_epoch: float | None
    best_score: float | None
    seconds: float
    samples_per_second: float
    peak_memory_bytes: int


def fit_all(transfer: Transfer, loss: Loss, judge: Judge, settings: Settings, folder: Path, emit: Emit,
            control: Control, balance: bool = False) -> tuple[Transfer, Trained]:  # fmt: skip
    """Trains phase after phase; gives the last one, and what the whole training came to.

    Args and errors as in :func:`fit`. After a stop the phases that are left end at their first step: without them there
    would be no model of the task.
    """
    steps, seconds, memory = 0, 0.0, 0
    while True:
        trained = fit(transfer, loss, judge, settings, folder, emit, control, balance, before=steps)
        steps, seconds = steps + trained.steps, seconds + trained.seconds
        memory = max(memory, trained.peak_memory_bytes)
        if transfer.then is None:
            return transfer, replace(trained, steps=steps, seconds=seconds, peak_memory_bytes=memory)
        transfer = transfer.then()


def fit(transfer: Transfer, loss: Loss, judge: Judge, settings: Settings, folder: Path, emit: Emit,
        control: Control, balance: bool = False, keep: Checkpoints | None = None,
        resume: Path | None = None, before: int = 0) -> Trained:  # fmt: skip
    """Trains ``transfer.model`` in place; afterwards it holds the best weights.

    Args:
        transfer: model, rows and collator from a strategy.
        loss: mean loss of a batch from (outputs, labels), unless the phase has its own.
        judge: how validation rows are measured.
        settings: settled choices, some of which the phase may change.
        folder: where the best weights are kept while training.
        balance: every class is drawn equally often; an epoch has as many rows as before.
        keep: where checkpoints are written from time to time; None writes none.
        before: steps of earlier phases; the curves go on after them.
        resume: a checkpoint from which the same training, with the model as it was before its first step, goes on.

    Raises:
        StudioError: out of memory, or the loss is not a number before anything worth keeping was reached; or rows
            without one class each are to be balanced; or the checkpoint is damaged.
        Cancelled: the user has cancelled.
    """
    import torch

    settings, balance = replace(settings, **transfer.settings), balance and transfer.loss is None
    torch.set_num_threads(settings.threads)
    steps = max(1, -(-len(transfer.train) // settings.batch_size)) * settings.epochs
    best = BestWeights(transfer.model, folder / "best.safetensors", settings.best_metric)
    watch = Watch(settings, best, emit, control, steps, before)
    if resume is not None:
        checkpoints.verify(resume)
        watch.restore(read_json(resume / "watch.json"))
    trainer = studio_trainer.make(Parts(transfer, transfer.loss or loss, judge, settings, watch, balance, keep), folder)
    loop = Loop(transfer.model, settings.epochs, steps, len(transfer.train), transfer.lengths, settings.seed, emit,
                control)  # fmt: skip
    begin, paused = time.monotonic(), control.paused_seconds
    with _explained(), _taking_part(transfer, loop):
        if settings.epochs:
            trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
        elif len(transfer.validation):
            trainer.evaluate()
    seconds = time.monotonic() - begin - (control.paused_seconds - paused)
    if watch.outcome == "nan" and not best.found:
        raise StudioError(
            "training.nan", "The loss is not a number any more (step {step}).",
            "Lower training.learning_rate, set training.precision to fp32, or lower training.gradient_clip.",
            where="training.learning_rate", step=watch.step,
        )  # fmt: skip
    best.restore()
    return Trained(
        outcome=watch.outcome,
        epochs=round(watch.epoch, 2),
        steps=watch.step,
        best_epoch=best.epoch,
        best_score=best.score,
        seconds=seconds,
        samples_per_second=watch.step * settings.batch_size / max(seconds, 1e-9),
        peak_memory_bytes=watch.peak_memory,
    )


@contextlib.contextmanager
def _taking_part(transfer: Transfer, loop: Loop) -> Iterator[None]:
    """The callbacks begin, and end whatever happens; parameters that one of them froze can train again."""
    trained = [parameter for parameter in transfer.model.parameters() if parameter.requires_grad]
    with contextlib.ExitStack() as stack:
        for callback in transfer.callbacks:
            stack.callback(callback.end)
            callback.begin(loop)
        yield
    for parameter in trained:
        parameter.requires_grad_(True)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise out_of_memory() from error
        raise
