"""The layer groups of an architecture: embeddings, block 1 … N, head. What strategies freeze and drawings show."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_BLOCK = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|block|stages)\.(\d+)\.")


@dataclass(frozen=True)
class LayerGroup:
    """Parameters that are frozen or trained together. ``kind``: embeddings, block or head."""

    name: str
    kind: str
    parameters: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def group_name(parameter: str, backbone: str) -> tuple[str, str]:
    """(group name, kind) of a parameter. ``backbone`` is the model's ``base_model_prefix``, such as ``bert``."""
    if backbone and not parameter.startswith(f"{backbone}."):
        return "head", "head"
    if match := _BLOCK.search(parameter):
        return f"block {int(match.group(1)) + 1}", "block"
    if "pooler" in parameter:
        return "pooler", "block"
    return "embeddings", "embeddings"


def parameter_groups(model: torch.nn.Module) -> dict[str, tuple[str, list[str]]]:
    """Group name → (kind, parameter names), in the order of the network; shared parameters are counted once."""
    backbone = getattr(model, "base_model_prefix", "")
    if not hasattr(model, backbone):
        backbone = ""
    groups: dict[str, tuple[str, list[str]]] = {}
    for name, _parameter in model.named_parameters():
        group, kind = group_name(name, backbone)
        groups.setdefault(group, (kind, []))[1].append(name)
    return groups


def layer_groups(model: torch.nn.Module) -> list[LayerGroup]:
    """The layer groups of a loaded (or meta-device) model."""
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    return [
        LayerGroup(group, kind, sum(sizes[name] for name in names))
        for group, (kind, names) in parameter_groups(model).items()
    ]
