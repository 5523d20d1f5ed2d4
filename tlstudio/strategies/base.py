"""What a strategy is: one file that knows which parameters train, at which rate, on which inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.heads import Head
from tlstudio.models.transfer import Transfer
from tlstudio.strategies.plans import GroupPlan
from tlstudio.tasks.base import Batch, Encoded, Row

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Defaults:
    """What 'auto' means for a strategy."""

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    schedule: str = "linear"


# of heads that are made of features: nothing is trained, whatever the recipe says of epochs and rates
MADE = Defaults(epochs=1, batch_size=32, learning_rate=1e-3, patience=0)
NO_EPOCHS = {"epochs": 0}


@dataclass(frozen=True)
class OtherTask:
    """Another task of the user's, with the backbone that this run trains.

    Attributes:
        name: short and unique among the others; names its folder.
        place: as the recipe names it: an earlier run, or a recipe.
        encoded: its rows by split, as the backbone takes them.
        collate: as of :class:`TransferJob`.
        loss: mean loss of a batch from (outputs, labels, **options).
        head: of its task.
        build: the backbone under a fresh head for the task; keyword arguments go into its config.
        trained: the model that the earlier run has trained, with its head ready to learn on; None for a recipe.
        folder: of that model.
    """

    name: str
    place: str
    encoded: Encoded
    collate: Callable[[Sequence[Row]], Batch]
    loss: Callable[..., torch.Tensor]
    head: Head
    build: Callable[..., torch.nn.Module]
    trained: Callable[[], torch.nn.Module] | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class TransferJob:
    """What a strategy is given.

    Attributes:
        build: makes the model of the task; keyword arguments go into its config.
        encoded: rows by split as the model takes them.
        collate: rows as a batch of tensors, with labels.
        head: of the task.
        backbone_key: names backbone, revision and weights, for caches.
        device: where to compute.
        epochs: passes over the training rows, at most.
        encode: the same rows, in the same order, as the model in another folder takes them; None where that is not
            offered, and all models read alike.
        other: opens another task that the recipe names: an earlier run, by name or folder, or a recipe.
        lineage: the runs that led to the backbone, the first one first.
        build_on: the model of the task on the backbone in another folder, for rows as that one takes them; keyword
            arguments go into its config. None where that is not offered.
        backbone: folder of the backbone; None where it has none.
    """

    build: Callable[..., torch.nn.Module]
    encoded: Encoded
    collate: Callable[[Sequence[Row]], Batch]
    head: Head
    backbone_key: str
    device: torch.device
    emit: Emit
    control: Control
    epochs: int = 1
    encode: Callable[[Path], Encoded] | None = None
    other: Callable[[str], OtherTask] | None = None
    lineage: tuple[str, ...] = ()
    build_on: Callable[..., torch.nn.Module] | None = None
    backbone: Path | None = None


# what a strategy works with, for the list in the window: the network's own weights, features that a frozen backbone
# gives, small parts beside it, or what earlier runs have learnt
FAMILIES = ("network", "features", "adapters", "runs")


class Strategy(Protocol):
    """A strategy plug-in.

    What some have beside the members below: ``lacks(config, recipe)``, what a recipe must have beyond valid options,
    such as a teacher; ``extends(config)``, whether classes of the run that this one starts from stay;
    ``ADAPTER = True`` where what is learnt is kept beside the merged model, see ``Transfer.keep``; and options with a
    property ``once``, see ``ONCE``.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    FAMILY: str  # one of FAMILIES
    # whether the backbone sees the rows only once, before the training
    ONCE: bool
    REHEARSES: bool  # whether a step is so long that precision and batch size are worth a rehearsal
    Config: type[BaseModel]

    def fits(self, task: Any) -> StudioError | None:
        """Why the strategy makes no sense for a task plug-in; None if it does."""
        ...

    def defaults(self, config: Any, rows: int, width: int = 768) -> Defaults:
        """What to train with, unless the user says otherwise.

        Args:
            config: the options of the strategy.
            rows: number of training rows.
            width: hidden size of the backbone.
        """
        ...

    def plan(self, config: Any, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        """How each layer group takes part: what the drawing shows, and a test proves."""
        ...

    def prepare(self, config: Any, job: TransferJob) -> Transfer: ...
