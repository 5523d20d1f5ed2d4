"""What the data steps take out of training and validation once the rows have been divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.core.plugins import configure, get
from tlstudio.core.recipe import Choice
from tlstudio.data.languages import Spoken
from tlstudio.data.roles import Roles
from tlstudio.data.rows import Rows

if TYPE_CHECKING:
    import numpy as np

_STEPS = "tlstudio.data.steps"
_LEARNT = ("validation", "train")


def keep_learnt(
    splits: dict[str, Rows], steps: Sequence[Choice], roles: Roles, dropped: dict[str, int], control: Control
) -> Spoken | None:
    """Does the second half of the steps that have one (:class:`tlstudio.data.steps.base.LearntStep`), in order.

    Args:
        splits: rows by split, which are replaced; a validation split of which nothing stays is removed.
        dropped: rows that each step has taken out, which is added to.

    Returns:
        Where the language of a row stands, if a step goes by it.

    Raises:
        StudioError: a step cannot be done with these rows.
    """
    spoken: Spoken | None = None
    for choice in steps:
        plugin = get(_STEPS, choice.name, "data.steps")
        if not hasattr(plugin, "learnt"):
            continue
        config = configure(plugin, choice.options, f"data.steps.{choice.name}")
        if hasattr(plugin, "spoken"):
            spoken = plugin.spoken(config, splits, roles)
        stay = {split: plugin.learnt(config, split, splits, roles, control) for split in _LEARNT if split in splits}
        for split, kept in stay.items():
            dropped[choice.name] = dropped.get(choice.name, 0) + int((~kept).sum())
            splits[split] = some(splits[split], kept)
    if "validation" in splits and not len(splits["validation"]):
        del splits["validation"]
    return spoken


def some(rows: Rows, kept: np.ndarray) -> Rows:
    """The rows where ``kept`` (bool [n]) is set."""
    codes = None if rows.codes is None else rows.codes[kept]
    return replace(rows, indices=rows.indices[kept], codes=codes, ids=rows.ids[kept])
