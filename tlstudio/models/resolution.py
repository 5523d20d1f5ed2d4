"""Backbones of images at another side than they were trained with: their table of positions is interpolated once.

Dosovitskiy et al., 2021, "An image is worth 16x16 words", section 3.2. The interpolation is the architecture's own in
transformers; afterwards config and weights state the new side, so that the saved model is an ordinary one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    import torch

_TABLE = "position_embedding"
# what a network raises when sizes do not fit
_MISFITS = (RuntimeError, ValueError, AssertionError, TypeError, ZeroDivisionError, IndexError)


def resized(model: Any, size: int) -> Any:
    """The model for images [3, size, size]; itself where it takes them as it is.

    Raises:
        StudioError: its architecture cannot read images of this size.
    """
    config = _vision(model.config)
    if _positions(model) is None or getattr(config, "image_size", size) in (size, [size, size], (size, size)):
        require_reads(model, size)
        return model
    other = copy.deepcopy(model.config)
    _vision(other).image_size = size
    try:
        bigger = type(model)(other).to(next(model.parameters()).dtype)
        bigger.load_state_dict(_moved(model, bigger.state_dict(), size), strict=True)
    except _MISFITS as error:
        raise _impossible(model, size) from error
    require_reads(bigger, size)
    return bigger


def require_reads(model: Any, size: int) -> None:
    """Looks whether the model answers an image [3, size, size]; also for a model without weights (on ``meta``).

    Raises:
        StudioError: it does not.
    """
    import torch

    parameter, training = next(model.parameters()), model.training
    pixels = torch.zeros(1, 3, size, size, dtype=parameter.dtype, device=parameter.device)
    model.eval()
    try:
        with torch.no_grad():
            model(pixel_values=pixels)
    except _MISFITS as error:
        raise _impossible(model, size) from error
    finally:
        model.train(training)


def require_possible(folder: Any, auto: str, size: int) -> None:
    """The same before the weights are read: by the architecture alone, in a moment.

    Raises:
        StudioError: the backbone cannot read images of this size.
    """
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = getattr(transformers, auto).from_config(config)
        if _positions(model) is not None and hasattr(_vision(config), "image_size"):
            _vision(config).image_size = size
            try:
                model = getattr(transformers, auto).from_config(config)
            except _MISFITS as error:
                raise _impossible(model, size) from error
    require_reads(model, size)


def _vision(config: Any) -> Any:
    """The config of the network that reads images: of two towers that of one."""
    return getattr(config, "vision_config", None) or config


def _positions(model: Any) -> Any:
    """The module with a table of positions that it can interpolate; None where there is none."""
    for module in model.modules():
        if hasattr(module, "interpolate_pos_encoding") and _table(module) is not None:
            return module
    return None


def _table(module: Any) -> Any:
    """The table [1, P, H] or [P, H] of a module; None for one without, such as of relative positions."""
    found = getattr(module, "position_embeddings", None)
    if found is None:
        found = getattr(module, "position_embedding", None)
    return getattr(found, "weight", found)


def _moved(model: Any, wanted: dict[str, torch.Tensor], size: int) -> dict[str, torch.Tensor]:
    """The weights of a model with its table of positions at another size; other misfits stay for the caller to find."""
    import torch

    state = model.state_dict()
    for name, target in wanted.items():
        if name in state and state[name].shape != target.shape and _TABLE in name:
            module, rows, width = _positions(model), target.shape[-2], target.shape[-1]
            with torch.no_grad():
                table = module.interpolate_pos_encoding(torch.zeros(1, rows, width), size, size)
            state[name] = table.reshape(target.shape).clone()
    return state


def _impossible(model: Any, size: int) -> StudioError:
    return StudioError(
        "task.resolution", "A backbone of the type '{kind}' cannot read images of {size} x {size} pixels.",
        "Set the resolution to auto, or to a larger multiple of it.",
        where="task.resolution", kind=str(model.config.model_type), size=size,
    )  # fmt: skip
