"""Heads of attention and neurons of feed-forward layers: where they are, what they cost, and how they are cut out.

A unit is a slice of some layers: the rows of those that compute it, the columns of the one that reads it. With its
columns at zero a unit says nothing, so that a network without it answers exactly like the whole one with these zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.models.anatomy import backbone_of

if TYPE_CHECKING:
    import torch

_BACKBONES = ("second",)  # beside that of the model: see the part "fusion" of tlstudio.models.parts
# layers that give the queries, keys and values; or a single one that gives all three side by side
_QUERIES = (
    ("query", "key", "value"), ("q_proj", "k_proj", "v_proj"), ("q_lin", "k_lin", "v_lin"),
    ("query_proj", "key_proj", "value_proj"), ("q", "k", "v"), ("Wqkv",), ("c_attn",),
)  # fmt: skip
_ALSO = ("pos_key_proj", "pos_query_proj")  # of relative positions in DeBERTa
_OUT = ("o_proj", "out_proj", "out_lin", "o", "Wo", "c_proj", "dense")  # within the attention
_OUT_BESIDE = "output.dense"  # of BERT and its kin, whose attention lies in a module with its output
_HEADS = ("num_attention_heads", "num_heads", "n_heads", "num_key_value_heads")
_HEAD_SIZES = ("attention_head_size", "head_dim", "key_value_proj_dim")
_ALL_HEADS = ("all_head_size", "inner_dim", "split_size")
# what one table of positions for all layers is called: it has a row for each head, which layers then cannot choose
_SHARED_POSITIONS = "relative_attention_bias"
# layers that compute the neurons, gates included, and the one that reads them
_FEED_FORWARD = (
    (("intermediate.dense",), "output.dense"), (("lin1",), "lin2"), (("fc1",), "fc2"), (("c_fc",), "c_proj"),
    (("gate_proj", "up_proj"), "down_proj"), (("intermediate_dense",), "output_dense"), (("ffn",), "ffn_output"),
    (("wi_0", "wi_1"), "wo"), (("wi",), "wo"), (("Wi",), "Wo"), (("weights_in",), "weights_out"),
    (("dense_h_to_4h",), "dense_4h_to_h"), (("linear1",), "linear2"),
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """The units of one kind in one place.

    Attributes:
        kind: heads or neurons.
        name: of the module around them.
        count: N, how many there are.
        size: D, how many numbers a unit is.
        rows: layers that compute them by name, and how often N x D numbers lie side by side in what each gives.
        columns: the layer that reads them.
        stays: whether they cannot be cut: keys that several heads share, tables with a row for each head.
    """

    kind: Literal["heads", "neurons"]
    name: str
    count: int
    size: int
    rows: tuple[tuple[str, int], ...]
    columns: str
    stays: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind, self.name)


Kept = Mapping[tuple[str, str], Sequence[int]]  # units of a group that stay, by its key


def find(model: Any) -> list[Group]:
    """All groups of a backbone, in the order of the network."""
    places = tuple(f"{name}." for name in (backbone_of(model), *_BACKBONES) if name) if backbone_of(model) else ("",)
    shared = any(_SHARED_POSITIONS in name for name, _parameter in model.named_parameters())
    found: list[Group] = []
    for name, module in model.named_modules():
        if not f"{name}.".startswith(places):
            continue
        for group in (_attention(model, name, module, shared), _feed_forward(name, module)):
            if group is not None:
                found.append(group)
    return found


def _attention(model: Any, name: str, module: Any, shared: bool) -> Group | None:
    own = {child: layer for child, layer in module.named_children() if _is_linear(layer)}
    names = next((three for three in _QUERIES if all(child in own for child in three)), None)
    if names is None:
        return None
    joint = len(names) == 1
    width = shape(own[names[0]])[1] // (3 if joint else 1)
    columns = _output(model, name, own, width)
    if columns is None:
        return None
    size = next((getattr(module, field) for field in _HEAD_SIZES if isinstance(getattr(module, field, None), int)), 0)
    heads = next((getattr(module, field) for field in _HEADS if isinstance(getattr(module, field, None), int)), 0)
    size = size or width // max(heads, 1)
    known = [*names, *(child for child in _ALSO if child in own)]
    alike = all(shape(own[child])[1] == width * (3 if joint else 1) for child in known) and width % size == 0
    strange = [
        parameter for parameter, _value in module.named_parameters()
        if parameter.split(".")[0] not in (*known, *_OUT, "LayerNorm")
    ]  # fmt: skip
    stays = shared or not alike or bool(strange)
    rows = tuple((f"{name}.{child}", 3 if joint else 1) for child in known)
    return Group("heads", name, max(width // size, 1), size, rows, columns, stays)


def _output(model: Any, name: str, own: Mapping[str, Any], width: int) -> str | None:
    """Name of the layer that reads what the heads of the attention ``name`` say."""
    for child in _OUT:
        if child in own and shape(own[child])[0] == width:
            return f"{name}.{child}"
    beside = f"{name.rpartition('.')[0]}.{_OUT_BESIDE}"
    layer = _submodule(model, beside)
    return beside if layer is not None and _is_linear(layer) and shape(layer)[0] == width else None


def _feed_forward(name: str, module: Any) -> Group | None:
    for given, out in _FEED_FORWARD:
        last, first = _submodule(module, out), [_submodule(module, layer) for layer in given]
        if not all(layer is not None and _is_linear(layer) for layer in (last, *first)):
            continue
        count = shape(last)[0]
        if any(shape(layer)[1] not in (count, 2 * count) for layer in first):
            continue
        rows = tuple((f"{name}.{part}", shape(layer)[1] // count) for part, layer in zip(given, first, strict=True))
        return Group("neurons", name, count, 1, rows, f"{name}.{out}")
    return None


def _submodule(module: Any, name: str) -> Any:
    try:
        return module.get_submodule(name)
    except AttributeError:
        return None


def _is_linear(layer: Any) -> bool:
    return type(layer).__name__ in ("Linear", "Conv1D")


def shape(layer: Any) -> tuple[int, int]:
    """How many numbers a linear layer takes and gives; ``Conv1D`` has its weights the other way round."""
    weight = tuple(layer.weight.shape)
    return weight if type(layer).__name__ == "Conv1D" else weight[::-1]


def columns_of(model: Any, group: Group, values: torch.Tensor | None = None) -> torch.Tensor:
    """Weights (or ``values`` of their shape) that read each unit of a group, [N, D, H]; a view of them."""
    layer = model.get_submodule(group.columns)
    weight = layer.weight if values is None else values
    by_input = weight if type(layer).__name__ == "Conv1D" else weight.T
    return by_input.unflatten(0, (group.count, group.size))


def rows_of(model: Any, group: Group) -> list[torch.Tensor]:
    """Weights that compute each unit of a group, a tensor [parts, N, D, H] for each layer; views of them."""
    found = []
    for name, parts in group.rows:
        layer = model.get_submodule(name)
        by_output = layer.weight.T if type(layer).__name__ == "Conv1D" else layer.weight
        found.append(by_output.unflatten(0, (parts, group.count, group.size)))
    return found


# --- cost


def parameters(model: Any, group: Group) -> float:
    """How many parameters a unit of a group has; all have as many, also where several heads share keys and values."""
    layers = [model.get_submodule(name) for name, _parts in group.rows]
    biases = sum(layer.bias.numel() for layer in layers if layer.bias is not None)
    return _weights(model, group) + biases / group.count


def flops(model: Any, group: Group, tokens: float) -> float:
    """Multiplications and additions that a unit takes for a row of ``tokens`` states.

    Each weight is used once for each state; a head compares all states with all and takes their mean.
    """
    between = 4.0 * tokens**2 * group.size if group.kind == "heads" else 0.0
    return 2.0 * tokens * _weights(model, group) + between


def _weights(model: Any, group: Group) -> float:
    names = (group.columns, *(name for name, _parts in group.rows))
    return sum(model.get_submodule(name).weight.numel() for name in names) / group.count


# --- cutting


def silence(model: Any, groups: Sequence[Group], kept: Kept) -> None:
    """Sets the columns of all units that go to zero."""
    import torch

    with torch.no_grad():
        for group in groups:
            gone = [unit for unit in range(group.count) if unit not in set(kept[group.key])]
            columns_of(model, group)[gone] = 0.0


def cut(model: Any, groups: Sequence[Group], kept: Kept) -> None:
    """Takes all units out that do not stay: layers become narrower, modules of attention state fewer heads."""
    import torch

    from tlstudio.models.parts import widths

    smaller = [group for group in groups if len(kept[group.key]) < group.count]
    weights: dict[str, tuple[torch.Tensor, torch.Tensor | None]] = {}
    for group in smaller:
        for name, wanted, side in _slices(group, kept[group.key]):
            weight, bias = weights.get(name) or _state(model.get_submodule(name))
            if side == "in":
                weight = weight[:, wanted]
            else:
                weight, bias = weight[wanted], bias if bias is None else bias[wanted]
            weights[name] = (weight, bias)
    widths(model, layers={name: (weight.shape[1], weight.shape[0]) for name, (weight, _bias) in weights.items()},
           attributes=attributes(model, smaller, kept))  # fmt: skip
    with torch.no_grad():
        for name, (weight, bias) in weights.items():
            layer = model.get_submodule(name)
            layer.weight.copy_(weight.T if type(layer).__name__ == "Conv1D" else weight)
            if bias is not None:
                layer.bias.copy_(bias)


def _state(layer: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Weights [out, in] and biases of a layer."""
    weight = layer.weight.detach()
    return (weight.T if type(layer).__name__ == "Conv1D" else weight).clone(), (
        None if layer.bias is None else layer.bias.detach().clone()
    )


def _slices(group: Group, kept: Sequence[int]) -> Iterator[tuple[str, list[int], Literal["in", "out"]]]:
    numbers = [unit * group.size + place for unit in kept for place in range(group.size)]
    for name, parts in group.rows:
        yield name, [part * group.count * group.size + number for part in range(parts) for number in numbers], "out"
    yield group.columns, numbers, "in"


def attributes(model: Any, groups: Sequence[Group], kept: Kept) -> dict[str, dict[str, int]]:
    """What modules of attention state of themselves once only some heads are left, by their names."""
    found = {}
    for group in groups:
        if group.kind != "heads":
            continue
        module, heads = model.get_submodule(group.name), len(kept[group.key])
        found[group.name] = {
            **{field: heads for field in _HEADS if isinstance(getattr(module, field, None), int)},
            **{field: heads * group.size for field in _ALL_HEADS if isinstance(getattr(module, field, None), int)},
        }
    return found
