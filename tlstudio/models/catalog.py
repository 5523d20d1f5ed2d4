"""The curated list of backbones, readable without a network."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.paths import resource


class Entry(BaseModel):
    """One backbone. ``sha256`` maps file names to the hashes they must have; ``package`` carries the same files.

    ``kind`` is the ``model_type`` of its ``config.json``, which decides what it can learn.
    ``modality`` is what it reads, as :func:`tlstudio.models.checks.modality` says; one of images has no languages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    summary: str
    kind: str
    megabytes: int
    parameters: int
    modality: Literal["text", "image", "image-text", "audio"] = "text"
    languages: tuple[str, ...] = ()
    licence: str
    data: str
    revision: str | None = None
    sha256: dict[str, str] = Field(default_factory=dict)
    package: str | None = None


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, smallest surprise first."""
    text = resource("catalogue/models.yaml").read_text(encoding="utf-8")
    return tuple(Entry.model_validate(item) for item in yaml.safe_load(text))


def find(name: str) -> Entry | None:
    """The entry called ``name``, by its full name or by the part after the slash."""
    for entry in entries():
        if name.lower() in (entry.name.lower(), entry.name.split("/")[-1].lower()):
            return entry
    return None


def listing() -> list[dict[str, Any]]:
    """The catalogue with what is known of this machine, as the window and ``tlstudio models`` show it."""
    from tlstudio.models.loading import on_this_machine

    rows = []
    for entry in entries():
        path = on_this_machine(entry.name, entry.revision)
        rows.append(
            {
                "name": entry.name,
                "title": entry.title,
                "summary": entry.summary,
                "kind": entry.kind,
                "bytes": entry.megabytes * 1_000_000,
                "parameters": entry.parameters,
                "modality": entry.modality,
                "languages": list(entry.languages),
                "licence": entry.licence,
                "revision": entry.revision,
                "present": path is not None,
                "path": str(path) if path else None,
                "note": entry.data,
            }
        )
    return rows
