"""Whether data, backbone and plug-ins are made for the task, in plain words before anything is started."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.data.roles import ROLES
from tlstudio.gui import i18n, words
from tlstudio.gui.facts import Facts

translate = QCoreApplication.translate  # under this name lupdate finds the strings

Offer = tuple[str, str, str]  # name, title, summary
Refusal = tuple[str, StudioError]  # title of a plug-in, why it is not for the task


def task_of(name: str) -> Any:
    """The task's plug-in, or None."""
    return plugins.find("tlstudio.tasks").get(name)


def strategy_title(name: str) -> str:
    """What a strategy is called in the user's language."""
    plugin = plugins.find("tlstudio.strategies").get(name)
    return i18n.engine(plugin.TITLE) if plugin is not None else name


def misfits(recipe: Recipe, facts: Facts) -> list[StudioError]:
    """What does not fit the task, of what is known about the data and the model."""
    found = (misfit(recipe, facts), unfit_backbone(recipe, facts), unreadable_export(recipe, facts))
    return [error for error in found if error is not None]


def misfit(recipe: Recipe, facts: Facts) -> StudioError | None:
    """What the task needs and the data does not have; None where it fits or nothing is known yet."""
    known = facts.data.data or {}
    roles, task = set(known.get("roles") or {}), task_of(recipe.task.name)
    if task is None or not (roles or known.get("missing")):
        return None
    missing = task.lacks(roles)
    if not missing:
        return None
    title, found = i18n.engine(task.TITLE), kind(roles)
    if found and "text" in missing:
        return StudioError(
            "data.other-kind",
            "{task} learns from texts, and this data holds {kind}.",
            "Choose another task or data with texts, or give a column of texts the role Text in the Data step, "
            "under Columns.",
            where="data.roles",
            task=title,
            kind=found,
        )
    others = [_titles(needed) for needed in task.ALTERNATIVES]
    if others:
        return StudioError(
            "data.no-role",
            "{task} needs a column for: {missing}; or instead one for: {others}.",
            "Give a column this role in the Data step, under Columns; or choose another task, or data that has one.",
            where="data.roles",
            task=title,
            missing=_titles(missing),
            others=words.clauses(others),
        )
    return StudioError(
        "data.no-role",
        "{task} needs a column for: {missing}.",
        "Give a column this role in the Data step, under Columns; or choose another task, or data that has one.",
        where="data.roles",
        task=title,
        missing=_titles(missing),
    )


def _titles(roles: Iterable[str]) -> str:
    return words.listing(i18n.engine(ROLES[role].title) if role in ROLES else role for role in roles)


def kind(roles: set[str]) -> str:
    """What data with these roles holds, where that is something other than texts."""
    if "image" in roles:
        return translate("fit", "images")
    if "audio" in roles:
        return translate("fit", "recordings")
    if {"tokens", "tags"} & roles:
        return translate("fit", "words with tags")
    if "question" in roles:
        return translate("fit", "questions")
    if {"source_text", "target_text"} & roles:
        return translate("fit", "pairs of source and target texts")
    if {"prompt", "messages"} & roles:
        return translate("fit", "prompts with responses")
    return ""


def unfit_backbone(recipe: Recipe, facts: Facts) -> StudioError | None:
    """Why the chosen model cannot do the task, as its inspection has found; or its kind says, before a download."""
    if facts.model.data is not None:
        refused = (facts.model.data.get("tasks") or {}).get(recipe.task.name)
    else:
        refused = catalogue_refusal(recipe.model.name if recipe.model.source == "hub" else "", recipe.task.name, facts)
    if not refused:
        return None
    return StudioError.from_dict({"code": "model.unfit", **refused, "where": refused.get("where") or "model.name"})


def unreadable_export(recipe: Recipe, facts: Facts) -> StudioError | None:
    """Why the model cannot become what a chosen step or format makes of it, as its inspection has found."""
    reason, task = (facts.model.data or {}).get("no_graph"), task_of(recipe.task.name)
    if not reason or getattr(task, "LEARNS", "text") != "text":
        return None
    steps, formats = plugins.find("tlstudio.compression"), plugins.find("tlstudio.export")
    if any(getattr(formats.get(choice.name), "RUNTIME", "") == "onnx" for choice in recipe.export):
        return StudioError.from_dict(reason)
    graphs = [
        choice
        for choice in recipe.compress
        if getattr(steps.get(choice.name), "GIVES", "transformers") != "transformers"
    ]
    return StudioError.from_dict({**reason, "where": "compress"}) if graphs else None


def catalogue_refusal(model: str, task: str, facts: Facts) -> dict[str, Any] | None:
    """Why a model of the catalogue cannot learn a task; None where it can, or nobody knows yet."""
    entry, known = facts.catalogue_entry(model), facts.get("catalogue-tasks").data or {}
    refused: dict[str, Any] | None = known.get(entry["name"], {}).get(task) if entry else None
    return refused


def suits(entry: dict[str, Any], task: Any) -> bool:
    """Whether a model of the catalogue reads what the task learns from; nobody has looked into it yet."""
    modality, learns = entry.get("modality") or "text", getattr(task, "LEARNS", "text")
    return bool(modality == learns or modality.startswith(f"{learns}-"))


def unsuited(entries: list[dict[str, Any]], name: str, facts: Facts) -> dict[str, str]:
    """Models of the catalogue that cannot learn a task, by their kind or by what they read, and why."""
    task, found = task_of(name), {}
    for entry in entries if task is not None else []:
        refused = catalogue_refusal(entry["name"], name, facts)
        if refused or not suits(entry, task):
            found[entry["name"]] = i18n.both(refused) if refused else ""
    return found


def offered(package: str, recipe: Recipe) -> tuple[list[Offer], list[Refusal]]:
    """A package's plug-ins that fit the recipe's task, and the others with their reasons."""
    task, fitting, refused = task_of(recipe.task.name), [], []
    for name, plugin in plugins.find(f"tlstudio.{package}").items():
        reason = refusal(plugin, task)
        if reason is None:
            fitting.append((name, plugin.TITLE, plugin.SUMMARY))
        else:
            refused.append((plugin.TITLE, reason))
    return fitting, refused


def refusal(plugin: Any, task: Any) -> StudioError | None:
    """Why a strategy, step or export is not for the task; None where it is, or where it does not say."""
    found: StudioError | None = plugin.fits(task) if task is not None and hasattr(plugin, "fits") else None
    return found


def adaptations(recipe: Recipe, facts: Facts) -> tuple[list[Offer], list[Refusal]]:
    """What the backbone can learn without labels before the task, and the others with their reasons."""
    task, known = task_of(recipe.task.name), (facts.model.data or {}).get("adaptations") or {}
    fitting, refused = [], []
    for name, plugin in plugins.find("tlstudio.adaptation").items():
        # as the worker has found it out: whoever asks an architecture imports transformers
        reason = (
            StudioError.from_dict({"code": "adapt.unfit", "where": "adapt", **known[name]}) if known.get(name) else None
        )
        if task is not None and plugin.LEARNS != task.LEARNS:
            reason = StudioError(
                "adapt.other-kind",
                "{task} learns from {kind}.",
                "Choose another objective.",
                where="adapt",
                task=i18n.engine(task.TITLE),
                kind=_sorts()[task.LEARNS],
            )
        if reason is None:
            fitting.append((name, plugin.TITLE, plugin.SUMMARY))
        else:
            refused.append((plugin.TITLE, reason))
    return fitting, refused


def _sorts() -> dict[str, str]:
    """What a task learns from."""
    return {
        "text": translate("fit", "texts"),
        "image": translate("fit", "images"),
        "audio": translate("fit", "recordings"),
    }


def refusals(refused: list[Refusal]) -> str:
    """What is not offered and why, a line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for title, error in refused:
        by_reason.setdefault(i18n.both(error), []).append(i18n.engine(title))
    text = translate("fit", "Not for this task: {title}. {reason}")
    return "\n".join(text.format(title=words.listing(titles), reason=why) for why, titles in by_reason.items())
