"""Where a hostile case is built, and what the cases have in common."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection, ModelSection


class _Payload:
    """Unpickled, it makes the canary."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> Any:
        return (os.mkdir, (self.canary,))


@dataclass(frozen=True)
class Place:
    """An empty folder, a sound model to spoil, and the canary: what exists only if something was run."""

    folder: Path
    sound: Path
    canary: Path

    def payload(self, **beside: Any) -> bytes:
        """A pickle that makes the canary when it is read."""
        return pickle.dumps({**beside, "x": _Payload(self.canary)})

    @property
    def evil(self) -> Any:
        """The object in it."""
        return _Payload(self.canary)

    @property
    def program(self) -> str:
        """Python code that makes the canary when it is imported."""
        return f"import os\nos.makedirs({str(self.canary)!r}, exist_ok=True)\nclass Evil:\n    pass\n"

    def model(self, **config: Any) -> Path:
        """A copy of the sound model, with changes to its config."""
        folder = self.folder / "model"
        shutil.copytree(self.sound, folder)
        if config:
            self.edit("config.json", **config)
        return folder

    def edit(self, name: str, **changes: Any) -> Path:
        path = self.folder / "model" / name
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        path.write_text(json.dumps({**known, **changes}), encoding="utf-8")
        return path

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@dataclass(frozen=True)
class Case:
    """``act`` opens what it has built; it raises a StudioError with one of ``codes``, or returns what was done instead.

    ``codes`` is empty where the file is opened, but what is hostile in it is left alone.
    """

    name: str
    act: Callable[[Place], Any]
    codes: tuple[str, ...] = ()


def inspect_model(folder: Path) -> Any:
    """As the Model step does."""
    from tlstudio.pipeline.backbones import inspect

    return inspect(ModelSection(source="folder", name=str(folder)), "text-classification")


def load_model(folder: Path) -> Any:
    """As a run does: checked, tokenizer and network loaded, a text read."""
    from tlstudio.models.heads import Head
    from tlstudio.models.loading import resolve
    from tlstudio.models.tokenizers import load_tokenizer, tokenise
    from tlstudio.tasks.building import _loaded

    resolve(ModelSection(source="folder", name=str(folder)))
    tokenise(load_tokenizer(folder), ["where is my parcel"], 16)
    return _loaded(Head(), folder, {})


def read_data(path: Path | str) -> Any:
    """As the Data step does, and then all rows."""
    from tlstudio.data.inspection import inspect

    return inspect(DataSection(path=str(path)), silent, Control(), ("text", "label"))
