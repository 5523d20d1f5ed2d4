"""A step of a large network takes seconds: between its blocks, forwards and backwards, the user is heard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextlib.contextmanager
def interruptible(model: torch.nn.Module, check: Callable[[], None]) -> Iterator[None]:
    """Calls ``check`` at each block of a network while it computes, and while gradients flow back through the block.

    What ``check`` raises ends the step. Numbers do not change.
    """
    import torch

    def passed(_block: torch.nn.Module, _inputs: Any, output: Any) -> None:
        check()
        first = output[0] if isinstance(output, (tuple, list)) and output else output
        if isinstance(first, torch.Tensor) and first.requires_grad:
            first.register_hook(lambda _gradient: check())

    blocks = [child for part in model.modules() if isinstance(part, torch.nn.ModuleList) for child in part]
    handles = [block.register_forward_hook(passed) for block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
