"""Structured pruning: attention heads and feed-forward neurons that matter least are taken out of the network.

Sources: Michel et al., 2019 (heads); Molchanov et al., 2019 (first-order Taylor importance); Li et al., 2017
(magnitude, and pruning in rounds with training between).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from tlstudio.compression import importance, networks, recovering, timing, units
from tlstudio.compression.base import CompressJob, Format
from tlstudio.compression.units import Group, Kept
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log

if TYPE_CHECKING:
    from pathlib import Path

    from tlstudio.models.scorers import Scorer

_STEPS = 5  # of the search for a share of parameters that gives a time
_CLOSE = 1e-3  # by how much the answers may differ from those of the network with the same units silenced
# what configs call the width of feed-forward layers
_WIDTHS = ("intermediate_size", "hidden_dim", "n_inner", "ffn_dim", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim",
           "ffn_hidden_size")  # fmt: skip


class Options(recovering.Options):
    """Choices of structured pruning."""

    target: Literal["parameters", "flops", "latency"] = Field(
        "parameters", title="Target",
        description="What is made less of: parameters or operations of attention and feed-forward layers, or the time "
        "of an answer, measured on this computer.",
    )  # fmt: skip
    keep: float = Field(0.5, gt=0, lt=1, title="Share kept", description="Of the target; 0.5 halves it.")
    importance: Literal["taylor", "magnitude", "random"] = Field(
        "taylor", title="Importance",
        description="How much the loss on training rows would change without a unit, to first order; the size of its "
        "weights; or none, to compare with.",
    )  # fmt: skip
    heads: bool = Field(True, title="Prune heads", description="Heads of attention; each layer keeps one at least.")
    neurons: bool = Field(
        True, title="Prune neurons", description="Neurons of feed-forward layers; each layer keeps one at least."
    )
    spread: Literal["network", "layer"] = Field(
        "network", title="Ranked within",
        description="The whole network, so that layers come to differ in width; or each layer, which then keeps the "
        "same share. If only neurons are pruned so, transformers loads the network without further code.",
    )  # fmt: skip
    rounds: int = Field(
        1, ge=1, le=20, title="Rounds",
        description="1 cuts at once; more cut a part each time, and the network recovers in between, for "
        "an epoch at least.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _something(self) -> Options:
        if not (self.heads or self.neurons):
            raise ValueError("Prune heads, neurons or both.")
        return self


class StructuredPruning:
    """Narrower layers: size and time fall on any runtime, since the weights are really gone."""

    NAME = "structured-pruning"
    TITLE = "Structured pruning"
    SUMMARY = "Takes out the attention heads and feed-forward neurons that matter least: smaller and faster everywhere."
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        model = networks.load(job.source)
        before = networks.parameters(model)
        plan = Plan.of(model, config, job)
        whole = _Counts.of(plan.groups(model))
        parts = list(getattr(model, "tlstudio_parts", ()))
        limit = plan.limit(model)
        for number in range(1, config.rounds + 1):
            share = 1 - (1 - limit) * number / config.rounds
            cut(model, plan, share, job)
            recovering.recover(model, dealt(config, number), job)
        model.eval()
        plain = settle(model, parts)
        left = _Counts.of(plan.groups(model))
        log(job.emit, "compress.units-kept", "Kept {heads} of {all_heads} attention heads and {neurons} of "
            "{all_neurons} feed-forward neurons: {before} million parameters became {after} million. These layers have "
            "{parameters} % of their parameters and do {flops} % of their operations.", heads=left.heads,
            all_heads=whole.heads, neurons=left.neurons, all_neurons=whole.neurons, before=round(before / 1e6, 3),
            after=round(networks.parameters(model) / 1e6, 3), parameters=plan.percent(model, "parameters"),
            flops=plan.percent(model, "flops"))  # fmt: skip
        _tell_time(model, job)
        if not plain:
            log(job.emit, "compress.with-part", "The layers differ in width, which transformers has no setting for: "
                "the network is loaded by network.py, which comes with its exports. ONNX needs nothing.")  # fmt: skip
        networks.save(model, job.source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = StructuredPruning()


class _Counts:
    """How many units there are."""

    def __init__(self, heads: int, neurons: int) -> None:
        self.heads, self.neurons = heads, neurons

    @classmethod
    def of(cls, groups: Sequence[Group]) -> _Counts:
        return cls(*(sum(group.count for group in groups if group.kind == kind) for kind in ("heads", "neurons")))


class Plan:
    """What is pruned, and what it costs.

    Args:
        config: the user's choices.
        job: with the rows.
        tokens: how many states each group sees of a row, by its key.
        totals: parameters and operations of all groups before anything was cut.
    """

    def __init__(self, config: Options, job: CompressJob, tokens: dict[tuple[str, str], float],
                 totals: dict[str, float]) -> None:  # fmt: skip
        self.config, self._job, self._tokens, self._totals = config, job, tokens, totals

    @classmethod
    def of(cls, model: Any, config: Options, job: CompressJob) -> Plan:
        """Raises:
        StudioError: the network has nothing of the kind that is to be pruned, or there are no rows to measure with.
        """
        found = units.find(model)
        plan = cls(config, job, timing.tokens(model, found, job), {})
        plan._totals = {kind: plan._all(model, kind) for kind in ("parameters", "flops")}
        if not plan.prunable(model):
            raise StudioError(
                "compress.no-units", "In a network of type {kind} no heads or neurons were found that could be cut as "
                "chosen.", "Choose to prune both, or another compression step.", where="compress.structured-pruning",
                kind=model.config.model_type,
            )  # fmt: skip
        if config.heads and any(group.kind == "heads" and group.stays for group in found):
            log(job.emit, "compress.heads-stay", "Some attention heads cannot be cut out of this network, since they "
                "share keys or a table of positions with others; its neurons make up for it.", "warning")  # fmt: skip
        return plan

    def groups(self, model: Any) -> list[Group]:
        return units.find(model)

    def prunable(self, model: Any) -> list[Group]:
        wanted = [kind for kind in ("heads", "neurons") if getattr(self.config, kind)]
        return [group for group in units.find(model) if group.kind in wanted and not group.stays and group.count > 1]

    def cost(self, model: Any, group: Group, kind: str) -> float:
        """Of a single unit."""
        if kind == "flops":
            return units.flops(model, group, self._tokens.get(group.key, 1.0))
        return units.parameters(model, group)

    def _all(self, model: Any, kind: str) -> float:
        return sum(self.cost(model, group, kind) * group.count for group in units.find(model))

    def percent(self, model: Any, kind: str) -> float:
        """What is left of the cost of all groups."""
        return round(100 * self._all(model, kind) / self._totals[kind], 1)

    def kept(self, model: Any, share: float, ranks: Mapping[Any, Any] | None = None) -> tuple[list[Group], Kept]:
        """The groups that are cut, and what stays of them for a share of the cost.

        Args:
            ranks: how much each unit matters, where that is known.

        Raises:
            StudioError: what cannot be cut costs more.
        """
        config, groups = self.config, self.prunable(model)
        kind = "flops" if config.target == "flops" else "parameters"
        each = {group.key: self.cost(model, group, kind) for group in groups}
        others = self._all(model, kind) - sum(each[group.key] * group.count for group in groups)
        ranks = ranks or importance.scores(config.importance, model, groups, self._job)

        def units_of(part: float) -> Kept:
            return importance.chosen(groups, ranks, config.spread == "layer", part)

        def cost(part: float) -> float:
            return others + sum(each[key] * len(units) for key, units in units_of(part).items())

        part = importance.widest(cost, share * self._totals[kind])
        if part is None:
            raise _too_little(cost(0.0) / self._totals[kind])
        return groups, units_of(part)

    def limit(self, model: Any) -> float:
        """The share of parameters or operations that is to be kept; for a time the one that it needs."""
        return self.config.keep if self.config.target != "latency" else self._by_time(model)

    def _by_time(self, model: Any) -> float:
        """Halves the range of shares of parameters, and measures each time.

        Raises:
            StudioError: even the narrowest network takes longer.
        """
        job, goal = self._job, self.config.keep
        low, high, found = 0.0, 1.0, 0.0
        ranks = importance.scores(self.config.importance, model, self.prunable(model), job)
        for _step in range(_STEPS):
            share = (low + high) / 2
            trial = copy.deepcopy(model)
            try:
                units.cut(trial, *self.kept(trial, share, ranks))
            except StudioError:  # below what cannot be cut
                low = share
                continue
            before, after = timing.compared([model, trial], job)
            if after / before <= goal:
                low, found = share, share
            else:
                high = share
        if found:
            return found
        raise StudioError(
            "compress.not-so-fast", "No share of heads and neurons brought the time of an answer down to {percent} % "
            "on this computer.", "Raise the share kept, or remove layers instead.", where="compress.structured-pruning",
            percent=round(100 * goal),
        )  # fmt: skip


def _too_little(least: float) -> StudioError:
    return StudioError(
        "compress.share", "At least {percent} % of the attention and feed-forward layers remain with these choices.",
        "Raise the share kept, or prune both heads and neurons.", where="compress.structured-pruning",
        percent=round(100 * least + 0.5, 1),
    )  # fmt: skip


def cut(model: Any, plan: Plan, share: float, job: CompressJob) -> None:
    """Takes units out, and makes sure that the network answers as it does with them silenced.

    Raises:
        StudioError: it does not, since its layers use the heads in a way that is not known here.
    """
    groups, kept = plan.kept(model, share)
    model.eval()
    units.silence(model, groups, kept)
    before = timing.answers(model, job)
    try:
        units.cut(model, groups, kept)
        after = timing.answers(model, job)
    except (RuntimeError, ValueError) as error:
        raise _cannot(model) from error
    for one, other in zip(before, after, strict=True):
        if one.shape != other.shape or float((one - other).abs().max()) > _CLOSE * (1 + float(one.abs().max())):
            raise _cannot(model)


def _cannot(model: Any) -> StudioError:
    return StudioError(
        "compress.units-differ", "A network of type {kind} does not answer without some of its heads or neurons as it "
        "does with them silenced: it uses them in a way that is not known here.", "Prune only neurons, or choose "
        "another compression step.", where="compress.structured-pruning", kind=model.config.model_type,
    )  # fmt: skip


def dealt(config: Options, number: int) -> Options:
    """The recovery after a round: an even part of the epochs, the last rounds one more where they do not divide.

    Every round gets one at least, so more rounds than epochs take as many epochs as there are rounds.
    """
    each, more = divmod(config.epochs, config.rounds)
    share = each + (number > config.rounds - more)
    return config.model_copy(update={"epochs": max(share, min(config.epochs, 1))})


def settle(model: Any, parts: Sequence[dict[str, Any]]) -> bool:
    """Lets the config or a part say how wide the layers are; whether transformers loads it as well as before."""
    wide = {name: units.shape(layer) for name, layer in _linears(model).items()}
    fresh = _empty(model)
    changed = {name: size for name, size in wide.items() if units.shape(fresh.get_submodule(name)) != size}
    if not changed or _stated(model, fresh):
        return True
    groups = [group for group in units.find(model) if group.kind == "heads"]
    heads = units.attributes(model, groups, {group.key: range(group.count) for group in groups})
    rows = {group.name: [name for name, _parts in group.rows] for group in groups}
    heads = {name: values for name, values in heads.items() if any(row in changed for row in rows[name])}
    part = {"part": "widths", "layers": {name: list(size) for name, size in changed.items()}, "attributes": heads}
    model.tlstudio_parts = [*parts, part]
    return False


def _empty(model: Any) -> Any:
    """The network as its config has it, without numbers."""
    import torch

    with torch.device("meta"):
        return type(model)(copy.deepcopy(model.config))


def _linears(model: Any) -> dict[str, Any]:
    names = [name for group in units.find(model) for name in (*(row for row, _parts in group.rows), group.columns)]
    return {name: model.get_submodule(name) for name in dict.fromkeys(names)}


def _stated(model: Any, fresh: Any) -> bool:
    """Whether the config can state the widths: all feed-forward layers have the same, and there is a field for it."""
    now = {group.count for group in units.find(model) if group.kind == "neurons"}
    then = {group.count for group in units.find(fresh) if group.kind == "neurons"}
    if len(now) != 1 or len(then) != 1:
        return False
    given, old = model.config.to_dict(), then.pop()
    before = {field: given[field] for field in _WIDTHS if field in given and given[field] in (old, None)}
    for field in before:
        setattr(model.config, field, min(now))
    if _shapes(_empty(model)) == _shapes(model):
        return True
    for field, value in before.items():
        setattr(model.config, field, value)
    return False


def _shapes(model: Any) -> dict[str, Any]:
    return {name: value.shape for name, value in model.state_dict().items()}


def _tell_time(model: Any, job: CompressJob) -> None:
    """How long the network took before and takes now."""
    found = timing.compared([networks.load(job.source), model], job)
    if found[0]:
        log(job.emit, "compress.time", "In PyTorch on this computer {rows} rows took {before} ms before and take "
            "{after} ms now (medians, measured in turns).", rows=timing.ROWS, before=round(1000 * found[0], 1),
            after=round(1000 * found[1], 1))  # fmt: skip
