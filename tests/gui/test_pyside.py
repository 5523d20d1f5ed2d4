"""PySide6 6.12.0 returned None without counting the reference: Python 3.11 aborted after some ten thousand calls."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_calls_into_qt_leave_none_its_references(qapp):
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(1000):
        thing.setObjectName("x")
        thing.property("nothing")
    assert abs(sys.getrefcount(None) - before) < 500
