"""What is refused; that sound weights are converted is shown in tests/cli/test_trust.py."""

from __future__ import annotations

import json

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.models.converting import INDEX, convert, pickles


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert", "vocab_size": 9}')
    return tmp_path


def refused(folder, code) -> StudioError:
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(StudioError) as caught:
        convert(folder, None, silent, Control())
    assert caught.value.code == code
    assert caught.value.remedy
    assert sorted(path.name for path in folder.iterdir()) == before
    return caught.value


def test_nothing_to_convert(folder):
    refused(folder, "convert.nothing")
    (folder / INDEX).write_text(json.dumps({"weight_map": {"a": "pytorch_model-1.bin"}}))
    refused(folder, "convert.nothing")


def test_a_part_cannot_lie_elsewhere(folder):
    (folder / "pytorch_model-1.bin").write_bytes(b"x")
    (folder / INDEX).write_text(json.dumps({"weight_map": {"a": "../../etc/pytorch_model-1.bin"}}))
    assert pickles(folder) == [folder / "pytorch_model-1.bin"]


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 cut off"])
def test_damaged(folder, content):
    (folder / "pytorch_model.bin").write_bytes(content)
    assert "Nothing in it was run" in refused(folder, "convert.refused").message


def test_cancel(folder):
    (folder / "pytorch_model.bin").write_bytes(b"x")
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        convert(folder, None, silent, control)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "pytorch_model.bin"]
