"""A training from start to end: the best weights are in the model afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, Rewound, log
from tlstudio.models.callbacks import Loop
from tlstudio.training import checkpoints, studio_trainer
from tlstudio.training.best import BestWeights
from tlstudio.training.checkpoints import Checkpoints, Policy
from tlstudio.training.interruptible import interruptible
from tlstudio.training.rehearsal import is_out_of_memory, out_of_memory
from tlstudio.training.settings import Settings
from tlstudio.training.studio_trainer import Loss, Parts
from tlstudio.training.watch import BROKEN, Watch

if TYPE_CHECKING:
    from tlstudio.models.transfer import Judge, Transfer


Again = Literal["", "resumed", "rolled-back"]


@dataclass(frozen=True)
class Trained:
    """What a training run came to. ``outcome``: completed, early (no improvement), stopped, nan, or diverged."""

    outcome: str
    epochs: float
    steps: int
    best_epoch: float | None
    best_score: float | None
    seconds: float
    samples_per_second: float
    peak_memory_bytes: int


class Diverged(Exception):
    """The loss is not a number any more, or has risen without end; what is on the disk allows another try."""

    def __init__(self, outcome: str, step: int) -> None:
        super().__init__(outcome)
        self.outcome, self.step = outcome, step


def fit_all(transfer: Transfer, loss: Loss, judge: Judge, settings: Settings, folder: Path, emit: Emit,
            control: Control, balance: bool = False, policy: Policy | None = None,
            again: Again = "") -> tuple[Transfer, Trained]:  # fmt: skip
    """Trains phase after phase; gives the last one, and what the whole training came to.

    After a stop the phases that are left end at their first step: without them there would be no model of the task.

    Args:
        policy: when checkpoints are written; None writes none, and looks for none.
        again: whether the same training has begun before, in the same folder: it goes on where that ended. The others
            are those of :func:`fit`.

    Raises:
        Diverged: with a policy, where the training has broken down for the first time; else as :func:`fit`.
    """
    steps, seconds, memory, phase = 0, 0.0, 0, 0
    while True:
        keep = None if policy is None else Checkpoints(folder / f"phase-{phase}", policy, emit)
        trained = None if keep is None else _ended(keep, transfer)
        if trained is None:
            start = keep.newest(calm=again == "rolled-back") if keep and again else None
            if keep is not None and start is None:
                keep.clear()  # of a training that was another one
            if again:
                emit(Rewound(step=steps + checkpoints.step_of(start)))
                again = ""
            names = [name for name, value in transfer.model.named_parameters() if value.requires_grad]
            trained = fit(transfer, loss, judge, settings, folder, emit, control, balance, keep, start, before=steps)
            if keep is not None:
                keep.end(transfer.model, names, asdict(trained))
        steps, seconds = steps + trained.steps, seconds + trained.seconds
        memory = max(memory, trained.peak_memory_bytes)
        if transfer.then is None:
            return transfer, replace(trained, steps=steps, seconds=seconds, peak_memory_bytes=memory)
        transfer, phase = transfer.then(), phase + 1


def _ended(keep: Checkpoints, transfer: Transfer) -> Trained | None:
    """What a phase came to that has ended; its weights are then in the model."""
    facts = keep.ended()
    if facts is None:
        return None
    keep.load_end(transfer.model)
    return Trained(**facts)


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
        Diverged: the loss is not a number, or has risen without end, and there is ``keep`` to go back to.
        Cancelled: the user has cancelled.
    """
    import torch

    settings, balance = replace(settings, **transfer.settings), balance and transfer.loss is None
    settings = replace(settings, learning_rate=settings.learning_rate * settings.rate_factor)
    torch.set_num_threads(settings.threads)
    steps = max(1, -(-len(transfer.train) // settings.batch_size)) * settings.epochs
    best = BestWeights(transfer.model, folder / checkpoints.BEST, settings.best_metric)
    watch = Watch(settings, best, emit, control, steps, before)
    if resume is not None:
        watch.restore(checkpoints.verify(resume))
        best.take(resume / checkpoints.BEST)
    trainer = studio_trainer.make(Parts(transfer, transfer.loss or loss, judge, settings, watch, balance, keep), folder)
    loop = Loop(transfer.model, settings.epochs, steps, len(transfer.train), transfer.lengths, settings.seed, emit,
                control)  # fmt: skip
    with _explained(), _taking_part(transfer, loop), interruptible(transfer.model, control.check):
        if settings.epochs:
            trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
        elif len(transfer.validation):
            trainer.evaluate()
    if watch.outcome in BROKEN:
        if keep is not None and keep.policy.retries and settings.rate_factor == 1.0:
            raise Diverged(watch.outcome, watch.total)
        _tell_broken(watch, settings, best)
    best.restore()
    return Trained(
        outcome=watch.outcome,
        epochs=round(watch.epoch, 2),
        steps=watch.step,
        best_epoch=best.epoch,
        best_score=best.score,
        seconds=watch.seconds,
        samples_per_second=watch.step * settings.batch_size / max(watch.seconds, 1e-9),
        peak_memory_bytes=watch.peak_memory,
    )


def _tell_broken(watch: Watch, settings: Settings, best: BestWeights) -> None:
    """Says why a training has ended that broke down; the best weights are kept, if there are any.

    Raises:
        StudioError: there are none.
    """
    if watch.outcome == "nan":
        log(watch.emit, "training.not-a-number",
            "The loss became not-a-number at step {step}; training ends here.", "error", step=watch.total)  # fmt: skip
    else:
        log(watch.emit, "training.diverged",
            "The loss rose to more than ten times what it was at first, at step {step}; training ends here.", "error",
            step=watch.total)  # fmt: skip
    if best.found:
        return
    if settings.rate_factor != 1.0:
        raise StudioError(
            "training.nan-again", "The loss grew without end, or was not a number, once more at step {step}, although "
            "the learning rate had been lowered to {rate}.",
            "Set training.precision to fp32 and raise training.warmup; then look for rows with extreme values, and "
            "lower training.learning_rate by ten.",
            where="training.learning_rate", step=watch.total, rate=f"{settings.learning_rate:.3g}",
        )  # fmt: skip
    raise StudioError(
        "training.nan", "The loss is not a number any more (step {step}).",
        "Lower training.learning_rate, set training.precision to fp32, or lower training.gradient_clip.",
        where="training.learning_rate", step=watch.total,
    )  # fmt: skip


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
