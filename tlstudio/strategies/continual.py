"""Continual learning: a new task, or new classes, without losing what earlier runs have learnt.

Sources: replay: Robins, 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal"; Chaudhry et al., 2019, "On tiny
episodic memories in continual learning". EWC: Kirkpatrick et al., 2017, "Overcoming catastrophic forgetting in neural
networks", eq. 3. LwF: Li & Hoiem, 2016, "Learning without forgetting". An adapter for each task: Houlsby et al., 2019;
with LoRA, Hu et al., 2022. Measures: Lopez-Paz & Ranzato, 2017, "Gradient episodic memory", § 2.

New rows of the same task belong to new classes of one head, whose earlier classes stay (class-incremental learning). A
row of another task is answered by a head of its own (task-incremental learning).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.transfer import Sibling, Transfer
from tlstudio.strategies import inherited, lora, sharing, through
from tlstudio.strategies.base import Defaults, OtherTask, TransferJob
from tlstudio.strategies.plans import TRAINS, GroupPlan

if TYPE_CHECKING:
    import torch


class Options(through.Options):
    """Choices of continual learning."""

    method: Literal["replay", "ewc", "lwf", "adapter", "none"] = Field(
        "replay",
        title="Against forgetting",
        description="Replay trains on some earlier rows as well; EWC holds the weights that earlier tasks need; LwF "
        "keeps the earlier answers to the new rows; adapter trains small matrices and leaves the network as it "
        "is; none is plain fine-tuning, to compare with.",
    )
    others: tuple[str, ...] = Field(
        (),
        title="Earlier tasks",
        description="Runs whose tasks shall not be lost; empty takes those that led to the model.",
        json_schema_extra={"runs": True},
    )
    memory: int = Field(
        200,
        ge=1,
        le=1_000_000,
        title="Rows remembered",
        description="Of each earlier task, drawn at random.",
        json_schema_extra={"only": {"method": ["replay"]}},
    )
    strength: float = Field(
        1000.0,
        gt=0,
        le=1e9,
        title="Strength",
        description="How firmly weights are held: lambda of EWC.",
        json_schema_extra={"only": {"method": ["ewc"]}},
    )
    rows: int = Field(
        200,
        ge=1,
        le=100_000,
        title="Rows for the importance",
        description="Rows of each earlier task that tell which weights it needs.",
        json_schema_extra={"only": {"method": ["ewc"]}},
    )
    weight: float = Field(
        1.0,
        gt=0,
        le=1000,
        title="Weight of the earlier answers",
        description="Beside the loss of the new rows.",
        json_schema_extra={"only": {"method": ["lwf"]}},
    )
    temperature: float = Field(
        2.0,
        ge=1,
        le=20,
        title="Temperature",
        description="Softens the earlier answers.",
        json_schema_extra={"only": {"method": ["lwf"]}},
    )


class Continual:
    """Goes on from an earlier run."""

    NAME = "continual"
    ONCE = False
    FAMILY = "runs"
    TITLE = "Continual learning"
    SUMMARY = (
        "Goes on from an earlier run with a new task or new classes, and keeps what was learnt before: by some of its "
        "rows, by holding its weights, or by its answers. A matrix shows what each earlier task has kept."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.kind in ("classes", "signs", "values", "places") and not task.HEAD.losses:
            return None
        return StudioError(
            "strategy.no-continual", "'{strategy}' compares answers of one kind, and the task {task} gives others.",
            "Choose another strategy, such as full fine-tuning.", where="strategy.name", strategy=self.TITLE,
            task=task.TITLE,
        )  # fmt: skip

    def lacks(self, config: Options, recipe: Recipe) -> StudioError | None:
        """What a recipe must have beside valid options."""
        if recipe.model.source == "run" or config.others:
            return None
        return StudioError(
            "strategy.no-earlier-run",
            "Continual learning goes on from an earlier run, and the chosen model is not a run.",
            "Choose 'Start from it' at a run in the Runs step, or set model.source to run.", where="model.source",
        )  # fmt: skip

    def extends(self, config: Options) -> bool:
        """Whether the classes of the run that it starts from stay beside the new ones."""
        return config.method != "adapter"

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        if config.method == "adapter":
            return lora.PLUGIN.defaults(lora.Options(), rows, width)
        return through.usual(rows, 5e-5 if width >= through.WIDE else 2e-4)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        if config.method == "adapter":
            return lora.PLUGIN.plan(lora.Options(), groups, epochs)
        return [TRAINS] * len(groups)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        tasks = sharing.opened(config.others or job.lineage, job)
        if config.method == "adapter":
            prepared = lora.PLUGIN.prepare(lora.Options(), job)
            return replace(prepared, siblings=partial(_as_they_were, tasks))
        model, restore = through.build(config, job)
        earlier = [Earlier(model, task, job) for task in tasks]
        prepared = through.transfer(job, model, restore, partial(self.plan, config))
        remembering = _METHODS[config.method](model, earlier, config)

        def finish() -> torch.nn.Module:
            remembering.detach()
            return prepared.finish()

        return replace(prepared, finish=finish, callbacks=(*prepared.callbacks, remembering),
                       siblings=lambda: [one.sibling(model) for one in earlier])  # fmt: skip


PLUGIN = Continual()


def _as_they_were(tasks: Sequence[OtherTask]) -> list[Sibling]:
    """With an adapter for each task, an earlier task is answered without that of this one."""
    return [Sibling(task.name, _trained(task), keep=False) for task in tasks]


def _trained(task: OtherTask) -> Any:
    if task.trained is None:
        raise StudioError(
            "strategy.not-learnt", "{name} has no trained model, so there is nothing to keep.",
            "Name runs that were completed, in strategy.others.", where="strategy.others", name=task.name,
        )  # fmt: skip
    return task.trained()


class Earlier:
    """An earlier task on the network that learns the new one.

    Attributes:
        columns: where its classes are among those of the one head, and then all others; None with a head of its own.
        head: that head, on the shared backbone.
    """

    def __init__(self, model: Any, task: OtherTask, job: TransferJob) -> None:
        self.task = task
        self.columns = _columns(task, job)
        self.count = len(task.encoded.labels)
        self.head: Any = None
        self.own: dict[str, Any] = {}
        if self.columns is None:
            self.head = _trained(task)
            self.own = sharing.share(model, self.head, task)
            self.head.to(job.device)
        self._names = job.encoded.labels

    def logits(self, model: Any, inputs: dict[str, Any]) -> Any:
        """Output of the network for rows of this task, its classes first."""
        if self.columns is None:
            return self.head(**inputs)
        output = model(**inputs)
        output.logits = output.logits[..., self.columns]
        return output

    def sibling(self, model: Any) -> Sibling:
        """The network as this task sees it, to be tested."""
        if self.columns is None:
            return Sibling(self.task.name, copy.deepcopy(self.head).requires_grad_(True), keep=False)
        changed = copy.deepcopy(model)
        inherited.permute(changed, self.columns)
        names = tuple(self._names[column] for column in self.columns)
        return Sibling(self.task.name, changed, keep=False, labels=names)


def _columns(task: OtherTask, job: TransferJob) -> list[int] | None:
    """The classes of an earlier task in the head of this one, then the others; None where they are not all there."""
    same = task.head.auto == job.head.auto and task.head.kind == job.head.kind == "classes"
    names = job.encoded.labels
    if not same or not task.encoded.labels or not set(task.encoded.labels) <= set(names):
        return None
    first = [names.index(name) for name in task.encoded.labels]
    return first + [column for column in range(len(names)) if column not in first]


class _Remembering(Callback):
    """What all methods have in common: the heads of earlier tasks are parts of the network while it trains."""

    TRAINS_HEADS = False

    def __init__(self, model: Any, earlier: list[Earlier], config: Options) -> None:
        import torch

        self._model, self._earlier, self._config = model, earlier, config
        model.further_heads = torch.nn.ModuleList([torch.nn.ModuleDict(one.own) for one in earlier])
        model.further_heads.requires_grad_(self.TRAINS_HEADS)

    def detach(self) -> None:
        """Makes the network an ordinary one again."""
        if hasattr(self._model, "further_heads"):
            self._model.further_heads.requires_grad_(True)
            del self._model.further_heads


class Replay(_Remembering):
    """A batch of remembered rows of an earlier task, each in its turn, comes with every batch of new ones."""

    TRAINS_HEADS = True
    PASSES = 1.0

    def begin(self, loop: Loop) -> None:
        import numpy as np

        size = loop.batch_size
        self._batches, self._step = [], 0
        for place, one in enumerate(self._earlier):
            rows = len(one.task.encoded.splits["train"])
            drawn = np.random.default_rng([loop.seed, place]).permutation(rows)[: self._config.memory]
            self._batches.append(sharing.Batches(one.task, size, loop.seed + place, drawn.tolist()))

    def step(self, number: int) -> None:
        self._step = number

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:

        if not given.last:
            return value
        turn, place = divmod(self._step, len(self._earlier))
        one = self._earlier[place]
        inputs, labels, options = self._batches[place].batch(turn, self._model.device)
        found: torch.Tensor = one.task.loss(one.logits(self._model, inputs), labels, **options)
        return value + given.once(found)


class Ewc(_Remembering):
    """λ/2 · Σ F (θ - θ*)²: weights that an earlier task needs stay where they were."""

    def begin(self, loop: Loop) -> None:
        shared = {name: parameter for name, parameter in self._model.named_parameters()
                  if parameter.requires_grad and not name.startswith("further_heads.")}  # fmt: skip
        needed = [fisher(self._model, one, shared, self._config.rows, loop) for one in self._earlier]
        self._held = [
            (parameter, parameter.detach().clone(), sum(part[name] for part in needed))
            for name, parameter in shared.items()
        ]

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        import torch

        if not given.last:
            return value
        parts = [(weight * (parameter - start).square()).sum() for parameter, start, weight in self._held]
        penalty = 0.5 * self._config.strength * torch.stack(parts).sum()
        return value + given.once(penalty)

    def end(self) -> None:
        self._held = []  # frees the memory


def fisher(
    model: Any, one: Earlier, parameters: dict[str, torch.nn.Parameter], rows: int, loop: Loop
) -> dict[str, torch.Tensor]:
    """Diagonal of the empirical Fisher information of an earlier task at the present weights, by parameter.

    Mean over rows of the squared gradient of the loss with the true labels, as is usual for EWC.
    """
    import numpy as np
    import torch

    train = one.task.encoded.splits["train"]
    drawn = np.random.default_rng(loop.seed).permutation(len(train))[:rows]
    found = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    batches = sharing.Batches(one.task, 1, loop.seed, drawn.tolist())
    training = model.training
    model.eval()
    for number in range(len(drawn)):
        loop.control.check()
        inputs, labels, options = batches.batch(number, model.device)
        loss = one.task.loss(_first(one, model, inputs), labels, **options)
        slopes = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        for name, slope in zip(parameters, slopes, strict=True):
            if slope is not None:
                found[name] += slope.square() / len(drawn)
    model.train(training)
    return found


def _first(one: Earlier, model: Any, inputs: dict[str, Any]) -> Any:
    """The answers of an earlier task among its own classes: the new ones were not there when it was learnt."""
    output = one.logits(model, inputs)
    if one.columns is not None:
        output.logits = output.logits[..., : one.count]
    return output


class Lwf(_Remembering):
    """The earlier network's answers to the new rows, softened, are kept."""

    TRAINS_HEADS = True
    PASSES = 1 / 3

    def begin(self, loop: Loop) -> None:
        self._before = copy.deepcopy((self._model, [one.head for one in self._earlier]))
        for module in (self._before[0], *self._before[1]):
            if module is not None:
                module.eval().requires_grad_(False)

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        for place, one in enumerate(self._earlier):
            value = value + self._config.weight * self._kept(one, self._before[1][place], given, outputs)
        return value

    def _kept(self, one: Earlier, before: Any, given: Pass, outputs: Any) -> torch.Tensor:
        import torch

        with torch.no_grad():
            if one.columns is None:
                then = before(**given.inputs).logits
            else:
                then = self._before[0](**given.inputs).logits[..., one.columns[: one.count]]
        now = self._now(one, given, outputs)
        if one.task.head.kind != "classes":
            return (now - then).square().mean()
        heat = self._config.temperature
        loss = torch.nn.functional.kl_div((now / heat).log_softmax(-1), (then / heat).log_softmax(-1), log_target=True,
                                          reduction="none").sum(-1).mean()  # fmt: skip
        return heat**2 * loss

    def _now(self, one: Earlier, given: Pass, outputs: Any) -> torch.Tensor:
        logits: torch.Tensor
        if one.columns is None:
            logits = one.head(**given.inputs).logits
        else:
            logits = outputs.logits[..., one.columns[: one.count]]
        return logits

    def end(self) -> None:
        self._before = (None, [])


_METHODS: dict[str, type[_Remembering]] = {"replay": Replay, "ewc": Ewc, "lwf": Lwf, "none": _Remembering}
