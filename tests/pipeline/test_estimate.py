"""Time and memory before a run."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.pipeline.estimate import estimate


@pytest.mark.parametrize("strategy", ["full-fine-tuning", "linear-probe"])
def test_each_strategy_is_estimated(tiny_model, tickets, tmp_path, monkeypatch, strategy):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    heard = tiny.Heard()
    found = estimate(tiny.recipe(tiny_model, tickets, strategy={"name": strategy}), heard, Control())
    assert 0 < found["seconds"] < 60
    assert found["memory_bytes"] > 1 << 20
    assert found["batch_size"] == 8
    assert found["precision"] == "fp32"
    assert found["rows"] == {"train": 42, "validation": 6, "test": 12}
    assert heard.of("progress")
    assert not heard.of("finished")
    assert not list((tmp_path / "temporary").iterdir())
    assert {path.name for path in Path(tickets.parent).iterdir()} <= {"tickets.csv", "temporary"}


def test_a_recipe_that_cannot_run(tiny_model, tmp_path):
    with pytest.raises(StudioError) as caught:
        estimate(tiny.recipe(tiny_model, tmp_path / "gone.csv"), tiny.Heard(), Control())
    assert caught.value.code == "files.missing"


def test_cancel(tiny_model, tickets):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        estimate(tiny.recipe(tiny_model, tickets), tiny.Heard(), control)
