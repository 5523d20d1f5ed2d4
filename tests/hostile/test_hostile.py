"""Nothing runs, nothing hangs, each has a message. A table of all: ``python -m tests.hostile``."""

from __future__ import annotations

import pytest

from tests.hostile.judge import CASES, judged
from tlstudio.models import probing

_LONGEST = 20.0  # seconds; a busy computer takes some for a process that is started anew


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A template that loops is ended after twenty seconds; two tell as much."""
    monkeypatch.setattr(probing, "SECONDS", 2.0)
    monkeypatch.setattr("tlstudio.tasks.chats._SECONDS", 1.0)
    probing._tried.cache_clear()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile(case, tmp_path, tiny_model):
    found = judged(case, tmp_path, tiny_model)
    assert not found.ran
    assert found.seconds < _LONGEST
    if case.codes:
        assert found.code in case.codes, found.said
        assert found.remedy
    else:
        assert not found.code, found.said
    assert "Traceback" not in found.said
