"""LoRA: the backbone is frozen, and small matrices beside its linear layers are trained (Hu et al., 2022).

With DoRA (Liu et al., 2024) the size of each weight column is trained as well; rsLoRA (Kalajdzievski, 2023) scales
large ranks otherwise. Afterwards the matrices are added to the
weights, so that the result is an ordinary model. Library: peft.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.anatomy import LayerGroup, backbone_of, group_name
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, keeping
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan

if TYPE_CHECKING:
    import torch

_ENOUGH_STEPS = 300
_WIDE = 768
_RANK = 16
_MANY_ROWS = 1000  # fewer learn no more with larger matrices
_ATTENTION = ("attn", "attention", "q_proj", "k_proj", "v_proj", "o_proj", "qkv")
_SAME_SIZE = 0.01  # a head as large as the embeddings chooses among all tokens; it is theirs, and stays


class Options(BaseModel):
    """Choices of LoRA."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: Literal["auto"] | Annotated[int, Field(ge=1, le=256)] = Field(
        "auto",
        title="Rank",
        description="Width of the small matrices: more can learn more, and takes more memory. Auto takes 16, or 8 for "
        "fewer than 1,000 training rows.",
    )
    alpha: Literal["auto"] | Annotated[float, Field(gt=0, le=1024)] = Field(
        "auto", title="Alpha", description="The change is scaled by alpha / rank; auto takes twice the rank."
    )
    lora_dropout: float = Field(
        0.05, ge=0, lt=1, title="Dropout", description="Share of a matrix's inputs that are dropped in training."
    )
    targets: Literal["auto", "attention"] = Field(
        "auto",
        title="Layers",
        description="Auto adds matrices to all linear layers of the blocks; attention only to those of the attention, "
        "as in the paper.",
    )
    dora: bool = Field(
        False,
        title="DoRA",
        description="Learns direction and size of the weights apart: often a little better, and slower.",
    )
    rslora: bool = Field(
        False,
        title="Rank-stabilised",
        description="Divides alpha by the root of the rank instead of the rank (rsLoRA): for ranks above 32.",
    )
    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Attention dropout",
        description="0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.",
    )


class Lora:
    """Small matrices in the blocks and the head train."""

    NAME = "lora"
    ADAPTER = True
    ONCE = False
    FAMILY = "adapters"
    TITLE = "LoRA"
    SUMMARY = (
        "Small matrices beside the frozen layers learn the change, with about 1 % of the parameters. "
        "Needs far less memory than full fine-tuning; the usual choice for decoders."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        epochs = min(max(4, round(_ENOUGH_STEPS * 16 / max(rows, 1))), 10)
        # 2e-4 as in section D.3 of the paper; narrow backbones want more, as in full fine-tuning
        return Defaults(epochs=epochs, batch_size=16, learning_rate=2e-4 if width >= _WIDE else 5e-4, patience=2)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return plan_beside(groups, _RANK if config.rank == "auto" else config.rank)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        import peft

        model, restore = dropout.built(job, config.attention_dropout, None)
        names = target_names(model, config.targets)
        settings = _settings(config, names, model, len(job.encoded.splits["train"]))
        return beside(job, model, restore, lambda: peft.LoraModel(model, settings, "default"), len(names))


PLUGIN = Lora()


def target_names(model: torch.nn.Module, wish: str) -> list[str]:
    """The modules that get matrices: linear layers of the blocks; convolutions where the blocks have no others.

    Raises:
        StudioError: the network has no such layers.
    """
    import torch
    from transformers.pytorch_utils import Conv1D  # a linear layer, in spite of its name

    prefix, inside = backbone_of(model), torch.nn.MultiheadAttention
    within = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, inside))
    found: dict[str, list[str]] = {"linear": [], "convolution": []}
    for name, module in model.named_modules():
        group, kind = group_name(f"{name}.weight", prefix)
        if kind != "block" or group in ("pooler", "final") or name.startswith(within):
            continue
        if isinstance(module, (torch.nn.Linear, Conv1D)):
            found["linear"].append(name)
        elif isinstance(module, torch.nn.Conv2d) and module.groups == 1:
            found["convolution"].append(name)
    names = found["linear"] or found["convolution"]
    if wish == "attention":
        names = [name for name in names if any(part in name.lower() for part in _ATTENTION)]
    if not names:
        raise StudioError(
            "strategy.no-lora-layers", "A network of type {kind} has no layers that LoRA could learn beside.",
            "Set strategy.targets to auto, or choose another strategy.", where="strategy.targets",
            kind=getattr(getattr(model, "config", None), "model_type", "?"),
        )  # fmt: skip
    return names


def _settings(config: Options, names: list[str], model: Any, rows: int) -> Any:
    import peft
    from transformers.pytorch_utils import Conv1D

    rank = (_RANK if rows >= _MANY_ROWS else _RANK // 2) if config.rank == "auto" else config.rank
    return peft.LoraConfig(
        r=rank,
        lora_alpha=2 * rank if config.alpha == "auto" else config.alpha,  # type: ignore[arg-type]  # any number does
        lora_dropout=config.lora_dropout,
        target_modules=names,
        use_dora=config.dora,
        use_rslora=config.rslora,
        fan_in_fan_out=isinstance(model.get_submodule(names[0]), Conv1D),
    )


def own_parameters(model: Any) -> list[torch.nn.Parameter]:
    """Parameters of head and pooler, which no small matrix stands beside, without the output over all tokens."""
    prefix = backbone_of(model)
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    kept = {id(parameter) for parameter in output.parameters()} if output is not None else set()
    kept -= {id(getattr(output, "bias", None))}
    return [
        parameter
        for name, parameter in model.named_parameters()
        if id(parameter) not in kept and group_name(name, prefix)[0] in ("head", "pooler")
    ]


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= _SAME_SIZE * other


def plan_beside(groups: list[LayerGroup], rank: int) -> list[GroupPlan]:
    """Adapters in the blocks, the head and the pooler train; a head that is the embeddings stays with them."""
    embeddings = sum(group.parameters for group in groups if group.kind == "embeddings")

    def of(group: LayerGroup) -> GroupPlan:
        if group.kind == "head":
            return FROZEN if _alike(group.parameters, embeddings) else TRAINS
        if group.kind != "block" or group.name == "final":
            return FROZEN
        return TRAINS if group.name == "pooler" else GroupPlan(part="adapters", rank=rank)

    return [of(group) for group in groups]


def beside(job: TransferJob, model: Any, restore: Callable[[], None], tune: Callable[[], Any], layers: int) -> Transfer:
    """The training of adapters of peft beside frozen layers, and of the head; they become part of the weights.

    Args:
        job: what the strategy is given.
        model: of the task.
        restore: puts the model's config back, see :mod:`tlstudio.strategies.dropout`.
        tune: makes peft's tuner, which puts the adapters into the model and freezes everything else.
        layers: how many layers get adapters; 0 where the strategy says what trains.
    """
    fresh = own_parameters(model)
    heads = keeping.heads_of(model, fresh)
    tuner = tune()
    for parameter in fresh:  # small, and without what the task needs until it is trained
        parameter.requires_grad_(True)
    if layers:
        tell(job, model, layers)
    splits = job.encoded.splits
    learned: dict[str, torch.Tensor] = {}
    settings = tuner.peft_config["default"]

    def finish() -> torch.nn.Module:
        learned.update(_learned(model))
        merged: Any = tuner.merge_and_unload()
        if hasattr(merged, "peft_config"):
            del merged.peft_config
        restore()
        result: torch.nn.Module = merged.requires_grad_(True)
        return result

    def keep(finished: torch.nn.Module, folder: Path) -> None:
        keeping.write(folder, keeping.described(settings, job.head.auto, folder), learned, finished, heads or ())

    return Transfer(
        model=model.to(job.device),
        train=splits["train"],
        validation=splits.get("validation", ()),
        collate=job.collate,
        finish=finish,
        keep=None if heads is None else keep,
    )


def _learned(model: Any) -> dict[str, torch.Tensor]:
    """The weights of the adapter in a model, by their names without that of the adapter."""
    import peft

    found = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: tensor.detach().cpu().clone() for name, tensor in found.items()}


def tell(job: TransferJob, model: torch.nn.Module, layers: int) -> None:
    count = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    whole = sum(parameter.numel() for parameter in model.parameters())
    log(job.emit, "strategy.lora", "{count} parameters train beside {layers} layers, {percent} % of all.",
        count=count, layers=layers, percent=round(100 * count / whole, 2))  # fmt: skip
