"""Faults of the machine, by hand: ``pytest -m slow tests/faults``; a table of all: ``python -m tests.faults``."""

from __future__ import annotations

import pytest

from tests.faults.cases import CASES
from tests.faults.desk import Desk, NotHere

_QUICK = ("clock set back by 90 minutes", "folder of the run removed")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in _QUICK else pytest.mark.slow) for name in CASES]
)  # fmt: skip
def test_fault(name, tmp_path, tiny_model):
    try:
        found = CASES[name](Desk(tmp_path, tiny_model))
    except NotHere as reason:
        pytest.skip(str(reason))
    assert found.goes_on, found
    assert found.told
