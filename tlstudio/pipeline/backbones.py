"""A backbone seen with the tasks in mind: which of them it can learn."""

from __future__ import annotations

from typing import Any

from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.core.recipe import ModelSection
from tlstudio.models import loading
from tlstudio.models.heads import Head


def inspect(model: ModelSection, task: str | None = None) -> dict[str, Any]:
    """Facts of :func:`tlstudio.models.loading.inspect`, and ``tasks``: for each why it cannot be learnt, or None.

    Raises:
        StudioError: the backbone is not here or not sound.
    """
    tasks = find("tlstudio.tasks")
    head = tasks[task].HEAD if task in tasks else Head()
    facts = loading.inspect(model, head)
    return {**facts, "tasks": unfit(facts["path"])}


def unfit(folder: str) -> dict[str, dict[str, Any] | None]:
    """For each task why the model in ``folder`` cannot learn it, or None where it can."""
    from pathlib import Path

    config = read_json(Path(folder) / "config.json")
    problems = {name: task.fits(config) for name, task in find("tlstudio.tasks").items()}
    return {name: problem.to_dict() if problem else None for name, problem in problems.items()}
