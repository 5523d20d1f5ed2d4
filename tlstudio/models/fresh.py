"""Random weights in place of pretrained ones, drawn as the architecture draws them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_FLAG = "_is_hf_initialized"  # transformers leaves what carries it as it is


def reinitialise(model: Any, names: Iterable[str]) -> None:
    """Draws parameters anew as ``from_config`` would; running statistics of norms beside them as well.

    Args:
        model: a transformers model, or a module that holds some.
        names: of the parameters.
    """
    from transformers import PreTrainedModel

    wanted = set(names)
    fresh = {name.rpartition(".")[0] for name in wanted}
    for name, parameter in model.named_parameters():
        setattr(parameter, _FLAG, name not in wanted)
    for name, module in model.named_modules():
        setattr(module, _FLAG, name not in fresh)
        for buffer in module.buffers(recurse=False):
            setattr(buffer, _FLAG, name not in fresh)
    outermost = [model] if isinstance(model, PreTrainedModel) else []
    outermost = outermost or [part for part in model.children() if isinstance(part, PreTrainedModel)]
    for part in outermost:
        part.initialize_weights()
