"""Rows of small files, and what a step makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.plugins import configure, find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import frames_of

Left = dict[str, list[tuple[str, str]]]


@pytest.fixture
def done(tmp_path: Path) -> Callable[..., Left]:
    """``done(step, rows, test=…, option=…)``: (text, label) of the rows that are left, by place."""

    def do(step: str, given: list[tuple[str, str]], /, **more: Any) -> Left:
        files = {name: patients.write(tmp_path / f"{name}.csv", more.pop(name))
                 for name in ("validation", "test") if name in more}  # fmt: skip
        path = patients.write(tmp_path / "rows.csv", given)
        return left(DataSection.model_validate({"path": path, **files, "steps": [{"name": step, **more}]}))

    return do


def left(data: DataSection) -> Left:
    """(content, label) of the kept rows by place."""
    frames = frames_of(data, silent, Control())
    found: Left = {}
    for split, frame in frames.by_split.items():
        texts = [text for _first, batch in frame.contents() for text in batch]
        codes = frame.codes if frame.codes is not None else [-1] * len(texts)
        found[split] = [(text, frames.names[code] if code >= 0 else "")
                        for text, code, keep in zip(texts, codes, frame.keep, strict=True) if keep]  # fmt: skip
    return found


def changed(step: str, texts: list[str], **options: Any) -> list[str]:
    """What a step makes of texts."""
    plugin = find("tlstudio.data.steps")[step]
    return plugin.texts(configure(plugin, options, "data.steps"), texts)
