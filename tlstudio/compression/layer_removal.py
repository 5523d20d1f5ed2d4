"""Layer removal: whole blocks of the network are taken out, and the rest learns to answer as before.

Sources: Sajjad et al., 2023, "On the effect of dropping layers of pre-trained transformer models" (top, alternate);
Men et al., 2024, "ShortGPT", eq. 1 (block influence); Sanh et al., 2019, "DistilBERT" (recovery by distillation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tlstudio.compression import networks, recovering
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.blocks import Inside, block_modules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

    from tlstudio.models.anatomy import LayerGroup
    from tlstudio.models.scorers import Scorer

_ROWS = 128  # that are looked at for the importance of blocks

_POSITIONS = "mid_position_embeddings"


class Options(recovering.Options):
    """Choices of layer removal."""

    keep: Literal["auto"] | Annotated[int, Field(ge=1, le=96)] = Field(
        "auto", title="Layers to keep", description="Of those that the network has; auto keeps half of them."
    )
    choose: Literal["alternate", "top", "importance"] = Field(
        "alternate",
        title="Which layers go",
        description="Every other one; those nearest to the answer; or those that change least of what passes through "
        "them on the user's rows.",
    )


class LayerRemoval:
    """Fewer blocks: size and time of the body fall in proportion."""

    NAME = "layer-removal"
    TITLE = "Layer removal"
    SUMMARY = "Takes whole layers out, and lets the trained model teach what is left: half the layers, twice the speed."
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def changes(self, config: Options, groups: Sequence[LayerGroup]) -> dict[str, str]:
        """What becomes of the layer groups, for the drawing; which blocks matter is only known when it runs."""
        blocks = [group.name for group in groups if group.name.startswith("block ")]
        keep = max(1, len(blocks) // 2) if config.keep == "auto" else config.keep
        if keep >= len(blocks):
            return {}
        if config.choose == "importance":
            return dict.fromkeys(blocks, "maybe")
        kept = chosen(config.choose, keep, len(blocks), None)
        return {name: "removed" for place, name in enumerate(blocks) if place not in kept}

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        model = networks.load(job.source)
        blocks = blocks_of(model)
        keep = max(1, len(blocks) // 2) if config.keep == "auto" else config.keep
        if keep > len(blocks):
            raise StudioError(
                "compress.layers", "The network has {most} layers; {count} cannot be kept.",
                "Lower the number of layers to keep.", where="compress.layer-removal", most=len(blocks), count=keep,
            )  # fmt: skip
        kept = chosen(config.choose, keep, len(blocks), lambda: influences(model, job))
        before = networks.parameters(model)
        keep_blocks(model, kept)
        log(job.emit, "compress.layers-kept", "Kept the layers {kept} of {count}: {before} million parameters became "
            "{after} million.", kept=", ".join(str(place + 1) for place in kept), count=len(blocks),
            before=round(before / 1e6, 2), after=round(networks.parameters(model) / 1e6, 2))  # fmt: skip
        recovering.recover(model, config, job)
        networks.save(model, job.source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = LayerRemoval()


def blocks_of(model: Any) -> list[str]:
    """Names of the blocks of a network that has as many as its config states.

    Raises:
        StudioError: it is of another kind, such as one with stages of different widths, or holds parts of ours.
    """
    if getattr(model, "tlstudio_parts", ()):
        raise StudioError(
            "compress.has-parts", "The layers of this network cannot be removed: parts were added to it or cut out of "
            "it.", "Put the layer removal before the other steps, or leave it out.", where="compress.layer-removal",
        )  # fmt: skip
    blocks = block_modules(model)
    # a decoder of its own keeps states of each of its layers, and may have another number of them
    two = getattr(model.config, "is_encoder_decoder", False)
    if blocks and not two and getattr(model.config, "num_hidden_layers", None) == len(blocks):
        return blocks
    raise StudioError(
        "compress.no-layers", "The layers of a network of type {kind} cannot be removed one by one.",
        "Choose another compression step.", where="compress.layer-removal", kind=model.config.model_type,
    )  # fmt: skip


def chosen(how: str, keep: int, of: int, influence: Any) -> list[int]:
    """Which blocks stay, counted from 0, in their order; ``influence()`` gives a number for each, for importance."""
    if how == "top":
        return list(range(keep))
    if how == "importance":
        weights = influence()
        return sorted(sorted(range(of), key=lambda place: (-weights[place], place))[:keep])
    return [round((place + 1) * of / keep) - 1 for place in range(keep)]


def influences(model: Any, job: CompressJob) -> list[float]:
    """Mean 1 - cosine between input and output of each block over some training rows (block influence)."""
    import torch
    from torch.nn.functional import cosine_similarity

    from tlstudio.compression.rows import batches

    inside, totals, count = Inside(model), torch.zeros(len(block_modules(model))), 0.0
    try:
        for inputs in batches(job, _ROWS):
            with torch.inference_mode():
                model(**inputs)
            mask = _mask(inputs, inside.states[0])
            for place in range(len(totals)):
                alike = cosine_similarity(inside.states[place], inside.states[place + 1], dim=-1)
                totals[place] += float(((1 - alike) * mask).sum())
            count += float(mask.sum())
    finally:
        inside.close()
    return [float(total) / max(count, 1.0) for total in totals]


def _mask(inputs: dict[str, Any], state: torch.Tensor) -> torch.Tensor:
    """1 where a state [B, T, H] counts, [B, T]; of images and sounds every place does."""
    mask = inputs.get("attention_mask")
    return mask.float() if mask is not None and mask.shape == state.shape[:2] else state.new_ones(state.shape[:2])


def keep_blocks(model: Any, kept: list[int]) -> None:
    """Leaves only some blocks in a network; its config says so."""
    from torch.nn import ModuleList

    names = block_modules(model)
    parent, _, _number = names[0].rpartition(".")
    blocks = model.get_submodule(parent)
    fewer = ModuleList([blocks[place] for place in kept])
    for number, block in enumerate(fewer):
        for module in block.modules():
            if hasattr(module, "layer_idx"):  # the place in the cache of a decoder
                setattr(module, "layer_idx", number)  # noqa: B010 - mypy takes it for a module
    owner, _, name = parent.rpartition(".")  # of the list of blocks
    setattr(model.get_submodule(owner), name, fewer)
    for field, value in model.config.to_dict().items():
        if "layer" in field and isinstance(value, list) and len(value) == len(names):
            setattr(model.config, field, [value[place] for place in kept])
    model.config.num_hidden_layers = len(kept)
    _keep_positions(model, kept)


def _keep_positions(model: Any, kept: list[int]) -> None:
    """YOLOS adds positions after each block but the last one; those after blocks that stay are kept."""
    from torch.nn import Parameter

    for module in model.modules():
        if (positions := getattr(module, _POSITIONS, None)) is None:
            continue
        if len(kept) > 1:
            setattr(module, _POSITIONS, Parameter(positions.detach()[kept[:-1]].clone()))
        else:
            setattr(module, _POSITIONS, None)
            model.config.use_mid_position_embeddings = False
