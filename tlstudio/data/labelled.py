"""Labelled texts, ready for a task: files read, roles assigned, problems settled, rows divided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.recipe import DataSection
from tlstudio.data import problems, splits
from tlstudio.data.roles import Roles, assign, missing_column
from tlstudio.data.tables import Table, read_table

if TYPE_CHECKING:
    import datasets
    import numpy as np

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Rows:
    """Rows of one file that belong to one split. ``indices`` point into the table, ``labels`` are their final names."""

    table: Table
    indices: np.ndarray
    labels: list[str]

    def dataset(self, roles: Roles) -> datasets.Dataset:
        """Memory-mapped dataset with columns text and row (1-based row of the file)."""
        import datasets

        whole = datasets.Dataset.from_file(str(self.table.arrow)).select_columns([roles.columns["text"]])
        if roles.columns["text"] != "text":
            whole = whole.rename_column(roles.columns["text"], "text")
        return whole.select(self.indices)


@dataclass(frozen=True)
class Labelled:
    """All splits of a labelled data set.

    Attributes:
        splits: rows by split name.
        roles: column names by role.
        labels: class names, sorted; the index of a name is its class number.
        warnings: what the user should know but need not settle.
        key: changes with everything that decides which rows are where.
    """

    splits: dict[str, Rows]
    roles: Roles
    labels: list[str]
    warnings: list[StudioError] = field(default_factory=list)

    def class_numbers(self, split: str) -> list[int]:
        number = {label: index for index, label in enumerate(self.labels)}
        return [number[label] for label in self.splits[split].labels]

    def class_table(self) -> list[dict[str, Any]]:
        """One row a class: how many examples each split has."""
        counts = {split: Counter(rows.labels) for split, rows in self.splits.items()}
        return [{"label": label, **{split: counts[split][label] for split in counts}} for label in self.labels]


@dataclass
class _File:
    """A file while its problems are being settled."""

    table: Table
    texts: Any  # pyarrow ChunkedArray of strings
    labels: list[str]
    keep: np.ndarray  # bool [rows]


def read_labelled(data: DataSection, emit: Emit, control: Control) -> tuple[Labelled | None, list[StudioError]]:
    """Reads the files of a recipe and divides the rows.

    Returns:
        The data, or None where a problem must be settled first; and these problems.

    Raises:
        StudioError: a file cannot be read, or a role has no column.
        Cancelled: the user has cancelled.
    """
    tables = {split: read_table(Path(path), data.source, data.options, emit, control)
              for split, path in data.files.items()}  # fmt: skip
    if "train" not in tables:
        raise StudioError(
            "data.none", "No data is chosen.", "Choose a labelled file in the Data step, or set data.path.",
            where="data.path",
        )  # fmt: skip
    roles = assign(tables["train"].open(), data.roles)
    files = {split: _open(table, roles) for split, table in tables.items()}
    found: list[StudioError] = []
    for file in files.values():
        control.check()
        _settle_empty(file, data, found)
    _settle_similar(files, data, found)
    _settle_rare(files, data, found)
    labels = _classes(files, roles, found)
    if found:
        return None, found
    divided = _divide(files, data)
    found = [problems.empty_split(split) for split in ("train", "test") if not len(divided[split].indices)]
    found += _unseen(divided)
    warnings = [warning for file in files.values() for warning in _long_texts(file)]
    return (None, found) if found else (Labelled(divided, roles, labels, warnings), [])


def require(data: DataSection, emit: Emit, control: Control) -> Labelled:
    """As :func:`read_labelled`, but the first problem is raised as an error."""
    labelled, found = read_labelled(data, emit, control)
    if labelled is None:
        raise found[0]
    return labelled


def _open(table: Table, roles: Roles) -> _File:
    import numpy as np

    whole = table.open()
    for role, name in roles.columns.items():
        if name not in whole.column_names:
            raise missing_column(name, role, whole.column_names, str(table.path))
    labels = [str(label).strip() for label in whole.column(roles.columns["label"]).to_pylist()]
    return _File(table, whole.column(roles.columns["text"]), labels, np.ones(table.rows, dtype=bool))


def _settle_empty(file: _File, data: DataSection, found: list[StudioError]) -> None:
    import numpy as np
    import pyarrow.compute as pc

    blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(file.texts)), 0).to_numpy()
    blank = blank | np.array([not label for label in file.labels])
    if not blank.any():
        return
    if data.empty_rows == "drop":
        file.keep &= ~blank
    else:
        found.append(problems.empty_rows(str(file.table.path), [int(row) + 1 for row in np.flatnonzero(blank)]))


def _kept_labels(file: _File) -> list[str]:
    return [label for label, keep in zip(file.labels, file.keep, strict=True) if keep]


def _settle_similar(files: dict[str, _File], data: DataSection, found: list[StudioError]) -> None:
    merge = problems.similar_labels(Counter(label for file in files.values() for label in _kept_labels(file)))
    merge = {old: new for old, new in merge.items() if old and new}
    if not merge or data.similar_labels == "keep":
        return
    if data.similar_labels == "ask":
        found.append(problems.labels_alike(merge))
        return
    for file in files.values():
        file.labels = [merge.get(label, label) for label in file.labels]


def _settle_rare(files: dict[str, _File], data: DataSection, found: list[StudioError]) -> None:
    import numpy as np

    needed = 1 if "test" in files else 2
    counts = Counter(_kept_labels(files["train"]))
    rare = sorted(label for label, count in counts.items() if count < needed)
    if not rare or len(counts) == len(rare) > 50:  # then it is no column of classes; _classes says so
        return
    if data.rare_classes == "ask":
        found.append(problems.rare_classes(rare))
        return
    gone = set(rare)
    for file in files.values():
        file.keep &= np.array([label not in gone for label in file.labels])


def _classes(files: dict[str, _File], roles: Roles, found: list[StudioError]) -> list[str]:
    kept = _kept_labels(files["train"])
    labels = sorted(set(kept))
    if len(labels) < 2:
        found.append(problems.one_class(labels, roles.columns["label"]))
    elif len(labels) > max(50, len(kept) // 2):
        found.append(problems.too_many_classes(len(labels), len(kept), roles.columns["label"]))
    return labels


def _divide(files: dict[str, _File], data: DataSection) -> dict[str, Rows]:
    import numpy as np

    train = files["train"]
    kept = np.flatnonzero(train.keep)
    labels = [train.labels[index] for index in kept]
    shares = {}
    if "test" not in files:
        shares["test"] = data.split.test
    if "validation" not in files and data.split.validation > 0:
        shares["validation"] = data.split.validation * (1 - shares.get("test", 0))
    texts = (text.as_py() for text in train.texts.take(kept)) if shares else ("" for _ in kept)
    divided = {
        split: Rows(train.table, kept[indices], [labels[index] for index in indices])
        for split, indices in splits.stratified(texts, labels, shares, data.split.seed).items()
    } if shares else {"train": Rows(train.table, kept, labels)}  # fmt: skip
    for split in ("validation", "test"):
        if split in files:
            rows = np.flatnonzero(files[split].keep)
            divided[split] = Rows(files[split].table, rows, [files[split].labels[index] for index in rows])
    return divided


def _unseen(divided: dict[str, Rows]) -> list[StudioError]:
    known = set(divided["train"].labels)
    return [
        problems.unseen_class(label, split)
        for split, rows in divided.items()
        for label in sorted(set(rows.labels) - known)
    ]


def _long_texts(file: _File) -> list[StudioError]:
    import pyarrow.compute as pc

    lengths = pc.utf8_length(file.texts).to_numpy()
    return [
        problems.long_text(str(file.table.path), int(row) + 1, int(lengths[row]))
        for row in (lengths > problems.LONG_TEXT).nonzero()[0][:5]
    ]
