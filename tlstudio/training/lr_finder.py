"""The learning rate range test: the rate rises from step to step, and the loss tells which rates train.

Source: Smith, 2017, "Cyclical learning rates for training neural networks", section 3.3; with the exponential rise, the
smoothed loss and the end at a multiple of the least loss of Howard & Gugger, 2020, "fastai: a layered API", section
4.1.4. The suggestion is the rate at which the loss, as a mean over neighbouring steps, falls most steeply over the
logarithm of the rate.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.events import Emit, Result
from tlstudio.core.progress import Meter
from tlstudio.models.batches import split_batch
from tlstudio.models.callbacks import Loop, Pass
from tlstudio.training import optimisers
from tlstudio.training.order import Order
from tlstudio.training.rehearsal import moved
from tlstudio.training.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    import torch

    from tlstudio.models.transfer import Transfer

LOWEST, HIGHEST, STEPS = 1e-7, 1.0, 100
_SMOOTH = 0.9  # share of the past in the smoothed loss
_TOO_FAR = 4.0  # times the least smoothed loss, at which the sweep ends
_FEWEST = 8  # points for a suggestion
_FALL = 0.02  # of the first loss that must be gained for a fall to be one
_WINDOW = 3  # points on each side that a mean and a slope are taken over
_HIGHEST_SEEN = 2.0  # times the first losses: higher ones count as this


@dataclass(frozen=True)
class Point:
    """A step of the sweep: rate, loss of its batch, and loss smoothed over the steps so far."""

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True)
class Sweep:
    """What a sweep has found.

    Attributes:
        points: of all steps, in order.
        suggestion: rate of the steepest fall; None where the loss did not fall.
        lowest_at: rate of the least loss: from here on it is too high; None as above.
        ended: ``all`` steps were done, the loss ``rose`` or was no number (``nan``), or the user ``stopped``.
    """

    points: list[Point]
    suggestion: float | None
    lowest_at: float | None
    ended: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def find(
    transfer: Transfer, loss: Callable[..., torch.Tensor], settings: Settings, emit: Emit, control: Control,
    lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS,
) -> Sweep:  # fmt: skip
    """Trains for some steps with a rising rate; weights and random state are as before afterwards.

    Each step is told as a :class:`Result` called ``sweep``. Layer groups train at their share of the rate.

    Args:
        transfer: model, rows and collator from a strategy; of several phases the first.
        loss: mean loss of a batch from (outputs, labels), unless the phase has its own.
        settings: settled choices; its learning rate is not used.
        lowest: rate of the first step.
        highest: rate of the last one.
        steps: at most.

    Raises:
        Cancelled: the user has cancelled.
    """
    settings, loss = replace(settings, **transfer.settings), transfer.loss or loss
    meter = Meter(emit, control, "rate", steps, "steps")
    points: list[Point] = []
    ended = "all"
    mean = 0.0
    with _nothing_changed(transfer.model), _Steps(transfer, loss, settings, emit, control, steps) as take:
        for number in range(steps):
            control.check()
            if control.stopping:
                ended = "stopped"
                break
            rate = rate_of(number, lowest, highest, steps)
            value = take(number, rate)
            if not math.isfinite(value):
                ended = "nan"
                break
            mean = _SMOOTH * mean + (1 - _SMOOTH) * value
            points.append(Point(rate, value, mean / (1 - _SMOOTH ** (number + 1))))
            emit(Result(name="sweep", data=asdict(points[-1])))
            meter.advance()
            if number >= _FEWEST and points[-1].smoothed > _TOO_FAR * min(point.smoothed for point in points):
                ended = "rose"
                break
    best, least = suggested(points)
    return Sweep(points, best, least, ended)


def rate_of(number: int, lowest: float, highest: float, steps: int) -> float:
    """The rate of a step, counted from 0: it rises by the same factor from step to step."""
    return float(lowest * (highest / lowest) ** (number / max(steps - 1, 1)))


def suggested(points: Sequence[Point]) -> tuple[float | None, float | None]:
    """The rate of the steepest fall, and that of the least loss; None where the loss does not fall."""
    import numpy as np

    if len(points) < _FEWEST:
        return None, None
    losses, rates = _calm([point.loss for point in points]), np.array([point.rate for point in points])
    least = int(losses.argmin())
    before = losses[: least + 1]
    if least < 2 or before.max() - losses[least] < _FALL * abs(before.max()):
        return None, None
    slopes = _slopes(np.log(rates), losses)[: least + 1]
    return float(rates[int(slopes.argmin())]), float(rates[least])


def _calm(losses: Sequence[float]) -> np.ndarray:
    """The mean of each loss and its neighbours [N]: unlike a smoothing of the past, it does not come late."""
    import numpy as np

    values = np.minimum(losses, _HIGHEST_SEEN * max(losses[:_FEWEST]))  # an explosion would reach back
    near = [values[max(at - _WINDOW, 0) : at + _WINDOW + 1] for at in range(len(values))]
    return np.array([part.mean() for part in near])


def _slopes(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Slope of a straight line through each point and its neighbours [N]."""
    import numpy as np

    found = np.zeros(len(values))
    for at in range(len(values)):
        near = slice(max(at - _WINDOW, 0), at + _WINDOW + 1)
        found[at] = np.polyfit(places[near], values[near], 1)[0]
    return found


class _Steps:
    """Steps of a training at rates that are given; a context, within which the callbacks take part."""

    def __init__(self, transfer: Transfer, loss: Callable[..., torch.Tensor], settings: Settings, emit: Emit,
                 control: Control, steps: int) -> None:  # fmt: skip
        self._transfer, self._loss, self._settings = transfer, loss, settings
        epochs = max(1, math.ceil(steps * settings.batch_size / max(len(transfer.train), 1)))
        self._loop = Loop(transfer.model, epochs, steps, len(transfer.train), transfer.lengths, settings.seed, emit,
                          control)  # fmt: skip
        self._optimiser = self._made()
        self._factors = [group["lr"] for group in self._optimiser.param_groups]
        self._batches = self._rows()

    def _made(self) -> torch.optim.Optimizer:
        settings, model = self._settings, self._transfer.model
        decayed = {name for name, parameter in model.named_parameters() if parameter.ndim > 1}
        groups = optimisers.parameter_groups(model, decayed, self._transfer.rates, 1.0, settings.weight_decay)
        return optimisers.make(settings.optimiser, groups, 1.0)

    def _rows(self) -> Iterator[list[Any]]:
        """Batches of the training rows, epoch after epoch, as a training goes through them."""
        rows, size = self._transfer.train, self._settings.batch_size
        order = Order(len(rows), self._settings.seed, size, self._transfer.lengths)
        while True:
            places = list(order)
            for start in range(0, len(places), size):
                yield [rows[at] for at in places[start : start + size]]
            order.epoch += 1

    def __enter__(self) -> Callable[[int, float], float]:
        self._stack = contextlib.ExitStack()
        for callback in self._transfer.callbacks:
            self._stack.callback(callback.end)
            callback.begin(self._loop)
            callback.epoch(0)
        return self._step

    def __exit__(self, *_problem: Any) -> None:
        self._stack.close()
        self._batches.close()  # type: ignore[attr-defined]  # a generator

    def _step(self, number: int, rate: float) -> float:
        """One step of the optimiser; returns the loss before it."""
        import torch

        callbacks, model = self._transfer.callbacks, self._transfer.model
        for group, factor in zip(self._optimiser.param_groups, self._factors, strict=True):
            group["lr"] = rate * factor
        for callback in callbacks:
            callback.step(number)
        model.train()
        given = self._pass()
        outputs, value = given.again()
        for callback in callbacks:
            value = callback.loss(given, outputs, value)
        if not bool(torch.isfinite(value)):
            return float("nan")
        self._optimiser.zero_grad(set_to_none=True)
        value.backward()
        for callback in callbacks:
            callback.backward(given)
        torch.nn.utils.clip_grad_norm_(model.parameters(), self._settings.gradient_clip)
        self._optimiser.step()
        for callback in callbacks:
            callback.stepped(number + 1)
        return float(value.detach())

    def _pass(self) -> Pass:
        import torch

        settings, model = self._settings, self._transfer.model
        batch = moved(self._transfer.collate(next(self._batches)), settings.device)
        labels, rows, options = split_batch(batch)

        def again() -> tuple[Any, torch.Tensor]:
            with torch.autocast(settings.device, torch.bfloat16, enabled=settings.precision == "bf16"):
                outputs = model(**batch)
                return outputs, self._loss(outputs, labels, **options)

        return Pass(batch, labels, rows, True, again, lambda value: value)


@contextlib.contextmanager
def _nothing_changed(model: torch.nn.Module) -> Iterator[None]:
    """Weights, buffers, what trains, and the random state are put back."""
    import torch

    weights = {name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()}
    trains = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    training, cpu = model.training, torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        model.load_state_dict(weights)
        model.zero_grad(set_to_none=True)
        model.train(training)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(trains[name])
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
