"""Masked autoencoder: the backbone sees a quarter of the patches of an image, and a small decoder must paint the others
(He et al., 2022, "Masked autoencoders are scalable vision learners", § 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.adaptation import base
from tlstudio.core.errors import StudioError
from tlstudio.tasks.base import Batch, Row

if TYPE_CHECKING:
    import torch

_KNOWN = ("vit", "deit", "dinov2", "dinov2_with_registers")
_INPUT = "pixel_values"
_NOISE_SEED = 2**31


class Options(base.Options):
    """Choices of the objective."""

    masked: float = Field(
        0.75, ge=0.1, le=0.95, title="Share of masked patches", description="How much of each image must be painted."
    )
    decoder_width: int = Field(
        128, ge=32, le=1024, multiple_of=32, title="Width of the decoder", description="It is thrown away afterwards."
    )
    decoder_layers: int = Field(
        2, ge=1, le=12, title="Layers of the decoder", description="More take longer and paint better."
    )


class MaskedImages:
    """Whole images from a few patches."""

    NAME = "masked-images"
    TITLE = "Masked images (MAE)"
    SUMMARY = "The backbone sees a quarter of each image and learns to know the rest. For vision transformers."
    LEARNS = "image"
    PASSES = 1.0
    HELD_OUT = True
    Config = Options

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        kind = str(config.get("model_type") or "")
        if kind in _KNOWN:
            return None
        return StudioError(
            "adapt.no-patches", "A backbone of the type '{kind}' cannot be adapted with masked images.",
            "Choose a vision transformer such as ViT, DeiT or DINOv2, or remove the adaptation.", where="adapt",
            kind=kind,
        )  # fmt: skip

    def network(self, config: Options, backbone: Any, folder: Path) -> torch.nn.Module:
        return painter(backbone, config)

    def collator(self, config: Options, folder: Path) -> Callable[[Sequence[Row]], Batch]:
        return _collated

    def loss(self, config: Options) -> Callable[..., torch.Tensor]:
        return _of_patches


PLUGIN = MaskedImages()


def painter(backbone: Any, config: Options) -> torch.nn.Module:
    """A network that gives what it paints and what is there, of the masked patches: each [B, M, 3 · P · P]."""
    import torch
    from torch import nn

    size, width = _patch_of(backbone), config.decoder_width

    class Painter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone
            layer = nn.TransformerEncoderLayer(width, width // 32, 4 * width, batch_first=True, activation="gelu",
                                               norm_first=True, dropout=0.0)  # fmt: skip
            self.narrow = nn.Linear(backbone.config.hidden_size, width)
            self.decoder = nn.TransformerEncoder(layer, config.decoder_layers, enable_nested_tensor=False)
            self.mask = nn.Parameter(torch.zeros(width).normal_(0, 0.02))
            self.paint = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * size * size))

        def forward(self, pixel_values: torch.Tensor, noise: torch.Tensor) -> SimpleNamespace:
            patches = patches_of(pixel_values, size)
            count = patches.shape[1]
            order = draws(noise, count)
            seen, hidden = order.tensor_split([max(1, count - round(config.masked * count))], dim=1)
            states = self.narrow(self._read(pixel_values, seen))[:, -seen.shape[1] :]
            whole = self.mask.to(states.dtype).expand(len(states), count, -1)
            whole = whole.scatter(1, seen[..., None].expand_as(states), states)
            painted = self.paint(self.decoder(whole + waves(count, width).to(states)))
            return SimpleNamespace(painted=_taken(painted, hidden), goal=_normalised(_taken(patches, hidden)))

        def _read(self, pixel_values: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
            """The states of the special tokens and of the patches that are seen; the others are never computed."""

            def visible(_module: Any, _given: Any, tokens: torch.Tensor) -> torch.Tensor:
                special = tokens.shape[1] - count
                return torch.cat([tokens[:, :special], _taken(tokens[:, special:], seen)], 1)

            count = (pixel_values.shape[-2] // size) * (pixel_values.shape[-1] // size)
            hook = self.backbone.embeddings.register_forward_hook(visible)
            try:
                states: torch.Tensor = self.backbone(pixel_values=pixel_values).last_hidden_state
            finally:
                hook.remove()
            return states

    return Painter()


def _patch_of(backbone: Any) -> int:
    size = backbone.config.patch_size
    return int(size if isinstance(size, int) else size[0])


def patches_of(images: torch.Tensor, size: int) -> torch.Tensor:
    """Images [B, 3, H, W] as rows of patches [B, N, 3 · P · P]; what is less than a patch is left out."""
    import torch

    return torch.nn.functional.unfold(images, size, stride=size).transpose(1, 2)


def draws(noise: torch.Tensor, count: int) -> torch.Tensor:
    """A random order of the patches of each image [B, count], from a number an image [B]."""
    import torch

    orders = [torch.randperm(count, generator=torch.Generator().manual_seed(int(seed))) for seed in noise]
    return torch.stack(orders).to(noise.device)


def waves(count: int, width: int) -> torch.Tensor:
    """Sines and cosines that tell the places of patches apart, [count, width] (Vaswani et al., 2017, § 3.5)."""
    import torch

    speeds = torch.exp(torch.arange(0, width, 2) * (-torch.log(torch.tensor(10_000.0)) / width))
    angles = torch.arange(count)[:, None] * speeds
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def _taken(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[-1]))


def _normalised(patches: torch.Tensor) -> torch.Tensor:
    """Each patch with mean 0 and deviation 1, which is the better goal (§ 4.1 of the paper)."""
    return (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()


def _of_patches(outputs: Any, labels: torch.Tensor) -> torch.Tensor:
    return (outputs.painted.float() - outputs.goal.float()).square().mean()


def _collated(rows: Sequence[Row]) -> Batch:
    import torch

    from tlstudio.models.batches import collate, tensors

    images = tensors(collate(rows, [_INPUT]))
    noise = torch.randint(_NOISE_SEED, (len(rows),))
    return {**images, "noise": noise, "labels": torch.zeros(len(rows), dtype=torch.int64)}
