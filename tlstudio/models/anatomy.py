"""The layer groups of an architecture: embeddings, block 1 … N, head. What strategies freeze and drawings show."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# of stages that have blocks, the stage
_BLOCK = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|block|stages|albert_layer_groups)\.(\d+)\.")
_FIRST = re.compile(r"embed|wte|wpe|stem|^pre_", re.IGNORECASE)
_LAST = re.compile(r"^(top_\w+|(final_|post_|last_)?(layer_?norm|norm|ln)(_f|_post)?)$", re.IGNORECASE)
_NORM = re.compile(r"(^|[._])(layer_?norm|norm\d*|ln(_\w+)?|batch_?norm|bn\d*)(_\w+)?\.(weight|bias)$", re.IGNORECASE)
_POOLERS = ("pooler", "head")  # within a backbone
_SECOND = "second"  # a backbone beside another, see tlstudio.models.parts
_TOWERS = ("vision_model",)  # where only one tower of two is used, it is not called like the whole


@dataclass(frozen=True)
class LayerGroup:
    """Parameters that are frozen or trained together.

    ``kind``: embeddings, block or head. ``biases`` and ``norms`` are how many of the parameters are such, ``sides`` the
    sum of rows and columns of all matrices: what a matrix of rank 1 beside each would take.
    """

    name: str
    kind: str
    parameters: int
    biases: int = 0
    norms: int = 0
    sides: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def backbone_of(model: torch.nn.Module) -> str:
    """The attribute of a model that holds its backbone, such as ``bert``; empty where the model is one itself."""
    prefix = getattr(model, "base_model_prefix", "")
    for name in (prefix, *_TOWERS):
        if name and hasattr(model, name):
            return name
    # Whisper's classifier of sounds holds its encoder alone, under a name that whole networks have too
    return "encoder" if hasattr(model, "encoder") and hasattr(model, "projector") else ""


def group_name(parameter: str, backbone: str) -> tuple[str, str]:
    """(group name, kind) of a parameter. ``backbone``: see :func:`backbone_of`."""
    if backbone and parameter.startswith(f"{_SECOND}."):
        pools = any(name in parameter.split(".") for name in _POOLERS)
        return ("pooler", "block") if pools else ("second backbone", "block")
    if backbone and not parameter.startswith(f"{backbone}."):
        return "head", "head"
    if match := _BLOCK.search(parameter):
        return f"block {int(match.group(1)) + 1}", "block"
    parts = parameter.removeprefix(f"{backbone}.").split(".")
    if any(name in parts for name in _POOLERS):
        return "pooler", "block"
    if any(_LAST.match(name) for name in parts) and not any(_FIRST.search(name) for name in parts):
        return "final", "block"
    return "embeddings", "embeddings"


def parameter_groups(model: torch.nn.Module) -> dict[str, tuple[str, list[str]]]:
    """Group name → (kind, parameter names), in the order of the network; shared parameters are counted once."""
    backbone = backbone_of(model)
    groups: dict[str, tuple[str, list[str]]] = {}
    for name, _parameter in model.named_parameters():
        group, kind = group_name(name, backbone)
        groups.setdefault(group, (kind, []))[1].append(name)
    return groups


def layer_groups(model: torch.nn.Module) -> list[LayerGroup]:
    """The layer groups of a loaded (or meta-device) model."""
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}

    def count(names: list[str]) -> int:
        return sum(shapes[name].numel() for name in names)

    return [
        LayerGroup(
            group,
            kind,
            count(names),
            count([name for name in names if is_bias(name)]),
            count([name for name in names if is_norm(name)]),
            sum(sum(shapes[name]) for name in names if len(shapes[name]) == 2),
        )
        for group, (kind, names) in parameter_groups(model).items()
    ]


def is_bias(parameter: str) -> bool:
    """Whether a parameter, by its name, is the bias of a layer."""
    return parameter.endswith("bias")


def is_norm(parameter: str) -> bool:
    """Whether a parameter, by its name, is of a layer norm or batch norm."""
    return bool(_NORM.search(parameter))
