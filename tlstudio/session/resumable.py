"""Which runs can go on where they were broken off."""

from __future__ import annotations

from pathlib import Path

from tlstudio.session.run_summary import RunSummary
from tlstudio.training.checkpoints import has_any

_ADAPTED = "adapted/config.json"


def can_resume(run: RunSummary) -> bool:
    """Whether there is something to go on with.

    A run whose process is gone always goes on; one that was cancelled or has failed where it had come far enough to
    leave a checkpoint. A complete one has nothing left to do.
    """
    folder = Path(run.folder)
    if not (folder / "recipe.yaml").is_file():
        return False
    if run.outcome == "interrupted":
        return True
    return run.outcome in ("cancelled", "failed") and (has_any(folder) or (folder / _ADAPTED).is_file())
