"""What a person does with the window: clicks and keys on what is shown, and pictures of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QMessageBox,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QWidget,
)

SIZES = ((1280, 720), (1920, 1080))
_LEFT = Qt.MouseButton.LeftButton
_NO_KEYS = Qt.KeyboardModifier.NoModifier
_ON_THE_BOX = 8  # pixels from the left edge: the indicator of a tick or radio button


def click(widget: QWidget) -> None:
    """Scrolls to the widget, as a person would, and clicks on it."""
    assert widget.isVisible(), f"{widget} is not shown"
    assert widget.isEnabled(), f"{widget} is not enabled"
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    place = widget.rect().center()
    if isinstance(widget, (QRadioButton, QCheckBox)):
        place = QPoint(_ON_THE_BOX, place.y())
    QTest.mouseClick(widget, _LEFT, _NO_KEYS, place)


def click_row(view: QAbstractItemView, index: QModelIndex) -> None:
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), _LEFT, _NO_KEYS, view.visualRect(index).center())


def row_of(model: QAbstractItemModel, text: str, column: int = 0) -> QModelIndex:
    """The first row whose cell begins with ``text``."""
    for row in range(model.rowCount()):
        index = model.index(row, column)
        if str(index.data()).startswith(text):
            return index
    raise AssertionError(f"{text!r} is not in the list")


def click_tab(tabs: QTabWidget, number: int) -> None:
    bar = tabs.tabBar()
    QTest.mouseClick(bar, _LEFT, _NO_KEYS, bar.tabRect(number).center())
    assert tabs.currentIndex() == number


def press(window: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    """A shortcut, sent to what has the focus in the window."""
    QTest.qWait(50)  # a question that has just been answered goes first
    if not window.isActiveWindow():  # without a window manager nobody gives it back after a question
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window, 60_000)
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)


def type_text(widget: QWidget, text: str) -> None:
    click(widget)
    QTest.keyClicks(widget, text)


def drop(window: QWidget, *paths: Path) -> None:
    """Files dragged onto the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copy = window.rect().center(), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, copy, mime, _LEFT, _NO_KEYS)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(place), copy, mime, _LEFT, _NO_KEYS))


def answering(text: str, action: Callable[[], None], seconds: float = 5.0) -> str:
    """Does ``action``, which opens a question, and clicks its button called ``text``; returns what was asked."""
    asked: list[str] = []
    timer = QTimer()
    end = time.monotonic() + seconds

    def look() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            if time.monotonic() > end:
                timer.stop()
            return
        timer.stop()
        asked.append(box.text())
        button = next((item for item in box.buttons() if item.text().replace("&", "") == text), None)
        if button is None:
            box.reject()
            raise AssertionError(f"the question has no button {text!r}")
        click(button)

    timer.timeout.connect(look)
    timer.start(20)
    action()
    timer.stop()
    assert asked, "nothing was asked"
    return asked[0]


def wait(seconds: float) -> None:
    """Lets the window draw."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


class Camera:
    """Pictures of the window in all sizes, light and dark; none without a folder."""

    def __init__(self, window: QWidget, folder: Path | None) -> None:
        self._window, self._folder = window, folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def shoot(self, name: str) -> None:
        if self._folder is None:
            return
        for width, height in SIZES:
            self._window.resize(width, height)
            for scheme in ("light", "dark"):  # the second press brings the light back
                wait(0.3)
                self._window.grab().save(str(self._folder / f"{name}-{width}-{scheme}.png"))
                modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
                press(self._window, Qt.Key.Key_L, modifiers)
        self._window.resize(*SIZES[0])
        wait(0.1)
