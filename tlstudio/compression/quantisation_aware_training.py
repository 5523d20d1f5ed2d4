"""Quantisation-aware training: the network learns with the rounding that int8 will bring.

Source: Jacob et al., 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
inference", section 3; Bengio et al., 2013, "Estimating or propagating gradients through stochastic neurons" (straight-
through estimator). Rounded as ONNX Runtime's dynamic int8 rounds: weights with a scale for each output, s = max |w|
/ 127, activations with a scale and a zero point for each tensor of a batch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.compression import networks, recovering
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log

if TYPE_CHECKING:
    import torch

    from tlstudio.models.scorers import Scorer


class Options(recovering.Options):
    """Choices of quantisation-aware training."""

    epochs: int = Field(
        2, ge=0, le=100, title="Epochs", description="Passes over the training rows; 0 only rounds the weights.",
    )  # fmt: skip
    learning_rate: float = Field(
        2e-5, gt=0, le=1, title="Learning rate", description="Of the first step; it falls linearly.",
        json_schema_extra={"only": {"epochs": {"above": 0}}},
    )  # fmt: skip
    activations: bool = Field(
        True, title="Round activations too", description="What goes into a layer, as int8 rounds it while running."
    )


class QuantisationAwareTraining:
    """A network that int8 costs next to nothing; put dynamic int8 after it."""

    NAME = "quantisation-aware-training"
    TITLE = "Quantisation-aware training"
    SUMMARY = (
        "Trains on with the rounding of int8 in place, so that a following dynamic int8 step loses next to nothing."
    )
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    KEEPS_SIZE = True  # the weights are fp32 numbers that int8 can hold; the step that follows makes them small
    LEAVES = "grid"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        model = networks.load(job.source)
        learning = Rounding(model, config.activations)
        if not learning.layers:
            raise StudioError(
                "compress.no-linear-layers", "A network of type {kind} has no linear layers that could be rounded.",
                "Choose another compression step, such as static int8.",
                where="compress.quantisation-aware-training", kind=model.config.model_type,
            )  # fmt: skip
        try:
            recovering.recover(model, config, job)
        finally:
            learning.close()
        off = round_weights(model)
        log(job.emit, "compress.rounded", "The weights of {count} layers lie on the grid of int8: rounding them moved "
            "them by {off} % at last. A dynamic int8 step after this one keeps them.", count=len(learning.layers),
            off=round(100 * off, 2))  # fmt: skip
        networks.save(model, job.source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = QuantisationAwareTraining()


def layers_of(model: Any) -> list[Any]:
    """The linear layers of a network; those of GPT-2 are called ``Conv1D``, and hold their weights as [I, O]."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    return [module for module in model.modules() if type(module) in (Linear, Conv1D)]


def _is_turned(layer: Any) -> bool:
    from torch.nn import Linear

    return type(layer) is not Linear


def tables_of(model: Any) -> list[Any]:
    """The embeddings whose weights no linear layer shares."""
    from torch.nn import Embedding

    shared = {id(layer.weight) for layer in layers_of(model)}
    return [module for module in model.modules() if type(module) is Embedding and id(module.weight) not in shared]


def on_grid(weight: torch.Tensor) -> torch.Tensor:
    """Weights [O, I] rounded to int8 with a scale for each output (symmetric, -127 to 127), as fp32."""
    scale = (weight.detach().abs().amax(1, keepdim=True) / 127).clamp(min=1e-12)
    return (weight / scale).round().clamp(-127, 127) * scale


def layer_on_grid(layer: Any) -> torch.Tensor:
    """The weights of a linear layer on the grid, in its own layout."""
    return on_grid(layer.weight.T).T if _is_turned(layer) else on_grid(layer.weight)


def table_on_grid(layer: Any) -> torch.Tensor:
    """Embeddings [V, H] rounded to uint8 with one scale and a zero point, as dynamic int8 does."""
    return on_range(layer.weight)


def on_range(values: torch.Tensor, of: torch.Tensor | None = None) -> torch.Tensor:
    """Activations rounded to uint8 between their smallest and largest value and 0 (DynamicQuantizeLinear); ``of`` is
    what the range is taken of, if not of themselves."""
    whole = (values if of is None else of).detach()
    low, high = whole.amin().clamp(max=0), whole.amax().clamp(min=0)
    scale = ((high - low) / 255).clamp(min=1e-12)
    zero = (-low / scale).round()
    return ((values / scale).round() + zero).clamp(0, 255).sub(zero) * scale


def straight_through(values: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
    """The rounded values, with the gradient of the plain ones."""
    return values + (rounded - values).detach()


class Rounding:
    """Rounds weights and activations of the linear layers in each forward pass, until it is closed.

    Forward is replaced on the layers themselves: names of parameters, and so checkpoints and optimisers, do not change.
    """

    def __init__(self, model: Any, activations: bool) -> None:
        from torch.nn import functional

        def linear(layer: Any) -> Any:
            turned = _is_turned(layer)

            def forward(values: torch.Tensor) -> torch.Tensor:
                if activations:
                    values = straight_through(values, on_range(values))
                weight = straight_through(layer.weight, layer_on_grid(layer))
                return functional.linear(values, weight.T if turned else weight, layer.bias)

            return forward

        def table(layer: Any) -> Any:
            plain = layer.forward

            def forward(ids: torch.Tensor) -> torch.Tensor:
                found: torch.Tensor = plain(ids)
                return straight_through(found, on_range(found, layer.weight))

            return forward

        self.layers, self._tables = layers_of(model), tables_of(model)
        for layer in self.layers:
            layer.forward = linear(layer)
        for layer in self._tables:
            layer.forward = table(layer)

    def close(self) -> None:
        """Takes the rounding out again."""
        for layer in (*self.layers, *self._tables):
            layer.__dict__.pop("forward", None)


def round_weights(model: Any) -> float:
    """Puts the weights on the grid; gives how far that moved them, |w' - w| / |w|."""
    import torch

    moved, whole = 0.0, 0.0
    with torch.no_grad():
        for found, rounded in ((layers_of(model), layer_on_grid), (tables_of(model), table_on_grid)):
            for layer in found:
                new = rounded(layer)
                moved += float((new - layer.weight).square().sum())
                whole += float(layer.weight.square().sum())
                layer.weight.copy_(new)
    return float((moved / max(whole, 1e-30)) ** 0.5)
