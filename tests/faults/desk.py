"""A desk on which runs are disturbed, and what each disturbance has cost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import from_dict


class NotHere(Exception):
    """This machine does not let us try (no right to mount, no such limit)."""


@dataclass
class Desk:
    """``folder`` is empty; ``model`` a sound backbone."""

    folder: Path
    model: Path
    heard: list[Any] = field(default_factory=list)

    def recipe(self, **changes: Any) -> dict[str, Any]:
        table = tiny.write_csv(self.folder / "tickets.csv")
        return tiny.recipe(self.model, table, **changes).to_dict()

    def run(self, folder: Path, recipe: dict[str, Any] | None = None, at: Callable[[Any], None] | None = None) -> Any:
        """A run in this process; ``at`` hears each event and may disturb."""
        from tlstudio import pipeline

        self.heard = []

        def emit(event: Any) -> None:
            self.heard.append(event)
            if at is not None:
                at(event)

        return pipeline.run(from_dict(recipe or self.recipe()), folder, emit, Control())

    def goes_on(self, folder: Path, whole: Path) -> bool:
        """Resumes a broken run; whether it ends as one that was never broken, to the bit."""
        from tlstudio import pipeline

        ended = pipeline.resume(folder, self.heard.append, Control())
        assert ended.outcome == "completed", ended
        models = [(place / "model" / "model.safetensors").read_bytes() for place in (whole, folder)]
        return sound(folder) and models[0] == models[1]

    def command(self, *arguments: str, limit: str = "", **environment: str) -> tuple[int, str]:
        """``tlstudio`` in a process of its own, under a limit of the shell; exit code and standard error."""
        call = [sys.executable, "-m", "tlstudio", *arguments]
        if limit:
            call = ["bash", "-c", f'{limit} && exec "$@"', "bash", *call]
        ended = subprocess.run(call, capture_output=True, encoding="utf-8", errors="replace", timeout=300,
                               env={**os.environ, **environment}, check=False)  # fmt: skip
        return ended.returncode, " ".join(ended.stderr.split())

    def write_recipe(self, **changes: Any) -> Path:
        path = self.folder / "recipe.yaml"
        path.write_text(yaml.safe_dump(self.recipe(**changes), allow_unicode=True), encoding="utf-8")
        return path


@dataclass(frozen=True)
class Outcome:
    """``told``: the message. ``lost``: in words. ``goes_on``: whether the same was possible afterwards."""

    told: str
    lost: str
    goes_on: bool


def told_of(ended: Any) -> str:
    """The message of a run that failed.

    Raises:
        AssertionError: it did not fail, or the message is none for a user.
    """
    assert ended.outcome == "failed", ended
    error = StudioError.from_dict(ended.error)
    assert error.remedy, error
    assert error.code != "run.unexpected", error
    return f"{error.code}: {error.message}"


def complete(run: Path) -> bool:
    """Whether the results of a run say that it is."""
    try:
        results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(results.get("outcome") == "completed")


def sound(folder: Path) -> bool:
    """Whether nothing half-written lies in a folder: every JSON can be read, every line of events is whole, no part."""
    for path in folder.rglob("*"):
        assert ".part" not in path.name, path
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        if path.suffix == ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                json.loads(line)
    return True


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size.

    Raises:
        NotHere: there is no right to mount.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        raise NotHere("no right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
