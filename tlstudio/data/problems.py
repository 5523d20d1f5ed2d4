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


def no_labels(column: str) -> StudioError:
    return StudioError(
        "data.no-labels",
        "No row has a label in the column '{column}'.",
        "Choose the column that holds the labels, or correct the sign that stands between labels (data.separator).",
        where="data.roles.labels",
        column=column,
    )


def bad_numbers(path: str, rows: Sequence[int], count: int, column: str, value: str) -> StudioError:
    """``rows`` are the first 1-based rows, and ``value`` is what stands in the first; the same holds below."""
    return StudioError(
        "data.bad-numbers",
        "{count} rows of {path} have no number in the column '{column}', first row {row}: {value}",
        "Write numbers such as 0.5, choose another column, or leave the rows out with the data step drop-empty.",
        where="data.roles.number",
        path=path, row=rows[0], rows=list(rows), count=count, column=column, value=value,
    )  # fmt: skip


def uneven_tags(path: str, rows: Sequence[int], count: int, column: str, value: str) -> StudioError:
    """``value``: numbers of tokens and tags."""
    return StudioError(
        "data.uneven-tags",
        "{count} rows of {path} have not as many tags as tokens, first row {row}: {value}",
        "Give every token one tag (O where it is nothing), or leave the rows out with the data step drop-flawed.",
        where="data.roles.tags",
        path=path, row=rows[0], rows=list(rows), count=count, column=column, value=value,
    )  # fmt: skip


def misplaced_answers(path: str, rows: Sequence[int], count: int, column: str, value: str) -> StudioError:
    """``value``: an answer and where it should begin, or the numbers of both."""
    return StudioError(
        "data.misplaced-answers",
        "In {count} rows of {path} an answer does not stand in the context where it should, first row {row}: {value}",
        "Correct the beginnings (characters are counted from 0), or leave the rows out with the data step drop-flawed.",
        where="data.roles.answer_starts",
        path=path, row=rows[0], rows=list(rows), count=count, column=column, value=value,
    )  # fmt: skip


def bad_boxes(path: str, rows: Sequence[int], count: int, column: str, value: str) -> StudioError:
    """``value``: a wrong box, or the numbers of boxes and labels."""
    return StudioError(
        "data.bad-boxes",
        "{count} rows of {path} have a box that is none, or not as many labels as boxes, first row {row}: {value}",
        "Write each box as left, top, right and bottom in pixels, such as 10 20 110 220, and give it a label; or leave "
        "the rows out with the data step drop-flawed.",
        where="data.roles.boxes",
        path=path, row=rows[0], rows=list(rows), count=count, column=column, value=value,
    )  # fmt: skip


def bad_messages(path: str, rows: Sequence[int], count: int, column: str, value: str) -> StudioError:
    """``value``: what is no message, or the roles of all."""
    return StudioError(
        "data.bad-messages",
        "{count} rows of {path} are no conversations with an answer of the assistant, first row {row}: {value}",
        "Each message needs role and content, and one of them the role assistant; the data step drop-flawed leaves the "
        "others out.",
        where="data.roles.messages",
        path=path, row=rows[0], rows=list(rows), count=count, column=column, value=value,
    )  # fmt: skip
