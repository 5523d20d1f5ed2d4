"""Work in a thread of its own, with a dialog."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.progress import Meter
from tlstudio.gui.work import WorkDialog


def show(task) -> tuple[WorkDialog, list[object]]:
    dialog = WorkDialog("Moving", task)
    said: list[object] = []
    dialog.problem.connect(said.append)
    dialog.ended.connect(said.append)
    return dialog.begin(), said


def test_progress_and_result(until) -> None:
    def task(emit, control) -> str:
        meter = Meter(emit, control, "move", 1000, "bytes")
        meter.advance(500)
        log(emit, "storage.note", "A note about {what}.", what="it")
        return "result"

    dialog, said = show(task)
    shown: list[str] = []
    dialog.work.progress.connect(lambda *_args: shown.append(dialog.detail.text()))
    dialog.ended.connect(lambda _result: shown.extend(dialog.notes))
    until(lambda: said == ["result"])
    assert shown[-1] == "A note about it." and not any("Cancelling" in text for text in shown)


@pytest.mark.parametrize("how", ["button", "escape", "close"])
def test_cancel_is_heard(until, how) -> None:
    def task(_emit, control) -> None:
        while True:
            control.check()

    dialog, said = show(task)
    assert dialog.isVisible()
    {"button": dialog.cancel_button.click, "escape": dialog.reject, "close": dialog.close}[how]()
    until(lambda: said == [None])


@pytest.mark.parametrize("error", [StudioError("x.y", "Bad.", "Better."), OSError(28, "No space left", "/full")])
def test_problems_are_told(until, error) -> None:
    def task(_emit, _control) -> None:
        raise error

    _dialog, said = show(task)
    until(lambda: len(said) == 2)
    assert isinstance(said[0], StudioError) and said[1] is None
