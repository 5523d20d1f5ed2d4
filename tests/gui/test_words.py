"""Times, transfers and numbers in words."""

from __future__ import annotations

import pytest

from tlstudio.gui import formats, words


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, ""), (float("nan"), ""), (0.2, ""), (3, "about 5 s left"), (41, "about 45 s left"),
     (57, "about 1 min left"), (110, "about 2 min left"), (3500, "about 58 min left"), (5000, "about 1 h left")],
)  # fmt: skip
def test_time_left_is_rough(qapp, seconds, expected):
    assert words.time_left(seconds) == expected


def test_a_transfer_says_how_much_how_fast_and_how_long(qapp):
    assert words.transfer({}) == "Asking the hub…"
    event = {"done": 2e6, "total": 12e6, "seconds_left": 20.0}
    assert words.transfer(event) == "2.0 MB of 12.0 MB  ·  500.0 kB/s  ·  about 20 s left"
    assert words.transfer({**event, "seconds_left": None}) == "2.0 MB of 12.0 MB"


def test_what_is_not_there_is_a_dash(qapp):
    assert formats.roughly(None) == formats.NONE
