"""Which heads and neurons a network can do without.

Sources: Michel, Levy & Neubig, 2019, "Are sixteen heads really better than one?", § 2.3 (heads, with the normalisation
within a layer); Molchanov et al., 2019, "Importance estimation for neural network pruning" (first-order Taylor);
Li et al., 2017, "Pruning filters for efficient ConvNets" (magnitude).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.compression import units
from tlstudio.compression.base import CompressJob
from tlstudio.compression.units import Group
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import Meter

if TYPE_CHECKING:
    import torch

_ROWS = 256  # that are looked at
_BATCH = 8  # the smaller, the less do rows that pull a unit up and down cancel each other out


def scores(how: str, model: Any, groups: Sequence[Group], job: CompressJob) -> dict[tuple[str, str], torch.Tensor]:
    """How much each unit of each group matters, [N].

    Args:
        how: taylor (needs rows), magnitude or random.
    """
    if how == "taylor":
        return _comparable(taylor(model, groups, job), "heads")
    if how == "magnitude":
        return _comparable({group.key: magnitude(model, group) for group in groups}, "heads", "neurons")
    return _random(groups, job.seed)


def taylor(model: Any, groups: Sequence[Group], job: CompressJob) -> dict[tuple[str, str], torch.Tensor]:
    """How much the loss would change without each unit, to first order: |Σ w · ∂L/∂w| over the weights that read it.

    The sum is the derivative by a gate before the unit, since it is linear in these weights. Sums over batches.

    Raises:
        StudioError: there are no rows, or the loss cannot be computed for this network.
    """
    import torch

    from tlstudio.compression.rows import labelled
    from tlstudio.models.batches import split_batch

    job.rows  # noqa: B018 - tells where there are none
    assert job.loss is not None  # given wherever rows are
    totals = {group.key: torch.zeros(group.count) for group in groups}
    trains = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    torch.manual_seed(job.seed)  # some tasks draw what they ask, such as the masked words
    if ready := getattr(job.task, "ready", None):  # what a loaded network needs to give a loss
        ready(model)
    model.eval().requires_grad_(False)
    weights = [model.get_submodule(group.columns).weight.requires_grad_(True) for group in groups]
    meter = Meter(job.emit, job.control, "compress", min(_ROWS, len(job.rows.splits["train"])), "rows")
    try:
        for batch in labelled(job, _ROWS, _BATCH):
            labels, _rows, options = split_batch(batch)
            loss = job.loss(model(**batch), labels, **options)
            if not torch.is_tensor(loss) or not loss.requires_grad:
                raise _no_loss(model)
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
            for group, weight, gradient in zip(groups, weights, gradients, strict=True):
                if gradient is not None:
                    gates = units.columns_of(model, group, weight.detach() * gradient).sum((1, 2))
                    totals[group.key] += gates.abs()
            meter.advance(min(_BATCH, max(meter.total - meter.done, 0)))
    finally:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(trains[name])
    return totals


def _no_loss(model: Any) -> StudioError:
    return StudioError(
        "compress.no-loss", "The loss of a network of type {kind} does not say how much its units matter.",
        "Choose their magnitude as importance.", where="compress.structured-pruning", kind=model.config.model_type,
    )  # fmt: skip


def magnitude(model: Any, group: Group) -> torch.Tensor:
    """The norm of what computes a unit times that of what reads it, [N]: small if either is.

    The product stays the same where one is scaled up and the other down, which changes no answer of a linear unit.
    """
    import torch

    with torch.no_grad():
        product = units.columns_of(model, group).flatten(1).norm(dim=1)
        rows = units.rows_of(model, group)
        if group.kind == "heads":  # queries and keys decide where a head looks, its values (the third) what it says
            rows = [rows[min(2, len(rows) - 1)][-1:]]
        for weight in rows:
            product = product * weight.transpose(0, 1).flatten(1).norm(dim=1)
    return product


def _random(groups: Sequence[Group], seed: int) -> dict[tuple[str, str], torch.Tensor]:
    import torch

    draw = torch.Generator().manual_seed(seed)
    return {group.key: torch.rand(group.count, generator=draw) for group in groups}


def _comparable(found: dict[tuple[str, str], torch.Tensor], *kinds: str) -> dict[tuple[str, str], torch.Tensor]:
    """Divides the numbers of a place by their norm, for kinds of units whose scale differs from layer to layer."""
    return {
        key: values / values.norm().clamp(min=1e-12) * len(values) ** 0.5 if key[0] in kinds else values
        for key, values in found.items()
    }


def chosen(
    groups: Sequence[Group], ranks: Mapping[tuple[str, str], Any], by_layer: bool, share: float
) -> dict[tuple[str, str], list[int]]:
    """The units of each group that stay: a ``share`` of either kind, those that matter most, one at least a group.

    Args:
        ranks: how much each unit matters, [N] by the key of its group.
        by_layer: whether each group keeps the same share, or those that matter most in the network stay.
    """
    kept: dict[tuple[str, str], list[int]] = {}
    for kind in ("heads", "neurons"):
        own = [group for group in groups if group.kind == kind]
        counts = _counts(own, ranks, by_layer, share)
        for group, count in zip(own, counts, strict=True):
            best = ranks[group.key].argsort(descending=True, stable=True)[:count]
            kept[group.key] = sorted(int(unit) for unit in best)
    return kept


def _counts(groups: Sequence[Group], ranks: Mapping[tuple[str, str], Any], by_layer: bool, share: float) -> list[int]:
    """How many units of each group stay."""
    import torch

    if by_layer or not groups:
        return [max(1, round(share * group.count)) for group in groups]
    places = torch.cat([torch.full((group.count - 1,), at) for at, group in enumerate(groups)])
    # the best of each group stays in any case
    others = torch.cat([ranks[group.key].sort(descending=True).values[1:] for group in groups])
    total = sum(group.count for group in groups)
    more = max(0, round(share * total) - len(groups))
    best = others.argsort(descending=True, stable=True)[:more]
    return [1 + int((places[best] == at).sum()) for at in range(len(groups))]


def widest(cost: Callable[[float], float], limit: float) -> float | None:
    """The largest share of units whose cost stays within ``limit``; None where even the smallest does not."""
    low, high = 0.0, 1.0
    if cost(low) > limit:
        return None
    if cost(high) <= limit:
        return high
    for _step in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) <= limit else (low, middle)
    return low
