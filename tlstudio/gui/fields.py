"""The fields of a recipe that a search or an ablation can vary, with names and usual ranges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.options import Option, describe, relevant
from tlstudio.core.recipe import Recipe, TrainingSection
from tlstudio.gui import automatic, fit, formats, words
from tlstudio.gui.facts import Facts
from tlstudio.gui.i18n import engine

translate = QCoreApplication.translate  # under this name lupdate finds the strings

# they decide what is measured or where, and change nothing about what is learnt
UNVARIED = ("best_metric", "seed", "device", "threads", "precision", "watts")
# ranges that are usual in practice; others follow from the value that a field has
_USUAL: dict[str, tuple[float, float, bool]] = {
    "weight_decay": (0.0, 0.1, False), "warmup": (0.0, 0.2, False), "layer_decay": (0.6, 1.0, False),
    "rank": (4, 64, True), "batch_size": (8, 64, True), "lora_dropout": (0.0, 0.2, False),
    "hidden_dropout": (0.0, 0.3, False), "attention_dropout": (0.0, 0.2, False), "head_rate": (1.0, 20.0, True),
}  # fmt: skip
# what 'auto' often comes to, where nothing is known of it yet
_GUESSES = {"learning_rate": 5e-5, "epochs": 4, "patience": 2, "alpha": 32, "max_length": 128, "resolution": 224,
            "block_size": 256, "max_seconds": 10, "max_source_length": 128, "max_target_length": 128}  # fmt: skip
_STEPS = {"learning_rate": 10.0, "epochs": 2.0}  # times the value, to either side
_STEP = 3.0
_FIRST = ("training.learning_rate", "strategy.layer_decay", "strategy.rank", "training.weight_decay")


@dataclass(frozen=True)
class Wish:
    """A field that is to be varied: numbers between ``low`` and ``high``, or single ``values``."""

    path: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class VariedField:
    """A field that can be varied; title and group are in the user's language, ``value`` is what it has now."""

    path: str
    group: str
    title: str
    kind: str
    value: Any
    usual: Wish
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[tuple[Any, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.group}: {self.title}" if self.group else self.title


def variable(recipe: Recipe, facts: Facts) -> list[VariedField]:
    """All fields that can be varied, in the order of the Strategy step."""
    found = [_strategies(recipe)]
    strategy = plugins.find("tlstudio.strategies").get(recipe.strategy.name)
    known = automatic.training(recipe, facts)
    if strategy is not None:
        found += _of_plugin("strategy", strategy, recipe.strategy.options)
    group, values = translate("fields", "Training"), recipe.training.model_dump()
    for option in describe(TrainingSection):
        if option.name not in UNVARIED:
            found += _field("training", group, option, values[option.name], known.get(option.name))
    for index, choice in enumerate(recipe.regularise):
        if (plugin := plugins.find("tlstudio.regularisation").get(choice.name)) is not None:
            found += _of_plugin(f"regularise.{index}", plugin, choice.options)
    if (task := fit.task_of(recipe.task.name)) is not None:
        found += _of_plugin("task", task, recipe.task.options)
    return [*found, _balance(recipe)]


def first(fields: Iterable[VariedField]) -> list[Wish]:
    """A sensible search to begin with."""
    return [field.usual for field in fields if field.path in _FIRST]


def _of_plugin(path: str, plugin: Any, values: dict[str, Any]) -> Iterator[VariedField]:
    options = describe(plugin.Config)
    shown = relevant(options, values)
    for option in options:
        if option.name in shown:
            yield from _field(path, engine(plugin.TITLE), option, values.get(option.name, option.default))


def _field(path: str, group: str, option: Option, value: Any, known: Any = None) -> Iterator[VariedField]:
    path = f"{path}.{option.name}"
    if option.kind in ("int", "float"):
        guess = _GUESSES.get(option.name)
        number = next((item for item in (value, known, option.default, guess) if _is_number(item)), None)
        usual = _range(path, option, number)
        yield VariedField(path, group, engine(option.title), option.kind, value if number is None else number, usual,
                          option.minimum, option.maximum)  # fmt: skip
    elif option.kind in ("bool", "choice"):
        choices: tuple[tuple[Any, str], ...] = tuple((item, words.choice(item)) for item in option.choices)
        if option.kind == "bool":
            choices = ((True, translate("fields", "on")), (False, translate("fields", "off")))
        usual = Wish(path, values=tuple(item for item, _title in choices))
        yield VariedField(path, group, engine(option.title), "choice", value, usual, choices=choices)


def _range(path: str, option: Option, number: float | None) -> Wish:
    low, high, log = _USUAL.get(option.name) or _around(option, number)
    low = max(low, option.minimum) if option.minimum is not None else low
    high = min(high, option.maximum) if option.maximum is not None else high
    if option.kind == "int":
        low, high = round(low), max(round(high), round(low) + 1)
    else:
        low, high = float(low), float(high)
    return Wish(path, low, high, log and low > 0)


def _around(option: Option, number: float | None) -> tuple[float, float, bool]:
    """A range about the value that a field has."""
    if number is None:
        return (option.minimum or 0) + (1 if option.kind == "int" else 0.1), 8.0 if option.kind == "int" else 0.9, False
    if number <= 0:
        top = option.maximum if option.maximum is not None else 1.0
        return 0.0, min(top, 8.0 if option.kind == "int" else 0.5), False
    step = _STEPS.get(option.name, _STEP)
    if option.maximum == 1 and number < 1 and option.name not in _STEPS:  # a share, which may have to stay below 1
        return float(f"{number / step:.2g}"), float(f"{number + (1 - number) * 0.75:.2g}"), False
    return float(f"{number / step:.3g}"), float(f"{number * step:.3g}"), option.name == "learning_rate"


def _strategies(recipe: Recipe) -> VariedField:
    offered, _refused = fit.offered("strategies", recipe)
    choices = tuple((name, engine(title)) for name, title, _summary in offered)
    others = tuple(name for name, _title in choices if name in (recipe.strategy.name, "lora", "linear-probe"))
    path = "strategy.name"
    title = translate("fields", "Strategy")
    return VariedField(path, "", title, "choice", recipe.strategy.name, Wish(path, values=others), choices=choices)


def _balance(recipe: Recipe) -> VariedField:
    path, title = "data.balance", translate("fields", "Sampling")
    choices = tuple((item, words.choice(item)) for item in ("none", "classes"))
    usual = Wish(path, values=("none", "classes"))
    return VariedField(path, translate("fields", "Data"), title, "choice", recipe.data.balance, usual, choices=choices)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# --- as the engine reads them


def written(wish: Wish) -> str:
    """A wish as :func:`tlstudio.pipeline.spaces.parse` and the ablation read it."""
    if wish.values:
        return f"{wish.path}={'|'.join(as_text(value) for value in wish.values)}"
    return f"{wish.path}={_plain(wish.low)}..{_plain(wish.high)}{':log' if wish.log else ''}"


def read(space: dict[str, Any]) -> Wish:
    """A wish from a dimension that a search has noted."""
    if space["kind"] == "choice":
        return Wish(space["field"], values=tuple(space["choices"]))
    return Wish(space["field"], space["low"], space["high"], bool(space["log"]))


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(value: float | None) -> str:
    """A whole number stays one, and any other is never taken for one."""
    return repr(value) if isinstance(value, int) else repr(float(f"{value or 0.0:.6g}"))


def shown(field: VariedField | None, value: Any) -> str:
    """A value as people read it."""
    if field is not None:
        for item, title in field.choices:
            if item == value:
                return title
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return words.choice(value) if isinstance(value, str) else as_text(value)
    return formats.count(value) if isinstance(value, int) else formats.compact(value, 3)


def typed(wish: Wish, field: VariedField) -> Wish:
    """A wish whose range has the type of its field, as recipes and searches keep it."""
    if field.kind != "int" or wish.values or wish.low is None or wish.high is None:
        return wish
    return replace(wish, low=round(wish.low), high=round(wish.high))
