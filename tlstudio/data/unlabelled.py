"""Rows without labels, such as texts of the domain that a model is to work in."""

from __future__ import annotations

from dataclasses import replace

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.data.roles import Roles


def read(place: str, role: str, column: str, emit: Emit, control: Control) -> Labelled:
    """All rows of a place, as the split ``train``, with one role.

    Args:
        place: a file, a folder or a name such as ``hub:org/name``.
        role: text or image.
        column: which one has it; empty finds the one that fits.

    Raises:
        StudioError: the place cannot be read, or has no such column.
        Cancelled: the user has cancelled.
    """
    section = DataSection.model_validate({
        "path": place, "roles": {role: column} if column else {}, "split": {"test": 0, "validation": 0},
        "steps": ["drop-empty"] if role == "text" else [],
    })  # fmt: skip
    found, problems = read_labelled(section, emit, control, (role,))
    for problem in problems:
        if problem.code != "data.empty-split":  # nothing is tested here
            raise problem
    return replace(found, splits={"train": found.splits["train"]}, roles=Roles({role: found.roles.columns[role]}))
