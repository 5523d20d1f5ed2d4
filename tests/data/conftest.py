"""Small labelled files and how to read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import read_labelled
from tlstudio.data.tables import Table, read_table


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """``written("a.csv", content)``: content is bytes, text, or rows of a CSV with columns text and label."""

    def write(name: str, content: Any, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        if isinstance(content, list):
            stream = io.StringIO()
            csv.writer(stream, lineterminator="\n").writerows([("text", "label"), *content])
            content = stream.getvalue()
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def read(written: Callable[..., Path]) -> Callable[..., Table]:
    """Writes a file and reads it as a table."""

    def read(name: str, content: Any, written_as: str = "utf-8", **options: Any) -> Table:
        return read_table(written(name, content, written_as), "auto", options, silent, Control())

    return read


@pytest.fixture
def labelled(written: Callable[..., Path]) -> Callable[..., Any]:
    """Writes rows (of text and label) and reads them as labelled data: (data or None, problems)."""

    def read(rows: list[tuple[str, str]], **data: Any) -> Any:
        path = written("rows.csv", rows)
        return read_labelled(DataSection(path=str(path), **data), silent, Control())

    return read


def many(count: int = 60, classes: int = 3) -> list[tuple[str, str]]:
    """Different texts in equal classes."""
    return [(f"text number {index}", f"class {index % classes}") for index in range(count)]
