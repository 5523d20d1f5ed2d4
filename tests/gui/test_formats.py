"""Numbers as people read them, and what is to be thought of times."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.gui import formats
from tlstudio.gui.widgets.measured_table import MeasuredTable
from tlstudio.gui.widgets.result_summary import StagesView

BUSY = "Other programs used 40 % of the processor"


@pytest.fixture
def busy() -> dict:
    results = fake.results("run")
    results["stages"][1]["latency"]["16"]["busy"] = 0.4
    return results


def test_missing_values_are_dashes():
    for shown in (formats.percent(None), formats.decimal(float("nan")), formats.milliseconds("x")):
        assert shown == formats.NONE


def test_signs_and_sizes():
    assert formats.signed(-1.5) == "−1.500"
    assert formats.percent(0.9764) == "97.6 %"
    assert formats.when("2026-11-05T10:00:00+00:00") == "2026-11-05 10:00"


def test_overlapping_intervals():
    one, other = {"low": 0.1, "high": 0.3}, {"low": 0.2, "high": 0.5}
    assert formats.overlap(one, other)
    assert not formats.overlap(one, {"low": 0.4, "high": 0.5})
    assert not formats.overlap(one, {"low": None, "high": 0.5})


def test_times_of_a_quiet_machine_are_not_doubted():
    assert formats.doubt([{"1": {"busy": 0.05}}, None]) == ""


def test_times_of_a_busy_machine_are_doubted_in_results(qapp, busy, keep):
    view = keep(StagesView())
    view.set_results(busy)
    assert view.doubt.isVisible() and BUSY in view.doubt.text()
    view.set_results(fake.results("run"))
    assert not view.doubt.isVisible()


def test_times_of_a_busy_machine_are_doubted_in_compress(qapp, busy, keep):
    table = keep(MeasuredTable())
    table.set_results(busy)
    assert table.doubt.isVisible() and BUSY in table.doubt.text()
    table.set_results(fake.results("run"))
    assert not table.doubt.isVisible()
