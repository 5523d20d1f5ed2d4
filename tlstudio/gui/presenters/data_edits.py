"""How a wish about the data becomes a change of the recipe: fields to set, by their dotted paths. No Qt in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tlstudio.core.recipe import DataSection
from tlstudio.data.compose import TEMPLATE
from tlstudio.data.roles import ROLES

TARGETS = ("label", "labels", "number")  # a model learns one of them
RENAME = "rename-labels"
_MADE = ("text", "prompt", "source_text", "question")  # what a template can make

Assigned = Mapping[str, str | Sequence[str]]
Changes = dict[str, Any]


def role_of(roles: Assigned, column: str) -> str:
    """The role of a column; one that says what is learnt goes before group, language and the like."""
    found = [role for role, names in roles.items() if column in ((names,) if isinstance(names, str) else names)]
    return next(iter(found), "")


def shown_roles(data: DataSection, found: Assigned) -> dict[str, list[str]]:
    """The user's roles, completed by those that were found and that still fit: an edit shows before it is read.

    Where a template makes the text (or the prompt, the question …), no column is that.
    """
    roles = {role: names_of(given) for role, given in data.roles.items() if given}
    if data.template:
        roles.pop(made_role(found), None)
    taken = {name for names in roles.values() for name in names}
    target = any(role in TARGETS for role in roles)
    for role, given in found.items():
        names = [name for name in names_of(given) if name not in taken]
        if role not in roles and names and not (target and role in TARGETS):
            roles[role] = names
    return roles


def made_role(roles: Assigned) -> str:
    """What the template makes, as the data was read; the text where that is not known yet."""
    return role_of(roles, TEMPLATE) or "text"


def takes_template(task: Any) -> bool:
    """Whether a template could make what a task learns from; images, recordings and words one by one it cannot."""
    return task is None or any(role in _MADE for roles in (task.ROLES, *task.ALTERNATIVES) for role in roles)


def title(role: str) -> str:
    return ROLES[role].title if role in ROLES else role


def columns_text(given: str | Sequence[str]) -> str:
    """The columns of a role in a few words."""
    names = names_of(given)
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def with_role(data: DataSection, assigned: Assigned, column: str, role: str) -> Changes:
    """A column gets a role, or none where ``role`` is empty.

    A role for one column is taken from the former one. A guessed role can only be taken away by ignoring the column,
    else it would be guessed again.
    """
    before = role_of(assigned, column)
    roles = {name: [item for item in names_of(given) if item != column] for name, given in data.roles.items()}
    if not role and before not in ("", "ignore"):
        role = "ignore"
    if role:
        others = names_of(roles.get(role) or assigned.get(role, ())) if ROLES[role].several else []
        roles[role] = [*(name for name in others if name != column), column]
    if role in TARGETS:
        roles = {name: names for name, names in roles.items() if name == role or name not in TARGETS}
    changes: Changes = {"data.roles": {name: _plain(names) for name, names in roles.items() if names}}
    if data.template and role == made_role(assigned):
        changes["data.template"] = ""
    return changes


def renamed_labels(data: DataSection) -> dict[str, str | None]:
    """Old label to new one, or None where its rows are left out."""
    step = next((step for step in data.steps if step.name == RENAME), None)
    return dict((step.options.get("labels") if step else None) or {})


def with_labels(data: DataSection, wishes: Mapping[str, str | None]) -> Changes:
    """Labels are renamed, merged (several get one name) or dropped (None); the same or an empty name resets.

    All of it is one data step, which keeps its place; a new one comes first, because it speaks of the labels in
    the file.
    """
    labels = renamed_labels(data)
    for old, new in wishes.items():
        wanted = new.strip() if new is not None else None
        labels.pop(old, None)
        if wanted is None or wanted not in ("", old):
            labels[old] = wanted
    steps = plain_steps(data)
    step = {"name": RENAME, "labels": labels}
    at = next((index for index, item in enumerate(steps) if item["name"] == RENAME), None)
    if at is None:
        steps.insert(0, step)
    else:
        steps[at] = step
    return {"data.steps": [item for item in steps if item["name"] != RENAME or labels]}


def plain_steps(data: DataSection) -> list[dict[str, Any]]:
    return [step.model_dump(mode="json") for step in data.steps]


def with_step(data: DataSection, name: str, **options: Any) -> Changes:
    return {"data.steps": [*plain_steps(data), {"name": name, **options}]}


def without_step(data: DataSection, index: int) -> Changes:
    return {"data.steps": [step for at, step in enumerate(plain_steps(data)) if at != index]}


def moved_step(data: DataSection, index: int, by: int) -> Changes:
    steps = plain_steps(data)
    steps.insert(index + by, steps.pop(index))
    return {"data.steps": steps}


def step_option(data: DataSection, index: int, name: str, value: Any) -> Changes:
    steps = plain_steps(data)
    steps[index] = {**steps[index], name: value}
    return {"data.steps": steps}


def other_source(data: DataSection, source: str) -> Changes:
    """Another way of reading: the options belonged to the old one."""
    fields = data.model_dump(mode="json", exclude_none=True)
    kept = {name: value for name, value in fields.items() if name not in data.options}
    return {"data": {**kept, "source": source}}


def other_method(method: str) -> Changes:
    """Another way of dividing: the column and its values belonged to the old one."""
    return {"data.split.method": method, "data.split.by": "", "data.split.test_values": [],
            "data.split.validation_values": []}  # fmt: skip


def without_place(data: DataSection, split: str, place: str) -> Changes:
    """One place of a split is given up; all of them where ``place`` is empty."""
    left = [item for item in data.files.get(split, ()) if place and item != place]
    if split == "train":
        return {"data.path": _plain(left) if left else ""}
    return {f"data.{split}": _plain(left) if left else None}


def with_places(data: DataSection, split: str, places: Sequence[str]) -> Changes:
    """More places are read together with those that a split has."""
    both = list(dict.fromkeys((*data.files.get(split, ()), *places)))
    return {"data.path" if split == "train" else f"data.{split}": _plain(both)}


def names_of(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _plain(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)
