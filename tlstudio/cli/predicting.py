"""``tlstudio predict``: rows in, answers out, a batch in memory at a time."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.core.progress import silent
from tlstudio.data.compose import beside
from tlstudio.data.roles import FILES, assign, missing_column, named
from tlstudio.data.tables import read_table
from tlstudio.pipeline.predict import Predictor

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # how a cell begins that a spreadsheet would compute
_INNER = ("kind",)  # says a program how to show an answer; a table needs no column for it

Row = Mapping[str, Any]


def answer(
    folder: Path, texts: Sequence[str], more: Sequence[str], file: Path | None, columns: Sequence[str],
    output: Path | None, control: Control,
) -> None:  # fmt: skip
    """Answers ``texts``, or the rows of ``file``, and writes to ``output`` or standard output.

    Args:
        folder: of a run or an export.
        texts: values of the first thing that the task asks for.
        more: the other things as ``role=value``, the same for all texts.
        file: rows instead of texts.
        columns: of the file, each as ``role=column``; a bare name is the column of the first role.
        output: a .csv or .jsonl file.
        control: the user's wishes.

    Raises:
        StudioError: no model, no such file or column, or an output format that is not known.
    """
    predictor = Predictor(folder)
    asks = predictor.task.ASKS
    if file is None:
        others = _pairs(more, asks, "--with")
        source: Iterable[Row] = [{asks[0]: text, **others} for text in texts]
    else:
        needed = predictor.task.lacking({})
        source = file_rows(file, _pairs(columns, asks, "--column"), asks, control, needed)
    with _writer(output) as write:
        for found in predictor.stream(source, control):
            write(found)


def _pairs(given: Sequence[str], asks: Sequence[str], option: str) -> dict[str, str]:
    """``role=value`` as a mapping; without a role it is the first one."""
    found = {}
    for item in given:
        role, sign, value = item.partition("=")
        if not sign:
            role, value = asks[0], item
        if role not in asks:
            raise StudioError(
                "cli.unknown-role", "{option} {role}: the model asks for: {known}.", "Use one of these names.",
                option=option, role=role, known=", ".join(asks),
            )  # fmt: skip
        found[role] = value
    return found


def file_rows(
    file: Path, chosen: Mapping[str, str], asks: Sequence[str], control: Control, needed: Sequence[str] | None = None
) -> Iterator[Row]:
    """The rows of a labelled or unlabelled place, by role; a .txt file has one text a line.

    Of the roles ``asks`` those beyond ``needed`` are taken only where a column is chosen or called so.
    """
    if file.suffix.lower() == ".txt":
        yield from ({asks[0]: line} for line in _lines(file))
        return
    table = read_table(file, "auto", {}, silent, control)
    for role, column in chosen.items():
        if column not in table.columns:
            raise missing_column(column, role, list(table.columns), str(file))
    sample = table.open().slice(0, 2_000)
    wanted = [role for role in asks if needed is None or role in needed or role in chosen or named(sample, role)]
    roles = assign(sample, dict(chosen), tuple(wanted), str(file))
    names = {roles.one(role): role for role in wanted}
    first = 0
    for batch in table.batches(list(names)):
        columns = {names[name]: batch.column(name).to_pylist() for name in names}
        for role in set(FILES) & columns.keys():
            columns[role] = list(beside(table, first, columns[role]))
        first += batch.num_rows
        yield from (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _lines(file: Path) -> Iterator[str]:
    with explain_os_errors(file), open(file, encoding="utf-8-sig", errors="replace") as stream:
        yield from (line.rstrip("\n") for line in stream)


@contextlib.contextmanager
def _writer(output: Path | None) -> Iterator[Any]:
    if output is None:
        yield lambda found: sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    if output.suffix.lower() not in (".csv", ".jsonl"):
        raise StudioError(
            "cli.output-format", "{path}: the output must be a .csv or a .jsonl file.", "Change its ending.",
            path=str(output),
        )  # fmt: skip
    with atomic_write(output) as stream:
        if output.suffix.lower() == ".jsonl":
            yield lambda found: stream.write(json.dumps(found, ensure_ascii=False) + "\n")
        else:
            yield _csv_rows(stream)


def _csv_rows(stream: IO[str]) -> Any:
    """Writes answers as rows of one table, whose columns are those of the first answer."""
    header: list[str] = []
    writer = csv.writer(stream, lineterminator="\n")

    def write(found: dict[str, Any]) -> None:
        cells = _cells(found)
        if not header:
            header.extend(cells)
            writer.writerow([_inert(name) for name in header])
        if more := [name for name in cells if name not in header]:
            raise StudioError(
                "cli.other-columns", "Not all answers have the same columns: the first has none called '{column}'.",
                "Write a .jsonl file, in which each row has its own; or give all rows the same values.",
                column=more[0],
            )  # fmt: skip
        writer.writerow([cells.get(name, "") for name in header])

    return write


def _cells(found: Row) -> dict[str, str]:
    """An answer as cells: a share a class, and JSON for whatever has parts."""
    cells: dict[str, str] = {}
    for name, value in found.items():
        if name == "probabilities":
            cells |= {f"p_{label}": f"{share:.6f}" for label, share in value.items()}
        elif isinstance(value, (list, dict)):
            cells[name] = json.dumps(value, ensure_ascii=False)
        elif name not in _INNER:  # a number below zero is no formula
            cells[name] = "" if value is None else _inert(value) if isinstance(value, str) else str(value)
    return cells


def _inert(cell: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell
