"""Interrupts the main thread where a cancelled job reads no control for a while, such as a conversion to ONNX."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled

_PATIENCE = 0.5  # seconds that a cancelled job gets to notice by itself


class Insistence:
    """``current`` gives the control of the job that the main thread does; ``free`` says when it may be broken off.

    :meth:`heard` is to be called by the handler of SIGINT.
    """

    def __init__(self, current: Callable[[], Control | None], free: Callable[[], bool] = lambda: True) -> None:
        self._current, self._free = current, free

    def begin(self, control: Control) -> None:
        """From now on until the job has ended."""
        timer = threading.Timer(_PATIENCE, self._insist, [control])
        timer.daemon = True
        timer.start()

    def heard(self) -> None:
        """Runs in the main thread, between two steps of whatever it does.

        Raises:
            Cancelled: the job is cancelled and may be broken off here.
        """
        if self._due(self._current()):
            raise Cancelled

    def _insist(self, control: Control) -> None:
        if self._current() is not control:
            return
        if self._due(control):
            _thread.interrupt_main()
        self.begin(control)  # it was between two stages, or deep in a library that swallowed the exception

    def _due(self, control: Control | None) -> Any:
        return control is not None and control.cancelled and control.interruptible and self._free()
