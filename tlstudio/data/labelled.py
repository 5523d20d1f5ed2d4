"""Labelled rows, ready for a task: places read, roles assigned, repairs done, rows divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.plugins import configure, get
from tlstudio.core.progress import Meter
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data import compose, problems, splits
from tlstudio.data.detect.blank import blank_cells, blank_rows
from tlstudio.data.detect.labels import counted, parts
from tlstudio.data.frames import Frame, Frames, content_column, encode
from tlstudio.data.languages import Spoken, stated
from tlstudio.data.learnt import keep_learnt
from tlstudio.data.roles import HELPERS, Roles
from tlstudio.data.rows import Rows
from tlstudio.data.rowwise import flaws
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np

SPLITS = ("train", "validation", "test")
_STEPS = "tlstudio.data.steps"


@dataclass(frozen=True)
class Labelled:
    """All splits of a data set.

    Attributes:
        splits: rows by split name.
        roles: columns by role.
        labels: label names, sorted; the index of a name is its class number. Combinations of several labels are
            joined by the separator of the recipe. Empty where no column is a label.
        warnings: what the user should know but need not settle.
        dropped: rows that each data step has taken out, by the name of the step.
        renames: what the steps have made of labels; None where their rows were dropped.
        separator: stands between several labels in one of ``labels``; empty where a row has one label.
        spoken: where the language of a row stands; None where nothing says it.
    """

    splits: dict[str, Rows]
    roles: Roles
    labels: list[str]
    warnings: list[StudioError] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    renames: dict[str, str | None] = field(default_factory=dict)
    separator: str = ""
    spoken: Spoken | None = None

    @property
    def classes(self) -> list[str]:
        """Single labels, sorted: of several labels in a row each by itself; the index is the class number."""
        return sorted({part for name in self.labels for part in parts(name, self.separator)})

    def several(self, split: str) -> np.ndarray:
        """uint8 [n, C]: 1 where a row has a label of :attr:`classes`."""
        import numpy as np

        classes = {label: number for number, label in enumerate(self.classes)}
        names = self.splits[split].names
        table = np.zeros((len(names) + 1, len(classes)), dtype=np.uint8)  # the last row is for code -1, no label
        for row, name in enumerate(names):
            table[row, [classes[part] for part in parts(name, self.separator) if part in classes]] = 1
        codes = self.splits[split].codes
        return table[codes] if codes is not None else np.zeros((len(self.splits[split]), 0), dtype=np.uint8)

    @property
    def content(self) -> str:
        """The column that tells one row from another: the text, image, tokens …"""
        return content_column(self.roles)

    def class_numbers(self, split: str) -> list[int]:
        """The class of each row as an index into ``labels``, -1 where there is none; empty without a label column."""
        import numpy as np

        rows = self.splits[split]
        if rows.codes is None:
            return []
        numbers = {label: number for number, label in enumerate(self.labels)}
        # a further place has names of its own, and may lack some
        return np.array([*(numbers.get(name, -1) for name in rows.names), -1])[rows.codes].tolist()

    def class_table(self) -> list[dict[str, Any]]:
        """One row a class: how many examples each split has."""
        counts = {split: counted(rows.counts(), self.separator) for split, rows in self.splits.items()}
        none: dict[str, int] = {}
        return [{"label": label, **{split: counts.get(split, none).get(label, 0) for split in SPLITS}}
                for label in self.classes]  # fmt: skip


def read_labelled(
    data: DataSection, emit: Emit, control: Control, roles: tuple[str, ...] = ("text", "label"), fold: int = 0
) -> tuple[Labelled, list[StudioError]]:
    """Reads the places of a recipe, repairs as its steps say, and divides the rows.

    Args:
        roles: those that the task needs; empty takes what the data is made for.
        fold: part of k-fold that is the test, 0-based.

    Returns:
        The data; and the problems that must be settled before a model can learn from it.

    Raises:
        StudioError: a place cannot be read, or a role has no column.
        Cancelled: the user has cancelled.
    """
    if "train" not in data.files:
        raise StudioError(
            "data.none", "No data is chosen.", "Choose labelled data in the Data step, or set data.path.",
            where="data.path",
        )  # fmt: skip
    frames = frames_of(data, emit, control, roles)
    assigned = frames.by_split["train"].roles
    found = _flaws(frames, assigned, control)
    by_split, trouble = _divided(frames, data, fold, control)
    found += trouble
    spoken: Spoken | None = None
    try:
        spoken = None if found else keep_learnt(by_split, data.steps, assigned, frames.dropped, control)
    except StudioError as error:
        found.append(error)
    if not found:
        found += [problems.empty_split(split) for split in ("train", "test") if not len(by_split[split])]
        found += _unseen(by_split, frames.separator)
    return Labelled(
        by_split,
        assigned,
        frames.names,
        _long_texts(frames, assigned),
        frames.dropped,
        frames.renames,
        frames.separator,
        spoken or stated((rows.table for rows in by_split.values()), assigned),
    ), found


def read_more(data: DataSection, place: str, known: Labelled, emit: Emit, control: Control) -> Rows:
    """A further place with the columns, the text steps and the renamed labels of a data set that is known.

    Rows are dropped only where their label is.

    Raises:
        StudioError: it cannot be read, or has a label that is not known.
    """
    main = {role: names for role, names in known.roles.columns.items() if role not in HELPERS}
    chosen = {role: names for role, names in main.items() if names != (compose.TEMPLATE,)}
    steps = tuple(choice for choice in data.steps if get(_STEPS, choice.name, "data.steps").LEVEL == "text")
    changes = {"path": place, "validation": None, "test": None, "steps": steps, "roles": chosen}
    frames = frames_of(_other_place(data, place).model_copy(update=changes), emit, control, tuple(main))
    frames.rename({old: new for old, new in known.renames.items() if old in frames.names})
    _sort_names(frames)
    frame = frames.by_split["train"]
    if len(blank := _blank(frame, control)):
        raise problems.empty_rows(place, [frame.table.place(int(blank[0]))[1]], len(blank))
    for flaw in flaws(frame, frame.roles, control):
        raise flaw
    found = {part for name in frames.names for part in parts(name, known.separator)}
    if unknown := sorted(found - set(known.classes)):
        raise StudioError(
            "evaluate.unknown-label", "{path} has the label '{label}', which the model was not trained on.",
            "Correct the label, or leave the file out of evaluate.extra_sets.",
            where="evaluate.extra_sets", path=place, label=unknown[0],
        )  # fmt: skip
    return _rows(frame, frame.keep.nonzero()[0], frames.names)


def _other_place(data: DataSection, place: str) -> DataSection:
    """The section for a place that may be of another kind: options of the source hold only for its own."""
    first = data.files["train"][0]
    if Path(first).suffix == Path(place).suffix:
        return data
    plain = {name: value for name, value in data if name not in (data.model_extra or {})}
    return DataSection.model_validate({**plain, "source": "auto"})


def frames_of(data: DataSection, emit: Emit, control: Control, roles: tuple[str, ...] = ()) -> Frames:
    """The rows of all places after the data steps, before they are divided.

    Raises:
        StudioError: a place cannot be read, a role has no column, or a step is wrong.
    """
    raw = compose.read_places(data, emit, control)
    tables, assigned = compose.composed(raw, data, roles, emit, control)
    before = {split: raw[split] for split in raw if raw[split].key != tables[split].key}
    frames = _frames(tables, before, assigned, control)
    frames.separator = data.separator if "labels" in assigned.columns else ""
    meter = Meter(emit, control, "prepare", sum(table.rows for table in tables.values()), "rows")
    for frame in frames.by_split.values():
        frame.ids(control, meter.advance)
    _repair(frames, data.steps, control)
    return frames


def require(
    data: DataSection, emit: Emit, control: Control, roles: tuple[str, ...] = ("text", "label"), fold: int = 0
) -> Labelled:
    """As :func:`read_labelled`, but the first problem is raised as an error."""
    labelled, found = read_labelled(data, emit, control, roles, fold)
    if found:
        raise found[0]
    return labelled


# --- inside


def _frames(tables: dict[str, Table], before: dict[str, Table], roles: Roles, control: Control) -> Frames:
    import numpy as np

    names: list[str] = []
    column = compose.label_column(roles)
    by_split = {
        split: Frame(table, roles, np.ones(table.rows, dtype=bool),
                     encode(table, column, names, control) if column else None, before.get(split))
        for split, table in tables.items()
    }  # fmt: skip
    frames = Frames(by_split, names)
    _sort_names(frames)
    return frames


def _sort_names(frames: Frames) -> None:
    """Class numbers do not depend on the order of the rows; names that no row has are left out."""
    import numpy as np

    counts = frames.counts()
    used = sorted(name for name, count in zip(frames.names, counts, strict=True) if count)
    number = {name: index for index, name in enumerate(used)}
    table = np.array([*(number.get(name, -1) for name in frames.names), -1], dtype=np.int32)
    for frame in frames.by_split.values():
        if frame.codes is not None:
            frame.codes = table[frame.codes]
    frames.names = used


def _repair(frames: Frames, steps: Sequence[Choice], control: Control) -> None:
    """Does the row steps in order, and notes how many rows each has dropped."""
    for choice in steps:
        plugin = get(_STEPS, choice.name, "data.steps")
        if plugin.LEVEL == "text":
            continue  # done already, while the texts were written
        before = sum(int(frame.keep.sum()) for frame in frames.by_split.values())
        plugin.apply(configure(plugin, choice.options, f"data.steps.{choice.name}"), frames, control)
        control.check()
        after = sum(int(frame.keep.sum()) for frame in frames.by_split.values())
        frames.dropped[choice.name] = frames.dropped.get(choice.name, 0) + before - after
    _sort_names(frames)


def _flaws(frames: Frames, roles: Roles, control: Control) -> list[StudioError]:
    """What keeps a model from learning from the rows."""
    found: list[StudioError] = []
    for frame in frames.by_split.values():
        blank = _blank(frame, control)
        rows = [frame.table.place(int(index)) for index in blank[:20]]
        if rows:
            found.append(problems.empty_rows(rows[0][0], [row for _path, row in rows], len(blank)))
        found += flaws(frame, roles, control)
    if "labels" in roles.columns and not frames.names:
        found.append(problems.no_labels(roles.columns["labels"][0]))
    if not any(frame.keep.any() for frame in frames.by_split.values()):
        return [*found, problems.no_rows_left()]
    if "label" not in roles.columns:
        return found
    needed = 1 if "test" in frames.by_split else 2
    counts = frames.counts("train")
    rare = [name for name, count in zip(frames.names, counts, strict=True) if 0 < count < needed]
    if rare and not len(frames.names) == len(rare) > 50:  # then it is no column of classes; _classes says so
        found.append(problems.rare_classes(rare))
    return found + _classes(counts, frames.names, roles.one("label"))


def _blank(frame: Frame, control: Control) -> np.ndarray:
    """Indices of kept rows without content or without a label."""
    import numpy as np

    blank = blank_rows(frame.table, frame.roles, control)
    if "number" in frame.roles.columns:
        blank |= blank_cells(frame.table, [frame.roles.one("number")], control)
    if frame.codes is not None and "labels" not in frame.roles.columns:  # of several labels none may be right
        blank |= frame.codes < 0
    return np.flatnonzero(blank & frame.keep)


def _classes(counts: np.ndarray, names: list[str], column: str) -> list[StudioError]:
    classes, rows = int((counts > 0).sum()), int(counts.sum())
    if not rows:
        return [problems.no_rows_left()]
    if classes < 2:
        return [problems.one_class([name for name, count in zip(names, counts, strict=True) if count], column)]
    if classes > max(50, rows // 2):
        return [problems.too_many_classes(classes, rows, column)]
    return []


def _divided(
    frames: Frames, data: DataSection, fold: int, control: Control
) -> tuple[dict[str, Rows], list[StudioError]]:
    import numpy as np

    train = frames.by_split["train"]
    try:
        divided = splits.divide(splits.Wanted(train, data.split, _shares(data), control, fold))
    except StudioError as error:
        return {"train": _rows(train, np.flatnonzero(train.keep), frames.names)}, [error]
    if "test" in data.files or "validation" in data.files:
        divided = {split: rows for split, rows in divided.items() if split not in data.files or split == "train"}
    by_split = {split: _rows(train, indices, frames.names) for split, indices in divided.items()}
    for split, frame in frames.by_split.items():
        if split != "train":
            by_split[split] = _rows(frame, np.flatnonzero(frame.keep), frames.names)
    return {split: by_split[split] for split in SPLITS if split in by_split}, []


def _shares(data: DataSection) -> dict[str, float]:
    """Shares of the training place that go to the splits that have no place of their own."""
    shares = {}
    if "test" not in data.files:
        shares["test"] = data.split.test
        if data.split.method == "k-fold":
            shares["test"] = 1 / data.split.folds
    if "validation" not in data.files and data.split.validation > 0:
        shares["validation"] = data.split.validation * (1 - shares.get("test", 0))
    return shares


def _rows(frame: Frame, indices: np.ndarray, names: list[str]) -> Rows:
    import numpy as np

    indices = np.asarray(indices, dtype=np.int64)
    return Rows(
        frame.table, indices, None if frame.codes is None else frame.codes[indices], frame.ids()[indices], names
    )


def _unseen(by_split: dict[str, Rows], separator: str) -> list[StudioError]:
    known = counted(by_split["train"].counts(), separator).keys()
    return [
        problems.unseen_class(label, split)
        for split, rows in by_split.items()
        for label in sorted(counted(rows.counts(), separator).keys() - known)
    ]


def _long_texts(frames: Frames, roles: Roles) -> list[StudioError]:
    import pyarrow.compute as pc

    found: list[StudioError] = []
    if "text" not in roles.columns:
        return found
    column = roles.one("text")
    for frame in frames.by_split.values():
        first = 0
        for batch in frame.table.batches([column]):
            lengths = pc.utf8_length(batch.column(0)).to_numpy(zero_copy_only=False)
            kept = frame.keep[first : first + batch.num_rows]
            for index in ((lengths > problems.LONG_TEXT) & kept).nonzero()[0][: 5 - len(found)]:
                path, row = frame.table.place(first + int(index))
                found.append(problems.long_text(path, row, int(lengths[index])))
            first += batch.num_rows
    return found
