"""Multi-task learning: several tasks train one backbone together, each with a head of its own.

Sources: Caruana, 1997, "Multitask learning"; Liu et al., 2019, MT-DNN; sampling by temperature: Raffel et al., 2020,
T5, § 3.5.2; loss weights by uncertainty: Kendall et al., 2018, "Multi-task learning using uncertainty to weigh losses",
eq. 10; by gradient norm: Chen et al., 2018, GradNorm, algorithm 1.

An epoch is a pass over the rows of this task. How many batches of another task come with each of its batches follows
from the sampling, so that a training can be resumed at any step.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.blocks import block_modules
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.transfer import Sibling, Transfer
from tlstudio.strategies import sharing, through
from tlstudio.strategies.base import Defaults, OtherTask, TransferJob
from tlstudio.strategies.plans import TRAINS, GroupPlan

if TYPE_CHECKING:
    import torch

_TINY = 1e-8
_RATE = 0.025  # of the weights, as in the paper
_LEAST = 0.05  # a weight never falls below


class Options(through.Options):
    """Choices of multi-task learning."""

    others: tuple[str, ...] = Field(
        (),
        title="Other tasks",
        description="Earlier runs, or recipes, whose data and tasks are learnt together with this one.",
        json_schema_extra={"runs": True},
    )
    sampling: Literal["temperature", "size", "round-robin"] = Field(
        "temperature",
        title="Sampling",
        description="How often a task comes: as it has rows (size), all alike (round-robin), or between the two "
        "(temperature).",
    )
    temperature: float = Field(
        2.0,
        ge=1,
        le=100,
        title="Temperature",
        description="1 is the same as by size; large values come near round-robin.",
        json_schema_extra={"only": {"sampling": ["temperature"]}},
    )
    weighting: Literal["fixed", "uncertainty", "gradnorm"] = Field(
        "fixed",
        title="Loss weights",
        description="Fixed; or learnt from the noise of each task (uncertainty), or so that all tasks learn at a like "
        "pace (gradnorm).",
    )
    weight: float = Field(
        1.0,
        gt=0,
        le=1000,
        title="Weight of the others",
        description="Of the loss of each other task, where this task has 1.",
        json_schema_extra={"only": {"weighting": ["fixed"]}},
    )
    restoring: float = Field(
        1.5,
        ge=0,
        le=10,
        title="Strength of balancing",
        description="How strongly tasks that learn slowly get more weight (alpha of GradNorm).",
        json_schema_extra={"only": {"weighting": ["gradnorm"]}},
    )


class MultiTask:
    """One backbone, a head for each task."""

    NAME = "multi-task"
    ONCE = False
    FAMILY = "runs"
    TITLE = "Multi-task learning"
    SUMMARY = (
        "Several of your tasks train one backbone together, each with a head of its own, so that each learns from the "
        "rows of the others. Afterwards every task has its model, measured against the run that learnt it alone."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def lacks(self, config: Options, recipe: Recipe) -> StudioError | None:
        """What a recipe must have beside valid options."""
        return None if config.others else sharing.none_chosen()

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return through.usual(rows, 5e-5 if width >= through.WIDE else 2e-4)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [TRAINS] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        others = sharing.opened(config.others, job)
        model, restore = through.build(config, job)
        prepared = through.transfer(job, model, restore, partial(self.plan, config))
        together = Together(model, [Member(model, other, job) for other in others], config, len(prepared.train))

        def finish() -> torch.nn.Module:
            together.detach()
            return prepared.finish()

        def siblings() -> list[Sibling]:
            return [Sibling(member.task.name, member.model.requires_grad_(True)) for member in together.members]

        callbacks = (*prepared.callbacks, together)
        return replace(prepared, finish=finish, callbacks=callbacks, siblings=siblings)


PLUGIN = MultiTask()


class Member:
    """Another task: its model on the shared backbone, and its own parts."""

    def __init__(self, model: Any, task: OtherTask, job: TransferJob) -> None:
        self.task = task
        self.model: Any = task.build()
        self.own = sharing.share(model, self.model, task)
        self.model.to(job.device)


def _share(rows: int, own: int, config: Options) -> float:
    """Batches of another task for each batch of this one."""
    if config.sampling == "round-robin":
        return 1.0
    return float((rows / max(own, 1)) ** (1.0 if config.sampling == "size" else 1 / config.temperature))


class Together(Callback):
    """Σ w · loss over this task and the others; heads and learnt weights are parts of the model while it trains.

    Args:
        model: of this task.
        members: the other tasks.
        config: sampling and weighting.
        rows: training rows of this task.
    """

    def __init__(self, model: Any, members: list[Member], config: Options, rows: int) -> None:
        import torch

        self.members, self._config, self._model = members, config, model
        self._shares = [_share(len(member.task.encoded.splits["train"]), rows, config) for member in members]
        self.PASSES = sum(self._shares)
        # what is trained, decayed, kept and resumed is what the model has
        model.further_heads = torch.nn.ModuleList([torch.nn.ModuleDict(member.own) for member in members])
        if config.weighting != "fixed":
            learnt = config.weighting == "uncertainty"  # the others have a rule of their own
            start = torch.full((len(members) + 1,), 0.0 if learnt else 1.0)
            model.further_weights = torch.nn.Parameter(start.to(model.device), requires_grad=learnt)
        self._first: list[float | None] = [None] * (len(members) + 1)
        self._step = 0

    def detach(self) -> None:
        """Makes the model an ordinary one again."""
        for name in ("further_heads", "further_weights"):
            if hasattr(self._model, name):
                delattr(self._model, name)

    def begin(self, loop: Loop) -> None:
        size = loop.batch_size
        self._batches = [
            sharing.Batches(member.task, size, loop.seed + place) for place, member in enumerate(self.members)
        ]
        self._shared = list(self._model.get_submodule(block_modules(self._model)[-1]).parameters())

    def step(self, number: int) -> None:
        self._step = number
        for member in self.members:
            member.model.train()

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        import torch

        if not given.last:
            return value  # where a batch is taken in parts, the other tasks come with the last of them
        losses = {0: value, **self._further(given)}
        weighting = self._config.weighting
        if weighting == "uncertainty":
            noise = self._model.further_weights
            parts = [(-noise[at]).exp() * one + 0.5 * noise[at] for at, one in losses.items()]
            return torch.stack(parts).sum()
        if weighting == "gradnorm":
            self._balance(losses)
            return torch.stack([self._model.further_weights[at] * one for at, one in losses.items()]).sum()
        return value + self._config.weight * sum(one for at, one in losses.items() if at)

    def _further(self, given: Pass) -> dict[int, torch.Tensor]:
        """Mean loss of the batches of each other task that are due, as much as the whole batch of this task counts."""
        import torch

        device = self._model.device
        found = {}
        for at, member in enumerate(self.members):
            losses = []
            for number in sharing.due(self._step, self._shares[at]):
                inputs, labels, options = self._batches[at].batch(number, device)
                losses.append(member.task.loss(member.model(**inputs), labels, **options))
            if losses:
                found[at + 1] = given.once(torch.stack(losses).mean())
        return found

    def _balance(self, losses: dict[int, torch.Tensor]) -> None:
        """A step of the weights of GradNorm: tasks that have learnt less than the others get larger gradients."""
        import torch

        weights = self._model.further_weights
        norms = {at: self._norm(one) for at, one in losses.items()}
        for at, one in losses.items():
            if self._first[at] is None:
                self._first[at] = max(float(one.detach()), _TINY)
        left = {at: float(one.detach()) / float(self._first[at] or 1) for at, one in losses.items()}
        mean = max(sum(left.values()) / len(left), _TINY)
        sizes = {at: float(weights[at]) * norms[at] for at in losses}
        usual = sum(sizes.values()) / len(sizes)
        with torch.no_grad():
            for at in losses:
                wanted = usual * (left[at] / mean) ** self._config.restoring
                slope = norms[at] if sizes[at] > wanted else -norms[at]
                weights[at] = (weights[at] - _RATE * slope / max(usual, _TINY)).clamp(min=_LEAST)
            weights.mul_(len(weights) / weights.sum())

    def _norm(self, loss: torch.Tensor) -> float:
        """Length of a loss's gradient in the last shared block."""
        import torch

        found = torch.autograd.grad(loss, self._shared, retain_graph=True, allow_unused=True)
        parts = [part.detach().pow(2).sum() for part in found if part is not None]
        return float(torch.stack(parts).sum().sqrt()) if parts else 0.0

    def state(self) -> dict[str, torch.Tensor]:
        import torch

        return {"first": torch.tensor([one or 0.0 for one in self._first])}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        self._first = [float(one) or None for one in state["first"]]
