"""What an adaptation objective is: one file that lets a backbone learn from rows without labels.

Domain- and task-adaptive pretraining: Gururangan et al., 2020, "Don't stop pretraining". The same objective serves as
a stage before the training, and as an auxiliary loss in it, see :mod:`tlstudio.regularisation.auxiliary`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.tokenizers import padding_id
from tlstudio.tasks import masked_lm
from tlstudio.tasks.base import Batch, Encoded, Row

if TYPE_CHECKING:
    import torch

TRAIN = "train"  # the word for the training rows of the recipe


class Options(BaseModel):
    """Choices of every objective."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = Field(
        TRAIN,
        min_length=1,
        title="Data",
        description="Rows without labels: a file, folder or hub:name; or train for the training rows of this recipe.",
        json_schema_extra={"file": True, "folder": True, "free": TRAIN},
    )
    column: str = Field(
        "",
        title="Column",
        description="Of the data; empty finds the one that fits.",
        json_schema_extra={"only": {"data": {"not": [TRAIN]}}},
    )
    epochs: int = Field(3, ge=1, le=1000, title="Epochs", description="Passes over these rows.")
    batch_size: int = Field(16, ge=2, le=4096, title="Batch size", description="Rows for each step of the optimiser.")
    learning_rate: float = Field(
        5e-5, gt=0, le=1, title="Learning rate", description="Peak rate, reached after the warm-up."
    )


class TextOptions(Options):
    """Choices of the objectives for texts."""

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens that the model sees at once; longer texts are divided. Auto takes 128, or less if the "
        "model allows less.",
        json_schema_extra={"unit": "tokens"},
    )


class Objective(Protocol):
    """An adaptation plug-in.

    ``PASSES`` is what it adds to a step of a training, in forward and backward passes; ``HELD_OUT`` is whether its loss
    on rows that it does not learn from says something.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    LEARNS: Literal["text", "image"]
    PASSES: float
    HELD_OUT: bool
    Config: type[Options]

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        """Why a backbone with this ``config.json`` cannot learn it; None if it can."""
        ...

    def network(self, config: Any, backbone: Any, folder: Path) -> torch.nn.Module:
        """A network around ``backbone``, whose weights it shares, with a head of its own.

        Args:
            config: the options.
            backbone: a transformers model without a head.
            folder: where the backbone was loaded from.
        """
        ...

    def collator(self, config: Any, folder: Path) -> Callable[[Sequence[Row]], Batch]:
        """Rows → what the network takes, with ``labels``; draws from the random state of PyTorch.

        Rows of texts have ``input_ids`` and ``words`` (-1 for special tokens), rows of images ``pixel_values``.
        """
        ...

    def loss(self, config: Any) -> Callable[..., torch.Tensor]:
        """``loss(outputs, labels)``, scalar."""
        ...


def reads_texts(config: Mapping[str, Any]) -> StudioError | None:
    """Refuses backbones that do not read texts in both directions, with a mask token."""
    problem: StudioError | None = masked_lm.PLUGIN.fits(config)
    if problem is None:
        return None
    return StudioError(
        "adapt.no-encoder", "A backbone of the type '{kind}' cannot be adapted to texts like this.",
        "Choose an encoder such as BERT, RoBERTa, DistilBERT or ModernBERT, or remove the adaptation.",
        where="adapt", kind=str(config.get("model_type") or ""),
    )  # fmt: skip


def texts(folder: Path) -> Encoded:
    """How rows of texts are padded for the backbone in a folder."""
    return Encoded({}, [], pad_id=padding_id(folder), backbone=folder)
