"""Adversarial training on the embeddings (Miyato et al., 2017, "Adversarial training methods for semi-supervised text
classification", eq. 5; known as FGM)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.inputs import input_layer, needs_input_layer


class Options(BaseModel):
    """Choices of adversarial training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: float = Field(
        1.0, gt=0, le=100, title="Size", description="Length of the change of the embeddings, over all of them."
    )


class Adversarial:
    """Each batch a second time, with the worst small change of the embeddings."""

    NAME = "adversarial"
    TITLE = "Adversarial training (FGM)"
    SUMMARY = (
        "Each batch is seen a second time with the embeddings moved to where the loss grows fastest. "
        "More robust answers, at twice the time."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return needs_input_layer(self.TITLE, task)

    def callback(self, config: Options, head: Head) -> Callback:
        return _Attack(config.size)


PLUGIN = Adversarial()


class _Attack(Callback):
    """g is the gradient of the loss for the embeddings; they are moved by ε · g / ‖g‖ for the second pass."""

    PASSES = 1.0

    def __init__(self, size: float) -> None:
        self._size = size

    def begin(self, loop: Loop) -> None:
        self._weight: Any = input_layer(loop.model).weight
        self._frozen = not self._weight.requires_grad

    def step(self, number: int) -> None:
        if self._frozen:
            self._weight.requires_grad_(True)  # its gradient tells where to move, though no optimiser moves it

    def backward(self, given: Pass) -> None:
        gradient = self._weight.grad
        norm = 0.0 if gradient is None else float(gradient.norm())
        if not 0 < norm < float("inf"):
            return
        own = self._weight.data
        self._weight.data = own + self._size / norm * gradient
        try:
            _outputs, value = given.again()
            given.share(value).backward()
        finally:
            self._weight.data = own
        if self._frozen:
            self._weight.grad = None  # the norm of all gradients is that of what trains

    def end(self) -> None:
        if self._frozen:
            self._weight.requires_grad_(False)
