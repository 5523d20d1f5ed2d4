"""Where models, datasets, features, runs, studies and logs lie, how large they are; moved and cleaned from here."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QTreeView, QVBoxLayout, QWidget

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.gui import formats
from tlstudio.gui.dialogs import Dialogs
from tlstudio.gui.widgets.common import button, label
from tlstudio.gui.work import WorkDialog
from tlstudio.session import moving, storage
from tlstudio.session.storage import Part, Place

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_KEY = int(Qt.ItemDataRole.UserRole) + 1  # the role of QStandardItem.setData


class Survey(QObject):
    """Measures in a thread of its own; a new survey ends the one before. ``ended`` when all is known."""

    measured = Signal(object)  # Place
    failed = Signal(object)  # StudioError
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = Control()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.stop()
        self._control = Control()
        self._thread = threading.Thread(target=self._run, args=(self._control,), name="tlstudio-survey", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._control.cancel()
        if self._thread is not None:
            self._thread.join(2)  # it looks at the wish in every folder
            self._thread = None

    def _run(self, control: Control) -> None:
        with contextlib.suppress(RuntimeError):  # the dialog has gone meanwhile, and this object with it
            self._measure(control)

    def _measure(self, control: Control) -> None:
        try:
            moving.recover()
            for place in storage.survey(control.check):
                control.check()
                self.measured.emit(place)
        except Cancelled:
            return
        except StudioError as error:
            self.failed.emit(error)
        self.ended.emit()


class StorageDialog(QDialog):
    """``changed(place)`` when something was moved or cleaned."""

    changed = Signal(str)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self.places: dict[str, Place] = {}
        self.working: WorkDialog | None = None
        self.setWindowTitle(self.tr("Storage"))
        self.resize(920, 520)
        self.about = label(self.tr("Measuring…"), "muted", wrap=True, parent=self)
        self.model = QStandardItemModel(self)
        self.view = QTreeView(self)
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Places and what they take on the disk"))
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setStyleSheet("QTreeView::item { padding: 5px 4px; }")
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.selectionModel().currentChanged.connect(self._enable)
        self.open_button = button(self.tr("Open folder"), "folder", parent=self)
        self.move_button = button(self.tr("Move…"), "export", parent=self)
        self.clean_button = button(self.tr("Clean…"), "remove", "danger", parent=self)
        self.again_button = button(self.tr("Measure again"), "refresh", parent=self)
        self.close_button = button(self.tr("Close"), parent=self)
        line = QHBoxLayout()
        for widget, slot in (
            (self.open_button, self._open),
            (self.move_button, self._move),
            (self.clean_button, self._clean),
            (self.again_button, self.measure),
            (self.close_button, self.accept),
        ):
            widget.clicked.connect(slot)
            if widget is self.close_button:
                line.addStretch(1)
            line.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addWidget(self.about)
        layout.addWidget(self.view, 1)
        layout.addLayout(line)
        self.survey = Survey(self)
        self.survey.measured.connect(self.set_place)
        self.survey.failed.connect(dialogs.tell)
        self.survey.ended.connect(self._on_measured)
        self.measure()

    # --- setters

    def measure(self) -> None:
        """Looks at the disk again."""
        self.places.clear()
        self._head()
        self.about.setText(self.tr("Measuring…"))
        self.again_button.setEnabled(False)
        self.survey.start()
        self._enable()

    def set_place(self, place: Place) -> None:
        """A place that has been measured, with its parts below it."""
        self.places[place.name] = place
        items = _line(title(place.name), place.bytes, place.cleanable, str(place.path))
        items[0].setData((place.name, ""))
        for part in sorted(place.parts, key=lambda part: -part.bytes):
            inner = _line(part_title(part), part.bytes, part.bytes if part.cleanable else 0, again(part))
            inner[0].setData((place.name, part.name))
            items[0].appendRow(inner)
        self.model.appendRow(items)
        if self.model.rowCount() == 1:
            self.view.setCurrentIndex(self.model.index(0, 0))
        for column in range(3):
            self.view.resizeColumnToContents(column)
        self.view.setColumnWidth(0, max(self.view.columnWidth(0), 280))

    def chosen(self) -> tuple[str, str]:
        """Name of the place, and of the part where one is chosen."""
        found = self.view.currentIndex().siblingAtColumn(0).data(_KEY)
        return tuple(found) if found else ("", "")

    # --- what the user does

    def _open(self) -> None:
        name, part = self.chosen()
        place = self.places[name]
        found = next((item.path for item in place.parts if item.name == part), place.path)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(found)))

    def _move(self) -> None:
        name, _part = self.chosen()
        folder = self._dialogs.open_folder(self.tr("Where {place} shall lie").format(place=title(name)))
        if not folder:
            return
        target = Path(folder)
        if any(target.iterdir()):  # its content is somebody else's
            target /= f"tlstudio-{name}"
        text = self.tr("{size} will be copied to {path}, compared byte by byte, and only then removed here.")
        text = text.format(size=formats.size(self.places[name].bytes), path=target)
        if name == "models":
            text += " " + self.tr("Other programs that use the hub's cache will not find them there any more.")
        answers = {"move": self.tr("Move"), "keep": self.tr("Keep")}
        if (
            self._dialogs.ask(self.tr("Move {place}").format(place=title(name)), text, answers, "keep", "keep")
            == "move"
        ):
            self._work(self.tr("Moving {place}").format(place=title(name)), name,
                       lambda emit, control: moving.move(name, target, emit, control))  # fmt: skip

    def _clean(self) -> None:
        name, part = self.chosen()
        place = self.places[name]
        parts = [item for item in place.parts if item.cleanable and part in ("", item.name)]
        lines = "\n".join(f"{part_title(item)}: {formats.size(item.bytes)}, {again(item)}" for item in parts[:12])
        if len(parts) > 12:
            lines += "\n" + self.tr("and {n} more").format(n=formats.count(len(parts) - 12))
        answers = {"clean": self.tr("Remove"), "keep": self.tr("Keep")}
        question = self.tr("Remove {size}?").format(size=formats.size(sum(item.bytes for item in parts)))
        heading = self.tr("Clean {place}").format(place=title(name))
        if self._dialogs.ask(heading, f"{question}\n\n{lines}", answers, "keep", "keep") == "clean":
            names = [item.name for item in parts]
            self._work(heading, name, lambda _emit, control: storage.clean(place, names, control.check))

    def _work(self, text: str, name: str, task: Any) -> None:
        self.survey.stop()
        self.working = WorkDialog(text, task, self)
        self.working.problem.connect(self._dialogs.tell)

        def ended(result: Any) -> None:
            self.working = None
            if result is not None:
                self.changed.emit(name)
            self.measure()

        self.working.ended.connect(ended)
        self.working.begin()

    # --- inside

    def _head(self) -> None:
        self.model.clear()
        titles = [self.tr("What"), self.tr("Size"), self.tr("Can be cleaned"), self.tr("Where, and how it comes back")]
        self.model.setHorizontalHeaderLabels(titles)

    def _on_measured(self) -> None:
        self.again_button.setEnabled(True)
        whole = formats.size(sum(place.bytes for place in self.places.values()))
        free = min((place.free for place in self.places.values() if place.free is not None), default=None)
        text = self.tr("{size} in all; {free} are free on the disk.")
        self.about.setText(text.format(size=whole, free=formats.size(free)))

    def _enable(self, *_args: Any) -> None:
        name, part = self.chosen()
        place = self.places.get(name)
        self.open_button.setEnabled(place is not None and place.path.is_dir())
        movable = place is not None and not part and not place.fixed and place.path.is_dir()
        self.move_button.setEnabled(movable)
        fixed = place.fixed if place is not None else ""
        text = self.tr("Set by {name} in the environment").format(name=fixed) if fixed.isupper() else ""
        self.move_button.setToolTip(text)
        wanted = [item for item in place.parts if part in ("", item.name)] if place is not None else []
        self.clean_button.setEnabled(any(item.cleanable for item in wanted))

    def reject(self) -> None:
        self.survey.stop()
        super().reject()

    def accept(self) -> None:
        self.survey.stop()
        super().accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.survey.stop()
        super().closeEvent(event)


def title(name: str) -> str:
    """A place in the user's language."""
    return {
        "models": translate("StorageDialog", "Models of the hub"),
        "datasets": translate("StorageDialog", "Datasets that were read or fetched"),
        "features": translate("StorageDialog", "Features and other computed values"),
        "runs": translate("StorageDialog", "Runs"),
        "studies": translate("StorageDialog", "Searches"),
        "logs": translate("StorageDialog", "Logs"),
    }.get(name, name)


def part_title(part: Part) -> str:
    """A part of a place; those with names of their own are called by these."""
    if part.again == storage.TRASHED:
        return translate("StorageDialog", "Trash")
    if part.again == storage.RESUME:
        return translate("StorageDialog", "Checkpoints of finished runs")
    if part.again == storage.NEVER:
        return translate("StorageDialog", "Results, models and exports of runs")
    return part.name


def again(part: Part) -> str:
    """How what was cleaned comes back."""
    return {
        storage.FETCH: translate("StorageDialog", "can be fetched again"),
        storage.COMPUTE: translate("StorageDialog", "is computed again when it is needed"),
        storage.TRASHED: translate("StorageDialog", "cannot be restored then"),
        storage.RESUME: translate("StorageDialog", "only needed to go on training"),
        storage.TOLD: translate("StorageDialog", "what happened so far is forgotten"),
        storage.NEVER: translate("StorageDialog", "is kept; runs are deleted in Runs"),
    }[part.again]


def _line(text: str, size: int, cleanable: int, where: str) -> list[QStandardItem]:
    items = [QStandardItem(text), QStandardItem(formats.size(size)),
             QStandardItem(formats.size(cleanable) if cleanable else ""), QStandardItem(where)]  # fmt: skip
    for item in items[1:3]:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return items
