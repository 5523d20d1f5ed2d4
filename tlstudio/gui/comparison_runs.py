"""Two runs one after the other, without and with what the training rows are changed by, and then both side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.session.runs import new_folder

if TYPE_CHECKING:
    from tlstudio.gui.context import Context


@dataclass(frozen=True)
class Part:
    """One of the runs; ``title`` is in the user's language."""

    title: str
    recipe: Recipe


def changes_rows(recipe: Recipe) -> bool:
    """Whether there is something whose effect can be measured."""
    return bool(recipe.data.augment) or recipe.data.balance != "none"


def plain(recipe: Recipe) -> Recipe:
    """The recipe without augmentation and with rows as often as they are; all else is the same."""
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"augment": (), "balance": "none"})})


class ComparisonRuns(QObject):
    """Runs the parts on the session, so that pause, stop, cancel and closing work as with any run.

    A part that does not complete ends the comparison: its numbers would be no fair measure. What has been run is kept.
    """

    changed = Signal()
    _part_ended = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._parts: list[Part] = []
        self._folders: list[Path] = []
        context.session.ended.connect(self._on_ended)
        # queued: all others hear first how the run has ended, and only then is the session another run's
        self._part_ended.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    @property
    def active(self) -> bool:
        return bool(self._parts)

    @property
    def total(self) -> int:
        return len(self._parts)

    @property
    def number(self) -> int:
        """The part that is going on, from 1; 0 where none is."""
        return len(self._folders) if self.active else 0

    @property
    def title(self) -> str:
        """What is going on, such as 'Run 1 of 2, without augmentation'."""
        return self._parts[self.number - 1].title if self.number else ""

    def start(self) -> None:
        """Begins with the project's recipe as it is now; edits while it runs do not touch it."""
        if self.active or self._context.session.active:
            return
        recipe = self._context.project.recipe
        without, with_ = self.tr("Run 1 of 2, without augmentation"), self.tr("Run 2 of 2, with augmentation")
        if not recipe.data.augment:
            without, with_ = self.tr("Run 1 of 2, rows as they are"), self.tr("Run 2 of 2, classes equally often")
        self._parts, self._folders = [Part(without, plain(recipe)), Part(with_, recipe)], []
        self._begin()

    def cancel(self) -> None:
        """Cancels the run that is going on, and with it the comparison."""
        if self.active:
            self._context.session.send("cancel")

    def _begin(self) -> None:
        part = self._parts[len(self._folders)]
        try:
            folder = new_folder(part.recipe, self._context.settings.runs_path)
        except StudioError as error:
            self._finish()
            self._context.dialogs.tell(error)
            return
        self._folders.append(folder)
        args = {"recipe": part.recipe.to_dict(), "folder": str(folder)}
        self._context.session.start("run", args, folder, part.recipe, part.title)
        self.changed.emit()

    def _on_ended(self, line: dict[str, Any]) -> None:
        if self.active and self._context.session.folder == self._folders[-1]:
            self._part_ended.emit(line)

    def _go_on(self, line: dict[str, Any]) -> None:
        if line.get("outcome") != "completed":
            self._give_up(line)
        elif len(self._folders) < len(self._parts):
            if self._context.session.closing or self._context.session.active:
                self._finish()
                return
            self._begin()
        else:
            runs = [folder.name for folder in reversed(self._folders)]
            told = self.tr("Compared: “{this}” beside “{other}”.")
            told = told.format(this=self._parts[-1].title, other=self._parts[0].title)
            self._finish()
            self._context.compare_requested.emit(runs)
            self._context.told.emit(told)

    def _give_up(self, line: dict[str, Any]) -> None:
        number = self.number
        self._finish()
        if line.get("outcome") != "failed":  # why a run has failed is told already, and matters more
            text = self.tr("Nothing is compared, because run {n} of 2 was not finished.")
            self._context.told.emit(text.format(n=number))

    def _finish(self) -> None:
        self._parts, self._folders = [], []
        self.changed.emit()
