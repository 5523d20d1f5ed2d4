"""The queue of recipes in the window: carried one after another on the session, like runs that are started by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe, from_dict
from tlstudio.session.recipe_queue import Item, RecipeQueue
from tlstudio.session.runs import new_folder

if TYPE_CHECKING:
    from tlstudio.gui.context import Context

_LOOK = 3000  # ms between two looks at the file, which other processes change too


class QueueRuns(QObject):
    """``changed`` when the recipes or their states have; ``going`` says whether the next one begins by itself.

    The file is read and written in the background: it may lie on a drive that stalls.
    """

    changed = Signal()
    began = Signal()
    _free = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.items: list[Item] = []
        self.going = False
        self._mine = ""  # the item whose run the session carries
        self._taking = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK)
        self._timer.timeout.connect(self.look)
        context.session.ended.connect(self._on_ended)
        # queued: all others hear first how a run has ended, and only then is the session another run's
        self._free.connect(self._next, Qt.ConnectionType.QueuedConnection)

    def open(self) -> None:
        """Reads the queue, and from now on what others make of it."""
        self._timer.start()
        self.look()

    def close(self) -> None:
        self._timer.stop()

    @property
    def waiting(self) -> int:
        return sum(item.state == "waiting" for item in self.items)

    # --- wishes

    def look(self) -> None:
        self._do(lambda queue: None)

    def add(self, recipe: Recipe) -> None:
        self._do(lambda queue: queue.add(recipe))

    def move(self, name: str, place: int) -> None:
        self._do(lambda queue: queue.move(name, place))

    def remove(self, name: str) -> None:
        self._do(lambda queue: queue.remove([name]))

    def again(self, name: str) -> None:
        self._do(lambda queue: queue.again(name))

    def clear(self) -> None:
        self._do(RecipeQueue.clear)

    def start(self) -> None:
        """Begins with the first that waits; a run that is going on ends first."""
        self.going = True
        self.changed.emit()
        self._next()

    def hold(self) -> None:
        """Lets the present run end and begins no other."""
        self.going = False
        self.changed.emit()

    # --- inside

    def _do(self, change: Callable[[RecipeQueue], Any]) -> None:
        base = self._context.settings.runs_path

        def work() -> list[Item]:
            queue = RecipeQueue(base)
            change(queue)
            return queue.items()

        self._context.background.run(work, self._on_items, self._context.tell)

    def _on_items(self, items: list[Item]) -> None:
        if items != self.items:
            self.items = items
            self.changed.emit()

    def _next(self) -> None:
        session = self._context.session
        if not self.going or self._taking or session.active or session.closing:
            return
        self._taking = True
        base = self._context.settings.runs_path
        self._context.background.run(
            lambda: RecipeQueue(base).take(lambda recipe: new_folder(recipe, base)), self._on_taken, self._on_refused
        )

    def _on_taken(self, item: Item | None) -> None:
        self._taking = False
        session, settings = self._context.session, self._context.settings
        if item is None:
            self.hold()
            self.look()
            return
        if session.active or session.closing:  # the user was faster: it waits for its turn
            self._do(lambda queue: queue.end(item.id, "interrupted"))
            return
        folder = settings.runs_path / item.run
        args: dict[str, Any] = {"folder": str(folder), "alone": settings.without_window}
        resumes = (folder / "recipe.yaml").is_file()
        if not resumes:
            args["recipe"] = item.recipe
        self._mine = item.id
        session.start("resume" if resumes else "run", args, folder, from_dict(item.recipe), title=item.title)
        self.look()
        self.began.emit()

    def _on_refused(self, error: StudioError) -> None:
        self._taking = False
        self.hold()
        self._context.tell(error)

    def _on_ended(self, line: dict[str, Any]) -> None:
        name, self._mine = self._mine, ""
        outcome = str(line.get("outcome", "failed"))
        if name and outcome != "left":  # a run that goes on without the window is still being run
            broken = str((line.get("error") or {}).get("code", "")).startswith("worker.")
            self._do(lambda queue: queue.end(name, outcome, line.get("error")))
            if broken and self.going:
                self._context.told.emit(self.tr("The queue goes on with the next recipe."))
        self._free.emit()
