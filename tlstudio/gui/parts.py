"""The parts of a recipe that an ablation can leave out, and how it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.options import describe, relevant
from tlstudio.core.recipe import Recipe, TrainingSection
from tlstudio.gui import fields, fit, words
from tlstudio.gui.i18n import engine
from tlstudio.pipeline.spaces import value_of

translate = QCoreApplication.translate  # under this name lupdate finds the strings

Changes = dict[str, Any]
_BETWEEN = "|"  # in what the engine reads, between the values of a field


@dataclass(frozen=True)
class Part:
    """A part of a recipe; the engine reads ``without`` or, where only one of several goes, ``vary``.

    ``usual`` is whether an ablation asks for it by itself: it was added to the recipe.
    """

    title: str
    without: str = ""
    vary: str = ""
    usual: bool = False

    @property
    def changes(self) -> Changes:
        """What the engine changes in the recipe: as its answers name the variant."""
        if self.without:
            return dict.fromkeys(self.without.split("+"))
        path, _separator, text = self.vary.partition("=")
        return {path: value_of(text)}


def key(changes: Changes) -> str:
    """Names a variant."""
    return json.dumps(changes, sort_keys=True, ensure_ascii=False)


def parts(recipe: Recipe) -> list[Part]:
    """What can be left out: what was added to the recipe, then options that differ from the usual."""
    found = [
        *_listed(recipe.data.augment, "data.augment", "augmentation", translate("fields", "Augmentation")),
        *_listed(recipe.adapt, "adapt", "adaptation", translate("fields", "Adaptation")),
        *_listed(recipe.regularise, "regularise", "regularisation", translate("fields", "Regularisation")),
    ]
    if recipe.data.balance != "none":
        title = f"{translate('fields', 'Sampling')}: {words.choice(recipe.data.balance)}"
        found.append(Part(title, "data.balance", usual=True))
    strategy = plugins.find("tlstudio.strategies").get(recipe.strategy.name)
    for path, plugin, values in (
        ("strategy", strategy, recipe.strategy.options),
        ("task", fit.task_of(recipe.task.name), recipe.task.options),
    ):
        if plugin is not None:
            found += _options(path, engine(plugin.TITLE), plugin.Config, values)
    found += _options("training", translate("fields", "Training"), TrainingSection, recipe.training.model_dump())
    return found


def _listed(choices: Any, path: str, package: str, group: str) -> Iterator[Part]:
    """Each plug-in of a list, and all of them together where there are several."""
    known = plugins.find(f"tlstudio.{package}")
    titles = [engine(known[choice.name].TITLE) if choice.name in known else choice.name for choice in choices]
    for index, title in enumerate(titles):
        if len(titles) == 1:
            yield Part(f"{group}: {title}", path, usual=True)
            continue
        others = [choice.model_dump(mode="json") for place, choice in enumerate(choices) if place != index]
        text = yaml.safe_dump(others, default_flow_style=True, allow_unicode=True, width=10**9).strip()
        if _BETWEEN not in text:
            yield Part(f"{group}: {title}", vary=f"{path}={text}", usual=True)
    if len(titles) > 1:
        yield Part(translate("fields", "{group}: all of it").format(group=group), path)


def _options(path: str, group: str, config: Any, values: dict[str, Any]) -> Iterator[Part]:
    """Options that matter and have another value than usually."""
    options = describe(config)
    shown = relevant(options, values)
    for option in options:
        value = values.get(option.name, option.default)
        if (
            option.name in fields.UNVARIED
            or option.name not in shown
            or value == option.default
            or option.kind == "str"
        ):
            continue
        text = words.choice(value) if isinstance(value, str) else fields.shown(None, value)
        if isinstance(value, bool):
            text = translate("fields", "on") if value else translate("fields", "off")
        yield Part(f"{group}: {engine(option.title)} {text}", f"{path}.{option.name}")
