"""What the user has written about a run: tags, a note, a star. Kept in the run's folder, so that it travels with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import write_json

FILE = "notes.json"
_LONGEST_TAG, _LONGEST_NOTE, _MOST_TAGS = 40, 10_000, 50  # characters, characters, tags


@dataclass(frozen=True)
class RunNotes:
    """``tags`` are words without commas, each once, in the order in which they were given."""

    tags: tuple[str, ...] = ()
    note: str = ""
    star: bool = False

    def tagged(self, add: Iterable[str] = (), remove: Iterable[str] = ()) -> RunNotes:
        """With tags added and removed; upper and lower case are the same tag."""
        gone = {tag.casefold() for tag in _tags(remove)}
        kept = [tag for tag in self.tags if tag.casefold() not in gone]
        return replace(self, tags=_tags([*kept, *add]))


def read(folder: Path) -> RunNotes:
    """The notes of a run folder; a run without any, or with a damaged file, has none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8", errors="replace"))
        return RunNotes(
            _tags(str(tag) for tag in found.get("tags") or ()),
            str(found.get("note") or "")[:_LONGEST_NOTE],
            found.get("star") is True,
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return RunNotes()


def write(folder: Path, notes: RunNotes) -> RunNotes:
    """Writes the notes of a run and returns them as they stand in the file.

    Raises:
        StudioError: the run is gone, or its folder cannot be written to.
    """
    if not folder.is_dir():
        raise StudioError("files.missing", "{path} does not exist.", "Check the path, or choose the file again.",
                          where=str(folder), path=str(folder))  # fmt: skip
    clean = RunNotes(_tags(notes.tags), notes.note.strip()[:_LONGEST_NOTE], notes.star)
    data: dict[str, Any] = asdict(clean)
    write_json(folder / FILE, data)
    return clean


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Without commas (they part tags that are typed), line breaks, and doubles."""
    found: dict[str, str] = {}
    for tag in tags:
        for part in tag.split(","):
            if name := " ".join(part.split())[:_LONGEST_TAG]:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:_MOST_TAGS]
