"""Unlabelled texts of the target domain, as the network that is trained reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.adaptation import rows as unlabelled
from tlstudio.core.errors import StudioError
from tlstudio.models.batches import STEP, collate, tensors
from tlstudio.models.callbacks import Loop, Pass
from tlstudio.models.tokenizers import load_tokenizer, padding_id, tokenise

if TYPE_CHECKING:
    import torch

_USUAL = 128  # tokens, where the training rows do not tell
_MOST = 20_000  # rows: a training step draws some of them, so more bring little


class Options(BaseModel):
    """Choices of everything that learns from a target domain."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = Field(
        "",
        title="Target data",
        description="File, folder or hub:name with texts of the domain that the model is to work in; no labels needed.",
        json_schema_extra={"file": True, "folder": True},
    )
    column: str = Field("", title="Column", description="Of the target data; empty finds the one with the texts.")


class Target:
    """The token ids of the target texts, and batches of them.

    Raises:
        StudioError: no data is named, or it cannot be read, or the network does not read single texts.
    """

    def __init__(self, options: Options, loop: Loop) -> None:
        if not options.data:
            raise StudioError(
                "regularise.no-target", "No target data is named.",
                "Choose a file with texts of the target domain in the Strategy step, or remove the regulariser.",
                where="regularise",
            )  # fmt: skip
        model: Any = loop.model
        folder = Path(str(getattr(model, "name_or_path", "")))
        if getattr(model, "main_input_name", "") != "input_ids" or not (folder / "config.json").is_file():
            raise StudioError(
                "regularise.target-no-texts", "A network of type {kind} does not read the target texts.",
                "Remove the regulariser, or choose a strategy that trains the network itself.", where="regularise",
                kind=getattr(getattr(model, "config", None), "model_type", "?"),
            )  # fmt: skip
        rows = unlabelled.read(options.data, ("text",), options.column, loop.emit, loop.control)
        texts = list(rows.splits["train"].texts(rows.roles.one("text")))[:_MOST]
        self._device = next(model.parameters()).device
        self._pad = padding_id(folder)
        self._length = max(loop.lengths, default=_USUAL) if loop.lengths else _USUAL
        self.ids, _full = tokenise(load_tokenizer(folder), texts, self._length)
        self._seed = loop.seed

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, places: list[int]) -> dict[str, torch.Tensor]:
        """The texts at ``places`` as inputs of the network."""
        rows = [{"input_ids": self.ids[place]} for place in places]
        return tensors(collate(rows, ["input_ids"], self._pad, self._length, STEP), self._device)

    def draw(self, step: int, count: int, among: list[int] | None = None) -> list[int]:
        """Places for a step: the same ones whenever the step is done again."""
        import numpy as np

        chosen = among if among is not None else range(len(self.ids))
        draw = np.random.default_rng([self._seed, 17, step])
        return [int(place) for place in draw.choice(chosen, size=min(count, len(chosen)), replace=False)]


def rows_of(given: Pass) -> int:
    """How many rows a pass has."""
    first = next(iter(given.inputs.values()))
    return len(first)
