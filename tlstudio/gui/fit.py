"""Whether the data is made for the task, said in plain words before anything is started."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.data.roles import ROLES
from tlstudio.gui import i18n, words
from tlstudio.gui.facts import Facts

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def misfit(recipe: Recipe, facts: Facts) -> StudioError | None:
    """What the task needs and the data does not have; None where it fits or nothing is known yet."""
    roles = set((facts.data.data or {}).get("roles") or {})
    task = plugins.find("tlstudio.tasks").get(recipe.task.name)
    if not roles or task is None:
        return None
    missing = [role for role in task.ROLES if role not in roles]
    if not missing:
        return None
    title, found = i18n.engine(task.TITLE), kind(roles)
    if found and "text" in missing:
        return StudioError(
            "data.other-kind",
            "{task} learns from texts, and this data holds {kind}.",
            "Choose data with texts, or give a column of texts the role Text in the Data step, under Columns.",
            where="data.roles",
            task=title,
            kind=found,
        )
    return StudioError(
        "data.no-role",
        "{task} needs a column for: {missing}.",
        "Give a column this role in the Data step, under Columns; or choose data that has one.",
        where="data.roles",
        task=title,
        missing=words.listing(i18n.engine(ROLES[role].title) for role in missing),
    )


def kind(roles: set[str]) -> str:
    """What data with these roles holds, where that is something other than texts."""
    if "image" in roles:
        return translate("fit", "images")
    if {"tokens", "tags"} & roles:
        return translate("fit", "words with tags")
    if "question" in roles:
        return translate("fit", "questions")
    if {"source_text", "target_text"} & roles:
        return translate("fit", "pairs of source and target texts")
    return ""
