"""Files that can run code are opened only where we have written them."""

from __future__ import annotations

import pytest

from tlstudio.core import made_here
from tlstudio.core.errors import StudioError


def test_only_what_was_written_here(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_bytes(b"ours")
    theirs.write_bytes(b"theirs")
    with pytest.raises(StudioError) as caught:
        made_here.require(ours)
    assert caught.value.code == "model.made-elsewhere"
    made_here.remember(ours)
    made_here.require(ours)
    made_here.require(ours.rename(tmp_path / "moved"))
    with pytest.raises(StudioError):
        made_here.require(theirs)


def test_a_changed_file_is_another(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    made_here.remember(path)
    path.write_bytes(b"two")
    with pytest.raises(StudioError):
        made_here.require(path)
