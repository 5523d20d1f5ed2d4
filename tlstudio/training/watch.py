"""What happens at each step of a training: progress, curves, the best weights, early stopping, the user's wishes."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.events import Checkpoint, Emit, Metric, log
from tlstudio.core.progress import Meter
from tlstudio.training.best import BestWeights
from tlstudio.training.rehearsal import memory_in_use
from tlstudio.training.settings import Settings

MAX_POINTS = 20_000  # training points of a curve; more are thinned while logging
_RECENT = 20  # logged losses over whose mean a training is seen to diverge
_FIRST = 10  # logged losses that say where it began
# Times the first loss and one. No useful training gets there again: the loss of guessing is about the first one, and
# one more keeps a training that begins near zero, such as one that goes on, from being judged by its noise.
_RISEN = 10.0
BROKEN = ("nan", "diverged")  # outcomes


class Watch:
    """The state of a training beside that of model and optimiser."""

    def __init__(self, settings: Settings, best: BestWeights, emit: Emit, control: Control, steps: int,
                 before: int = 0) -> None:  # fmt: skip
        self.settings, self.best, self.emit, self.control = settings, best, emit, control
        self._before = before  # steps of the phases before, so that the curves go on
        self.outcome = "completed"
        self.step, self.epoch, self.peak_memory = 0, 0.0, 0
        self._seconds = 0.0  # before the training was resumed
        self._begin = self._now()
        self._first: list[float] = []
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self.meter = Meter(emit, control, "train", steps, "steps")
        self._without_gain = 0
        self._measured_step = -1
        self._last = self._now()

    @property
    def measured(self) -> bool:
        """Whether the model was validated after its last step."""
        return self._measured_step == self.step

    def state(self) -> dict[str, Any]:
        """What a resumed training must know; all of it can be read by people, too."""
        return {
            "seconds": self.seconds,
            "peak_memory": self.peak_memory,
            "first_losses": self._first,
            "recent_losses": list(self._recent),
            "calm": self._loss <= self._limit / 2,
            "step": self.step,
            "epoch": self.epoch,
            "without_gain": self._without_gain,
            "best_score": self.best.score,
            "best_loss": self.best.loss if math.isfinite(self.best.loss) else None,
            "best_epoch": self.best.epoch,
            "risen": self.best.risen,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from an earlier :meth:`state`."""
        self.step, self.epoch, self._without_gain = state["step"], state["epoch"], state["without_gain"]
        self.best.score, self.best.epoch = state["best_score"], state["best_epoch"]
        self.best.risen = state["risen"]
        self.best.loss = math.inf if state["best_loss"] is None else state["best_loss"]
        self._seconds, self.peak_memory = state["seconds"], state["peak_memory"]
        self._first = list(state["first_losses"])
        self._recent.extend(state["recent_losses"])
        self.meter.skip(self.step)

    def _now(self) -> float:
        """A clock that stands still while the run is paused."""
        return time.monotonic() - self.control.paused_seconds

    @property
    def seconds(self) -> float:
        """What the training has taken, also before it was resumed."""
        return self._seconds + self._now() - self._begin

    @property
    def total(self) -> int:
        """Steps with those of the phases before."""
        return self._before + self.step

    @property
    def _loss(self) -> float:
        return sum(self._recent) / len(self._recent) if self._recent else 0.0

    @property
    def _limit(self) -> float:
        """The mean loss with which a training counts as diverged."""
        first = sum(map(abs, self._first)) / len(self._first) if self._first else 0.0
        return _RISEN * (first + 1.0)

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
        """New training values; True ends training because the loss is not a number, or far too large."""
        now = self._now()
        seconds, self._last = now - self._last, now
        every = max(1, math.ceil(self.meter.total / MAX_POINTS))
        values = {
            "loss": logs["loss"],
            "learning_rate": logs.get("learning_rate", 0.0),
            "gradient_norm": float(logs.get("grad_norm") or 0.0),
            "samples_per_second": self.settings.batch_size * every / max(seconds, 1e-9),
        }
        if not math.isfinite(values["loss"]) or not math.isfinite(values["gradient_norm"]):
            self.outcome = "nan"
            return True
        if len(self._first) < _FIRST:
            self._first.append(values["loss"])
        self._recent.append(values["loss"])
        if len(self._recent) == _RECENT and self._loss > self._limit:
            self.outcome = "diverged"
            return True
        self.emit(Metric(split="train", step=self._before + state.global_step, epoch=state.epoch or 0.0, values=values))
        return False

    def evaluated(self, values: dict[str, float], state: Any) -> None:
        """New validation values: they go into the curves, and better weights are kept."""
        self._measured_step = state.global_step
        self.emit(
            Metric(split="validation", step=self._before + state.global_step, epoch=state.epoch or 0.0, values=values)
        )
        if self.best.offer(values, state.epoch or 0.0):
            self.emit(
                Checkpoint(
                    step=self._before + state.global_step,
                    epoch=state.epoch or 0.0,
                    path="checkpoints/best.safetensors",
                    best=True,
                    score=values[self.settings.best_metric],
                )
            )
        self._without_gain = 0 if self.best.gained else self._without_gain + 1
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
