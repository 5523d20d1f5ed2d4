"""A process that may do little. What is refused is tried in one, by a module of these tests."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tests.core import confined_tries
from tlstudio.core import confined
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled


def test_nothing_but_its_folder(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    ended = confined.run(confined_tries.__name__, [str(inside), str(tmp_path)], Control(), 60)
    assert ended.code == 0, ended.stderr
    found = json.loads((inside / "found.json").read_text())
    assert {name for name, done in found.items() if done} == {"write inside", "read outside"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
@pytest.mark.parametrize("what", ["memory", "file"])
def test_limits(tmp_path, what):
    ended = confined.run(confined_tries.__name__, [str(tmp_path), what], Control(), 60)
    assert ended.code == 3
    assert not ended.late


def test_time_and_cancel(tmp_path):
    begin = time.monotonic()
    ended = confined.run(confined_tries.__name__, [str(tmp_path), "loop"], Control(), 1.0)
    assert ended.late
    assert ended.code != 0
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        confined.run(confined_tries.__name__, [str(tmp_path), "loop"], control, 60)
    assert time.monotonic() - begin < 15


def test_secrets_are_not_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    confined.run(confined_tries.__name__, [str(tmp_path), "environment"], Control(), 60)
    names = json.loads((tmp_path / "found.json").read_text())
    assert "PATH" in names
    assert not [name for name in names if "TOKEN" in name]
