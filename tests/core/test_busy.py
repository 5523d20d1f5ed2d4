"""What other programs take of the processor is noticed; what we take ourselves is not."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tlstudio.core import busy


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two cores whose clocks the test moves."""
    from collections import namedtuple

    times = namedtuple("times", "user system idle iowait guest")
    state = SimpleNamespace(now=0.0, all=0.0, own=0.0)
    monkeypatch.setattr(busy.time, "monotonic", lambda: state.now)
    monkeypatch.setattr(busy.psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(busy.psutil, "cpu_times", lambda: times(state.all, 0.0, 99.0, 7.0, 0.0))
    monkeypatch.setattr(
        busy.psutil, "Process", lambda: SimpleNamespace(cpu_times=lambda: SimpleNamespace(user=state.own, system=0.0))
    )
    return state


def test_share_of_others(machine):
    others = busy.Others()
    machine.now, machine.all, machine.own = 10.0, 15.0, 10.0
    assert others.share == pytest.approx(0.25)


def test_our_own_work_does_not_count(machine):
    others = busy.Others()
    machine.now, machine.all, machine.own = 10.0, 10.0, 10.1  # clocks tick coarsely
    assert others.share == 0.0


def test_no_time_has_passed(machine):
    assert busy.Others().share == 0.0


def test_on_this_machine():
    others = busy.Others()
    time.sleep(0.05)
    assert 0.0 <= others.share <= 1.0


def test_what_is_noticeable():
    quiet, loud = {"1": {"busy": 0.02}, "16": {"median_ms": 3}}, {"1": {"busy": 0.02}, "16": {"busy": 0.4}}
    assert busy.noticeable([quiet, None, {}]) is None
    assert busy.noticeable([quiet, loud]) == 0.4
    assert "40%" in busy.told(0.4)
