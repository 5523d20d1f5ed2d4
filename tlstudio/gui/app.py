"""The window's process: style, fonts, language, and a hook that shows what went wrong. Never imports torch."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

import tlstudio
from tlstudio.core import paths
from tlstudio.gui import i18n, theme
from tlstudio.gui.context import Context, MakeRunner
from tlstudio.gui.controller import Controller
from tlstudio.gui.dialogs import Dialogs
from tlstudio.session import settings as settings_module

log = logging.getLogger("tlstudio.gui")


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window. ``argv`` is the program's name and perhaps a project file. Returns the exit code."""
    arguments = list(sys.argv if argv is None else argv)[1:]
    app = make_app()
    hook = ExceptionHook(app)
    hook.install()
    controller = make_controller(app)
    controller.closed.connect(app.quit)
    try:
        with _ended_by_signals(controller):
            controller.show(Path(arguments[0]) if arguments else None)
            return app.exec()
    finally:
        hook.remove()


def make_app() -> QApplication:
    """The QApplication with our style; the existing one in tests."""
    existing = QApplication.instance()
    if existing is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("tlstudio")
    app.setApplicationDisplayName("TLStudio")
    app.setApplicationVersion(tlstudio.__version__)
    app.setDesktopFileName("tlstudio")
    app.setQuitOnLastWindowClosed(False)
    app.setStyle("Fusion")
    app.setFont(theme.font(app))
    return app


def make_controller(
    app: QApplication, make_runner: MakeRunner | None = None, dialogs: Dialogs | None = None
) -> Controller:
    """The controller over the user's settings; the window is made but not shown."""
    settings, note = settings_module.load()
    theme.apply(app, settings.colour_scheme)
    i18n.install(app, settings.language)
    context = Context(settings, make_runner, dialogs)
    controller = Controller(context, app)
    context.setParent(controller)
    if settings.colour_scheme == "system":
        app.styleHints().colorSchemeChanged.connect(controller.on_system_scheme)
    if note is not None:
        context.tell(note)
    return controller


def log_file() -> Path:
    return paths.cache_folder("logs") / "window.log"


class ExceptionHook(QObject):
    """An error in our own code: a plain message, the details in a log file, and the window goes on."""

    caught = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._showing = False
        self._handler: logging.Handler | None = None
        self._before: Any = None
        self._threads_before: Any = None
        self.caught.connect(self.show)

    def install(self) -> None:
        self._handler = _log_handler()
        if self._handler is not None:
            log.addHandler(self._handler)
        self._before, self._threads_before = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = self.on_exception, self.on_thread_exception

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._before, self._threads_before
        if self._handler is not None:
            log.removeHandler(self._handler)
            self._handler.close()

    def on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", text)
        print(text, file=sys.stderr)
        self.caught.emit(f"{kind.__name__}: {error}")  # the text, not the exception: that would keep what it refers to

    def on_thread_exception(self, args: threading.ExceptHookArgs, /) -> None:
        if args.exc_value is not None:
            self.on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def show(self, text: str) -> None:
        if self._showing:
            return  # one message at a time; all are in the log
        self._showing = True
        box = QMessageBox(
            QMessageBox.Icon.Critical, self.tr("TLStudio"), self.tr("Something went wrong inside TLStudio.")
        )
        more = self.tr("Your project is untouched. Details are in {path}")
        box.setInformativeText(more.format(path=log_file()))
        box.setDetailedText(text)
        box.exec()
        self._showing = False


def _log_handler() -> logging.Handler | None:
    try:
        log_file().parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(log_file(), maxBytes=1 << 20, backupCount=2, encoding="utf-8")
    except OSError:
        return None  # a full or read-only disk must not keep the window from opening
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


@contextlib.contextmanager
def _ended_by_signals(controller: Controller) -> Iterator[None]:
    """Ctrl+C in the terminal, or a wish of the system to end: closes in order, without a question."""

    def heard(*_args: Any) -> None:
        QTimer.singleShot(0, controller.closing.end)

    before = {name: signal.signal(name, heard) for name in (signal.SIGINT, signal.SIGTERM)}
    timer = QTimer(controller)
    timer.timeout.connect(lambda: None)  # Python only looks for signals while Python code runs
    timer.start(200)
    try:
        yield
    finally:
        timer.stop()
        for name, handler in before.items():
            signal.signal(name, handler)


__all__ = ["ExceptionHook", "log_file", "main", "make_app", "make_controller"]
