"""Recordings: broken, silent, short and narrow ones are found and left out."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.recipe import DataSection


@pytest.fixture
def folder(tmp_path):
    root = patients.recordings(tmp_path / "recordings", 12)
    (root / "class a" / "broken.wav").write_text("no sound")
    soundfile.write(root / "class a" / "silent.wav", np.zeros(8000), 16_000)
    soundfile.write(root / "class b" / "short.wav", np.full(100, 0.5), 16_000)
    soundfile.write(root / "class c" / "narrow.wav", np.sin(np.arange(4000)), 8_000)
    return root


def name(text):
    return text.rsplit("/", 1)[-1]


def test_every_flaw_is_found_and_mended(folder):
    data = DataSection(path=str(folder))
    found = patients.look(data, "broken-audio")
    assert {code: [name(sample["text"]) for sample in finding["samples"]] for code, finding in found.items()} == {
        "broken-recordings": ["broken.wav"], "silent-recordings": ["silent.wav"], "short-recordings": ["short.wav"],
        "narrow-recordings": ["narrow.wav"],
    }  # fmt: skip
    assert found["broken-recordings"]["samples"][0]["detail"].startswith("it is no WAV")
    assert found["broken-recordings"]["severity"] == "error"
    for code in found:
        assert code not in patients.look(patients.mended(data, found[code]["fixes"][0]), "broken-audio")


def test_recordings_that_a_table_names_are_heard_as_well(folder, tmp_path):
    rows = [(str(path), path.parent.name) for path in sorted(folder.rglob("*.wav"))]
    data = DataSection(path=patients.write(tmp_path / "list.csv", rows, ("audio", "label")))
    assert set(patients.look(data, "broken-audio")) >= {"broken-recordings", "silent-recordings"}
    treated = data.model_copy(update={"steps": DataSection(steps=["drop-broken-audio"]).steps})
    assert "broken.wav" not in {name(text) for text, _ in left(treated)["train"]}
    # mended, it is heard anew
    soundfile.write(folder / "class a" / "broken.wav", np.sin(np.arange(4000)), 16_000)
    assert "broken-recordings" not in patients.look(data, "broken-audio")


def test_copies_are_told_by_their_bytes(folder):
    (folder / "class b" / "copy.wav").write_bytes((folder / "class b" / "1.wav").read_bytes())
    data = DataSection(path=str(folder), steps=["drop-broken-audio", "drop-duplicates", "drop-near-duplicates"])
    names = {name(text) for text, _ in left(data)["train"]}
    assert len({"copy.wav", "1.wav"} & names) == 1
    assert len(names) == 15
