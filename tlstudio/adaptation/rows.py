"""Rows without labels, from any source that labelled rows may come from."""

from __future__ import annotations

from dataclasses import replace

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.data.roles import Roles


def read(place: str, roles: tuple[str, ...], column: str, emit: Emit, control: Control) -> Labelled:
    """All rows of a file, folder or name as the split ``train``, without labels.

    Args:
        place: of the data.
        roles: that its columns must have; empty texts are left out.
        column: of the first role; empty finds one.

    Raises:
        StudioError: it cannot be read, or has no such columns.
        Cancelled: the user has cancelled.
    """
    section = DataSection.model_validate({
        "path": place, "roles": {roles[0]: column} if column else {}, "split": {"test": 0, "validation": 0},
        "steps": ["drop-empty"] if "text" in roles else [],
    })  # fmt: skip
    found, problems = read_labelled(section, emit, control, roles)
    for problem in problems:
        if problem.code != "data.empty-split":  # nothing is tested here
            raise problem
    columns = {role: found.roles.columns[role] for role in roles}
    return replace(found, splits={"train": found.splits["train"]}, roles=Roles(columns), labels=[])
