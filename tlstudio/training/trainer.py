"""The training loop: transformers' Trainer, with our events, pause, stop and cancel, and the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Checkpoint, Emit, Metric, log
from tlstudio.core.progress import Meter
from tlstudio.models.batches import IGNORED
from tlstudio.training.balance import BalancedSampler, classes_of
from tlstudio.training.best import BestWeights
from tlstudio.training.rehearsal import is_out_of_memory, memory_in_use, out_of_memory
from tlstudio.training.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    import torch

    from tlstudio.models.transfer import Judge, Transfer

_MAX_POINTS = 20_000  # training points of a curve; more are thinned while logging
_EVALUATION_BATCH = 64

Loss = Callable[..., "torch.Tensor"]


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


def fit(transfer: Transfer, loss: Loss, judge: Judge, settings: Settings, folder: Path, emit: Emit,
        control: Control, balance: bool = False) -> Trained:  # fmt: skip
    """Trains ``transfer.model`` in place; afterwards it holds the best weights.

    Args:
        transfer: model, rows and collator from a strategy.
        loss: mean loss of a batch from (outputs, labels).
        judge: how validation rows are measured.
        settings: settled choices.
        folder: where the best weights are kept while training.
        balance: every class is drawn equally often; an epoch has as many rows as before.

    Raises:
        StudioError: out of memory, or the loss is not a number before anything worth keeping was reached; or rows
            without one class each are to be balanced.
        Cancelled: the user has cancelled.
    """
    import torch

    torch.set_num_threads(settings.threads)
    best = BestWeights(transfer.model, folder / "best.safetensors", settings.best_metric)
    watch = _Watch(settings, best, emit, control, len(transfer.train))
    trainer = _trainer(transfer, loss, judge, settings, folder, watch, balance)
    begin = time.monotonic()
    paused = control.paused_seconds
    try:
        trainer.train()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise out_of_memory() from error
        raise
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


def _arguments(settings: Settings, folder: Path, rows: int, grouped: bool, evaluates: bool) -> Any:
    from transformers import TrainingArguments

    steps = max(1, math.ceil(rows / settings.batch_size)) * settings.epochs
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=max(1, settings.batch_size // settings.accumulate),
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=round(settings.warmup * steps),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.gradient_clip,
        optim="adamw_torch_fused",
        train_sampling_strategy="group_by_length" if grouped else "random",
        length_column_name="length",
        seed=settings.seed,
        data_seed=settings.seed,
        eval_strategy="epoch" if evaluates else "no",
        save_strategy="no",
        logging_steps=max(1, math.ceil(steps / _MAX_POINTS)),
        logging_nan_inf_filter=False,
        dataloader_num_workers=0,  # worker processes inside a thread hang, and tokenised rows are cheap
        dataloader_pin_memory=settings.device == "cuda",
        use_cpu=settings.device == "cpu",
        disable_tqdm=True,
        report_to=[],
        remove_unused_columns=False,
    )
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # DataParallel would multiply the batch that the user has chosen, and is slow
    return arguments


def _trainer(transfer: Transfer, loss: Loss, judge: Judge, settings: Settings, folder: Path, watch: _Watch,
             balance: bool) -> Any:  # fmt: skip
    import numpy as np
    import torch
    from transformers import PrinterCallback, Trainer
    from transformers.trainer_pt_utils import LengthGroupedSampler

    weights: dict[str, torch.Tensor] = {}
    # the length column is for the sampler; the model must not see it
    grouped = "length" in getattr(transfer.train, "column_names", ())

    class StudioTrainer(Trainer):
        """Trainer whose evaluation is one plain pass over the validation rows."""

        def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> Any:
            """Autocast around forward and loss; accelerate would wrap the model's forward, and leave it wrapped."""
            return torch.autocast(settings.device, torch.bfloat16, settings.precision == "bf16", cache_enabled)

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            # a list: the sampler looks at each length several times, and a dataset takes 0.2 ms for each look
            lengths = list(transfer.train["length"]) if grouped else None
            size = self.args.train_batch_size * self.args.gradient_accumulation_steps
            if balance:
                return BalancedSampler(classes_of(transfer.train), settings.seed, lengths, size)
            if lengths is None:
                return super()._get_train_sampler(train_dataset)
            return LengthGroupedSampler(size, dataset=transfer.train, lengths=lengths)

        def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **options: Any) -> Any:
            weights.clear()  # how much the rows of this batch count; the model must not see it
            if "row_weights" in inputs:
                weights["row_weights"] = inputs.pop("row_weights")
            return super().compute_loss(model, inputs, *args, **options)

        def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
            model: Any = self.model
            model.eval()
            rows = transfer.validation
            # answers that would fill the memory are not gathered; more than a training batch would not fit either
            size = _EVALUATION_BATCH if judge.read is not None else self.args.per_device_train_batch_size
            answers: list[np.ndarray] = []
            losses, counts = [], []
            with torch.inference_mode(), self.autocast_smart_context_manager():
                for start in range(0, len(rows), size):
                    watch.control.check()
                    chosen = range(start, min(start + size, len(rows)))
                    batch = self._prepare_inputs(transfer.collate([rows[index] for index in chosen]))
                    labels, batch_weights = batch.pop("labels"), batch.pop("row_weights", None)
                    output = model(**batch)
                    options = {} if batch_weights is None else {"row_weights": batch_weights}
                    losses.append(float(loss(output, labels, **options)))
                    counts.append(_counted(labels, len(chosen)))
                    if judge.read is not None:
                        answers += judge.read(output, batch)
            values = judge.measure(answers, float(np.average(losses, weights=counts)))
            if judge.watch is not None:
                with torch.inference_mode():
                    judge.watch(model)
            watch.evaluated(values, self.state)
            if watch.exhausted():  # on_evaluate is called by the evaluate() that this one replaces
                self.control.should_training_stop = True
            return {f"eval_{name}": value for name, value in values.items()}

    trainer = StudioTrainer(
        model=transfer.model,
        args=_arguments(settings, folder, len(transfer.train), grouped, bool(len(transfer.validation))),
        data_collator=transfer.collate,
        train_dataset=transfer.train,
        eval_dataset=transfer.validation if len(transfer.validation) else None,
        compute_loss_func=_share_of(loss, weights, settings.accumulate),
        callbacks=[_callback(watch, bool(len(transfer.validation)))],
    )
    trainer.args.dataloader_drop_last = leaves_one(transfer.model, len(transfer.train), trainer.args.train_batch_size)
    trainer.remove_callback(PrinterCallback)
    # heads swallow num_items_in_batch without using it: the loss would be summed over accumulated parts
    trainer.model_accepts_loss_kwargs = False
    trainer.loss_is_scaled_for_ga = True
    return trainer


def leaves_one(model: torch.nn.Module, rows: int, size: int) -> bool:
    """Whether the last batch would be a single row, of which batch normalisation can take no variance.

    That row, another one in each epoch, is then left out.
    """
    import torch

    normed = any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in model.modules())
    return normed and size > 1 and rows > size and rows % size == 1


def _callback(watch: _Watch, evaluates: bool) -> Any:
    from transformers import TrainerCallback

    class Callback(TrainerCallback):
        """Passes the Trainer's moments on to the watch."""

        def on_substep_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            watch.control.check()

        def on_step_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            if watch.stepped(state):
                control.should_training_stop = True
                control.should_evaluate = evaluates

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_kwargs: Any) -> None:
            if logs and "loss" in logs and watch.logged(logs, state):
                control.should_training_stop = True

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            if watch.outcome in ("nan", "stopped"):  # nothing to measure; measured already
                control.should_evaluate = False

    return Callback()


def _share_of(loss: Loss, weights: dict[str, torch.Tensor], accumulate: int) -> Loss:
    """The mean ``loss`` of a part of a batch as its share of the mean over the whole batch; the last part may be
    smaller than the others, so a mean of means would weigh its rows more."""

    def share(outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        value = loss(outputs, labels, **weights)
        if num_items_in_batch is None:  # labels that cannot be counted, such as boxes
            return value / accumulate
        return value * labels.ne(IGNORED).sum() / num_items_in_batch

    return share


def _counted(labels: Any, rows: int) -> int:
    """What the loss of a batch is the mean over: the labels that count, or the rows."""
    return max(int(labels.ne(IGNORED).sum()), 1) if hasattr(labels, "ne") else rows


class _Watch:
    """What happens at each step: progress, curves, the best weights, early stopping, the user's wishes."""

    def __init__(self, settings: Settings, best: BestWeights, emit: Emit, control: Control, rows: int) -> None:
        self.settings, self.best, self.emit, self.control = settings, best, emit, control
        self.outcome = "completed"
        self.step, self.epoch, self.peak_memory = 0, 0.0, 0
        steps = max(1, math.ceil(rows / settings.batch_size)) * settings.epochs
        self.meter = Meter(emit, control, "train", steps, "steps")
        self._without_gain = 0
        self._last = self._now()

    def _now(self) -> float:
        """A clock that stands still while the run is paused."""
        return time.monotonic() - self.control.paused_seconds

    def stepped(self, state: Any) -> bool:
        """After each optimiser step; True ends training."""
        self.step, self.epoch = state.global_step, state.epoch or 0.0
        self.meter.total = state.max_steps
        if self.step % 10 == 1:
            self.peak_memory = max(self.peak_memory, memory_in_use(self.settings.device))
        self.meter.advance(self.step - self.meter.done, epoch=self.epoch, epochs=self.settings.epochs)
        if self.control.stopping and self.outcome == "completed":
            self.outcome = "stopped"
            log(self.emit, "training.stopped", "Stopped at step {step} on your wish; the best weights are kept.",
                step=self.step)  # fmt: skip
        return self.outcome == "stopped"

    def logged(self, logs: dict[str, float], state: Any) -> bool:
        """New training values; True ends training because the loss is not a number."""
        now = self._now()
        seconds, self._last = now - self._last, now
        every = max(1, math.ceil(self.meter.total / _MAX_POINTS))
        values = {
            "loss": logs["loss"],
            "learning_rate": logs.get("learning_rate", 0.0),
            "gradient_norm": float(logs.get("grad_norm") or 0.0),
            "samples_per_second": self.settings.batch_size * every / max(seconds, 1e-9),
        }
        if not math.isfinite(values["loss"]) or not math.isfinite(values["gradient_norm"]):
            self.outcome = "nan"
            log(self.emit, "training.not-a-number",
                "The loss became not-a-number at step {step}; training ends here.", "error",
                step=state.global_step)  # fmt: skip
            return True
        self.emit(Metric(split="train", step=state.global_step, epoch=state.epoch or 0.0, values=values))
        return False

    def evaluated(self, values: dict[str, float], state: Any) -> None:
        """New validation values: they go into the curves, and better weights are kept."""
        self.emit(Metric(split="validation", step=state.global_step, epoch=state.epoch or 0.0, values=values))
        if self.best.offer(values, state.epoch or 0.0):
            self._without_gain = 0
            self.emit(
                Checkpoint(
                    step=state.global_step,
                    epoch=state.epoch or 0.0,
                    path="checkpoints/best.safetensors",
                    best=True,
                    score=values[self.settings.best_metric],
                )
            )
        else:
            self._without_gain += 1
        self._last = self._now()

    def exhausted(self) -> bool:
        """Whether patience is used up."""
        if not self.settings.patience or self._without_gain < self.settings.patience or self.outcome != "completed":
            return False
        self.outcome = "early"
        log(self.emit, "training.early",
            "No better {metric} for {patience} epochs: training ends early and the best weights are kept.",
            metric=self.settings.best_metric, patience=self.settings.patience)  # fmt: skip
        return True
