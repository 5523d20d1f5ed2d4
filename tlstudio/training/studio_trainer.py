"""transformers' Trainer with our order of rows, optimisers and schedules, callbacks, validation and checkpoints."""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import memory
from tlstudio.models.batches import IGNORED, split_batch
from tlstudio.models.callbacks import Pass
from tlstudio.training import checkpoints, optimisers, schedules
from tlstudio.training.balance import classes_of
from tlstudio.training.checkpoints import Checkpoints
from tlstudio.training.halving import Halving, in_smaller_batches
from tlstudio.training.order import Order
from tlstudio.training.settings import Settings
from tlstudio.training.watch import BROKEN, MAX_POINTS, Watch

if TYPE_CHECKING:
    import numpy as np
    import torch

    from tlstudio.models.transfer import Judge, Transfer

_EVALUATION_BATCH = 64

Loss = Callable[..., "torch.Tensor"]


@dataclass(frozen=True)
class Parts:
    """What a training is made of; see :func:`tlstudio.training.trainer.fit`."""

    transfer: Transfer
    loss: Loss
    judge: Judge
    settings: Settings
    watch: Watch
    balance: bool
    keep: Checkpoints | None

    @property
    def evaluates(self) -> bool:
        return bool(len(self.transfer.validation))

    @property
    def part_size(self) -> int:
        """Rows that are computed at once."""
        return max(1, self.settings.batch_size // self.settings.accumulate)

    @property
    def leaves_one(self) -> bool:
        return leaves_one(self.transfer.model, len(self.transfer.train), self.part_size)

    @property
    def steps_per_epoch(self) -> int:
        rows = len(self.transfer.train) - self.leaves_one
        return max(1, math.ceil(math.ceil(rows / self.part_size) / self.settings.accumulate))


def make(parts: Parts, folder: Path) -> Any:
    """The Trainer of a training; ``folder`` is what transformers wants to have for its files."""
    from transformers import PrinterCallback, Trainer

    # the methods come first, so that their super() is transformers' Trainer
    class StudioTrainer(_Methods, Trainer):  # type: ignore[misc]  # mypy sees no Trainer in the mixin
        pass

    transfer, settings = parts.transfer, parts.settings
    memory.stay_within_group()
    halving = Halving(transfer.collate, settings.batch_size, parts.watch.emit, parts.watch.control.check)
    trainer = StudioTrainer(
        model=transfer.model,
        args=_arguments(settings, folder, parts),
        data_collator=transfer.collate,
        train_dataset=transfer.train,
        eval_dataset=transfer.validation if parts.evaluates else None,
        compute_loss_func=parts.loss,  # never called, but lets the Trainer count the labels of a batch
    )
    trainer.studio, trainer.halving = parts, halving
    trainer.data_collator = trainer.collated
    trainer.add_callback(_moments(trainer))
    if settings.epochs:
        trainer.create_optimizer()  # before a callback freezes for a while what trains later
    trainer.args.dataloader_drop_last = parts.leaves_one
    trainer.remove_callback(PrinterCallback)
    # heads swallow num_items_in_batch without using it: the loss would be summed over accumulated parts
    trainer.model_accepts_loss_kwargs = False
    trainer.loss_is_scaled_for_ga = True
    return trainer


def _arguments(settings: Settings, folder: Path, parts: Parts) -> Any:
    from transformers import TrainingArguments

    steps = parts.steps_per_epoch * settings.epochs
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=parts.part_size,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.gradient_clip,
        seed=settings.seed,
        data_seed=settings.seed,
        eval_strategy="epoch" if parts.evaluates else "no",
        save_strategy="no",
        logging_steps=max(1, math.ceil(steps / MAX_POINTS)),
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


class _Methods:
    """What is done otherwise than transformers' Trainer does it."""

    studio: Parts
    halving: Halving
    model: Any
    args: Any
    state: Any
    control: Any
    optimizer: Any
    lr_scheduler: Any
    accelerator: Any
    _rows_at_once = 0  # in validation, where fewer than usual fit

    # --- rows, rates

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        transfer, settings = self.studio.transfer, self.studio.settings
        self.order = Order(
            len(transfer.train),
            settings.seed,
            self.args.train_batch_size * self.args.gradient_accumulation_steps,
            transfer.lengths,
            classes_of(transfer.train) if self.studio.balance else None,
            transfer.callbacks,
        )
        return self.order

    def collated(self, rows: list[Any]) -> dict[str, Any]:
        """A batch. What is drawn for it, such as masks, follows from its place: batches are made ahead of the steps,
        and a resumed training makes none of those that it skips."""
        import torch

        draw = zlib.crc32(f"{self.studio.settings.seed}|{self.order.epoch}|{self.order.given}".encode())
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(draw)
        try:
            return self.halving.collate(rows)
        finally:
            torch.set_rng_state(before)

    def create_optimizer(self, model: Any = None) -> Any:
        if self.optimizer is None:
            settings, model = self.studio.settings, model or self.model
            decayed = set(self.get_decay_parameter_names(model))  # type: ignore[attr-defined]  # of the Trainer
            groups = optimisers.parameter_groups(model, decayed, self.studio.transfer.rates, settings.learning_rate,
                                                 settings.weight_decay)  # fmt: skip
            self.optimizer = optimisers.make(settings.optimiser, groups, settings.learning_rate)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        import torch

        settings = self.studio.settings
        warmup = round(settings.warmup * num_training_steps)
        if self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer,
                lambda step: schedules.factor(settings.schedule, step, num_training_steps, warmup),
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler

    # --- forward and backward

    def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> Any:
        """Autocast around forward and loss; accelerate would wrap the model's forward, and leave it wrapped."""
        import torch

        settings = self.studio.settings
        return torch.autocast(settings.device, torch.bfloat16, settings.precision == "bf16", cache_enabled)

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False,
                     num_items_in_batch: Any = None) -> Any:  # fmt: skip
        self._pass = given = self._pass_of(model, inputs, num_items_in_batch)
        outputs, value = given.again()
        for callback in self.studio.transfer.callbacks:
            value = callback.loss(given, outputs, value)
        return given.share(value)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Any:
        def run(part: dict[str, Any]) -> Any:
            value = super(_Methods, self).training_step(model, part, num_items_in_batch)  # type: ignore[misc]
            for callback in self.studio.transfer.callbacks:
                callback.backward(self._pass)
            return value

        ends, accumulate = self.accelerator.sync_gradients, self.studio.settings.accumulate
        return self.halving.step(inputs, run, model.zero_grad, accumulate, ends)

    def _pass_of(self, model: Any, inputs: dict[str, Any], items: Any) -> Pass:
        labels, rows, options = split_batch(inputs)

        def again() -> tuple[Any, torch.Tensor]:
            with self.autocast_smart_context_manager():
                outputs = model(**inputs)
                return outputs, self.studio.loss(outputs, labels, **options)

        def share(value: torch.Tensor) -> torch.Tensor:
            """A mean of means would weigh the rows of the last part, which may be smaller, more."""
            if items is None:  # labels that cannot be counted, such as boxes
                return value / self.studio.settings.accumulate * self.halving.share
            return value * labels.ne(IGNORED).sum() / items

        return Pass(inputs, labels, rows, self.halving.last, again, share)

    # --- validation

    def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
        """One plain pass over the validation rows."""
        studio = self.studio
        self.model.eval()
        with contextlib.ExitStack() as stack:
            for callback in studio.transfer.callbacks:
                stack.enter_context(callback.evaluating())
            values, self._rows_at_once = in_smaller_batches(self._validated, self._rows_at_once or self._usual_rows)
            studio.watch.evaluated(values, self.state)
        for callback in studio.transfer.callbacks:
            callback.evaluated(values)
        if studio.watch.exhausted():  # on_evaluate is called by the evaluate() that this one replaces
            self.control.should_training_stop = True
        return {f"eval_{name}": value for name, value in values.items()}

    @property
    def _usual_rows(self) -> int:
        # answers that would fill the memory are not gathered; more than a training batch would not fit either
        gathers = self.studio.judge.read is not None
        return _EVALUATION_BATCH if gathers else int(self.args.per_device_train_batch_size)

    def _validated(self, size: int) -> dict[str, float]:
        import numpy as np
        import torch

        judge = self.studio.judge
        answers: list[np.ndarray] = []
        losses, counts = [], []
        with torch.inference_mode(), self.autocast_smart_context_manager():
            for batch, rows in self._validation_batches(size):
                labels, _rows, options = split_batch(batch)
                output = self.model(**batch)
                losses.append(float(self.studio.loss(output, labels, **options)))
                counts.append(_counted(labels, rows))
                if judge.read is not None:
                    answers += judge.read(output, batch)
        values = judge.measure(answers, float(np.average(losses, weights=counts)))
        if judge.watch is not None:
            with torch.inference_mode():
                judge.watch(self.model)
        return values

    def _validation_batches(self, size: int) -> Iterator[tuple[dict[str, Any], int]]:
        rows = self.studio.transfer.validation
        for start in range(0, len(rows), size):
            self.studio.watch.control.check()
            chosen = range(start, min(start + size, len(rows)))
            batch = self.studio.transfer.collate([rows[index] for index in chosen])
            yield self._prepare_inputs(batch), len(chosen)  # type: ignore[attr-defined]  # of the Trainer

    # --- checkpoints

    def _maybe_log_save_evaluate(self, *args: Any, **kwargs: Any) -> None:
        super()._maybe_log_save_evaluate(*args, **kwargs)  # type: ignore[misc]  # of the Trainer
        studio = self.studio
        if studio.keep is None or not studio.keep.due or self.control.should_training_stop:
            return
        # the last step of an epoch is followed by the validation, which belongs to the epoch
        if studio.evaluates and self.state.global_step % studio.steps_per_epoch == 0 and not studio.watch.measured:
            return
        studio.keep.save(self, studio.watch)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        checkpoints.load_weights(self.model, Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        states = checkpoints.load_states(Path(str(checkpoint)))
        self.optimizer.load_state_dict(states["optimiser"])
        self.lr_scheduler.load_state_dict(states["schedule"])
        if states["rate"] != self.studio.settings.learning_rate:  # it was lowered since
            _rescale(self.optimizer, self.lr_scheduler, self.studio.settings.learning_rate / states["rate"])
        for callback, state in zip(self.studio.transfer.callbacks, states["callbacks"], strict=True):
            callback.restore(state)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        states = checkpoints.load_states(Path(str(checkpoint)))
        self._tr_loss = states["loss"].to(self.args.device)
        checkpoints.restore_random_state(states["random"])


def _rescale(optimiser: Any, schedule: Any, factor: float) -> None:
    """All rates of a training times a factor, where it stands."""
    for group in optimiser.param_groups:
        for name in ("lr", "initial_lr"):
            group[name] *= factor
    schedule.base_lrs = [rate * factor for rate in schedule.base_lrs]
    schedule._last_lr = [rate * factor for rate in schedule._last_lr]  # what is told as the rate of the next step


def leaves_one(model: torch.nn.Module, rows: int, size: int) -> bool:
    """Whether the last batch would be a single row, of which batch normalisation can take no variance.

    That row, another one in each epoch, is then left out.
    """
    import torch

    normed = any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in model.modules())
    return normed and size > 1 and rows > size and rows % size == 1


def _moments(trainer: Any) -> Any:
    """Passes the Trainer's moments on to the watch and the callbacks."""
    from transformers import TrainerCallback

    parts: Parts = trainer.studio
    watch, callbacks = parts.watch, parts.transfer.callbacks

    class Moments(TrainerCallback):
        def on_epoch_begin(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            trainer.order.epoch = state.global_step // parts.steps_per_epoch
            for callback in callbacks:
                callback.epoch(trainer.order.epoch)

        def on_step_begin(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            for callback in callbacks:
                callback.step(state.global_step)

        def on_substep_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            watch.control.check()

        def on_step_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            for callback in callbacks:
                callback.stepped(state.global_step)
            if watch.stepped(state):
                control.should_training_stop = True
                control.should_evaluate = parts.evaluates

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_kwargs: Any) -> None:
            if logs and "loss" in logs and watch.logged(logs, state):
                control.should_training_stop = True

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_kwargs: Any) -> None:
            if watch.outcome in (*BROKEN, "stopped"):  # nothing to measure; measured already
                control.should_evaluate = False

    return Moments()


def _counted(labels: Any, rows: int) -> int:
    """What the loss of a batch is the mean over: the labels that count, or the rows."""
    return max(int(labels.ne(IGNORED).sum()), 1) if hasattr(labels, "ne") else rows
