"""What a search may change: fields of the recipe, each with its limits or choices."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.pipeline.checks import check

if TYPE_CHECKING:
    import optuna

_RANGE = re.compile(r"^(?P<low>[^.|:]+(?:\.\d+)?(?:[eE][+-]?\d+)?)\.\.(?P<high>[^|:]+?)(?P<log>:log)?$")
_WHOLE = re.compile(r"^[+-]?\d+$")
# fields that change what is measured, or on which rows: values of trials with others could not be compared
_UNFAIR = ("data", "evaluate", "task.name", "training.best_metric", "schema", "export", "compress")
_FAIR = ("data.augment", "data.balance")


@dataclass(frozen=True)
class Dimension:
    """A field that is varied.

    Attributes:
        field: dotted path in the recipe.
        kind: of its values.
        low: least number.
        high: greatest number.
        log: whether numbers are drawn evenly by their size, as rates should be.
        choices: where it is no number.
    """

    field: str
    kind: Literal["int", "float", "choice"]
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "choices": list(self.choices)}

    @property
    def ends(self) -> tuple[Any, ...]:
        """Values that must all be allowed for the others to be."""
        return self.choices if self.kind == "choice" else (self.low, self.high)

    def draw(self, trial: optuna.Trial) -> Any:
        """A value for a trial."""
        if self.kind == "int":
            return trial.suggest_int(self.field, int(self.low or 0), int(self.high or 0), log=self.log)
        if self.kind == "float":
            return trial.suggest_float(self.field, self.low or 0.0, self.high or 0.0, log=self.log)
        # optuna's storage knows only texts and numbers; a choice may be a list
        return json.loads(str(trial.suggest_categorical(self.field, [json.dumps(item) for item in self.choices])))

    def shown(self, value: Any) -> Any:
        """A value as the storage keeps it, as it was drawn."""
        return json.loads(value) if self.kind == "choice" else value


def parse(texts: Sequence[str], recipe: Recipe) -> tuple[Dimension, ...]:
    """Fields to vary, written like ``training.learning_rate=1e-5..1e-3:log`` or ``strategy.rank=4|8|16``.

    Raises:
        StudioError: one is not of this form, there is no such field, or a value is not allowed.
    """
    found = tuple(_dimension(text) for text in texts)
    if not found:
        raise StudioError(
            "search.nothing", "Nothing is to be varied.",
            "Name a field, such as training.learning_rate=1e-5..1e-3:log, or strategy.rank=4|8|16.",
        )  # fmt: skip
    for dimension in found:
        if dimension.field.startswith(_UNFAIR) and not dimension.field.startswith(_FAIR):
            raise StudioError(
                "search.unfair", "{field} cannot be varied: trials that were measured differently cannot be compared.",
                "Choose another field; what to compare may be changed by hand.", where=dimension.field,
                field=dimension.field,
            )  # fmt: skip
        for value in dimension.ends:
            check(varied(recipe, {dimension.field: value}))
    return found


def varied(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with other values; another plug-in begins with its own options.

    Raises:
        StudioError: there is no such field, or a value is not allowed.
    """
    for field, value in sorted(values.items(), key=lambda item: not item[0].endswith(".name")):
        if field in ("strategy.name", "task.name"):
            section = field.partition(".")[0]
            same = getattr(recipe, section).name == value
            recipe = recipe if same else recipe.changed(section, {"name": value})
        else:
            recipe = recipe.changed(field, value)
    return recipe


def _dimension(text: str) -> Dimension:
    field, separator, rest = text.partition("=")
    field, rest = field.strip(), rest.strip()
    if not separator or not field or not rest:
        raise _unreadable(text)
    if "|" in rest:
        choices = tuple(value_of(part.strip()) for part in rest.split("|"))
        if len({json.dumps(item) for item in choices}) != len(choices):
            raise _unreadable(text)
        return Dimension(field, "choice", choices=choices)
    match = _RANGE.match(rest)
    if match is None:
        raise _unreadable(text)
    return _numbers(text, field, match["low"].strip(), match["high"].strip(), bool(match["log"]))


def _numbers(text: str, field: str, low: str, high: str, log: bool) -> Dimension:
    whole = bool(_WHOLE.match(low) and _WHOLE.match(high))
    try:
        first, last = float(low), float(high)
    except ValueError:
        raise _unreadable(text) from None
    if not first < last or (log and first <= 0):
        raise _unreadable(text)
    return Dimension(field, "int" if whole else "float", int(low) if whole else first, int(high) if whole else last,
                     log)  # fmt: skip


def value_of(text: str) -> Any:
    """A number, true or false, a list, or else the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _unreadable(text: str) -> StudioError:
    return StudioError(
        "search.space", "'{text}' does not say what to vary.",
        "Write FIELD=LOW..HIGH, with :log behind it for rates (the lowest must then be above 0); or FIELD=A|B|C, each "
        "once.", where="--vary", text=text,
    )  # fmt: skip
