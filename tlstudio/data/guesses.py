"""Guesses which column is what, from its name first and its values second. Only the first rows are looked at."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tlstudio.data.detect.words import URL, has_letters
from tlstudio.data.roles import (
    FEW_VALUES,
    HELPERS,
    IMAGES,
    LANGUAGES,
    LISTS,
    LONGEST,
    NAMED,
    NUMBERS,
    ROLES,
    SOUNDS,
    TARGETS,
    TEXTS,
    YES_NO,
    is_list,
)

if TYPE_CHECKING:
    import pyarrow as pa

_PAIRS = (
    ("sentence1", "sentence2"), ("premise", "hypothesis"), ("text1", "text2"), ("text", "text_b"),
    ("text_a", "text_b"), ("question1", "question2"), ("sentence_1", "sentence_2"), ("sentence_a", "sentence_b"),
    ("text_1", "text_2"), ("anchor", "positive"), ("query", "positive"),
)  # fmt: skip
_TRANSLATED = re.compile(r"(?:translation\.|text[_.]|sentence[_.])?([a-z]{2})(?:[-_][a-z]{2,4})?")
# ISO 639-1, each between spaces
_CODES = (
    " af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km "
    "kn ko ky la lb lo lt lv mg mk ml mn mr ms mt my nb ne nl nn no oc or pa pl ps pt ro ru rw sd si sk sl so sq sr "
    "sv sw ta te tg th tk tl tr tt ug uk ur uz vi xh yi yo zh zu "
)
_COUNTERS = ("id", "index", "idx", "row", "nr", "no", "unnamed: 0", "")  # numbers that are learnt by nobody
_BESIDE = frozenset(name for role in HELPERS for name in ROLES[role].names)
_PROSE = 8  # letters from which on a cell is more than a class or a date
_MANY = 20  # different numbers from which on they are no classes
_ZERO_OR_ONE = frozenset(("0", "1", "0.0", "1.0"))
_CLASSES = frozenset(("label",))  # a name of numbers, too, but more often of classes
_DENSE, _REPEATED = 0.95, 3  # share of the numbers of classes that occur, and rows that each has
_SURE = 0.9  # share of the items of lists that must look like what they are taken for
_HOT = 3  # columns of 0 and 1 from which on they are taken for labels


class Guesses:
    """Guesses over a sample; adds to ``columns`` (by role) and ``reasons`` (by column)."""

    def __init__(self, sample: pa.Table, columns: dict[str, tuple[str, ...]], reasons: dict[str, str]) -> None:
        self.sample, self.columns, self.reasons = sample, columns, reasons

    # --- what the data is

    def shape(self) -> tuple[str, ...]:
        """The roles that the data is made for: tokens and tags, questions, images, messages, texts with labels …"""
        if self._has("tokens", "tags"):
            return ("tokens", "tags")
        if "question" in self.columns or (self.named("question") and self.named("context")):
            return ("question", "context", *(role for role in ("answers", "answer_starts") if self.named(role)))
        if "messages" in self.columns or self.named("messages"):
            return ("messages",)
        if {"source_text", "target_text"} & self.columns.keys() or self._translated():
            return ("source_text", "target_text")
        if {"prompt", "response"} & self.columns.keys() or (self._unlabelled("prompt", "response")):
            return ("prompt", "response")
        if {"boxes", "box_labels"} & self.columns.keys() or (self.named("boxes") and self._media() == "image"):
            return ("image", "boxes", "box_labels")
        return self._labelled(self._media() or "text")

    def _has(self, one: str, other: str) -> bool:
        return bool({one, other} & self.columns.keys() or (self.named(one) and self.named(other)))

    def _unlabelled(self, one: str, other: str) -> bool:
        """Whether columns are called like two roles, and none is called like a label."""
        return bool(self.named(one) and self.named(other) and not self.named("label"))

    def _translated(self) -> bool:
        """A text and what is to be written of it: by the names of both, or by two languages."""
        source = self.named("source_text")
        target = self.named("target_text") or (
            "target" if "target" in self._free("text") and source == "source" else ""
        )
        if source and target:
            return not self.named("text") and self.named("label") in ("", target)
        return bool(self._languages()) and not self.named("text") and not self.named("label")

    def _media(self) -> str:
        """``image`` or ``audio`` where the rows are files; empty where they are texts."""
        for role in ("image", "audio"):
            if role in self.columns or self._files(role):
                return role
        return ""

    def _labelled(self, content: str) -> tuple[str, ...]:
        """What is learnt from, with what is learnt."""
        pair = content == "text" and ("text_b" in self.columns or self._pair() is not None)
        first: tuple[str, ...] = ("text", "text_b") if pair else (content,)
        if pair and ("negative" in self.columns or self.named("negative")):
            return (*first, "negative")
        if {*TARGETS} & self.columns.keys():
            return first
        if first == ("text",) and len(self._uncounted(self._free())) < 2:
            return first  # plain text for language modelling
        if not self.named("label") and (self.named("labels") or self._one_hot()):
            return (*first, "labels")
        label, number = self.named("label"), self.named("number")
        if content == "text":
            graded = pair and not label and self._graded(number)
            if graded or self._continuous(label or number or self._other(pair)):
                return (*first, "number")
        return (*first, "label") if first == ("text",) or label or (pair and number) else first

    def _other(self, pair: bool) -> str:
        """What would be taken for the label of texts by its few values alone; empty where a pair may have none."""
        if pair:
            return ""
        text = self.columns["text"][0] if "text" in self.columns else self.named("text")
        free = [name for name in self._free("text") if name != text and _plain(name) not in _BESIDE]
        return self._few_values(free, bool(text))

    # --- columns for roles

    def fill(self, wanted: Sequence[str]) -> list[str]:
        """Takes a column for each role; returns those that none is left for."""
        if "text_b" in wanted:
            self._take(("text", "text_b"), self._pair(), NAMED)
        if {"source_text", "target_text"} <= {*wanted}:
            self._take(("source_text", "target_text"), self._languages(), LANGUAGES)
        lacking = []
        # the label first: a long text column may well be called "label", but never the other way round
        for role in sorted(wanted, key=lambda role: role not in TARGETS):
            if role in self.columns:
                continue
            name, reason = self._guess(role, wanted)
            if role == "labels" and reason != NAMED and (hot := self._one_hot()):
                self.columns[role] = tuple(hot)
                self.reasons |= dict.fromkeys(hot, YES_NO)
            elif name:
                self.columns[role], self.reasons[name] = (name,), reason
            else:
                lacking.append(role)
        return [role for role in wanted if role in lacking]

    def offer(self, role: str) -> None:
        """Takes a column whose name says it; nothing otherwise."""
        name = "" if role in self.columns else self.named(role)
        if name:
            self.columns[role], self.reasons[name] = (name,), NAMED

    def offer_verdict(self) -> None:
        """Of pairs that nothing else is asked of: what says how much the texts belong together, by a column's name."""
        label = self.named("label")
        score = self.named("number") or (label if self._continuous(label) else "")
        two = label if label and len(set(self._values(label))) == 2 else ""
        for role, name in (("negative", self.named("negative")), ("number", score), ("label", two)):
            if name and not {"negative", *TARGETS} & self.columns.keys():
                self.columns[role], self.reasons[name] = (name,), NAMED

    def named(self, role: str, also: bool = False) -> str:
        """The first free column whose name says the role and whose values do not speak against it; else empty.

        Args:
            also: by the further names, which count only where the role is asked for.
        """
        names, kind = ROLES[role].also if also else ROLES[role].names, ROLES[role].kind
        if role == "labels":  # a list that is called "label" holds several
            lists = [name for name in self._free("list") if _plain(name) in ROLES["label"].names]
            if lists:
                return lists[0]
        free = self._free("" if kind == "any" else kind)
        return next((name for name in free if _plain(name) in names and self._fits(role, name, also)), "")

    def _take(self, roles: tuple[str, str], names: tuple[str, str] | None, reason: str) -> None:
        if names is not None and not {*roles} & self.columns.keys():
            for role, name in zip(roles, names, strict=True):
                self.columns[role], self.reasons[name] = (name,), reason

    def _guess(self, role: str, wanted: Sequence[str]) -> tuple[str, str]:
        for also in (False, True):
            if name := self.named(role, also):
                return name, NAMED
        if role in ("image", "audio"):
            return self._files(role), IMAGES if role == "image" else SOUNDS
        if role == "number":
            return self._number()
        if ROLES[role].kind == "list":
            return next((name for name in self._free("list") if self._holds(role, name)), ""), LISTS
        free = [name for name in self._free("text") if not self._is_file(name)]  # a path is no text to learn from
        if role == "label" and (name := self.named("number")):
            return name, NAMED  # stars or marks, of which there are few
        if role in ("label", "labels"):
            texts = {self.named(other) for other in wanted if other not in TARGETS} - {""}
            return self._few_values([name for name in free if name not in texts], bool(texts)), FEW_VALUES
        if role != "text":  # another column than that of the texts must look like one
            free = [name for name in free if _plain(name) not in _BESIDE and self._is_prose(name)]
        return self._longest(free, ordered=role in ("source_text", "prompt") or "text_b" in wanted), LONGEST

    def _longest(self, free: list[str], ordered: bool) -> str:
        """The column with the longest texts; the first of those that are about as long where the order counts."""
        lengths = {name: self._mean_length(name) for name in free}
        top = max(lengths.values(), default=0.0)
        alike = [name for name in free if lengths[name] >= (top / 1.5 if ordered else top)]
        return next(iter(alike), "")

    def _few_values(self, free: list[str], named: bool) -> str:
        """The column with the fewest values; not the longest texts, unless what is read is ``named`` already."""
        free = self._uncounted(free) or free
        if not free:
            return ""
        longest = self._longest(free, ordered=False)
        distinct = {name: len(set(self._values(name))) for name in free}
        taken = named or bool({"text", "audio", "image"} & self.columns.keys())
        others = [name for name in free if name != longest or taken]
        return min([n for n in others if distinct[n] > 1] or others or free, key=lambda name: distinct[name])

    def _one_hot(self) -> list[str]:
        """Columns of 0 and 1, each of which says whether a row has a label; none where they are too few to be sure.

        A rare label may be nowhere in the sample.
        """
        free = [name for name in self._free("text") if _plain(name) not in _BESIDE]
        found = {name: values for name in free if (values := set(self._values(name))) and values <= _ZERO_OR_ONE}
        return list(found) if sum(len(values) > 1 for values in found.values()) >= _HOT else []

    def _number(self) -> tuple[str, str]:
        numeric = [name for name in self._free("text") if self._is_number(name)]
        numeric.sort(key=lambda name: (_plain(name) in _COUNTERS, not self._continuous(name)))
        if numeric and _plain(numeric[0]) not in _COUNTERS:
            return numeric[0], NUMBERS
        # what is no number in it is told with its row
        return next((name for name in self._free("text") if _plain(name) in ROLES["number"].names), ""), NAMED

    def _uncounted(self, names: list[str]) -> list[str]:
        """Columns that do more than to number the rows."""
        return [name for name in names if _plain(name) not in _COUNTERS]

    def _pair(self) -> tuple[str, str] | None:
        free = {_plain(name): name for name in self._free("text")}
        return next(((free[one], free[other]) for one, other in _PAIRS if one in free and other in free), None)

    def _languages(self) -> tuple[str, str] | None:
        """Two columns that are called like languages, such as ``en`` and ``de``."""
        found = [name for name in self._free("text")
                 if (match := _TRANSLATED.fullmatch(_plain(name))) and f" {match[1]} " in _CODES
                 and not self._is_number(name) and self._mean_length(name) > 2]  # fmt: skip
        found = [name for name in found if name != "id"] if len(found) == 3 else found  # Indonesian, or no language
        return (found[0], found[1]) if len(found) == 2 else None

    # --- columns and their values

    def _free(self, kind: str = "") -> list[str]:
        taken = {name for names in self.columns.values() for name in names}
        names = [name for name in self.sample.column_names if name not in taken]
        return [name for name in names if not kind or (kind == "list") == is_list(self.sample, name)]

    def _values(self, name: str) -> list[str]:
        values: list[str] = self.sample.column(name).to_pylist()
        return values

    def _fits(self, role: str, name: str, also: bool) -> bool:
        """Whether the values of a column do not speak against a role; where only its further names say it, for it."""
        if role in _ITEMS and (also or role != "answer_starts"):
            first = [items for items in self._values(name)[:50] if items]
            hits = [_ITEMS[role](item) for items in first for item in items[:3]]
            return sum(hits) >= _SURE * len(hits) and (bool(first) or not also)  # a few are flaws, told with their rows
        if role == "number":
            return self._is_number(name)
        if not also or role in ("box_labels", "tags", "tokens", "answers"):
            return True
        if role in ("image", "audio"):
            return self._is_file(name, role)
        if role in ("text", "question", "prompt"):
            return not self._is_file(name) and not self._is_number(name)
        return role not in TEXTS or self._is_prose(name)

    def _holds(self, role: str, name: str) -> bool:
        """Whether the lists of a column are of the kind of a role, and not of one that is told by its items."""
        if role in _ITEMS:
            return self._fits(role, name, True)
        if role == "box_labels" and "boxes" not in self.columns:
            return False
        return not any(self._fits(other, name, True) for other in ("boxes", "messages"))

    def _files(self, role: str) -> str:
        return next((name for name in self._free("text") if self._is_file(name, role)), "")

    def _is_file(self, name: str, role: str = "") -> bool:
        """Whether the first values are names of image or sound files."""
        from tlstudio.data import audio, images

        if is_list(self.sample, name):
            return False
        endings = {"image": images.SUFFIXES, "audio": audio.SUFFIXES}.get(role, (*images.SUFFIXES, *audio.SUFFIXES))
        values = [value for value in self._values(name)[:50] if value]
        return bool(values) and all(value.lower().endswith(endings) for value in values)

    def _is_number(self, name: str) -> bool:
        values = [value for value in self._values(name)[:500] if value.strip()]
        return bool(values) and 2 * sum(map(_is_number, values)) > len(values)

    def _continuous(self, name: str) -> bool:
        """Whether a column holds numbers that are no classes."""
        if not name or is_list(self.sample, name) or not self._is_number(name):
            return False
        values = self._numbers(name)
        if any(not value.is_integer() for value in values):
            return True
        return len(values) > _MANY and not self._numbers_classes(name, values)

    def _graded(self, name: str) -> bool:
        """Whether a column says more than yes or no, in numbers."""
        return bool(name) and self._is_number(name) and len(self._numbers(name)) > 2

    def _numbers(self, name: str) -> set[float]:
        return {float(value) for value in self._values(name) if _is_number(value)}

    def _numbers_classes(self, name: str, values: set[float]) -> bool:
        """Whether many whole numbers are those of classes, counted from 0 or 1 without gaps, each on several rows."""
        dense = len(values) >= _DENSE * (max(values) - min(values) + 1)
        called = _plain(name) in ROLES["label"].names - ROLES["number"].also | _CLASSES
        return called and dense and min(values) in (0, 1) and _REPEATED * len(values) <= self.sample.num_rows

    def _is_prose(self, name: str) -> bool:
        """Whether a column holds texts: mostly more than a word, and mostly different."""
        values = [value for value in self._values(name) if value.strip()]
        if not values or 2 * len(values) < self.sample.num_rows or self._is_file(name):
            return False
        different = len(values) < 8 or 4 * len(set(values)) >= len(values)
        return different and 2 * sum(map(_is_text, values)) >= len(values)

    def _mean_length(self, name: str) -> float:
        import pyarrow.compute as pc

        return pc.mean(pc.utf8_length(self.sample.column(name))).as_py() or 0.0


def _plain(name: str) -> str:
    return name.strip().lower()


def _is_text(value: str) -> bool:
    """More than a word, and more letters than figures and signs: no date, and no address of a page."""
    letters = sum(char.isalpha() for char in value)
    return has_letters(value, _PROSE) and 2 * letters > len(value) and not URL.match(value)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _is_box(item: str) -> bool:
    parts = item.split()
    return len(parts) == 4 and all(map(_is_number, parts))


def _is_message(item: str) -> bool:
    return item.startswith("{") and '"role"' in item and '"content"' in item


# lists whose items tell what they are
_ITEMS: dict[str, Callable[[str], bool]] = {
    "boxes": _is_box, "messages": _is_message, "answer_starts": lambda item: item.lstrip("-").isdecimal(),
}  # fmt: skip
