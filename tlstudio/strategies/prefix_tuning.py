"""Prefix tuning: keys and values of their own, learned for each layer, stand before those of the tokens.

Sources: Li & Liang, 2021, "Prefix-tuning: optimizing continuous prompts for generation"; for encoders Liu et al., 2022,
"P-tuning v2: prompt tuning can be comparable to fine-tuning universally across scales and tasks". The prefix starts as
small random numbers, or as the keys and values of tokens from the training rows (Li & Liang, § 7.4). It is learned
without the network that they reparametrise it with, as § 3.3 of P-tuning v2 allows. The prefix of peft needs a cache of
keys and values, which encoders and networks of images do not have; so it is a part of our own, see
:func:`tlstudio.models.parts.prefix`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, keeping, lora, through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import GroupPlan

if TYPE_CHECKING:
    import torch

_RATE = 5e-3  # P-tuning v2, appendix: 5e-3 to 7e-3 for most tasks
_ROWS = 16  # whose keys and values a prefix starts with
_SMALL = 0.02
_NO_INPUTS = ("labels", "row_weights", "rows")
_RECORDING = "tlstudio_recording"


class Options(BaseModel):
    """Choices of prefix tuning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    length: int = Field(
        20,
        ge=1,
        le=512,
        title="Length of the prefix",
        description="Keys and values that each layer gets: about 20 for classes, 100 and more for hard tasks.",
    )
    start: Literal["numbers", "tokens"] = Field(
        "numbers",
        title="Starts as",
        description="Numbers takes small random numbers; tokens takes keys and values of tokens from the training "
        "rows, which helps to write texts after few rows.",
    )
    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Attention dropout",
        description="0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.",
    )


class PrefixTuning:
    """Learned keys and values in the blocks, and the head train."""

    NAME = "prefix-tuning"
    ADAPTER = True
    ONCE = False
    FAMILY = "adapters"
    TITLE = "Prefix tuning"
    SUMMARY = (
        "Each frozen layer attends to a few learned keys and values before those of the tokens: about 0.1 % of the "
        "parameters. Takes no place of the text, and works for images and sounds as well."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return through.usual(rows, _RATE)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return lora.plan_beside(groups, rank=0)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        from tlstudio.models import parts

        model, restore = dropout.built(job, config.attention_dropout, None)
        model.to(job.device).requires_grad_(False)
        fresh = lora.own_parameters(model)
        found = attention_modules(model, job)
        heads = keeping.heads_of(model, fresh)
        modules = [[name, *one.shape] for name, one in found.items()]
        part = {"part": "prefix", "length": config.length, "modules": modules}
        parts.add(model, part).to(job.device)
        _begin(model, found, config)
        for parameter in fresh:
            parameter.requires_grad_(True)
        lora.tell(job, model, len(found))
        _try(model, job)
        splits = job.encoded.splits

        def finish() -> torch.nn.Module:
            restore()
            trained: torch.nn.Module = model.requires_grad_(True)
            return trained

        def keep(finished: torch.nn.Module, folder: Path) -> None:
            learned = {name: value for name, value in finished.state_dict().items() if ".prefix_" in name}
            keeping.write(folder, {"part": part}, learned, finished, heads or ())

        return Transfer(
            model, splits["train"], splits.get("validation", ()), job.collate, finish,
            keep=None if heads is None else keep,
        )  # fmt: skip


PLUGIN = PrefixTuning()


@dataclass(frozen=True)
class Attention:
    """What an attention module has seen: keys and values [N, heads, width] of tokens."""

    keys: torch.Tensor
    values: torch.Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """Heads, width of a key, width of a value."""
        return self.keys.shape[1], self.keys.shape[2], self.values.shape[2]


def attention_modules(model: Any, job: TransferJob) -> dict[str, Attention]:
    """The attention modules of a network by name, in their order, with keys and values of training rows.

    Raises:
        StudioError: its attention does not go through transformers' interface, so that nothing can be put before it.
    """
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    names = {id(module): name for name, module in model.named_modules()}
    found: dict[str, Attention] = {}

    def recording(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> Any:
        seen = _unpadded(key, attention_mask)
        keys, values = (part.transpose(1, 2)[seen].float().clone() for part in (key, value))
        found.setdefault(names[id(module)], Attention(keys, values))
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)

    usual = model.config._attn_implementation
    if usual != "sdpa":  # such as attention with sinks or caps, which torch's function does not know
        raise _without(model)
    AttentionInterface.register(_RECORDING, recording)
    AttentionMaskInterface.register(_RECORDING, sdpa_mask)
    try:
        model.eval().set_attn_implementation(_RECORDING)
        with torch.inference_mode():
            model(**_some(job))
    finally:
        model.set_attn_implementation(usual)
    if not found:
        raise _without(model)
    return found


def _some(job: TransferJob) -> dict[str, torch.Tensor]:
    """A batch of training rows as the model takes them."""
    train = job.encoded.splits["train"]
    batch = job.collate([train[at] for at in range(min(_ROWS, len(train)))])
    given = {name: value for name, value in batch.items() if name not in _NO_INPUTS and hasattr(value, "to")}
    return {name: value.to(job.device) for name, value in given.items()}  # boxes to be found are lists


def _unpadded(key: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Which keys [B, H, T, D] belong to tokens that somebody attends to, [B, T]."""
    import torch

    batch, _heads, count, _width = key.shape
    if mask is None or mask.dtype != torch.bool or len(mask) not in (1, batch):
        return torch.ones(batch, count, dtype=torch.bool, device=key.device)
    return mask[..., :count].flatten(1, 2).any(1).expand(batch, count)


def _begin(model: Any, found: dict[str, Attention], config: Options) -> None:
    """The first values of the prefix."""
    import torch

    for name, one in found.items():
        module = model.get_submodule(name)
        if config.start == "numbers":
            torch.nn.init.normal_(module.prefix_key, 0.0, _SMALL)
            torch.nn.init.normal_(module.prefix_value, 0.0, _SMALL)
            continue
        chosen = torch.randint(len(one.keys), (config.length,))
        with torch.no_grad():
            module.prefix_key.copy_(one.keys[chosen].transpose(0, 1))
            module.prefix_value.copy_(one.values[chosen].transpose(0, 1))


def _try(model: Any, job: TransferJob) -> None:
    """Raises a StudioError where the network cannot attend to a prefix."""
    import torch

    try:
        with torch.inference_mode():
            model(**_some(job))
    except (RuntimeError, TypeError, ValueError) as error:
        raise _without(model) from error


def _without(model: Any) -> StudioError:
    return StudioError(
        "strategy.no-prefix", "A network of type {kind} has no attention that a prefix could be put before.",
        "Choose another strategy, such as LoRA.", where="strategy.name", kind=model.config.model_type,
    )  # fmt: skip
