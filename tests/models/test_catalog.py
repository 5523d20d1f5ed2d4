"""The catalogue: complete entries, found by any usual name, honest about this machine."""

from __future__ import annotations

import re

import pytest

from tlstudio.models import catalog


def test_entries_are_complete():
    names = [entry.name for entry in catalog.entries()]
    assert len(names) == len(set(names)) >= 5
    for entry in catalog.entries():
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.name)
        assert entry.title
        assert entry.summary
        assert entry.licence
        assert entry.megabytes > 1
        assert entry.parameters > 1_000_000
        assert all(re.fullmatch("[a-z]{2,3}|multilingual", language) for language in entry.languages)
        assert bool(entry.languages) == (entry.modality in ("text", "image-text"))
    assert {entry.modality for entry in catalog.entries()} == {"text", "image", "image-text", "audio"}


def test_kinds_are_those_of_transformers():
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    assert {entry.kind for entry in catalog.entries()} <= set(CONFIG_MAPPING_NAMES)


def test_first_entry_is_pinned():
    first = catalog.entries()[0]
    assert first.package
    assert re.fullmatch("[0-9a-f]{40}", first.revision or "")
    assert set(first.sha256) == {"model.safetensors", "tokenizer.json"}


@pytest.mark.parametrize(
    "name", ["sentence-transformers/all-MiniLM-L6-v2", "all-minilm-l6-v2", "SENTENCE-TRANSFORMERS/ALL-MINILM-L6-V2"]
)
def test_find(name):
    assert catalog.find(name) is catalog.entries()[0]
    assert catalog.find("org/absent") is None
    assert catalog.find("") is None


def test_listing(starter):
    rows = catalog.listing()
    assert [row["name"] for row in rows] == [entry.name for entry in catalog.entries()]
    assert rows[0]["present"]
    assert rows[0]["path"] == str(starter)
    assert {row["modality"] for row in rows} >= {"text", "image"}
    assert {"title", "summary", "kind", "bytes", "parameters", "languages", "licence", "revision", "note"} <= set(
        rows[0]
    )
