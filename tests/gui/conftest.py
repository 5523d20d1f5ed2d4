"""Fixtures of the window's tests. Nothing may outlive its test: no thread, timer, process or top-level widget."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is loaded

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests import forked
from tests.gui import fake
from tlstudio.core import recipe as recipes
from tlstudio.gui import app as app_module
from tlstudio.gui import i18n, theme
from tlstudio.gui.controller import Controller
from tlstudio.gui.dialogs import Dialogs


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(scope="session", autouse=True)
def _small_heap(qapp: QApplication) -> None:
    """What is in memory before the first test of the window (torch, say) is not searched again for each of them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaks(qapp: QApplication) -> Iterator[None]:
    """Fails a test that leaves something running."""
    app_module.make_app()
    theme.apply(qapp, "light")
    i18n.install(qapp, "en")
    widgets = set(map(id, qapp.topLevelWidgets()))
    processes = {child.pid for child in forked.children()}
    threads = _count(QThread, QThread.isRunning)
    timers = _count(QTimer, QTimer.isActive)
    yield
    _settle()
    left = [child for child in forked.children() if child.pid not in processes]
    shown = [item for item in qapp.topLevelWidgets() if id(item) not in widgets and item.isVisible()]
    assert not left, f"processes left: {left}"
    assert not shown, f"top-level widgets left: {shown}"
    assert _count(QThread, QThread.isRunning) <= threads, "QThreads left running"
    assert _count(QTimer, QTimer.isActive) <= timers, "timers left running"


def _settle() -> None:
    """Lets deferred deletions happen."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    gc.collect()


def _count(kind: type[QObject], active: Callable[[Any], bool]) -> int:
    number = 0
    for item in gc.get_objects():
        # isinstance() of a proxy to a dead object raises; type() does not
        if not issubclass(type(item), kind):
            continue
        try:
            number += bool(active(item))
        except RuntimeError:
            continue  # its C++ half is gone already
    return number


class Answers(Dialogs):
    """Dialogs that are answered at once; what was asked and told is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.file, self.folder, self.project, self.target = "", "", "", ""
        self.files: list[str] = []  # several at once
        self.reply: dict[str, str] = {}
        self.asked: list[str] = []
        self.told: list[str] = []

    def open_data(self) -> list[str]:
        return self.files or [self.file] * bool(self.file)

    def open_project(self) -> str:
        return self.project

    def open_recipes(self) -> list[str]:
        return self.files

    def save_project(self, suggestion: str) -> str:
        return self.target

    def open_zip(self, title: str) -> str:
        return self.file

    def save_zip(self, title: str, suggestion: str) -> str:
        return self.target

    def open_folder(self, title: str) -> str:
        return self.folder

    def ask(self, title: str, text: str, answers: dict[str, str], default: str, cancel: str = "") -> str:
        self.asked.append(title)
        return self.reply.get(title, default)

    def ask_text(self, title: str, text: str, value: str) -> str:
        self.asked.append(title)
        return self.reply.get(title, value)

    def tell(self, error: Any, title: str = "") -> None:
        self.told.append(i18n.message(error))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return fake.write_arrow(tmp_path / "train.arrow")


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "tickets.csv"
    path.parent.mkdir()
    lines = [f"where is my parcel {i},{'delivery' if i % 2 else 'login'}" for i in range(40)]
    path.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def runners() -> list[fake.FakeRunner]:
    """The runners that the window has made, in order."""
    return []


@pytest.fixture
def answers(table: Path) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """What the fake worker answers; a test may change it."""
    return fake.answers(table)


@pytest.fixture
def dialogs() -> Answers:
    return Answers()


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the recipe's checks find, without the real plug-ins' need for a model on this machine."""
    from tlstudio.core.errors import StudioError

    found: list[Any] = []

    def check(recipe: recipes.Recipe) -> list[StudioError]:
        missing = []
        if not recipe.model.name:
            missing.append(StudioError("model.none", "No model is chosen.", "Choose one.", where="model.name"))
        if not recipe.data.path:
            missing.append(StudioError("data.none", "No data is chosen.", "Choose a file.", where="data.path"))
        return [*missing, *found]

    monkeypatch.setattr("tlstudio.pipeline.problems", check)
    return found


@pytest.fixture
def controller(
    qapp: QApplication,
    answers: dict[str, Callable[[dict[str, Any]], Any]],
    runners: list[fake.FakeRunner],
    dialogs: Answers,
    problems: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Controller]:
    """The whole window over a fake worker."""
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))

    def make() -> fake.FakeRunner:
        runners.append(fake.FakeRunner(answers, pace=0.005))
        return runners[-1]

    result = app_module.make_controller(qapp, make, dialogs)
    yield result
    dialogs.reply = {"A model is training": "cancel", "Unsaved changes": "discard"}
    if not result.window.may_close:
        result.context.session.close()
        _settle()
        result.finish()
    result.window.deleteLater()
    result.deleteLater()
    _settle()


@pytest.fixture
def until(qapp: QApplication) -> Callable[..., None]:
    """Lets the event loop run until a condition holds."""

    def wait(condition: Callable[[], Any], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            qapp.processEvents()
            time.sleep(0.005)

    return wait


@pytest.fixture
def keep() -> Iterator[Callable[[QWidget], QWidget]]:
    """Shows a widget and takes it away after the test."""
    kept: list[QWidget] = []

    def show(widget: QWidget) -> QWidget:
        kept.append(widget)
        widget.resize(800, 600)
        widget.show()
        return widget

    yield show
    for widget in kept:
        widget.close()
        widget.deleteLater()
