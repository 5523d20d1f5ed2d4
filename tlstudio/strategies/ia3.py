"""IA³: the backbone is frozen, and what flows through its layers is rescaled by trained vectors (Liu et al., 2022,
"Few-shot parameter-efficient fine-tuning is better and cheaper than in-context learning", § 3.3).

Keys and values are rescaled where they come out of their layer, the hidden units of the feed-forward part where they go
into the next one. Afterwards the vectors are multiplied into the weights. Library: peft.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, lora, through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import GroupPlan

_KEYS_AND_VALUES = re.compile(r"(^|[._])(key|value|k_proj|v_proj|k_lin|v_lin|k|v|qkv|c_attn|query_key_value)$")
_SECOND = re.compile(r"((?<!attention\.)output\.dense|down_proj|fc2|lin2|wo|w2|mlp\.c_proj|ffn_output|linear2)$")


class Options(BaseModel):
    """Choices of IA³."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Attention dropout",
        description="0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.",
    )


class Ia3:
    """Vectors in the blocks and the head train."""

    NAME = "ia3"
    ADAPTER = True
    ONCE = False
    FAMILY = "adapters"
    TITLE = "IA³"
    SUMMARY = (
        "Vectors that rescale keys, values and hidden units are all that is learnt in the frozen blocks: about 0.1 % "
        "of the parameters. For few rows, or for many tasks on one backbone."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return through.usual(rows, 3e-3)  # § 3.3: larger than for matrices

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return lora.plan_beside(groups, rank=0)

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        import peft
        from transformers.pytorch_utils import Conv1D

        model, restore = dropout.built(job, config.attention_dropout, None)
        names, second = scaled_layers(model)
        settings = peft.IA3Config(
            target_modules=[*names, *second],
            feedforward_modules=second,
            fan_in_fan_out=isinstance(model.get_submodule([*names, *second][0]), Conv1D),
        )
        layers = len(names) + len(second)
        return lora.beside(job, model, restore, lambda: peft.IA3Model(model, settings, "default"), layers)


PLUGIN = Ia3()


def scaled_layers(model: Any) -> tuple[list[str], list[str]]:
    """The layers whose outputs are rescaled, and those whose inputs are.

    Raises:
        StudioError: the blocks have no layers of these names.
    """
    layers = lora.target_names(model, "auto")
    names = [name for name in layers if _KEYS_AND_VALUES.search(name)]
    second = [name for name in layers if _SECOND.search(name)]
    if not names or not second:
        raise StudioError(
            "strategy.no-ia3-layers", "A network of type {kind} has no keys, values and feed-forward layers that IA³ "
            "could rescale.", "Choose another strategy, such as LoRA.", where="strategy.name",
            kind=getattr(getattr(model, "config", None), "model_type", "?"),
        )  # fmt: skip
    return names, second
