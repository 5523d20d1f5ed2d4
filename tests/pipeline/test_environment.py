"""What the machine is, without saying whose it is."""

from __future__ import annotations

import getpass
import json
import platform

from tlstudio import __version__
from tlstudio.pipeline import environment


def test_versions_name_what_is_missing(monkeypatch):
    monkeypatch.setattr(environment, "_LIBRARIES", ("torch", "no-such-library"))
    found = environment.versions()
    assert found["tlstudio"] == __version__
    assert found["python"] == platform.python_version()
    assert found["torch"].startswith("2.")
    assert found["no-such-library"] is None


def test_the_environment_holds_no_names():
    found = environment.describe(3)
    text = json.dumps(found)
    assert platform.node() not in text or not platform.node()
    assert f'"{getpass.getuser()}"' not in text
    assert found["threads"] == 3
    assert found["devices"][0] == "cpu"
    assert found["memory_bytes"] > 1 << 28
    assert found["processor"]


def test_the_diagnosis_works_before_anything_exists(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "_LIBRARIES", ("torch", "no-such-library"))
    found = environment.diagnosis(tmp_path / "not/yet/there")
    assert found["missing"] == ["no-such-library"]
    assert "pip install no-such-library" in found["hints"]
    assert found["folders"]["runs"]["bytes"] == 0
    assert found["free_disk_bytes"] > 0
    assert not (tmp_path / "not").exists()
    json.dumps(found)
