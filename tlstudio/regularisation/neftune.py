"""NEFTune: uniform noise on the embeddings while training (Jain et al., 2024, "NEFTune: Noisy embeddings improve
instruction finetuning", algorithm 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Callback, Loop
from tlstudio.models.heads import Head
from tlstudio.regularisation.inputs import input_layer, needs_input_layer

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of NEFTune."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alpha: float = Field(
        5.0,
        gt=0,
        le=100,
        title="Alpha",
        description="The noise is alpha / √(tokens × width); the paper: 5 to 15.",
    )


class Neftune:
    """Noise on what the first block reads."""

    NAME = "neftune"
    TITLE = "NEFTune"
    SUMMARY = "Adds a little noise to the embeddings while training. Costs nothing; made for instruction tuning."
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return needs_input_layer(self.TITLE, task)

    def callback(self, config: Options, head: Head) -> Callback:
        return _Noise(config.alpha)


PLUGIN = Neftune()


class _Noise(Callback):
    def __init__(self, alpha: float) -> None:
        self._alpha = alpha
        self._hook: Any = None

    def begin(self, loop: Loop) -> None:
        self._hook = input_layer(loop.model).register_forward_hook(self._disturb)

    def _disturb(self, module: torch.nn.Module, _given: Any, vectors: torch.Tensor) -> torch.Tensor:
        import torch

        if not module.training:
            return vectors
        size = self._alpha / (vectors.shape[-2] * vectors.shape[-1]) ** 0.5
        return vectors + torch.empty_like(vectors).uniform_(-size, size)

    def end(self) -> None:
        if self._hook is not None:
            self._hook.remove()
