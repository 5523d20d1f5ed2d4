"""The frame: steps at the left, panes in the middle, the plan at the right, what is going on below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import theme, words
from tlstudio.gui.i18n import LANGUAGES
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.notice import Notice
from tlstudio.gui.widgets.plan_panel import PlanPanel
from tlstudio.gui.widgets.status import Status
from tlstudio.gui.widgets.step_list import PLACES, StepList

MakePane = Callable[[str], QWidget]


class MainWindow(QMainWindow):
    """``make_pane(place)`` builds a pane when it is first shown, so that the window itself shows at once."""

    asked = Signal(str)  # new, open, save, save-as, undo, redo, start, settings, doctor, about, theme
    recent_asked = Signal(str)
    language_asked = Signal(str)
    dropped = Signal(object)  # paths
    close_asked = Signal()
    place_changed = Signal(str)

    def __init__(self, make_pane: MakePane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_pane = make_pane
        self._panes: dict[str, QWidget] = {}
        self.may_close = False
        self.actions_by_name: dict[str, QAction] = {}
        self.setWindowTitle(self.tr("TLStudio"))
        self.setWindowIcon(theme.app_icon())
        self.setAcceptDrops(True)
        self.resize(1280, 720)
        self.setMinimumSize(QSize(900, 520))
        self._make_center()
        self._make_menus()
        self._make_toolbar()
        self.status = Status(self)
        self.setStatusBar(self.status)

    # --- parts

    def _make_center(self) -> None:
        center = QWidget(self)
        layout = QHBoxLayout(center)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.steps = StepList(center)
        self.stack = QStackedWidget(center)
        self.plan = PlanPanel(center)
        self.notice = Notice(center)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.notice)
        middle.addWidget(self.stack, 1)
        layout.addWidget(self.steps)
        layout.addLayout(middle, 1)
        layout.addWidget(self.plan)
        self.setCentralWidget(center)
        self.steps.chosen.connect(self.show_place)
        self.plan.step_requested.connect(self.go)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        files = bar.addMenu(self.tr("&File"))
        self._add(files, "new", self.tr("&New"), QKeySequence.StandardKey.New)
        self._add(files, "open", self.tr("&Open…"), QKeySequence.StandardKey.Open)
        self.recent = QMenu(self.tr("Open &recent"), self)
        files.addMenu(self.recent)
        files.addSeparator()
        self._add(files, "save", self.tr("&Save"), QKeySequence.StandardKey.Save)
        self._add(files, "save-as", self.tr("Save &as…"), QKeySequence("Ctrl+Shift+S"))
        files.addSeparator()
        self._add(files, "settings", self.tr("Se&ttings…"), QKeySequence("Ctrl+,"))
        self._add(files, "storage", self.tr("Stora&ge…"))
        files.addSeparator()
        self._add(files, "quit", self.tr("&Quit"), QKeySequence("Ctrl+Q")).triggered.connect(self.close)
        edit = bar.addMenu(self.tr("&Edit"))
        self._add(edit, "undo", self.tr("&Undo"), QKeySequence.StandardKey.Undo, "undo")
        self._add(edit, "redo", self.tr("&Redo"), QKeySequence("Ctrl+Shift+Z"), "redo")
        self.actions_by_name["redo"].setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self._make_steps_menu()
        run = bar.addMenu(self.tr("&Run"))
        self._add(run, "start", self.tr("&Start training"), QKeySequence("Ctrl+R"), "play")
        self._add(run, "pause", self.tr("&Pause or resume"), QKeySequence("Ctrl+P"), "pause")
        self._add(run, "stop", self.tr("S&top and keep the best"), None, "stop")
        self._add(run, "cancel", self.tr("&Cancel and discard"), None, "cancel")
        self._add(run, "queue", self.tr("Add to the &queue"), QKeySequence("Ctrl+Shift+R"), "add")
        run.addSeparator()
        self._add(run, "refresh", self.tr("&Read the files again"), QKeySequence("F5"), "refresh")
        view = bar.addMenu(self.tr("&View"))
        # not Ctrl+D: in a text field that deletes a character
        self._add(view, "theme", self.tr("&Light or dark"), QKeySequence("Ctrl+Shift+L"), "theme")
        self.languages = QMenu(self.tr("L&anguage"), self)
        for code, name in LANGUAGES.items():
            action = self.languages.addAction(name)
            action.setData(code)
            action.setCheckable(True)
            action.triggered.connect(self._on_language)
        view.addMenu(self.languages)
        help_ = bar.addMenu(self.tr("&Help"))
        self._add(help_, "sample", self.tr("Open the &sample project"))
        self._add(help_, "doctor", self.tr("&Doctor: check this computer"))
        self._add(help_, "about", self.tr("&About TLStudio"))

    def _make_steps_menu(self) -> None:
        menu = self.menuBar().addMenu(self.tr("&Steps"))
        for number, place in enumerate(PLACES, 1):
            action = menu.addAction(words.step(place))
            action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.setData(place)
            action.triggered.connect(self._on_step)
            theme.set_icon(action, place)

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Main toolbar"), self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.project_name = label("", "title", parent=bar)
        self.project_name.setContentsMargins(8, 0, 8, 0)
        bar.addWidget(self.project_name)
        space = QWidget(bar)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        for name in ("undo", "redo"):
            bar.addAction(self.actions_by_name[name])
        bar.addSeparator()
        bar.addAction(self.actions_by_name["theme"])
        language = QToolButton(bar)
        language.setMenu(self.languages)
        language.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        language.setToolTip(self.tr("Language"))
        language.setAccessibleName(self.tr("Language"))
        theme.set_icon(language, "language")
        bar.addWidget(language)
        for action in (self.actions_by_name[name] for name in ("undo", "redo", "theme")):
            if (tool := bar.widgetForAction(action)) is not None:
                tool.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                tool.setAccessibleName(action.text().replace("&", ""))
        language.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.addToolBar(bar)

    def _add(
        self,
        menu: QMenu,
        name: str,
        text: str,
        shortcut: QKeySequence | QKeySequence.StandardKey | None = None,
        icon: str = "",
    ) -> QAction:
        action = menu.addAction(text)
        action.setData(name)
        if shortcut is not None:
            action.setShortcut(shortcut)
        if icon:
            theme.set_icon(action, icon)
        if name != "quit":
            action.triggered.connect(self._on_action)
        self.actions_by_name[name] = action
        return action

    # --- setters

    def set_project(self, name: str, dirty: bool, can_undo: bool, can_redo: bool) -> None:
        shown = name or self.tr("New project")
        self.project_name.setText(f"{shown} •" if dirty else shown)
        self.project_name.setToolTip(self.tr("There are unsaved changes") if dirty else "")
        self.setWindowTitle(f"{shown}[*] — {self.tr('TLStudio')}")
        self.setWindowModified(dirty)
        self.actions_by_name["undo"].setEnabled(can_undo)
        self.actions_by_name["redo"].setEnabled(can_redo)

    def set_recent(self, files: list[Path]) -> None:
        self.recent.clear()
        for path in files:
            action = self.recent.addAction(path.name)
            action.setToolTip(str(path))
            action.setData(str(path))
            action.triggered.connect(self._on_recent)
        self.recent.setEnabled(bool(files))

    def set_language(self, code: str) -> None:
        for action in self.languages.actions():
            action.setChecked(action.data() == code)

    def set_running(self, running: bool) -> None:
        for name in ("pause", "stop", "cancel"):
            self.actions_by_name[name].setEnabled(running)
        if running:
            self.actions_by_name["start"].setEnabled(False)

    # --- places

    def go(self, place: str) -> None:
        """Shows a step as if the user had chosen it."""
        self.steps.set_current(place)
        self.show_place(place)

    def show_place(self, place: str) -> None:
        self.stack.setCurrentWidget(self.pane(place))
        self.place_changed.emit(place)

    def pane(self, place: str) -> QWidget:
        """The pane of a place; built now if it is the first time."""
        if place not in self._panes:
            self._panes[place] = self._make_pane(place)
            self.stack.addWidget(self._panes[place])
        return self._panes[place]

    def built(self, place: str) -> QWidget | None:
        return self._panes.get(place)

    def show_widget(self, widget: QWidget) -> None:
        """Shows something that is no step: the welcome."""
        if self.stack.indexOf(widget) < 0:
            self.stack.addWidget(widget)
        self.stack.setCurrentWidget(widget)

    # --- geometry

    def geometry_text(self) -> str:
        return bytes(self.saveGeometry().toBase64().data()).decode()

    def restore(self, geometry: str) -> None:
        """The geometry of the last time; Qt moves a window back that would be off the screens."""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(QByteArray(geometry.encode())))

    # --- events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.close_asked.emit()

    def _on_action(self) -> None:
        self.asked.emit(self._data())

    def _on_step(self) -> None:
        self.go(self._data())

    def _on_recent(self) -> None:
        self.recent_asked.emit(self._data())

    def _on_language(self) -> None:
        self.language_asked.emit(self._data())

    def _data(self) -> str:
        action = self.sender()
        return str(action.data()) if isinstance(action, QAction) else ""
