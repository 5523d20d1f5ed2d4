"""The meter: few events, a true end, time left without pauses."""

from __future__ import annotations

import pytest

from tlstudio.core import progress
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.events import Progress, log


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_at_most_ten_a_second_and_the_last(clock):
    heard = []
    meter = progress.Meter(heard.append, Control(), "train", 1000, "steps")
    for _ in range(1000):
        clock.now += 0.001
        meter.advance()
    assert 9 <= len(heard) <= 12
    assert (heard[-1].done, heard[-1].total, heard[-1].unit, heard[-1].stage) == (1000, 1000, "steps", "train")
    assert [event.done for event in heard] == sorted(event.done for event in heard)


def test_time_left_is_the_mean_rate_without_pauses(clock):
    heard = []
    control = Control()
    meter = progress.Meter(heard.append, control, "train", 10)
    clock.now += 4
    control.paused_seconds += 2
    meter.advance(1, epoch=1)
    assert heard[0].seconds_left == pytest.approx(2 * 9)
    assert heard[0].detail == {"epoch": 1}


def test_cancel_raises():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        progress.Meter(progress.silent, control, "train", 10).advance()


def test_over_yields_and_counts():
    meter = progress.Meter(progress.silent, Control(), "x", 3)
    assert list(meter.over("abc")) == ["a", "b", "c"]
    assert meter.done == 3


def test_only_progress_is_passed_on():
    heard = []
    emit = progress.only_progress(heard.append)
    log(emit, "a.b", "said before")
    emit(Progress(stage="tokenise", done=1, total=2))
    assert [event.kind for event in heard] == ["progress"]
