"""``tlstudio predict``: texts in, labels out, a batch in memory at a time."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.core.progress import silent
from tlstudio.data.roles import missing_column
from tlstudio.data.tables import read_table
from tlstudio.pipeline.predict import Predictor

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # how a cell begins that a spreadsheet would compute


def label(
    folder: Path, texts: list[str], file: Path | None, column: str, output: Path | None, control: Control
) -> None:
    """Labels ``texts``, or the texts of ``file``, and writes to ``output`` or standard output.

    Raises:
        StudioError: no model, no such file or column, or an output format that is not known.
    """
    predictor = Predictor(folder)
    source = texts if file is None else file_texts(file, column, control)
    with _writer(output, predictor.labels) as write:
        for prediction in predictor.stream(source, control):
            write(prediction)


def file_texts(file: Path, column: str, control: Control) -> Iterable[str]:
    """The texts of a labelled or unlabelled file; a .txt file has one text a line."""
    if file.suffix.lower() == ".txt":
        return _lines(file)
    table = read_table(file, "auto", {}, silent, control)
    if column and column not in table.columns:
        raise missing_column(column, "text", list(table.columns), str(file))
    texts = [name for name, kind in table.columns.items() if kind == "text"]
    name = column or _longest_column(table.open().select(texts).slice(0, 1000))
    return (value.as_py() for chunk in table.open().column(name).chunks for value in chunk)


def _lines(file: Path) -> Iterator[str]:
    with explain_os_errors(file), open(file, encoding="utf-8-sig", errors="replace") as stream:
        yield from (line.rstrip("\n") for line in stream)


def _longest_column(sample: Any) -> str:
    named = [name for name in sample.column_names if name.strip().lower() in ("text", "message", "sentence")]
    lengths = {name: sum(len(text) for text in sample.column(name).to_pylist()) for name in sample.column_names}
    return str(named[0] if named else max(lengths, key=lambda name: lengths[name]))


@contextlib.contextmanager
def _writer(output: Path | None, labels: list[str]) -> Iterator[Any]:
    if output is None:
        yield lambda prediction: sys.stdout.write(json.dumps(prediction, ensure_ascii=False) + "\n")
        return
    if output.suffix.lower() not in (".csv", ".jsonl"):
        raise StudioError(
            "cli.output-format", "{path}: the output must be a .csv or a .jsonl file.", "Change its ending.",
            path=str(output),
        )  # fmt: skip
    with atomic_write(output) as stream:
        if output.suffix.lower() == ".jsonl":
            yield lambda prediction: stream.write(json.dumps(prediction, ensure_ascii=False) + "\n")
        else:
            yield _csv_rows(stream, labels)


def _csv_rows(stream: IO[str], labels: list[str]) -> Any:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["text", "label", *(f"p_{name}" for name in labels)])

    def write(prediction: dict[str, Any]) -> None:
        shares = [f"{prediction['probabilities'][name]:.6f}" for name in labels]
        writer.writerow([_inert(prediction["text"]), _inert(prediction["label"]), *shares])

    return write


def _inert(cell: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell
