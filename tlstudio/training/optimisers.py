"""The optimisers that a recipe can name, all of torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# What the usual learning rate, which is for AdamW, is multiplied by. Adafactor scales its steps by the size of the
# weights, so it needs larger rates (Shazeer & Stern, 2018, § 8); plain gradients are small beside normalised ones.
RATES = {"adamw": 1.0, "radam": 1.0, "nadam": 1.0, "adafactor": 30.0, "sgd": 300.0}


def make(name: str, groups: list[dict[str, Any]], rate: float) -> torch.optim.Optimizer:
    """An optimiser.

    Args:
        name: a key of :data:`RATES`.
        groups: with ``params``, ``lr`` and ``weight_decay``, as torch takes them.
        rate: learning rate of groups that state none.
    """
    from torch import optim

    makers: dict[str, Any] = {
        "adamw": partial(optim.AdamW, fused=True),
        "radam": partial(optim.RAdam, decoupled_weight_decay=True),
        "nadam": partial(optim.NAdam, decoupled_weight_decay=True),
        "adafactor": optim.Adafactor,
        "sgd": partial(optim.SGD, momentum=0.9, nesterov=True),
    }
    optimiser: torch.optim.Optimizer = makers[name](groups, lr=rate)
    return optimiser


def parameter_groups(model: torch.nn.Module, decayed: set[str], rates: Mapping[str, float], rate: float,
                     decay: float) -> list[dict[str, Any]]:  # fmt: skip
    """The parameters that train, grouped by learning rate and weight decay; the highest rate comes first.

    Args:
        model: parameters without ``requires_grad`` never train.
        decayed: names of the parameters that weight decay applies to.
        rates: factor on the learning rate for each parameter name; 1 where none is given.
        rate: peak learning rate.
        decay: weight decay.
    """
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = (rates.get(name, 1.0), decay if name in decayed else 0.0)
            groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "lr": rate * factor, "weight_decay": share}
        for (factor, share), parameters in sorted(groups.items(), key=lambda item: item[0], reverse=True)
    ]
