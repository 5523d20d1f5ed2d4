"""What helps somebody else to find a fault: versions, settings, logs, and how the last runs ended. No data, no names.

It is collected as texts, which are shown before anything is written.
"""

from __future__ import annotations

import contextlib
import json
import sys
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tlstudio.core import ledger, logs, paths
from tlstudio.core.files import atomic_write
from tlstudio.core.redact import without_person
from tlstudio.session.settings import Settings

_RUNS = 10
_LONGEST = 200_000  # characters of a log that are taken, its end
_SETTINGS = ("colour_scheme", "language", "runner", "confirm_close", "hub_endpoint", "proxy", "log_values")
_LOGS = ("window", "worker", "commands")
_SECTIONS = ("task", "strategy", "training", "regularise", "adapt", "compress", "export")


@dataclass(frozen=True)
class Part:
    """One file of the archive. ``about`` is a word for what it is: versions, settings, network, runs, log or crash."""

    name: str
    about: str
    text: str

    @property
    def size(self) -> int:
        return len(self.text.encode("utf-8"))


def collect(settings: Settings) -> tuple[Part, ...]:
    """All that would be written, with the names of user, computer and home folder taken out."""
    parts = [
        Part("versions.json", "versions", _json(_machine())),
        Part("settings.json", "settings", _json({name: getattr(settings, name) for name in _SETTINGS})),
        Part("network.json", "network", _json(_network())),
        Part("runs.json", "runs", _json(_runs(settings.runs_path))),
    ]
    for name in _LOGS:
        for path in (logs.file(name), logs.file(name).with_suffix(".log.1")):
            if text := _end_of(path):
                parts.append(Part(f"logs/{path.name}", "log", text))
    return tuple(Part(part.name, part.about, without_person(part.text)) for part in parts)


def write(parts: tuple[Part, ...], path: Path) -> None:
    """Writes the parts, and nothing else, as a zip archive.

    Raises:
        StudioError: the disk is full, or the place cannot be written to.
    """
    with atomic_write(path, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(part.name, part.text)


def _machine() -> dict[str, Any]:
    import psutil

    from tlstudio.pipeline import environment

    return {
        "versions": environment.versions(),
        "processor": environment.processor(),
        "system": sys.platform,
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "free_memory_bytes": psutil.virtual_memory().available,
        "free_disk_bytes": _free(paths.data_folder()),
        "frozen": bool(getattr(sys, "frozen", False)),
    }


def _free(folder: Path) -> int:
    import psutil

    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    return int(psutil.disk_usage(str(existing)).free)


def _network() -> list[dict[str, Any]]:
    """Hosts and results; not what was asked for."""
    return [
        {"time": round(request.time), "purpose": request.purpose, "host": request.host, "result": request.result,
         "bytes": request.bytes, "seconds": request.seconds}
        for request in ledger.read(200)
    ]  # fmt: skip


def _runs(base: Path) -> list[dict[str, Any]]:
    """How the last runs ended: plug-ins, options and codes; no texts, labels, columns or files."""
    folders: list[Path] = []
    with contextlib.suppress(OSError):
        folders = sorted((path for path in base.iterdir() if (path / "recipe.yaml").is_file()), reverse=True)
    return [_run(folder) for folder in folders[:_RUNS]]


def _run(folder: Path) -> dict[str, Any]:
    return {"recipe": _recipe(folder / "recipe.yaml"), **_events(folder / "events.jsonl")}


def _recipe(path: Path) -> dict[str, Any]:
    from tlstudio.core import recipe as recipes
    from tlstudio.core.errors import StudioError

    try:
        known = recipes.load(path).to_dict()
    except (StudioError, OSError, yaml.YAMLError):
        return {"unreadable": True}
    found: dict[str, Any] = {name: _plain(known.get(name)) for name in _SECTIONS if known.get(name)}
    data = known.get("data") or {}
    steps = [step.get("name") for step in data.get("steps") or [] if isinstance(step, dict)]
    return {**found, "model": {"source": (known.get("model") or {}).get("source")},
            "data": {"source": data.get("source"), "steps": steps}}  # fmt: skip


def _plain(value: Any) -> Any:
    """Names of plug-ins, numbers and switches; other texts may be the user's own."""
    if isinstance(value, dict):
        return {key: item if key == "name" else _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, float, bool, type(None))) else "…"


def _events(path: Path) -> dict[str, Any]:
    """Which events came how often, the codes of messages, and how it ended; without what filled their blanks."""
    kinds: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    last: dict[str, Any] = {}
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            event = _event(line)
            kinds[str(event.get("event"))[:40]] += 1
            if event.get("code"):
                codes[f"{event.get('level')} {event['code']}"[:80]] += 1
            if event.get("event") == "finished":
                given = event.get("error")
                error: dict[str, Any] = given if isinstance(given, dict) else {}
                last = {"outcome": event.get("outcome"), "seconds": event.get("seconds"), "error": error.get("code")}
    return {"events": dict(kinds), "messages": dict(codes), "ended": last or None}


def _event(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {"event": "no event"}
    return found if isinstance(found, dict) else {"event": "no event"}


def _end_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-_LONGEST:]
    except OSError:
        return ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"
