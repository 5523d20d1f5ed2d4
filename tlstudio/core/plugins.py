"""Finds the plug-ins of a package: every module in its folder that defines ``PLUGIN``.

A plug-in is one file. It is imported only for its description, so it must not import torch or
transformers at module level (ruff's banned-module-level-imports holds that).
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from tlstudio.core.errors import StudioError


class Plugin(Protocol):
    """What all plug-ins share."""

    NAME: str
    TITLE: str
    SUMMARY: str
    Config: type[BaseModel]


@cache
def find(package: str) -> dict[str, Any]:
    """Plug-ins of ``package`` by name, in order of their module names.

    Raises:
        RuntimeError: two files claim the same name.
    """
    module = importlib.import_module(package)
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(module.__path__), key=lambda item: item.name):
        plugin = getattr(importlib.import_module(f"{package}.{info.name}"), "PLUGIN", None)
        if plugin is None:
            continue
        if plugin.NAME in found:
            raise RuntimeError(f"two plug-ins in {package} are called {plugin.NAME!r}")
        found[plugin.NAME] = plugin
    return found


def get(package: str, name: str, where: str) -> Any:
    """The plug-in called ``name``.

    Raises:
        StudioError: there is none; the message lists those that exist.
    """
    plugins = find(package)
    if name not in plugins:
        raise StudioError(
            "recipe.unknown-plugin",
            "{field}: there is no '{name}'.",
            "Choose one of: {known}.",
            where=where,
            field=where,
            name=name,
            known=", ".join(plugins),
        )
    return plugins[name]


def configure(plugin: Any, options: dict[str, Any], where: str) -> Any:
    """The plug-in's validated ``Config`` for ``options``.

    Raises:
        StudioError: an option is unknown or out of range; ``where`` and the field are named.
    """
    try:
        return plugin.Config.model_validate(options)
    except ValidationError as error:
        raise invalid(error, where) from error


def invalid(error: ValidationError, where: str = "") -> StudioError:
    """The StudioError for a failed validation: its first problem, naming the field."""
    problem = _first(error)
    # pydantic puts the tried branch of a union into the location: those parts are no recipe fields
    parts = [str(part) for part in problem["loc"] if not any(mark in str(part) for mark in "[]('\"")]
    parts = [part for part in parts if part not in ("int", "float", "str", "bool", "constrained-int")]
    field = ".".join([*([where] if where else []), *parts]) or "recipe"
    if problem["type"] == "extra_forbidden":
        return StudioError(
            "recipe.unknown-field",
            "{field}: there is no such field.",
            "Remove it, or correct its spelling.",
            where=field,
            field=field,
        )
    if problem["type"] == "missing":
        return StudioError(
            "recipe.missing-field", "{field} is missing.", "Add it to the recipe.", where=field, field=field
        )
    return StudioError(
        "recipe.bad-value",
        "{field}: {value} is not allowed: {reason}.",
        "Change the value; 'tlstudio options' lists what is allowed.",
        where=field,
        field=field,
        value=repr(problem.get("input"))[:80],
        reason=problem["msg"][0].lower() + problem["msg"][1:],
    )


def _first(error: ValidationError) -> Any:
    """The first problem; of the branches of a union ('auto' or a number) the one that fits the kind of the value."""
    problems = error.errors()
    first = problems[0]
    if first["type"] != "literal_error" or isinstance(first.get("input"), str):
        return first
    same = [item for item in problems if item["loc"][:-1] == first["loc"][:-1] and item["type"] != "literal_error"]
    return same[0] if same else first
