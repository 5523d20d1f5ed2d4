"""What a compression step is: one file that makes a smaller or faster model of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.tasks.base import Encoded

if TYPE_CHECKING:
    import torch

    from tlstudio.models.scorers import Scorer

# What a step takes and gives: a folder of transformers; an ONNX graph in fp32; a graph whose numbers are final,
# such as int8, which no further step takes; an OpenVINO model.
Format = Literal["transformers", "onnx", "onnx-final", "openvino"]


@dataclass(frozen=True)
class Recovery:
    """A training that brings back what a step has cost.

    Attributes:
        epochs: passes over the training rows; 0 trains nothing.
        learning_rate: of the first step; it falls linearly.
        teacher: share of the answers of the trained model in the loss, 0 to 1; the rest is that of the labels.
        temperature: softens these answers.
        hidden: weight of the distance of the hidden states to those of the trained model (TinyBERT).
        batch_size: rows a step.
        unlabelled: file or folder of further texts, which are learnt as the trained model answers them.
    """

    epochs: int = 1
    learning_rate: float = 1e-4
    teacher: float = 0.7
    temperature: float = 2.0
    hidden: float = 0.0
    batch_size: int = 16
    unlabelled: str = ""


@dataclass(frozen=True)
class CompressJob:
    """What a step is given.

    Attributes:
        source: folder of the model that is compressed.
        source_format: its format.
        emit: where events go.
        control: the user's wishes.
        task: the plug-in; None where the step must do with the model alone, as in some tests.
        encoded: the rows by split as the source reads them; None likewise.
        loss: mean loss of a batch from (outputs, labels, **options), as the task has it.
        collate: rows as a batch of tensors with labels.
        train: trains a model in place, see :class:`Recovery`: ``train(model, recovery, callbacks)``. Its best weights
            by the validation rows are in it afterwards. Callbacks take part, such as masks that stay. A model with
            another tokenizer is trained on ``encoded``, the rows as it reads them, which is given as well then.
        read: the rows as the model in a folder reads them.
        texts: the texts of a split, uncut, in no certain order.
        seed: of everything random.
        device: where torch computes.
    """

    source: Path
    source_format: str
    emit: Emit
    control: Control
    task: Any = None
    encoded: Encoded | None = None
    loss: Callable[..., torch.Tensor] | None = None
    collate: Callable[[Sequence[Any]], dict[str, Any]] | None = None
    train: Callable[..., None] | None = None
    read: Callable[[Path], Encoded] | None = None
    texts: Callable[[str], Iterator[str]] | None = None
    seed: int = 7
    device: str = "cpu"

    @property
    def rows(self) -> Encoded:
        """The rows, for steps that cannot do without.

        Raises:
            StudioError: there are none.
        """
        if self.encoded is None or not len(self.encoded.splits.get("train", ())):
            raise StudioError(
                "compress.no-rows", "The step needs the training rows, which are not there.",
                "Put the data back where the recipe names it, or choose another step.", where="compress",
            )  # fmt: skip
        return self.encoded


class Step(Protocol):
    """A compression plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    TAKES: tuple[Format, ...]
    GIVES: Format
    # changes(config, groups) gives, for the drawing, what becomes of layer groups by name: removed, maybe, smaller or
    # int8; a step without it says nothing before it has run
    # LEAVES = "zeros", "grid" or "bf16" where it gives the weights a property that later steps may undo, see undone();
    # REMAKES = True where it puts new weights in the place of these, even if it trains nothing
    # REREADS = True where the model that it gives has another tokenizer, so that rows have to be read anew
    Config: type[BaseModel]

    def fits(self, task: Any) -> StudioError | None:
        """Why the step makes no sense for a task plug-in; None if it does."""
        ...

    def apply(self, config: Any, job: CompressJob, folder: Path) -> None:
        """Writes the compressed model into the empty ``folder``.

        Raises:
            StudioError: this network cannot be compressed so.
            Cancelled: the user has cancelled.
        """
        ...

    def scorer(self, folder: Path) -> Scorer:
        """The compressed model in its own runtime."""
        ...


def out_of_order(steps: Sequence[Step]) -> int | None:
    """Place of the first of some steps that cannot follow those before it; None if all can."""
    given: Format = "transformers"
    for place, step in enumerate(steps):
        if given not in step.TAKES:
            return place
        given = step.GIVES
    return None


def undone(steps: Sequence[tuple[Step, Any]]) -> list[tuple[int, int]]:
    """Places of steps (with their options) whose effect on the weights does not last, and of what undoes it first."""
    found = []
    for place, (step, _config) in enumerate(steps):
        kind = getattr(step, "LEAVES", "")
        after = next((at for at in range(place + 1, len(steps)) if kind and _undoes(kind, *steps[at])), None)
        if after is not None:
            found.append((place, after))
    return found


def _undoes(kind: str, step: Step, config: Any) -> bool:
    """Whether a step undoes such a property of the weights that it is given."""
    if getattr(step, "LEAVES", "") == kind:
        return False
    changes = bool(getattr(config, "epochs", 0)) or getattr(step, "REMAKES", False)
    return kind == "bf16" or changes  # every step reads the weights as fp32 and writes its own
