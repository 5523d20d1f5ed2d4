"""Everything 'auto' decided: what the training loop really runs with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import TrainingSection
from tlstudio.models.scorers import usable_cores
from tlstudio.training.optimisers import RATES

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Settings:
    """Settled choices of one training run. ``batch_size`` is what one optimiser step sees; it is computed in
    ``accumulate`` parts where memory asks for that. All rates are multiplied by ``rate_factor``, which is less than 1
    after the training has broken down once."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float
    weight_decay: float
    gradient_clip: float
    precision: str
    patience: int
    best_metric: str
    seed: int
    threads: int
    device: str
    accumulate: int = 1
    optimiser: str = "adamw"
    schedule: str = "linear"
    rate_factor: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Usual(Protocol):
    """What a strategy usually trains with."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def patience(self) -> int: ...
    @property
    def schedule(self) -> str: ...


def settle(training: TrainingSection, usual: Usual, device: str, best_metric: str = "loss") -> Settings:
    """The recipe's choices, with the strategy's usual values, and the task's ``best_metric``, where they say 'auto'."""
    return Settings(
        epochs=usual.epochs if training.epochs == "auto" else training.epochs,
        batch_size=usual.batch_size if training.batch_size == "auto" else training.batch_size,
        learning_rate=_rate(training, usual),
        warmup=training.warmup,
        weight_decay=training.weight_decay,
        gradient_clip=training.gradient_clip,
        precision="fp32" if training.precision == "auto" else training.precision,
        patience=usual.patience if training.patience == "auto" else training.patience,
        best_metric=best_metric if training.best_metric == "auto" else training.best_metric,
        seed=training.seed,
        threads=usable_cores() if training.threads == "auto" else training.threads,
        device=device,
        optimiser=training.optimiser,
        schedule=usual.schedule if training.schedule == "auto" else training.schedule,
    )


def _rate(training: TrainingSection, usual: Usual) -> float:
    if training.learning_rate != "auto":
        return training.learning_rate
    return min(1.0, usual.learning_rate * RATES[training.optimiser])


def choose_device(wish: str) -> torch.device:
    """The device to compute on.

    Raises:
        StudioError: the wanted device is not there.
    """
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        wish = next(name for name in ("cuda", "mps", "cpu") if present[name])
    if not present[wish]:
        raise StudioError(
            "training.no-device",
            "This machine has no usable {device} device.",
            "Set training.device to auto or cpu; 'tlstudio doctor' lists the devices.",
            where="training.device",
            device=wish,
        )
    return torch.device(wish)
