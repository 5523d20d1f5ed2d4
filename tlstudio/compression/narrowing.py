"""A narrower network of the same architecture, which begins as a part of a trained one.

Which hidden dimensions, attention heads and neurons stay is told by their importance (Muralidharan et al., 2024,
"Compact language models via pruning and knowledge distillation", § 2.2): of hidden dimensions by how large they are on
training rows, of heads and neurons by the norms of their weights.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.compression.base import CompressJob
from tlstudio.compression.layer_removal import blocks_of
from tlstudio.compression.rows import batches
from tlstudio.core.errors import StudioError
from tlstudio.models.blocks import Inside, block_modules

if TYPE_CHECKING:
    import torch

_ROWS = 128  # that are looked at for the importance of hidden dimensions
_ASKING = {"query", "key", "value", "q_proj", "k_proj", "v_proj", "q_lin", "k_lin", "v_lin", "query_proj", "key_proj",
           "value_proj"}  # fmt: skip


@dataclass(frozen=True)
class Widths:
    """Of a network: hidden size, neurons between, heads, and dimensions of a head."""

    hidden: int
    between: int
    heads: int
    each: int

    def times(self, share: float) -> Widths:
        """Narrower ones: whole heads, so that each stays as it is."""
        heads = max(1, round(share * self.heads))
        return Widths(heads * self.each, max(1, round(share * self.between)), heads, self.each)


def widths_of(model: Any) -> Widths:
    """The widths of a network.

    Raises:
        StudioError: it is of a kind that cannot be made narrower here.
    """
    config = model.config
    blocks_of(model)  # tells where there are parts, or no blocks
    hidden, between, heads = (
        getattr(config, name, None) for name in ("hidden_size", "intermediate_size", "num_attention_heads")
    )
    shared = getattr(config, "num_key_value_heads", None) or heads
    if not (hidden and between and heads) or shared != heads or hidden % heads or between in (hidden, 0):
        raise unknown(model)
    return Widths(hidden, between, heads, hidden // heads)


def unknown(model: Any) -> StudioError:
    return StudioError(
        "compress.no-narrower", "A narrower network of type {kind} cannot be made of this one.",
        "Choose a student with fewer layers, or another model.", where="compress.distillation",
        kind=model.config.model_type,
    )  # fmt: skip


def narrowed(model: Any, share: float, places: Sequence[int], job: CompressJob) -> Any:
    """A network with a share of the widths and with the blocks in ``places``, filled with what matters most.

    Raises:
        StudioError: the architecture is not known well enough.
    """
    import torch

    before = widths_of(model)
    after = before.times(share)
    config = copy.deepcopy(model.config)
    config.hidden_size, config.intermediate_size = after.hidden, after.between
    config.num_attention_heads, config.num_hidden_layers = after.heads, len(places)
    if getattr(config, "num_key_value_heads", None):
        config.num_key_value_heads = after.heads
    for name, value in config.to_dict().items():
        if "layer" in name and isinstance(value, list) and len(value) == len(block_modules(model)):
            setattr(config, name, [value[place] for place in places])
    torch.manual_seed(job.seed)
    student = type(model)(config).eval()
    hidden = _largest(importance(model, job), after.hidden)
    _fill(student, model, places, hidden, (before, after))
    return student


def importance(model: Any, job: CompressJob) -> torch.Tensor:
    """Mean size of each hidden dimension [H], over all blocks and some training rows."""
    import torch

    inside, total = Inside(model), torch.zeros(model.config.hidden_size)
    try:
        for inputs in batches(job, _ROWS):
            with torch.inference_mode():
                model(**inputs)
            mask = inputs.get("attention_mask")
            for state in inside.states:
                sizes = state.abs().float()
                if mask is not None and mask.shape == state.shape[:2]:
                    sizes = sizes * mask[..., None]
                total += sizes.sum((0, 1)) / max(float(sizes.sum()), 1e-9)  # each block counts alike
    finally:
        inside.close()
    return total


def _largest(values: torch.Tensor, count: int) -> torch.Tensor:
    found: torch.Tensor = values.topk(count).indices.sort().values
    return found


def _fill(student: Any, model: Any, places: Sequence[int], hidden: torch.Tensor, widths: tuple[Widths, Widths]) -> None:
    """Copies the parts of the weights that stay.

    Args:
        student: gets them.
        model: has them.
        places: which of its blocks, counted from 0, become those of the student.
        hidden: dimensions that stay.
        widths: of the model and of the student.
    """
    import torch

    own, others = block_modules(student), block_modules(model)
    known = dict(model.named_parameters())
    kept = {others[place]: _of_block(others[place], known, widths) for place in places}
    with torch.no_grad():
        for name, parameter in student.named_parameters():
            block = next((at for at, prefix in enumerate(own) if name.startswith(f"{prefix}.")), None)
            source = name if block is None else others[places[block]] + name.removeprefix(own[block])
            if source not in known or known[source].ndim != parameter.ndim:
                raise unknown(model)
            value = known[source]
            for axis in range(parameter.ndim):
                if value.shape[axis] == parameter.shape[axis]:
                    continue
                parts = {} if block is None else kept[others[places[block]]]
                index = parts.get(
                    _kind(source, axis, value, widths[0]), hidden if value.shape[axis] == len_of(widths) else None
                )
                if index is None or len(index) != parameter.shape[axis]:
                    raise unknown(model)
                value = value.index_select(axis, index)
            parameter.copy_(value)


def len_of(widths: tuple[Widths, Widths]) -> int:
    """The hidden size before."""
    return widths[0].hidden


def _kind(name: str, axis: int, value: torch.Tensor, widths: Widths) -> str:
    """What the places along an axis of a weight are: neurons, dimensions of heads, or else hidden dimensions."""
    if value.shape[axis] == widths.between:
        return "between"
    parts = name.split(".")
    asks = bool(_ASKING & set(parts))
    attends = any("attention" in part.lower() or "attn" in part.lower() for part in parts)
    if asks and axis == 0:
        return "heads"
    if attends and not asks and axis == 1 and value.ndim == 2:
        return "heads"
    return "hidden"


def _of_block(block: str, known: Mapping[str, Any], widths: tuple[Widths, Widths]) -> dict[str, torch.Tensor]:
    """Which neurons and which dimensions of heads of a block stay."""
    import torch

    before, after = widths
    neurons, heads = torch.ones(before.between), torch.ones(before.heads)
    for name, parameter in known.items():
        if not name.startswith(f"{block}.") or parameter.ndim != 2:
            continue
        value = parameter.detach().float()
        for axis in range(2):
            kind = _kind(name, axis, value, before)
            if kind == "between":
                neurons = neurons * value.norm(dim=1 - axis)
            elif kind == "heads" and value.shape[axis] == before.hidden:
                each = value.movedim(axis, 0).reshape(before.heads, -1).norm(dim=1)
                heads = heads * each
    chosen = _largest(heads, after.heads)
    dimensions = (chosen[:, None] * before.each + torch.arange(before.each)).flatten()
    return {"between": _largest(neurons, after.between), "heads": dimensions}
