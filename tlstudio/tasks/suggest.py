"""Which task the data is made for, from its column roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlstudio.core.plugins import find
from tlstudio.data.roles import HELPERS

USUAL = "text-classification"


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
