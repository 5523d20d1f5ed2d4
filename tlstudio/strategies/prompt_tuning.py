"""Prompt tuning: virtual tokens before each text are learned, and the backbone is frozen.

Source: Lester et al., 2021, "The power of scale for parameter-efficient prompt tuning". The virtual tokens become
tokens of the vocabulary, see :mod:`tlstudio.strategies.virtual_tokens`, so that the result is an ordinary model; peft
trains their rows of the embedding matrix alone, which begin as those of other tokens, drawn at random (§ 3.2).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import dropout, lora, through, virtual_tokens
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan

if TYPE_CHECKING:
    import torch

_RATE = 1e-2  # § 3 takes 0.3 with Adafactor; a head that trains as well wants less
_FEWEST = 8  # tokens of a text that must have room


class Options(BaseModel):
    """Choices of prompt tuning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    length: int = Field(
        20,
        ge=1,
        le=256,
        title="Virtual tokens",
        description="How many are put before each text. They take places of its maximum length; more than 20 help "
        "little.",
    )
    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Attention dropout",
        description="0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.",
    )


class PromptTuning:
    """Virtual tokens and the head train."""

    NAME = "prompt-tuning"
    ADAPTER = True
    ONCE = False
    FAMILY = "adapters"
    TITLE = "Prompt tuning"
    SUMMARY = (
        "A few virtual tokens before each text are all that is learnt beside the head; the backbone stays as it is. "
        "The smallest adapter there is: as good as the others only with large backbones."
    )
    REHEARSES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.LEARNS == "text" and task.HEAD.kind != "text" and not task.HEAD.losses:
            return None
        return StudioError(
            "strategy.no-prompt", "Prompt tuning puts virtual tokens before texts that are read, and the task {task} "
            "has none or writes texts.", "Choose prefix tuning, which learns keys and values of each layer instead.",
            where="strategy.name", task=task.TITLE,
        )  # fmt: skip

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return through.usual(rows, _RATE)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        def of(group: LayerGroup) -> GroupPlan:
            if group.kind == "embeddings":
                return GroupPlan(part="adapters")
            return TRAINS if group.kind == "head" or group.name == "pooler" else FROZEN

        return [of(group) for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        import peft

        folder, tokens = reader_of(job, config.length)
        assert job.encode is not None
        model, restore = dropout.built(job, config.attention_dropout, None)
        lengthen(model, tokens, folder)
        settings = peft.TrainableTokensConfig(token_indices=tokens, target_modules=[_embeddings(model)])
        transfer = lora.beside(
            replace(job, encoded=job.encode(folder)), model, restore,
            lambda: peft.TrainableTokensModel(model, settings, "default"), 0,
        )  # fmt: skip
        count = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        log(job.emit, "strategy.prompt", "{count} parameters train: {tokens} virtual tokens, and the head.",
            count=count, tokens=len(tokens))  # fmt: skip
        return replace(transfer, reader=folder)


PLUGIN = PromptTuning()


def reader_of(job: TransferJob, length: int) -> tuple[Path, list[int]]:
    """The folder of the tokenizer with the virtual tokens, and their ids.

    Raises:
        StudioError: the rows cannot be read anew, they leave the texts no room, or the tokenizer cannot do it.
    """
    if job.backbone is None or job.encode is None:
        raise StudioError(
            "strategy.not-again", "Prompt tuning has to read the texts anew, which is not possible here.",
            "Choose another strategy.", where="strategy.name",
        )  # fmt: skip
    room = job.encoded.max_length
    if room and room - length < _FEWEST:
        raise StudioError(
            "strategy.long-prompt", "{length} virtual tokens leave no room for texts, of which {room} tokens are read.",
            "Choose fewer virtual tokens, or a larger maximum length.", where="strategy.length",
            length=length, room=room,
        )  # fmt: skip
    return virtual_tokens.reader(job.backbone, length)


def lengthen(model: Any, tokens: list[int], folder: Path) -> None:
    """Gives a model rows for virtual tokens, each as that of a token drawn at random (§ 3.2, sampled vocabulary)."""
    import torch

    rows = len(model.get_input_embeddings().weight)
    if tokens[-1] >= rows:
        model.resize_token_embeddings(tokens[-1] + 1, mean_resizing=False)
    special = {*load_tokenizer(folder).all_special_ids, *tokens}
    ordinary = [token for token in range(min(rows, tokens[0])) if token not in special]
    weight = model.get_input_embeddings().weight
    drawn = torch.randint(len(ordinary), (len(tokens),))
    with torch.no_grad():
        weight[tokens] = weight[[ordinary[place] for place in drawn]]


def _embeddings(model: Any) -> str:
    """The name of the module with the embedding matrix."""
    matrix: torch.nn.Module = model.get_input_embeddings()
    return next(name for name, module in model.named_modules() if module is matrix)
