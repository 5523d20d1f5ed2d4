"""A guard for Python 3.11: PySide6 6.12 returns None, True and False without counting the reference.

Since Python 3.12 these objects are immortal and nothing happens. On 3.11 each ``widget.setText(…)`` takes one
reference away, until the interpreter aborts with "deallocating None" after some ten thousand calls.
Measured with PySide6-Essentials 6.12.0: ``sys.getrefcount(None)`` falls by one for each call that returns None.
"""

from __future__ import annotations

import ctypes
import sys

_PLENTY = 1 << (40 if sys.maxsize > 2**32 else 28)  # calls: a million a second for twelve days


def keep_constants() -> bool:
    """Gives the constants so many references that no session uses them up; True where that was needed."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return False
    for constant in (None, True, False, NotImplemented, Ellipsis):
        ctypes.c_ssize_t.from_address(id(constant)).value += _PLENTY  # ob_refcnt is the first field of every object
    return True
