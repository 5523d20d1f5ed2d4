"""Which column is the text, which the label, …: guessed from names and values, with the reason; always overridable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE = 2_000
NAMED = "its name says so"
FEW_VALUES = "it has few different values"
LONGEST = "it has the longest texts"
LISTS = "it holds lists of this kind"
IMAGES = "its values are image files"
CHOSEN = "chosen by you"
_IMAGE = re.compile(r"\.(png|jpe?g|webp|gif|bmp|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Role:
    """What a column can be for.

    Attributes:
        kind: ``text`` or ``list``, the columns it takes; ``any`` takes both.
        names: column names that say it, lower case.
        several: whether more than one column can have it.
    """

    name: str
    title: str
    help: str
    kind: str = "text"
    names: frozenset[str] = frozenset()
    several: bool = False


def _role(name: str, title: str, help: str, names: str = "", kind: str = "text", several: bool = False) -> Role:
    return Role(name, title, help, kind, frozenset(names.split()), several)


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        _role("text", "Text", "What the model reads.",
              "text message sentence content body review comment utterance sentence1 premise 文本 内容"),
        _role("text_b", "Second text", "The other text of a pair.", "text_b text2 sentence2 hypothesis second"),
        _role("label", "Label", "The class that the model learns.",
              "label class category intent sentiment target tag topic y 标签 类别"),
        _role("labels", "Labels", "Several classes for one row: a list, values with separators, or columns of 0 and 1.",
              "labels classes categories topics", "any", several=True),
        _role("number", "Number", "A value that the model learns to predict.", "score rating stars similarity"),
        _role("tokens", "Tokens", "The words of a sentence, as a list.", "tokens words", "list"),
        _role("tags", "Tags", "One tag for each token.", "tags ner_tags pos_tags upos labels", "list"),
        _role("question", "Question", "What is asked about the context.", "question"),
        _role("context", "Context", "The passage that holds the answer.", "context passage"),
        _role("answers", "Answers", "The right answers, as a list.", "answers", "list"),
        _role("answer_starts", "Answer starts", "Where each answer begins in the context.", "answer_starts", "list"),
        _role("source_text", "Source text", "The text to translate or to shorten.", "source src document article"),
        _role("target_text", "Target text", "The text that the model learns to write.", "tgt summary translation"),
        _role("image", "Image", "An image file.", "image file_name img"),
        _role("group", "Group", "Rows of one group are never divided between training and test.",
              "group author user speaker patient_id session user_id author_id"),
        _role("language", "Language", "The language of the row.", "language lang locale 语言"),
        _role("time", "Time", "When the row was made.", "time date timestamp created_at datetime"),
        _role("weight", "Weight", "How much the row counts in training.", "weight sample_weight"),
        _role("ignore", "Ignored", "Not used.", "", "any", several=True),
    )
}  # fmt: skip
HELPERS = ("group", "language", "time", "weight", "ignore")
_OFFERED = ("group", "language", "time")  # a weight changes the training: only the user may ask for it


@dataclass(frozen=True)
class Roles:
    """Columns by role, and why each column was taken (English, translatable), by column."""

    columns: dict[str, tuple[str, ...]]
    reasons: dict[str, str] = field(default_factory=dict)

    def one(self, role: str) -> str:
        """The column of a role that has one."""
        return self.columns[role][0]

    def plain(self) -> dict[str, Any]:
        """For JSON: one name, or a list of names where there are several."""
        return {role: names[0] if len(names) == 1 else list(names) for role, names in self.columns.items()}


def assign(
    table: pa.Table,
    chosen: Mapping[str, str | tuple[str, ...]],
    roles: tuple[str, ...] = (),
    path: str = "",
    *,
    shaped: bool = True,
) -> Roles:
    """The user's roles, completed by guesses.

    Args:
        table: the data; a few thousand rows are looked at.
        chosen: column or columns by role, from the recipe.
        roles: those that the task needs; empty finds out what the data is.
        path: for messages.
        shaped: whether to find out what the data is, where ``roles`` is empty.

    Raises:
        StudioError: a chosen column does not exist, one column has two roles, or none is left for a role of ``roles``.
    """
    columns = {role: _checked(role, given, table, path) for role, given in chosen.items() if given}
    _refuse_doubles(columns)
    reasons = dict.fromkeys((name for names in columns.values() for name in names), CHOSEN)
    guesses = _Guesses(table.slice(0, _SAMPLE), columns, reasons)
    # the label first: a long text column may well be called "label", but never the other way round
    wanted = roles or (guesses.shape() if shaped else ())
    for role in sorted(wanted, key=lambda role: role != "label"):
        if role not in columns:
            guesses.require(role)
    for role in _OFFERED:
        guesses.offer(role)
    return Roles(columns, reasons)


def _checked(role: str, given: str | tuple[str, ...], table: pa.Table, path: str) -> tuple[str, ...]:
    if role not in ROLES:
        raise StudioError(
            "data.unknown-role", "There is no role '{role}'.", "The roles are: {known}.",
            where=f"data.roles.{role}", role=role, known=", ".join(ROLES),
        )  # fmt: skip
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if name not in table.column_names:
            raise missing_column(name, role, table.column_names, path)
        kind = "list" if _is_list(table, name) else "text"
        if ROLES[role].kind not in ("any", kind):
            raise StudioError(
                "data.wrong-kind", "The column '{name}' cannot be the role '{role}': it holds {kind}.",
                "Choose a column of lists for tokens, tags and answers, and a column of texts for the others.",
                where=f"data.roles.{role}", name=name, role=role, kind="lists" if kind == "list" else "single texts",
            )  # fmt: skip
    if len(names) > 1 and not ROLES[role].several:
        raise StudioError(
            "data.one-column", "The role '{role}' takes one column, not {count}.",
            "Choose one; to build a text from several columns, use a template.",
            where=f"data.roles.{role}", role=role, count=len(names),
        )  # fmt: skip
    return names


def _refuse_doubles(columns: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for role, names in columns.items():
        for name in names:
            # a group or language may well be a text or label too; what is learnt from must not be what is learnt
            if name in seen and not {role, seen[name]} & {*HELPERS}:
                raise StudioError(
                    "data.same-column", "'{name}' is the column of two roles, {role} and {other}.",
                    "Choose two different columns.", where="data.roles", name=name, role=seen[name], other=role,
                )  # fmt: skip
            seen.setdefault(name, role)


def named(table: pa.Table, role: str) -> str:
    """The column whose name says the role; empty if there is none."""
    return _Guesses(table.slice(0, 1), {}, {})._named(role)


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


class _Guesses:
    """Guesses over the first rows; adds to ``columns`` and ``reasons``."""

    def __init__(self, sample: pa.Table, columns: dict[str, tuple[str, ...]], reasons: dict[str, str]) -> None:
        self.sample, self.columns, self.reasons = sample, columns, reasons

    def shape(self) -> tuple[str, ...]:
        """The roles that the data is made for: tokens and tags, questions, images, or texts with labels."""
        if {"tokens", "tags"} & self.columns.keys() or (self._named("tokens") and self._named("tags")):
            return ("tokens", "tags")
        if "question" in self.columns or (self._named("question") and self._named("context")):
            return ("question", "context", *(role for role in ("answers", "answer_starts") if self._named(role)))
        if "source_text" in self.columns or "target_text" in self.columns:
            return ("source_text", "target_text")
        first = ("image",) if "image" in self.columns or self._images() else ("text",)
        if {"labels", "number", "label"} & self.columns.keys():
            return first
        if first == ("text",) and len(self._free()) < 2:
            return first  # plain text for language modelling
        if self._named("labels") and not self._named("label"):
            return (*first, "labels")
        return (*first, "label") if first == ("text",) or self._named("label") else first

    def require(self, role: str) -> None:
        """Takes a column for the role.

        Raises:
            StudioError: no column is left.
        """
        name, reason = self._guess(role)
        if not name:
            raise StudioError(
                "data.no-column-left", "The data has no column left for the {role}.",
                "Labelled data needs at least two columns, such as a text and a label.",
                where=f"data.roles.{role}", role=role,
            )  # fmt: skip
        self.columns[role], self.reasons[name] = (name,), reason

    def offer(self, role: str) -> None:
        """Takes a column whose name says it; nothing otherwise."""
        name = "" if role in self.columns else self._named(role)
        if name:
            self.columns[role], self.reasons[name] = (name,), NAMED

    def _guess(self, role: str) -> tuple[str, str]:
        if name := self._named(role):
            return name, NAMED
        if role == "image":
            return self._images(), IMAGES
        free = self._free("list" if ROLES[role].kind == "list" else "text")
        free = [name for name in free if not self._is_image(name)]  # a path is no text to learn from
        if not free:
            return "", ""
        if ROLES[role].kind == "list":
            return free[0], LISTS
        lengths = {name: self._mean_length(name) for name in free}
        longest = max(free, key=lambda name: lengths[name])
        if role not in ("label", "labels"):
            return longest, LONGEST
        distinct = {name: len(set(self.sample.column(name).to_pylist())) for name in free}
        others = [name for name in free if name != longest or "text" in self.columns]
        return min([n for n in others if distinct[n] > 1] or others or free, key=lambda n: distinct[n]), FEW_VALUES

    def _free(self, kind: str = "") -> list[str]:
        taken = {name for names in self.columns.values() for name in names}
        names = [name for name in self.sample.column_names if name not in taken]
        return [name for name in names if not kind or (kind == "list") == _is_list(self.sample, name)]

    def _named(self, role: str) -> str:
        kind = ROLES[role].kind
        if role == "labels":  # a list that is called "label" holds several
            lists = [name for name in self._free("list") if name.strip().lower() in ROLES["label"].names]
            if lists:
                return lists[0]
        free = self._free("" if kind == "any" else kind)
        return next((name for name in free if name.strip().lower() in ROLES[role].names), "")

    def _images(self) -> str:
        return next((name for name in self._free("text") if self._is_image(name)), "")

    def _is_image(self, name: str) -> bool:
        """Whether the first values are names of image files."""
        if _is_list(self.sample, name):
            return False
        values = [value for value in self.sample.column(name).slice(0, 50).to_pylist() if value]
        return bool(values) and all(_IMAGE.search(value) for value in values)

    def _mean_length(self, name: str) -> float:
        import pyarrow.compute as pc

        return pc.mean(pc.utf8_length(self.sample.column(name))).as_py() or 0.0


def _is_list(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(table.schema.field(name).type))
