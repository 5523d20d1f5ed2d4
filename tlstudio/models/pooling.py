"""Mean pooling inside an ordinary transformers model.

Classifiers of the BERT family read the first token, but for a frozen backbone the mean over all tokens is by far
the better feature (Reimers & Gurevych, 2019, Sentence-BERT, table 6). One more block can compute it without any new
code: with query and key at zero every token gets the same attention weight, so that its output is the mean of the
values; with value and output as (scaled) identity and an empty feed-forward part it passes that mean through, up to
the layer norm. The result loads with plain ``from_pretrained`` and exports like any other model.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SUPPORTED = ("bert", "roberta", "xlm-roberta", "distilbert")
_SCALE = 100.0  # the residual connection adds the first token: at this scale it is one per cent of the mean
_LINEAR_RANGE = 0.3  # tanh is nearly linear below this; layer-normed values have variance 1


def add_mean_pooling(model: Any) -> bool:
    """Appends the pooling block to the backbone of a classifier; False where the architecture is not supported."""
    if model.config.model_type not in SUPPORTED:
        return False
    import torch

    layers = _layers(model.base_model)
    block = copy.deepcopy(layers[-1])
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            _set(name, parameter)
        pooler = getattr(model.base_model, "pooler", None)
        if pooler is not None:
            _identity(pooler.dense.weight, _LINEAR_RANGE)
            pooler.dense.bias.zero_()
    layers.append(block)
    model.config.num_hidden_layers = len(layers)  # DistilBERT maps this name to its own
    return True


def _layers(backbone: Any) -> torch.nn.ModuleList:
    return backbone.transformer.layer if hasattr(backbone, "transformer") else backbone.encoder.layer


def _set(name: str, parameter: torch.Tensor) -> None:
    """Value and output projection: identity; layer norms: neutral; everything else: zero."""
    weight = name.endswith("weight")
    if weight and ("layernorm" in name.lower() or "layer_norm" in name):
        parameter.fill_(1.0)
    elif weight and ("value" in name or "v_lin" in name):
        _identity(parameter, 1.0)
    elif weight and ("attention.output.dense" in name or "out_lin" in name):
        _identity(parameter, _SCALE)
    else:
        parameter.zero_()


def _identity(parameter: torch.Tensor, scale: float) -> None:
    import torch

    parameter.copy_(torch.eye(parameter.shape[0], dtype=parameter.dtype, device=parameter.device) * scale)
