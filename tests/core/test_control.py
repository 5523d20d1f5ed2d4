"""Pause holds, stop and cancel wake, and the time of a pause is known."""

from __future__ import annotations

import threading
import time

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled


def test_check_passes_at_first():
    Control().check()


def test_pause_holds_until_resume():
    control = Control()
    control.pause()
    timer = threading.Timer(0.15, control.resume)
    timer.start()
    begin = time.monotonic()
    control.check()
    timer.join()
    assert time.monotonic() - begin >= 0.1
    assert 0.1 <= control.paused_seconds < 5


@pytest.mark.parametrize("word", ["stop", "cancel"])
def test_stop_and_cancel_end_a_pause(word):
    control = Control()
    control.pause()
    assert control.paused
    assert control.send(word)
    assert not control.paused
    assert control.stopping is (word == "stop")
    assert control.cancelled is (word == "cancel")


def test_cancel_in_a_pause_raises_at_once():
    control = Control()
    control.pause()
    timer = threading.Timer(0.05, control.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        control.check()
    timer.join()


def test_unknown_word():
    assert not Control().send("explode")
