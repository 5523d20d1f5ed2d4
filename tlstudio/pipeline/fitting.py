"""The training of a run with what happens to it: it is kept on the disk, goes on where it was broken off, and is tried
once more, more slowly, where it breaks down."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import numbers
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import read_json, write_json
from tlstudio.training.checkpoints import FOLDER, Policy, foretold
from tlstudio.training.settings import Settings
from tlstudio.training.trainer import Again, Diverged, Trained, fit_all

if TYPE_CHECKING:
    from tlstudio.models.transfer import Transfer
    from tlstudio.pipeline.stages import Stages

_NOTES = "settings.json"  # beside the checkpoints
_SLOWER = 0.5  # what all rates are multiplied by after a training has broken down


def fitted(
    stages: Stages, folder: Path, emit: Emit, policy: Policy | None = None, again: Again = ""
) -> tuple[Transfer, Trained]:
    """Trains with the strategy of a run.

    Args:
        stages: settled.
        folder: for the best weights and the checkpoints.
        policy: when there are checkpoints; None has none, and no second try.
        again: whether this training was broken off before.

    Raises:
        StudioError: it came to nothing.
        Cancelled: the user has cancelled.
    """
    while True:
        transfer = stages.transfer or stages.prepared()
        if policy is not None:
            _note(stages, folder)
            _foretell(stages, transfer, policy, emit)
        judge, balance = stages.judge(emit), stages.context.recipe.data.balance == "classes"
        try:
            return fit_all(transfer, stages.loss(), judge, stages.settings, folder, emit, stages.context.control,
                           balance, policy, again)  # fmt: skip
        except Diverged as found:
            _tell(found, emit)
        # only a fresh model has the weights from which callbacks are to start; the checkpoint comes on top
        del transfer
        stages.start_over()
        stages.settings = replace(stages.settings, rate_factor=_SLOWER)
        again = "rolled-back"


def _tell(found: Diverged, emit: Emit) -> None:
    if found.outcome == "nan":
        log(emit, "training.back-nan", "The loss became not-a-number at step {step}: the training goes back to the "
            "last good checkpoint, or to its start, and on with half the learning rate.", "warning",
            step=found.step)  # fmt: skip
    else:
        log(emit, "training.back-diverged", "The loss grew without end until step {step}: the training goes back to "
            "where it was calm, or to its start, and on with half the learning rate.", "warning",
            step=found.step)  # fmt: skip


def _foretell(stages: Stages, transfer: Transfer, policy: Policy, emit: Emit) -> None:
    size = foretold(transfer.model, stages.settings.optimiser, policy)
    log(emit, "training.checkpoints", "Checkpoints will take {size} of the disk at most, while the run goes on.",
        size=numbers.size(size))  # fmt: skip
    free = shutil.disk_usage(stages.context.folder).free
    if free < size:
        log(emit, "training.little-disk", "Only {free} of the disk are free.", "warning",
            free=numbers.size(free))  # fmt: skip


# --- what a resumed run must find again


def _note(stages: Stages, folder: Path) -> None:
    write_json(folder / _NOTES, {"settings": stages.settings.to_dict(), "rows": stages.encoded.key})


def noted(stages: Stages) -> Settings | None:
    """The settings of the training that was broken off; None where it had not begun.

    Raises:
        StudioError: the rows are no longer the same.
    """
    notes = _notes(stages.context.folder / FOLDER)
    if notes is not None and notes.get("rows") != stages.encoded.key:
        raise StudioError(
            "resume.changed", "The data or the model of the run {run} is no longer the same.",
            "Put the files back as they were, or train again.", where="data.path", run=stages.context.folder.name,
        )  # fmt: skip
    known = (notes or stages.context.results.get("rehearsal") or {}).get("settings")
    try:
        return None if known is None else Settings(**known)
    except TypeError:
        return None  # of another version


def _notes(folder: Path) -> dict[str, Any] | None:
    try:
        found = read_json(folder / _NOTES)
    except StudioError:
        return None
    return found if isinstance(found, dict) else None
