"""A curriculum over the amount of data: training begins with a small share of the rows, which grows whenever the
training loss on them is low.

Baby steps of Spitkovsky et al., 2010, "From baby steps to leapfrog", § 5, with the loss as the measure of mastery, as
in Kumar et al., 2010, "Self-paced learning"; easy rows may come first (Bengio et al., 2009, "Curriculum learning").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import numpy as np
    import torch

_SMOOTHING = 0.9  # of the running training loss


class Options(BaseModel):
    """Choices of the curriculum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: float = Field(0.1, gt=0, lt=1, title="First share", description="Share of the rows to begin with.")
    growth: float = Field(2.0, gt=1, le=100, title="Growth", description="The share is multiplied by this each time.")
    mastered: float = Field(
        0.5,
        gt=0,
        lt=1,
        title="Mastered at",
        description="The share grows when the training loss has fallen to this part of what it was at first.",
    )
    longest: float = Field(
        0.5,
        gt=0,
        le=1,
        title="All rows by",
        description="Share of the training by which all rows take part even if the loss is still high.",
    )
    order: Literal["shuffled", "short-first"] = Field(
        "shuffled", title="Order", description="Which rows come first: any, or the shortest."
    )


class Curriculum:
    """A growing share of the rows."""

    NAME = "curriculum"
    TITLE = "Growing data"
    SUMMARY = (
        "Training begins with a small share of the rows, which grows whenever the training loss is low. "
        "Helps hard tasks to get off the ground, and large data to be learnt sooner."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def callback(self, config: Options, head: Head) -> Callback:
        return _Growing(config)


PLUGIN = Curriculum()


class _Growing(Callback):
    """Rows have a rank; those whose rank is below ``share`` take part.

    The changes are kept with the place in the epoch where the order of rows first saw them: a resumed epoch is gone
    through from its start.
    """

    def __init__(self, config: Options) -> None:
        self._config = config
        self._share = config.start
        self._changes: list[tuple[int, int, float]] = []  # (epoch, rows drawn in it, share)
        self._epoch, self._loss, self._first, self._replayed = 0, 0.0, 0.0, 0

    def begin(self, loop: Loop) -> None:
        self._loop = loop
        self._ranks = _ranks(loop, self._config.order)

    def epoch(self, number: int) -> None:
        self._epoch = number

    def order(self, rows: Iterator[int]) -> Iterator[int]:
        epoch, drawn = self._epoch, 0
        known = [change for change in self._changes if change[0] == epoch]
        before = [change[2] for change in self._changes if change[0] < epoch]
        share = before[-1] if before else self._config.start
        for row in rows:
            if known and known[0][1] == drawn:
                share = known.pop(0)[2]
            elif not known and share != self._share:
                share = self._share
                self._changes.append((epoch, drawn, share))
            if self._ranks[row] < share:
                drawn += 1
                yield row

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        now = float(value.detach())
        self._loss = now if not self._loss else _SMOOTHING * self._loss + (1 - _SMOOTHING) * now
        self._first = self._first or now
        return value

    def stepped(self, number: int) -> None:
        late = number >= self._config.longest * self._loop.steps
        if self._share >= 1 or not (late or self._loss <= self._config.mastered * self._first):
            return
        self._share = 1.0 if late else min(1.0, self._share * self._config.growth)
        log(self._loop.emit, "regularise.growing", "The training loss is {loss}: {percent} % of the rows are used now.",
            loss=round(self._loss, 3), percent=round(100 * self._share))  # fmt: skip
        self._loss = self._first  # what was learnt tells nothing about the new rows

    def state(self) -> dict[str, Any]:
        import torch

        numbers = torch.tensor([self._share, self._loss, self._first], dtype=torch.float64)
        return {"numbers": numbers, "changes": torch.tensor(self._changes, dtype=torch.float64).reshape(-1, 3)}

    def restore(self, state: dict[str, Any]) -> None:
        self._share, self._loss, self._first = state["numbers"].tolist()
        self._changes = [(int(epoch), int(drawn), share) for epoch, drawn, share in state["changes"].tolist()]


def _ranks(loop: Loop, order: str) -> np.ndarray:
    """Share of the rows that come before each row, float [N]."""
    import numpy as np

    places = np.random.default_rng([loop.seed, 5]).permutation(loop.rows)
    if order == "short-first" and loop.lengths is not None:
        places = np.argsort(np.argsort(np.asarray(loop.lengths), kind="stable"), kind="stable")
    ranks: np.ndarray = places / max(loop.rows, 1)
    return ranks
