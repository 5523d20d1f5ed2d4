"""What a check of the data doctor is: one file that looks for one kind of flaw, and says how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.recipe import DataSection
from tlstudio.data.detect.blank import blank_rows
from tlstudio.data.detect.keys import row_keys
from tlstudio.data.detect.reading import taken
from tlstudio.data.doctor.drawn import Drawn
from tlstudio.data.frames import id_text
from tlstudio.data.labelled import Labelled

if TYPE_CHECKING:
    import numpy as np

Severity = Literal["error", "warning", "notice"]
T = TypeVar("T")
SHOWN = 100  # sample rows of a finding at most
NAMED_ROWS = 2_000  # that one step of the recipe names
_SHOWN_CHARACTERS = 500
TEXTS = tuple(frozenset({role}) for role in ("text", "question", "source_text", "tokens", "prompt", "messages"))
LABELS = (frozenset({"label"}), frozenset({"labels"}))
ANY = (frozenset[str](),)
OUT_OF_TRAINING = "Leave them out of training"  # a repair that takes out rows which are not tested
ONLY_DEEP = "only when you look deeper"  # why a check is left out


class Skip(Exception):
    """Raised by a check that cannot be made; the reason goes on after "left out:" (English, translatable)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CheckOptions(BaseModel):
    """Options that all checks share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, title="Look for this", description="Whether the doctor makes this check.")


@dataclass(frozen=True)
class Sample:
    """A row that shows a finding. ``row`` is 1-based in its file; ``detail`` is a short piece of data that says why."""

    split: str
    path: str
    row: int
    id: str
    text: str
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Fix:
    """A data step (or another change of the recipe's data section) that mends a finding.

    Attributes:
        title: what the button says (English, translatable).
        step: the step as it would stand in ``data.steps``; None where ``changes`` are meant.
        changes: fields of the data section, such as ``{"split.method": "grouped"}``, or of the task, such as
            ``{"task.max_length": 256}``.
    """

    title: str
    step: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        check: name of the check.
        code: names the kind of finding, for translation and tests.
        severity: error (the result would be wrong), warning (worse than it could be), notice (good to know).
        count: rows (or labels, columns, words) that are concerned, of those that were looked at.
        message: what was found, an English template with ``{blanks}`` filled from ``params``.
        effect: what it will do to the result, such a template as well.
        samples: some of the rows.
        fixes: ways to mend it, the best first.
    """

    check: str
    code: str
    severity: Severity
    count: int
    message: str
    effect: str
    params: dict[str, Any] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    fixes: tuple[Fix, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Examined:
    """What a check is given: the rows as they would be learnt from, after repairs and division.

    Attributes:
        labelled: the data; texts stay on disk.
        data: the recipe's section.
        control: read it at least every half second of work (``tick`` does).
        tick: is told how many rows have been looked at; raises when the user has cancelled.
        drawn: the rows that slow checks look at: all of them, or a fixed draw of many.
        count_tokens: tokens of texts, uncut, int64 [n]; None where no backbone is chosen.
        max_length: tokens that will be read of a text; None where not known.
        most_tokens: those that the backbone could read at most; None where not known.
        embed: float32 [n, D] features of texts (or of images, by their paths), unit length; None unless deep checks
            were asked for.
        kept: what several checks share, for the length of one examination.
    """

    labelled: Labelled
    data: DataSection
    control: Control
    tick: Callable[[int], None]
    drawn: Drawn
    count_tokens: Callable[[list[str]], np.ndarray] | None = None
    max_length: int | None = None
    most_tokens: int | None = None
    embed: Callable[[Sequence[str]], np.ndarray] | None = None
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def roles(self) -> set[str]:
        return set(self.labelled.roles.columns)

    @property
    def separator(self) -> str:
        """Between several labels in one name; empty where a row has one."""
        return self.data.separator if "labels" in self.roles else ""

    @property
    def text_columns(self) -> list[str]:
        """Columns of texts that are learnt from; the one that names the row first."""
        return [column for column in self.drawn.columns if column in self.drawn.text_columns]

    @property
    def places(self) -> list[list[str]]:
        """Splits by the place that they come from: one list where a single place was divided."""
        found: dict[str, list[str]] = {}
        for split, rows in self.labelled.splits.items():
            found.setdefault(str(rows.table.arrow) + rows.table.path, []).append(split)
        return list(found.values())

    def together(self, one: str, other: str) -> bool:
        """Whether two splits come from one place."""
        return any(one in place and other in place for place in self.places)

    def keys(self, split: str) -> np.ndarray:
        """uint64 [n]: a number for the whole content of each row of a split."""
        rows = self.labelled.splits[split]
        make = partial(row_keys, rows.table, self.labelled.roles, rows.ids, self.control, rows.indices)
        return self.once(("keys", split), make)

    def blank(self, split: str) -> np.ndarray:
        """bool [n]: rows of a split that have no content."""
        table = self.labelled.splits[split].table
        make = partial(blank_rows, table, self.labelled.roles, self.control)
        return self.once(("blank", table.key), make)[self.labelled.splits[split].indices]

    def drawn_keys(self) -> np.ndarray:
        """uint64 [n]: :meth:`keys` of the drawn rows."""
        import numpy as np

        parts = [self.keys(split)[self.drawn.position[self.drawn.numbers(split)]] for split in self.drawn.splits]
        return np.concatenate(parts)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What ``make`` gave when it was first called for ``key`` in this examination."""
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found

    def portions(self, *columns: str, count: bool = True) -> Iterator[tuple[int, list[str]]]:
        """(number of the first row, texts) of the drawn rows, some milliseconds of work each.

        Args:
            columns: the one that names the row if none is given; the texts of several are joined.
            count: whether the rows count as looked at.
        """
        for first, texts in self.drawn.portions(*(columns or (self.labelled.content,))):
            self.control.check()
            yield first, texts
            if count:
                self.tick(len(texts))

    def samples(self, numbers: Sequence[int], details: Sequence[str] = ()) -> tuple[Sample, ...]:
        """Drawn rows that are to be shown with a finding, at most :data:`SHOWN`, with a detail each."""
        places = [self.drawn.place(int(number)) for number in numbers[:SHOWN]]
        return self.rows_at(places, details)

    def places_of(self, splits: Sequence[str], numbers: np.ndarray) -> list[tuple[str, int]]:
        """Split and position of rows by their number, where the rows of some splits are counted one after another."""
        import numpy as np

        ends = np.cumsum([len(self.labelled.splits[split]) for split in splits])
        found = []
        for number in numbers.tolist():
            at = int(np.searchsorted(ends, number, side="right"))
            found.append((splits[at], number - int(ends[at - 1] if at else 0)))
        return found

    def rows_at(self, places: Sequence[tuple[str, int]], details: Sequence[str] = ()) -> tuple[Sample, ...]:
        """As :meth:`samples`, for any rows by split and position in it."""
        import numpy as np

        found: dict[int, Sample] = {}
        chosen = places[:SHOWN]
        for split in dict.fromkeys(split for split, _position in chosen):
            mine = [number for number, place in enumerate(chosen) if place[0] == split]
            rows = self.labelled.splits[split]
            positions = np.array([chosen[number][1] for number in mine], dtype=np.int64)
            texts = taken(rows.table.open().column(self.labelled.content), rows.indices[positions])
            for number, position, text in zip(mine, positions.tolist(), texts, strict=True):
                path, row = rows.table.place(int(rows.indices[position]))
                label = rows.names[rows.codes[position]] if rows.codes is not None and rows.codes[position] >= 0 else ""
                detail = details[number] if number < len(details) else ""
                found[number] = Sample(split, path, row, id_text(rows.ids[position]), text[:_SHOWN_CHARACTERS], label,
                                       detail)  # fmt: skip
        return tuple(found[number] for number in range(len(chosen)))


class Check(Protocol):
    """A check plug-in."""

    NAME: str
    TITLE: str
    SUMMARY: str
    ROLES: tuple[frozenset[str], ...]  # it is made where one of these sets of roles is there, such as {"text"}
    EMBEDS: bool  # whether it needs ``Examined.embed``; such checks are made only when asked for
    USES_MODEL: bool  # whether what it finds depends on the backbone
    COST: int  # microseconds for a row, roughly: for the time left
    Config: type[BaseModel]  # a CheckOptions

    def find(self, config: Any, examined: Examined) -> list[Finding]:
        """The findings; an empty list where all is well."""
        ...


def drop_learnt(examined: Examined, numbers: np.ndarray, title: str = OUT_OF_TRAINING) -> tuple[Fix, ...]:
    """A fix that leaves drawn rows out which are not tested; none where all are: a test must not be made easier.

    Args:
        numbers: int [k], the drawn rows; equal contents go together.
    """
    return _leave_out(learnt_ids(examined, numbers), title)


def drop_places(examined: Examined, places: Sequence[tuple[str, int]], title: str = OUT_OF_TRAINING) -> tuple[Fix, ...]:
    """As :func:`drop_learnt`, for any rows by split and position in it."""
    import numpy as np

    splits = examined.labelled.splits
    ids = np.array([splits[split].ids[position] for split, position in places], dtype=np.uint64)
    tested = splits["test"].ids if "test" in splits else ids[:0]
    return _leave_out(_named(ids[~np.isin(ids, tested)]), title)


def _leave_out(ids: list[str], title: str) -> tuple[Fix, ...]:
    return (Fix(title, {"name": "drop-rows", "rows": ids}),) if ids else ()


def learnt_ids(examined: Examined, numbers: np.ndarray) -> list[str]:
    """How a step of the recipe names drawn rows that are not tested, in their order; :data:`NAMED_ROWS` at most."""
    import numpy as np

    drawn = examined.drawn
    tested = drawn.ids[drawn.numbers("test")] if "test" in drawn.splits else drawn.ids[:0]
    ids = drawn.ids[numbers]
    return _named(ids[~np.isin(ids, tested)])


def _named(ids: np.ndarray) -> list[str]:
    return list(dict.fromkeys(map(id_text, ids)))[:NAMED_ROWS]


def severe(count: int, total: int, share: float, more: Severity, less: Severity) -> Severity:
    """``more`` from this share on, else ``less``."""
    return more if count >= share * max(total, 1) else less
