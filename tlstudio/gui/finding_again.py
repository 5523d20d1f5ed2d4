"""Runs that outlived their window are followed again; runs that were broken off are offered to be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from tlstudio.core.errors import StudioError
from tlstudio.core.locks import Owner
from tlstudio.core.recipe import Recipe, load
from tlstudio.gui import i18n
from tlstudio.session.attached import going_on
from tlstudio.session.runs import RunIndex, RunSummary

if TYPE_CHECKING:
    from tlstudio.gui.controller import Controller


@dataclass(frozen=True)
class Found:
    """What lies in the folder of the runs when the window starts."""

    alive: list[tuple[Path, Owner]]
    broken_off: RunSummary | None


def look(base: Path) -> Found:
    """Live runs; and the newest run, if it was broken off."""
    newest = next(iter(RunIndex(base).list()), None)
    return Found(going_on(base), newest if newest is not None and newest.outcome == "interrupted" else None)


class FindingAgain(QObject):
    """Looks once at the start, without holding the window; and speaks up when a worker has died."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._controller, self._context = controller, controller.context
        self._context.session.ended.connect(self._on_ended)

    def start(self) -> None:
        base = self._context.settings.runs_path
        self._context.background.run(lambda: look(base), self._on_found, self._context.tell)

    def resume(self, folder: Path) -> None:
        """Goes on with a run from its last checkpoint."""
        session = self._context.session
        if session.active:
            self._context.told.emit(self.tr("A run is going on."))
            return
        args = {"folder": str(folder), "alone": self._context.settings.without_window}
        session.start("resume", args, folder, _recipe(folder))
        self._controller.window.go("train")

    def follow(self, folder: Path) -> None:
        """Shows a run that another process carries, as if it were ours."""
        if not self._context.session.active:
            self._context.session.attach(folder, _recipe(folder))
            self._controller.window.go("train")

    def _on_found(self, found: Found) -> None:
        orphans = [folder for folder, owner in found.alive if owner.orphan]
        others = [(folder, owner) for folder, owner in found.alive if not owner.orphan]
        if orphans and not self._context.session.active:
            self.follow(orphans[0])
            self._context.told.emit(self.tr("The run {run} has gone on meanwhile.").format(run=orphans[0].name))
        elif others:
            folder, owner = others[0]
            text = self.tr("The run {run} is going on in process {pid} on {host}, since {since}.")
            text = text.format(run=folder.name, **owner.facts())
            self._offer(text, self.tr("Follow it"), folder, self.follow)
        elif found.broken_off is not None:
            folder = Path(found.broken_off.folder)
            text = self.tr("The run {run} was broken off before its end.").format(run=folder.name)
            self._offer(text, self.tr("Resume"), folder, self.resume)

    def _on_ended(self, line: dict[str, Any]) -> None:
        """A worker that has died leaves a run that can go on in a fresh one."""
        session, error = self._context.session, line.get("error") or {}
        code = str(error.get("code", ""))
        if session.job == "run" and session.folder is not None and code.startswith("worker."):
            self._offer(i18n.message(error), self.tr("Resume"), session.folder, self.resume)

    def _offer(self, text: str, action: str, folder: Path, do: Any) -> None:
        self._controller.window.notice.offer(text, action, lambda: do(folder))


def _recipe(folder: Path) -> Recipe | None:
    try:
        return load(folder / "recipe.yaml")
    except StudioError:
        return None
