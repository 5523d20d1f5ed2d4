"""Which task the data is made for, from its column roles, and which others would make more of its labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tlstudio.core.plugins import find
from tlstudio.data.roles import HELPERS

USUAL = "text-classification"
_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?\s*")
_FEWEST = 3  # numbers from which on an order is more than yes and no


def suggest(roles: Mapping[str, Any]) -> str:
    """The task that uses most of the roles; text classification where none fits.

    Args:
        roles: column or columns by role.
    """
    given = {role for role in roles if role not in HELPERS}
    fitting = [task for task in find("tlstudio.tasks").values() if not task.lacks(given)]
    # of several with the same roles the one that says it is the usual one: a class is a class before it is an order
    best = max(fitting, key=lambda task: (len(task.ROLES), task.SUGGESTED), default=None)
    return USUAL if best is None or not best.SUGGESTED else str(best.NAME)


def in_order(roles: Mapping[str, Any], labels: Sequence[str]) -> list[str]:
    """Tasks that know near from far, for labels that are numbers: stars or marks, if they are no names of classes.

    Args:
        roles: column or columns by role.
        labels: the different labels.
    """
    given = {role for role in roles if role not in HELPERS}
    numbers = len(labels) >= _FEWEST and all(map(_NUMBER.fullmatch, labels))
    if "label" not in given or not numbers:
        return []
    wanted = (given, given - {"label"} | {"number"})
    return [name for name, task in find("tlstudio.tasks").items() if task.ORDERS and set(task.ROLES) in wanted]
