"""What is wrong with labelled rows, each problem with its place and a remedy that is a field of the recipe."""

from __future__ import annotations

from collections.abc import Sequence

from tlstudio.core.errors import StudioError

LONG_TEXT = 100_000  # characters; far beyond what any backbone of the catalogue reads


def empty_rows(path: str, rows: Sequence[int], count: int) -> StudioError:
    """``rows`` are the first 1-based rows."""
    return StudioError(
        "data.empty-rows",
        "{count} rows of {path} have no text or no label, first in row {row}.",
        "Fill them in, or leave them out with the data step drop-empty.",
        where="data.steps",
        count=count,
        path=path,
        row=rows[0],
        rows=list(rows),
    )


def no_rows_left() -> StudioError:
    return StudioError(
        "data.none-left",
        "No labelled rows are left after the data steps.",
        "Remove the step that takes them out, or choose other data.",
        where="data.steps",
    )


def one_class(labels: Sequence[str], column: str) -> StudioError:
    return StudioError(
        "data.one-class",
        "The column '{column}' has only one label: '{label}'.",
        "A classifier needs at least two classes: choose another column or add examples of another class.",
        where="data.roles.label",
        column=column,
        label=labels[0] if labels else "",
    )


def too_many_classes(count: int, rows: int, column: str) -> StudioError:
    return StudioError(
        "data.too-many-classes",
        "The column '{column}' has {count} different labels in {rows} rows: it does not look like classes.",
        "Choose the column that holds the classes.",
        where="data.roles.label",
        column=column,
        count=count,
        rows=rows,
    )


def rare_classes(labels: Sequence[str]) -> StudioError:
    return StudioError(
        "data.rare-classes",
        "{count} classes have a single example, such as '{label}': they cannot be both learnt and tested.",
        "Add examples, or leave these classes out with the data step drop-rare-classes.",
        where="data.steps",
        count=len(labels),
        label=labels[0],
    )


def unseen_class(label: str, split: str) -> StudioError:
    return StudioError(
        "data.unseen-class",
        "The label '{label}' occurs in the {split} rows but in no training row.",
        "Add training examples of it, or remove it from the {split} file.",
        where=f"data.{split}",
        label=label,
        split=split,
    )


def empty_split(split: str) -> StudioError:
    return StudioError(
        "data.empty-split",
        "No rows are left for {split}.",
        "Add rows, or change the shares in data.split.",
        where="data.split",
        split=split,
    )


def long_text(path: str, row: int, characters: int) -> StudioError:
    return StudioError(
        "data.long-text",
        "Row {row} of {path} has a text of {characters} characters; only its beginning will be read.",
        "Check whether several texts were joined by a missing quotation mark, or split the text.",
        where=path,
        row=row,
        path=path,
        characters=characters,
    )
