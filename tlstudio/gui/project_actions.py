"""The project as a file: new, open, save; and what was not saved is kept aside, should the window die."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui import i18n
from tlstudio.gui.context import Context
from tlstudio.session import sample
from tlstudio.session.drafts import Draft, Drafts, left_behind
from tlstudio.session.project import SUFFIX
from tlstudio.session.project_file import ProjectFile

_KEEP_AFTER = 2000  # ms between a change and its being kept: the most that is lost


class ProjectActions(QObject):
    """What the menu does with the project's file. ``recent_changed``: the list of recent files is another one."""

    recent_changed = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._file, self._drafts = ProjectFile(), Drafts()
        self._kept = False
        self._discarded: Recipe | None = None  # what the user did not want to save
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_KEEP_AFTER)
        self._timer.timeout.connect(self._keep)
        context.project_changed.connect(self._on_change)

    def new(self) -> None:
        if self.may_leave():
            self._context.facts.task_chosen = False
            self._context.project.new()
            self._file.use(None)
            self._context.step_requested.emit("model")

    def open_asking(self) -> None:
        if name := self._context.dialogs.open_project():
            self.open_named(name)

    def open_named(self, name: str) -> None:
        self.open(Path(name))

    def open(self, path: Path) -> bool:
        """Opens a project file; a problem is shown and the old project stays."""
        if not self.may_leave():
            return False
        facts, chosen = self._context.facts, self._context.facts.task_chosen
        facts.task_chosen = True  # the file says which
        try:
            self._context.project.open(path)
        except StudioError as error:
            facts.task_chosen = chosen
            self._context.dialogs.tell(error, self.tr("The project could not be opened"))
            return False
        facts.task_chosen = bool(self._context.project.recipe.data.files)
        self._remember(path)
        self._context.step_requested.emit("model")
        if note := self._file.use(self._context.project.path):
            self._context.dialogs.tell(note)
        return True

    def open_sample(self) -> None:
        if not self.may_leave():
            return
        try:
            self._context.facts.task_chosen = False
            self._context.project.new(sample.recipe())
            self._file.use(None)
        except StudioError as error:
            self._context.dialogs.tell(error)
            return
        self._context.step_requested.emit("data")

    def save(self) -> bool:
        path = self._context.project.path
        return self._save_to(path) if path and path.suffix == SUFFIX else self.save_as()

    def save_as(self) -> bool:
        project = self._context.project
        suggestion = str(project.path.with_suffix(SUFFIX)) if project.path else f"project{SUFFIX}"
        name = self._context.dialogs.save_project(suggestion)
        return bool(name) and self._save_to(Path(name))

    def _may_save(self, path: Path) -> bool:
        """Asks where another window or program would lose its work."""
        if (problem := self._file.obstacle(path)) is None:
            return True
        answers = {"over": self.tr("Save over it"), "stay": self.tr("Go back")}
        title = self.tr("Somebody else works on this project")
        return self._context.dialogs.ask(title, i18n.both(problem), answers, default="stay", cancel="stay") == "over"

    def _save_to(self, path: Path) -> bool:
        if not self._may_save(path):
            return False
        try:
            saved = self._context.project.save(path)
        except StudioError as error:
            self._context.dialogs.tell(error, self.tr("The project could not be saved"))
            return False
        self._remember(saved)
        self._file.use(saved)
        self._context.told.emit(self.tr("Saved as {name}").format(name=saved.name))
        return True

    def _remember(self, path: Path) -> None:
        self._context.settings = self._context.settings.with_recent(path)
        self._context.change_settings(welcomed=True)
        self.recent_changed.emit()

    # --- what is not saved

    def may_leave(self) -> bool:
        """Whether it is all right to leave the project as it is."""
        if not self._context.project.dirty:
            return True
        answer = self._context.dialogs.ask(
            self.tr("Unsaved changes"),
            self.tr("The project has changes that are not saved."),
            {"save": self.tr("Save"), "discard": self.tr("Discard"), "stay": self.tr("Go back")},
            default="save",
            cancel="stay",
        )
        if answer == "discard":
            self._discarded = self._context.project.recipe
            return True
        return answer == "save" and self.save()

    def find_unsaved(self) -> None:
        """Looks for what a window that has died had not saved, and offers it."""
        self._context.background.run(left_behind, self._offer, self._context.tell)

    def close(self) -> None:
        """The window goes: what is unsaved stays for the next start, unless the user did not want it."""
        self._timer.stop()
        if self._wanted:
            self._keep()
            self._context.background.run(self._drafts.close, _ignore, self._context.tell)
        else:
            self._drop()
        self._file.close()

    def _on_change(self) -> None:
        if not self._wanted:
            self._timer.stop()
            self._drop()
        elif not self._timer.isActive():
            self._timer.start()

    @property
    def _wanted(self) -> bool:
        project = self._context.project
        return project.dirty and project.recipe is not self._discarded

    def _keep(self) -> None:
        self._kept = True
        project, drafts = self._context.project, self._drafts
        recipe, path = project.recipe, project.path
        self._context.background.run(lambda: drafts.keep(recipe, path), _ignore, self._context.tell)

    def _drop(self) -> None:
        if self._kept:
            self._kept = False
            self._context.background.run(self._drafts.drop, _ignore, self._context.tell)

    def _offer(self, drafts: list[Draft]) -> None:
        for draft in drafts:
            answer = self._ask_about(draft)
            if answer == "restore":
                if self._restore(draft):
                    self._forget(draft)
                return
            if answer == "discard":
                self._forget(draft)

    def _forget(self, draft: Draft) -> None:
        if self._wanted:  # first what is restored is kept as ours
            self._keep()
        self._context.background.run(draft.forget, _ignore, self._context.tell)

    def _ask_about(self, draft: Draft) -> str:
        name = draft.project.name if draft.project else self.tr("a new project")
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(draft.seconds))
        text = self.tr("TLStudio ended before the changes of {name} were saved. They were kept at {when}.")
        return self._context.dialogs.ask(
            self.tr("Unsaved changes were found"),
            text.format(name=name, when=when),
            {"restore": self.tr("Restore"), "discard": self.tr("Discard"), "later": self.tr("Later")},
            default="restore",
            cancel="later",
        )

    def _restore(self, draft: Draft) -> bool:
        """The file as it was saved, with the changes as one step that can be undone."""
        if draft.project is not None and draft.project.is_file():
            if not self.open(draft.project):
                return False
        elif self.may_leave():
            self._context.project.new()
            self._file.use(None)
        else:
            return False
        self._context.facts.task_chosen = bool(draft.recipe.data.files)
        self._context.project.replace(draft.recipe)
        self._context.step_requested.emit("model")
        return True


def _ignore(_result: object) -> None:
    """Nothing is done with it."""
