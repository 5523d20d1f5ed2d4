"""Which column is the text and which the label: guessed from names and values, with the reason; always overridable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 2_000
_TEXT_NAMES = {"text", "message", "sentence", "content", "body", "review", "comment", "utterance", "文本", "内容"}
_LABEL_NAMES = {"label", "class", "category", "intent", "sentiment", "target", "tag", "topic", "y", "标签", "类别"}
NAMED = "its name says so"
FEW_VALUES = "it has few different values"
LONGEST = "it has the longest texts"
CHOSEN = "chosen by you"


@dataclass(frozen=True)
class Roles:
    """Column names by role, and why each was taken (English, translatable)."""

    columns: dict[str, str]
    reasons: dict[str, str] = field(default_factory=dict)


def assign(table: pa.Table, chosen: dict[str, str], roles: tuple[str, ...] = ("text", "label")) -> Roles:
    """The user's roles, completed by guesses.

    Raises:
        StudioError: a chosen column does not exist, one column has two roles, or none is left to guess.
    """
    columns, reasons = {}, {}
    for role, name in chosen.items():
        if role not in roles:
            raise StudioError(
                "data.unknown-role", "There is no role '{role}' in this task.", "Its roles are: {known}.",
                where=f"data.roles.{role}", role=role, known=", ".join(roles),
            )  # fmt: skip
        if name not in table.column_names:
            raise missing_column(name, role, table.column_names)
        columns[role], reasons[role] = name, CHOSEN
    if len(set(columns.values())) < len(columns):
        raise StudioError(
            "data.same-column", "Text and label are the same column, '{name}'.", "Choose two different columns.",
            where="data.roles", name=columns.get("text", ""),
        )  # fmt: skip
    sample = table.slice(0, _SAMPLE)
    for role in ("label", "text"):
        if role in roles and role not in columns:
            columns[role], reasons[role] = _guess(role, sample, set(columns.values()))
    return Roles(columns, reasons)


def missing_column(name: str, role: str, known: list[str], path: str = "") -> StudioError:
    """The error for a role whose column is not in the file."""
    return StudioError(
        "data.no-column",
        "There is no column '{name}' for the {role}; the file {path} has: {known}.",
        "Choose one of these columns, or correct the first line of the file.",
        where=f"data.roles.{role}",
        name=name,
        role=role,
        known=", ".join(known),
        path=path,
    )


def _guess(role: str, sample: pa.Table, taken: set[str]) -> tuple[str, str]:
    free = [name for name in sample.column_names if name not in taken]
    if not free:
        raise StudioError(
            "data.no-column-left", "The file has no column left for the {role}.",
            "A labelled file needs at least two columns: a text and a label.", where=f"data.roles.{role}", role=role,
        )  # fmt: skip
    names = _TEXT_NAMES if role == "text" else _LABEL_NAMES
    for name in free:
        if name.strip().lower() in names:
            return name, NAMED
    lengths = {name: _mean_length(sample, name) for name in free}
    if role == "text":
        return max(free, key=lambda name: lengths[name]), LONGEST
    distinct = {name: len(set(sample.column(name).to_pylist())) for name in free}
    longest = max(free, key=lambda name: lengths[name])
    candidates = [name for name in free if distinct[name] > 1 and name != longest] or [
        name for name in free if name != longest
    ]
    return min(candidates or free, key=lambda name: distinct[name]), FEW_VALUES


def _mean_length(sample: pa.Table, name: str) -> float:
    import pyarrow.compute as pc

    return pc.mean(pc.utf8_length(sample.column(name))).as_py() or 0.0
