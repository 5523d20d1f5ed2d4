"""What is done with the files of runs: zips, trackers, clean-up, trash, storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.gui import formats
from tlstudio.gui.context import Context
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.trash_dialog import TrashDialog
from tlstudio.gui.work import Task, WorkDialog
from tlstudio.session import run_archive, run_disk, trackers
from tlstudio.session.run_disk import Removal
from tlstudio.session.run_trash import Deleted
from tlstudio.session.runs import RunSummary


class RunFiles(QObject):
    """``show(runs)`` takes the list when it has been read again."""

    def __init__(
        self,
        context: Context,
        pane: RunsPane,
        show: Callable[[list[RunSummary]], None],
        find: Callable[[str], RunSummary | None],
    ) -> None:
        super().__init__(pane)
        self._context, self._pane, self._show, self._find = context, pane, show, find
        self._trash: TrashDialog | None = None
        self.working: WorkDialog | None = None
        pane.zip_requested.connect(self.export)
        pane.import_requested.connect(self.import_run)
        pane.track_requested.connect(self.track)
        pane.clean_requested.connect(self.ask_clean)
        pane.trash_requested.connect(self.open_trash)
        pane.storage_requested.connect(context.storage_requested)

    def export(self, run: str) -> None:
        """Writes a run as a zip where the user says."""
        if (found := self._find(run)) is None:
            return
        name = self._context.dialogs.save_zip(self.tr("Write the run as a zip"), f"{run}.zip")
        if name:
            folder, target = Path(found.folder), Path(name).with_suffix(".zip")
            told = self.tr("The run is in {path}").format(path=target)
            self._work(self.tr("Writing the zip of the run"),
                       lambda emit, control: run_archive.export(folder, target, emit, control),
                       lambda _result: self._context.told.emit(told))  # fmt: skip

    def import_run(self) -> None:
        """Takes in the zip that the user chooses."""
        if name := self._context.dialogs.open_zip(self.tr("Choose the zip of a run")):
            base = self._context.settings.runs_path
            self._work(self.tr("Taking in the run"),
                       lambda emit, control: run_archive.import_run(Path(name), base, emit, control),
                       self._on_imported)  # fmt: skip

    def track(self, run: str, name: str) -> None:
        """Writes a run for a tracker, into a folder that the user chooses."""
        tracker, found = trackers.TRACKERS[name], self._find(run)
        if not tracker.here:
            self._context.dialogs.tell(
                StudioError("track.not-installed", "{title} needs {package}, which is not installed.",
                            'Install it with: pip install "tlstudio[{extra}]"', where=name, title=tracker.title,
                            package=tracker.package, extra=tracker.extra)
            )  # fmt: skip
            return
        title = self.tr("Folder for {title}").format(title=tracker.title)
        if found is None or not (place := self._context.dialogs.open_folder(title)):
            return
        told = self.tr("{title}: written to {place}").format(title=tracker.title, place=place)

        def work(_emit: Emit, control: Control) -> bool:
            trackers.track_apart(Path(found.folder), name, place, control)
            return True

        title = self.tr("Writing for {title}").format(title=tracker.title)
        self._work(title, work, lambda _done: self._context.told.emit(told))

    def ask_clean(self, runs: list[str]) -> None:
        """Shows what could go, and removes what the user chooses."""
        from tlstudio.gui.clean_dialog import CleanDialog

        found = [item for run in runs if (item := self._find(run)) is not None]
        dialog = CleanDialog(found, self._pane)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.clean(dialog.chosen(), dialog.for_good)
        dialog.deleteLater()

    def clean(self, wanted: list[Removal], for_good: bool) -> None:
        index = self._context.index
        told = self.tr("{size} freed.") if for_good else self.tr("{size} are in the trash; empty it to free them.")

        def done(freed: int) -> None:
            self._context.told.emit(told.format(size=formats.size(freed)))
            self._read()

        self._work(self.tr("Cleaning up"),
                   lambda _emit, control: run_disk.remove(wanted, index.base, for_good, control.check),
                   done)  # fmt: skip

    def open_trash(self) -> None:
        """Shows what was deleted."""
        self._trash = TrashDialog(self._pane)
        self._trash.restore_requested.connect(self.restore)
        self._trash.empty_requested.connect(self.empty_trash)
        self._read_trash()
        self._trash.exec()
        self._trash.deleteLater()
        self._trash = None

    def restore(self, entries: list[Deleted]) -> None:
        trash = self._context.index.trash

        def work() -> None:
            for entry in sorted(entries, key=lambda entry: not entry.whole):  # runs before parts of them
                trash.restore(entry)

        self._context.background.run(work, self._on_restored, self._on_trash_failed)

    def empty_trash(self, _entries: list[Deleted]) -> None:
        """All of it, after a question: this cannot be undone."""
        answers = {"empty": self.tr("Empty the trash"), "keep": self.tr("Keep")}
        title = self.tr("Empty the trash")
        text = self.tr("Everything in the trash of the runs is removed for good. This cannot be undone.")
        if self._context.dialogs.ask(title, text, answers, "keep", "keep") == "empty":
            trash = self._context.index.trash
            self._work(title, lambda _emit, control: trash.empty(check=control.check), self._on_emptied)

    # --- inside

    def _work(self, title: str, task: Task, done: Callable[[Any], None]) -> None:
        dialog = WorkDialog(title, task, self._trash or self._context.dialogs.window or self._pane)
        dialog.problem.connect(self._context.dialogs.tell)

        def ended(result: Any) -> None:
            self.working = None
            if result is not None:
                done(result)
            for text in dialog.notes:
                self._context.told.emit(text)

        dialog.ended.connect(ended)
        self.working = dialog
        dialog.begin()

    def _on_imported(self, _folder: Path) -> None:
        self._read()

    def _on_restored(self, _result: Any) -> None:
        self._read_trash()
        self._read()

    def _on_emptied(self, freed: int) -> None:
        self._context.told.emit(self.tr("{size} freed.").format(size=formats.size(freed)))
        self._read_trash()

    def _on_trash_failed(self, error: StudioError) -> None:
        self._context.dialogs.tell(error)
        self._on_restored(None)

    def _read(self) -> None:
        self._context.background.run(self._context.index.list, self._show, self._context.tell)

    def _read_trash(self) -> None:
        if self._trash is not None:
            self._context.background.run(self._context.index.trash.entries, self._on_entries, self._context.tell)

    def _on_entries(self, entries: list[Deleted]) -> None:
        if self._trash is not None:
            self._trash.set_entries(entries)
