"""Describes the fields of a pydantic model, so that forms, help and documentation follow from it."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Condition:
    """What another option must be, for an option to matter: one of ``values``, none of ``others``, or ``above``."""

    option: str
    values: tuple[Any, ...] = ()
    others: tuple[Any, ...] = ()
    above: float | None = None

    def met(self, value: Any) -> bool:
        """Whether the option matters where the other one has this value."""
        if self.above is not None:
            return isinstance(value, (int, float)) and value > self.above
        return value in self.values if self.values else value not in self.others


@dataclass(frozen=True)
class Option:
    """One choice of the user. ``kind``: bool, int, float, str or choice; ``auto`` allows the word 'auto'.

    What a field cannot say by its type stands in its ``json_schema_extra``: ``unit``; ``file``, ``folder`` and ``run``,
    where a text is a place, or an earlier run; ``free``, a word that stands in place of a text; and ``only``, such as
    ``{"kind": ["ema"]}``, ``{"beams": {"above": 1}}`` or ``{"data": {"not": ["train"]}}``, for an option that matters
    only then.
    """

    name: str
    title: str
    help: str
    kind: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    auto: bool = False
    optional: bool = False
    file: bool = False  # the text is the place of a file
    folder: bool = False  # or of a folder
    run: bool = False  # or the name of an earlier run
    free: str = ""  # a word in place of the text, chosen with a tick
    only: tuple[Condition, ...] = ()  # all must be met


def relevant(options: Iterable[Option], values: Mapping[str, Any]) -> set[str]:
    """Names of the options that matter, where they have ``values``; one that is not named has its default."""
    known = {option.name: option for option in options}

    def matters(name: str) -> bool:
        # one that depends on an option that does not matter itself does not matter either
        return all(
            condition.option not in known
            or (
                condition.met(values.get(condition.option, known[condition.option].default))
                and matters(condition.option)
            )
            for condition in known[name].only
        )

    return {name for name in known if matters(name)}


def describe(model: type[BaseModel]) -> list[Option]:
    """The simple fields of ``model``, its own before inherited ones; nested models and lists are left out."""
    own = model.__annotations__
    fields = sorted(model.model_fields.items(), key=lambda item: item[0] not in own)
    options = [_option(name, field) for name, field in fields]
    return [option for option in options if option is not None]


def _option(name: str, field: FieldInfo) -> Option | None:
    kinds, choices, auto, optional = _kinds(field.annotation)
    if not kinds:
        return None
    limits = _limits([*field.metadata, *_nested_metadata(field.annotation)])
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Option(
        name=name,
        title=field.title or name.replace("_", " ").capitalize(),
        help=field.description or "",
        kind=kinds[0],
        default=field.get_default(call_default_factory=True),
        minimum=limits.get("minimum"),
        maximum=limits.get("maximum"),
        choices=choices,
        unit=str(extra.get("unit", "")),
        auto=auto,
        optional=optional,
        file=bool(extra.get("file")),
        folder=bool(extra.get("folder")),
        run=bool(extra.get("run")),
        free=str(extra.get("free", "")),
        only=_conditions(extra.get("only")),
    )


def _conditions(stated: Any) -> tuple[Condition, ...]:
    found = []
    for name, wanted in (stated or {}).items():
        if not isinstance(wanted, dict):
            found.append(Condition(name, values=tuple(wanted)))
        elif "above" in wanted:
            found.append(Condition(name, above=wanted["above"]))
        else:
            found.append(Condition(name, others=tuple(wanted["not"])))
    return tuple(found)


def _kinds(annotation: Any) -> tuple[list[str], tuple[str, ...], bool, bool]:
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        values = tuple(str(value) for value in get_args(annotation))
        return (["choice"], values, False, False) if values != ("auto",) else ([], (), True, False)
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_kinds(part) for part in get_args(annotation)]
        kinds = [kind for part in parts for kind in part[0]]
        choices = tuple(choice for part in parts for choice in part[1])
        return kinds, choices, any(part[2] for part in parts), any(part[3] for part in parts)
    if annotation is type(None):
        return [], (), False, True
    simple = {bool: "bool", int: "int", float: "float", str: "str"}
    return ([simple[annotation]], (), False, False) if annotation in simple else ([], (), False, False)


def _nested_metadata(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        found: list[Any] = []
        for item in get_args(annotation)[1:]:
            found.extend(item.metadata if isinstance(item, FieldInfo) else [item])
        return found
    return [item for part in get_args(annotation) for item in _nested_metadata(part)] if get_args(annotation) else []


def _limits(metadata: list[Any]) -> dict[str, float]:
    limits: dict[str, float] = {}
    for item in metadata:
        for attribute, key in (("ge", "minimum"), ("gt", "minimum"), ("le", "maximum"), ("lt", "maximum")):
            if getattr(item, attribute, None) is not None:
                limits[key] = getattr(item, attribute)
    return limits
