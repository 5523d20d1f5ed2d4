"""Cells of more than one value: boxes, messages and answers as they stand in a row, and what is wrong with them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.data import problems
from tlstudio.data.roles import Roles
from tlstudio.data.rows import number_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tlstudio.data.frames import Frame

_ROWS = 20  # that a problem names


def boxes_of(items: Sequence[str]) -> list[tuple[float, float, float, float]]:
    """The boxes of one row: left, top, right, bottom in pixels, where right and bottom lie just behind the object.

    Raises:
        ValueError: a box is not four finite numbers, or has no area.
    """
    found = []
    for item in items:
        left, top, right, bottom = (number_of(part) for part in item.split())
        if not (left < right and top < bottom):  # also where one is no number
            raise ValueError(item)
        found.append((left, top, right, bottom))
    return found


def box_text(box: Sequence[float]) -> str:
    """A box as it stands in a list: the shortest numbers that read back the same."""
    return " ".join(str(int(value)) if float(value).is_integer() else repr(float(value)) for value in box)


def message_of(item: str) -> dict[str, Any] | None:
    """A message: ``role`` (user, assistant, system …), ``content``, and what else stands in it; None if it is none."""
    try:
        message = json.loads(item)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        return None
    return message if isinstance(message.get("content"), str) else None


@dataclass(frozen=True)
class Rule:
    """What the cells of some roles must be together.

    Attributes:
        roles: whose cells are looked at, in the order in which ``wrong`` takes them.
        wrong: what is wrong with the cells of one row; empty where nothing is.
        problem: makes the error that names the rows.
    """

    roles: tuple[str, ...]
    wrong: Callable[..., str]
    problem: Callable[..., StudioError]

    def columns(self, roles: Roles) -> list[str]:
        return [roles.one(role) for role in self.roles]

    def reasons(self, batch: pa.RecordBatch) -> list[str]:
        """What is wrong with each row of a batch of :meth:`columns`; empty texts where nothing is."""
        return [self.wrong(*cells) for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def rules(roles: Roles) -> dict[str, Rule]:
    """Those that hold for data with these roles, by the name of the kind of flaw."""
    return {name: rule for name, rule in _RULES.items() if {*rule.roles} <= roles.columns.keys()}


def flaws(frame: Frame, roles: Roles, control: Control) -> Iterator[StudioError]:
    """What is wrong with kept rows of a place beside empty cells: no number, unequal lists, impossible boxes …"""
    for name, rule in rules(roles).items():
        if frame.table.source == "squad" and name == "misplaced-answers":
            continue  # the source of SQuAD looks by itself, unless it was told not to
        bad, total = _bad(frame, rule, roles, control)
        if bad:
            places = [frame.table.place(index) for index, _why in bad]
            yield rule.problem(places[0][0], [row for _path, row in places], total, roles.one(rule.roles[0]), bad[0][1])


def _bad(frame: Frame, rule: Rule, roles: Roles, control: Control) -> tuple[list[tuple[int, str]], int]:
    """The first bad rows with the reason, and how many there are."""
    found: list[tuple[int, str]] = []
    first = total = 0
    for batch in frame.table.batches(rule.columns(roles)):
        control.check()
        kept = frame.keep[first : first + batch.num_rows].tolist()
        for index, why in enumerate(rule.reasons(batch)):
            if why and kept[index]:
                total += 1
                if len(found) < _ROWS:
                    found.append((first + index, why))
        first += batch.num_rows
    return found, total


def _wrong_number(cell: str) -> str:
    # an empty cell is told of as a row without a label
    return cell.strip()[:60] if cell.strip() and math.isnan(number_of(cell)) else ""


def _wrong_tags(tokens: list[str], tags: list[str]) -> str:
    return "" if len(tokens) == len(tags) else f"{len(tokens)} / {len(tags)}"


def _wrong_answers(answers: list[str], starts: list[str], context: str) -> str:
    if len(answers) != len(starts):
        return f"{len(answers)} / {len(starts)}"
    for answer, start in zip(answers, starts, strict=True):
        at = int(start) if start.strip().isdecimal() else -1
        if at < 0 or context[at : at + len(answer)] != answer:
            return f"{answer[:60]} ({start[:20]})"
    return ""


def _wrong_boxes(boxes: list[str], labels: list[str]) -> str:
    if len(boxes) != len(labels):
        return f"{len(boxes)} / {len(labels)}"
    try:
        boxes_of(boxes)
    except ValueError:
        return next((box for box in boxes if not _is_box(box)), "")[:60] or "?"
    return "" if all(label.strip() for label in labels) else "''"


def _is_box(item: str) -> bool:
    try:
        return bool(boxes_of([item]))
    except ValueError:
        return False


def _wrong_messages(items: list[str]) -> str:
    messages = [message_of(item) for item in items]
    if None in messages:
        return items[messages.index(None)][:60]
    said = any(message["role"] == "assistant" for message in messages if message is not None)
    return "" if said or not items else ", ".join(str(message["role"]) for message in messages if message)[:60]


_RULES = {
    "bad-numbers": Rule(("number",), _wrong_number, problems.bad_numbers),
    "uneven-tags": Rule(("tokens", "tags"), _wrong_tags, problems.uneven_tags),
    "misplaced-answers": Rule(("answers", "answer_starts", "context"), _wrong_answers, problems.misplaced_answers),
    "bad-boxes": Rule(("boxes", "box_labels"), _wrong_boxes, problems.bad_boxes),
    "bad-messages": Rule(("messages",), _wrong_messages, problems.bad_messages),
}
