"""A cancelled job that reads no control is interrupted; nothing else is."""

from __future__ import annotations

import signal
import time

import pytest

from tlstudio.core import insisting
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.insisting import Insistence


@pytest.fixture
def control(monkeypatch):
    """The control of a job that the main thread does, and hears of insistence."""
    monkeypatch.setattr(insisting, "_PATIENCE", 0.05)
    made = Control()
    working = [made]
    insistence = Insistence(lambda: working[0])
    made.on_cancel(insistence.begin)
    before = signal.signal(signal.SIGINT, lambda *_: insistence.heard())
    yield made
    working[0] = None
    time.sleep(0.15)  # the timer finds that the job is over
    signal.signal(signal.SIGINT, before)


def test_a_loop_that_never_looks_is_broken_off(control):
    control.interruptible = True
    control.cancel()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        while time.monotonic() - begin < 10:
            pass


def test_what_must_not_be_broken_off_is_left_alone_until_it_may(control):
    control.cancel()
    time.sleep(0.3)
    with pytest.raises(Cancelled):
        control.interruptible = True
        time.sleep(5)


def test_nothing_happens_without_a_cancel(control):
    control.interruptible = True
    control.stop()
    time.sleep(0.2)
