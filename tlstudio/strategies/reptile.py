"""Reptile: a start that learns quickly, found on the user's earlier tasks, then fine-tuned on the rows of this run.

Source: Nichol, Achiam & Schulman, 2018, "On first-order meta-learning algorithms", algorithm 1: of a task drawn at
random, k steps from the weights φ lead to W, then φ ← φ + ε (W - φ), where ε falls linearly to 0 as in their code. As
there (appendix A), the steps are those of Adam with β₁ = 0. An episode is N-way K-shot where rows have one class each,
else as many rows at random.

Classes differ from task to task, so only the backbone is φ. Each episode starts with a fresh head, as the fine-tuning
will; the head of a language model, which is pretrained, starts each episode as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.core.recipe import Recipe
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.fresh import reinitialise
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import full_fine_tuning, sharing, through
from tlstudio.strategies.base import Defaults, OtherTask, TransferJob
from tlstudio.strategies.plans import GroupPlan

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

_FORMAT = 1  # of what is kept; another number makes it anew
_CLIP = 1.0
_SEED = 17
_LATER = full_fine_tuning.Options()
_PRETRAINED = ("text", "boxes")  # kinds of answers whose heads a backbone brings along


class Options(through.Options):
    """Choices of Reptile, and of the fine-tuning that follows."""

    others: tuple[str, ...] = Field(
        (),
        title="Other tasks",
        description="Earlier runs, or recipes, on whose data and tasks the start is learnt.",
        json_schema_extra={"runs": True},
    )
    rounds: int = Field(
        100, ge=1, le=100_000, title="Rounds", description="How often a task is drawn and learnt for some steps."
    )
    steps: int = Field(
        8, ge=2, le=1000, title="Steps a round", description="With one step this would be ordinary joint training."
    )
    classes: int = Field(
        5,
        ge=2,
        le=1000,
        title="Classes a round",
        description="So many classes of a task, drawn at random, take part in a round.",
    )
    rows: int = Field(
        8,
        ge=1,
        le=10_000,
        title="Rows a class",
        description="So many rows of each class are learnt in a round: about as few as you will have yourself.",
    )
    batch_size: int = Field(
        16, ge=1, le=4096, title="Batch size of a round", description="Rows of each step of the rounds."
    )
    inner_rate: float = Field(
        1e-4, gt=0, le=1, title="Inner learning rate", description="Learning rate of the steps in a round."
    )
    head_rate: float = Field(
        30.0,
        gt=0,
        le=10_000,
        title="Rate of the head",
        description="How many times that rate the fresh head of a round trains at, which has few steps to learn.",
    )
    outer_rate: float = Field(
        1.0,
        gt=0,
        le=1,
        title="Outer learning rate",
        description="How far the start moves to where the first round led; it falls to 0 until the last one.",
    )


class Reptile:
    """A start learnt on earlier tasks, then all parameters train."""

    NAME = "reptile"
    ONCE = False
    FAMILY = "runs"
    TITLE = "Meta-learned start (Reptile)"
    SUMMARY = (
        "Your earlier tasks are learnt for a few steps each, again and again, in search of a start from which few rows "
        "suffice; then the whole network is fine-tuned. Worth a try where you have several tasks like the new one."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return full_fine_tuning.PLUGIN.fits(task)

    def lacks(self, config: Options, recipe: Recipe) -> StudioError | None:
        """What a recipe must have beside valid options."""
        return None if config.others else sharing.none_chosen()

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return full_fine_tuning.PLUGIN.defaults(_LATER, rows, width)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return full_fine_tuning.PLUGIN.plan(_LATER, groups, epochs)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        others = sharing.opened(config.others, job)
        model, restore = through.build(config, job)
        meta_learn(model.to(job.device), others, config, job)
        return through.transfer(job, model, restore, partial(self.plan, config))


PLUGIN = Reptile()


def meta_learn(model: Any, others: list[OtherTask], config: Options, job: TransferJob) -> None:
    """Gives the backbone of a model the start that was learnt on other tasks; one that was found before is taken again.

    Args:
        model: of this run's task; its own head stays as it is.
        others: the tasks.
        config: how to learn.
        job: of the run.

    Raises:
        StudioError: a task needs other parts of the network.
        Cancelled: the user has cancelled.
    """
    import torch

    kept = cache_folder("reptile") / f"{_key(others, config, job)}.safetensors"
    devices = [job.device] if job.device.type == "cuda" else []
    # whether the start is learnt or taken from the cache, the training that follows draws the same numbers
    with torch.random.fork_rng(devices):
        torch.manual_seed(_SEED)
        learners = [Learner(model, other, config, job) for other in others]
        weights = _shared(model, learners)
        if _take(kept, weights):
            log(job.emit, "reptile.taken", "The start that was meta-learned before is used again.")
            return
        losses = _rounds(weights, learners, config, job)
    if not job.control.stopping:  # else it is not what the recipe says
        _keep(kept, weights)
    _tell(losses, others, config, job)


def _key(others: list[OtherTask], config: Options, job: TransferJob) -> str:
    tasks = [[other.encoded.key, other.head.to_dict(), len(other.encoded.splits["train"])] for other in others]
    options = config.model_dump(exclude={"others"})
    stated = [_FORMAT, job.backbone_key, job.head.to_dict(), tasks, options]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:32]


class Learner:
    """A task that is learnt for a few steps at a time, on the backbone that is shared.

    Args:
        model: with the backbone.
        task: to be learnt.
        config: how to learn.
        job: of the run.
    """

    def __init__(self, model: Any, task: OtherTask, config: Options, job: TransferJob) -> None:
        self.task, self._config, self._job = task, config, job
        self.model: Any = task.build()
        sharing.share(model, self.model, task)
        self.model.to(job.device)
        shared = {id(parameter) for parameter in model.base_model.parameters()}
        self._own = {name: one for name, one in self.model.named_parameters() if id(one) not in shared}
        self._built = {name: one.detach().clone() for name, one in self._own.items()}
        self._pretrained = bool(task.head.losses) or task.head.kind in _PRETRAINED
        one_class = task.head.kind == "classes" and not task.head.per_token and bool(task.encoded.labels)
        self._by_class = _by_class(task.encoded.targets("train")) if one_class else []

    def learn(self, optimizer: torch.optim.Optimizer, number: int, meter: Meter) -> float:
        """Some steps on a few rows with a fresh head; returns the loss of the last one before it was taken.

        Args:
            optimizer: of the backbone.
            number: of the round, from which the rows follow.
            meter: advanced with each step.
        """
        config, value = self._config, 0.0
        batches = sharing.Batches(self.task, config.batch_size, number, self._episode(number))
        heads = self._fresh()
        self.model.train()
        for step in range(config.steps):
            inputs, labels, options = batches.batch(step, self._job.device)
            loss = self.task.loss(self.model(**inputs), labels, **options)
            self.model.zero_grad(set_to_none=True)
            loss.backward()
            _clip(self.model)
            for one in (optimizer, *heads):
                one.step()
            value = float(loss.detach())
            meter.advance()
        return value

    def _episode(self, number: int) -> list[int]:
        """Numbers of the rows of a round."""
        import numpy as np

        config, generator = self._config, np.random.default_rng([_SEED, number])
        if self._by_class:
            wanted = min(config.classes, len(self._by_class))
            chosen = generator.choice(len(self._by_class), wanted, replace=False)
            groups = [self._by_class[at] for at in chosen]
            return [int(row) for rows in groups
                    for row in generator.choice(rows, min(config.rows, len(rows)), replace=False)]  # fmt: skip
        rows = len(self.task.encoded.splits["train"])
        return generator.choice(rows, min(config.classes * config.rows, rows), replace=False).tolist()

    def _fresh(self) -> list[torch.optim.Optimizer]:
        """Puts the head back to its beginning, and gives what trains it, if it has anything to train."""
        import torch

        with torch.no_grad():
            for name, parameter in self._own.items():
                parameter.copy_(self._built[name])
        if not self._own:
            return []
        if not self._pretrained:
            reinitialise(self.model, self._own)
        rate = self._config.inner_rate * (1.0 if self._pretrained else self._config.head_rate)
        return [torch.optim.Adam(self._own.values(), rate, betas=(0.0, 0.999))]


def _by_class(labels: list[int]) -> list[list[int]]:
    """Rows of each class that has some."""
    found: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        found[int(label)].append(row)
    return [found[label] for label in sorted(found)]


def _shared(model: Any, learners: list[Learner]) -> Weights:
    """Parameters and running statistics of the backbone that at least one of the tasks learns."""
    used = {id(one) for learner in learners for one in (*learner.model.parameters(), *learner.model.buffers())}
    every = [*model.base_model.named_parameters(), *model.base_model.named_buffers()]
    return {name: one for name, one in every if id(one) in used and one.is_floating_point()}


def _clip(model: Any) -> None:
    import torch

    torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)


def _rounds(weights: Weights, learners: list[Learner], config: Options, job: TransferJob) -> list[float]:
    """Algorithm 1; changes the weights, and gives the last loss of each round."""
    import numpy as np
    import torch

    start = {name: one.detach().clone() for name, one in weights.items()}
    trained = [one for one in weights.values() if one.requires_grad]
    optimizer = torch.optim.Adam(trained, config.inner_rate, betas=(0.0, 0.999))
    generator = np.random.default_rng(_SEED)
    meter = Meter(job.emit, job.control, "train", config.rounds * config.steps, "steps")
    losses = []
    for number in range(config.rounds):
        if job.control.stopping:
            break
        learner = learners[int(generator.integers(len(learners)))]
        losses.append(learner.learn(optimizer, number, meter))
        with torch.no_grad():
            for name, one in weights.items():
                start[name].lerp_(one, config.outer_rate * (1 - number / config.rounds))
                one.copy_(start[name])
    for learner in learners:
        learner.model.zero_grad(set_to_none=True)
    return losses


def _take(path: Path, weights: Weights) -> bool:
    """Fills the weights from a file; False where there is none that can be read."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        return False
    try:
        found = load_file(path)
    except SafetensorError:
        return False  # cut short by a full disk: it is learnt and written anew
    if {name: one.shape for name, one in found.items()} != {name: one.shape for name, one in weights.items()}:
        return False
    with torch.no_grad():
        for name, one in weights.items():
            one.copy_(found[name])
    return True


def _keep(path: Path, weights: Weights) -> None:
    from safetensors.torch import save

    found = {name: one.detach().cpu().contiguous().clone() for name, one in weights.items()}
    with atomic_write(path, "wb") as stream:
        stream.write(save(found))


def _tell(losses: list[float], others: list[OtherTask], config: Options, job: TransferJob) -> None:
    """How much better the last rounds were learnt than the first ones."""
    part = max(len(losses) // 5, 1)
    if len(losses) < 2:
        return
    log(job.emit, "reptile.learnt", "Meta-learned in {rounds} rounds on other tasks ({tasks}): after {steps} steps the "
        "loss was {before} in the first rounds, and {after} in the last.", tasks=len(others), rounds=len(losses),
        steps=config.steps, before=round(sum(losses[:part]) / part, 3),
        after=round(sum(losses[-part:]) / part, 3))  # fmt: skip
