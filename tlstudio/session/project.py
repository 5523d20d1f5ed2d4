"""The recipe that is being edited: undo history, dirty flag, file, and the state of each step. No Qt."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.places import corpora, each_place, each_run
from tlstudio.core.recipe import Recipe

SUFFIX = ".tlstudio"
STEPS = ("model", "data", "strategy", "compress", "train", "results", "export")
_MERGE_SECONDS = 1.0  # rapid edits of one field (typing, a held spin-box arrow) are one undo step
_HISTORY = 200

Listener = Callable[[], None]


@dataclass(frozen=True)
class StepState:
    """``missing`` is the one thing that is missing when ``status`` is 'missing'."""

    step: str
    status: Literal["missing", "ready", "done"]
    missing: StudioError | None = None


class Project:
    """A recipe with history. All changes go through :meth:`set` or :meth:`update`."""

    def __init__(self, recipe: Recipe | None = None, path: Path | None = None) -> None:
        self._recipe = recipe or Recipe()
        self._saved = self._recipe
        self.path = path
        self._undo: list[Recipe] = []
        self._redo: list[Recipe] = []
        self._last_edit: tuple[tuple[str, ...], float] | None = None
        self._listeners: list[Listener] = []
        self._found: dict[str, list[StudioError]] = {}
        self._problems: list[StudioError] | None = None
        self.run: Path | None = None
        self.results: dict[str, Any] | None = None
        self._run_recipe: Recipe | None = None

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    @property
    def dirty(self) -> bool:
        return self._recipe != self._saved

    @property
    def name(self) -> str:
        """File name of the project, or an empty text for a new one."""
        return self.path.name if self.path else ""

    # --- editing

    def set(self, path: str, value: Any) -> None:
        """Sets the field at the dotted ``path``; one undo step (merged with the same field's last edit).

        Raises:
            StudioError: no such field, or the value is not allowed; the recipe stays as it was.
        """
        self.update({path: value})

    def update(self, changes: dict[str, Any]) -> None:
        """Sets several fields as one undo step.

        Raises:
            StudioError: as :meth:`set`; then none of the fields is changed.
        """
        new = self._recipe
        for path, value in changes.items():
            new = new.changed(path, value)
        if new == self._recipe:
            return
        key, now = tuple(sorted(changes)), time.monotonic()
        merge = self._last_edit is not None and self._last_edit[0] == key and now - self._last_edit[1] < _MERGE_SECONDS
        if not (merge and self._undo):
            self._undo = [*self._undo[-_HISTORY:], self._recipe]
        self._redo.clear()
        self._last_edit = (key, now)
        self._become(new)

    def replace(self, recipe: Recipe) -> None:
        """Another whole recipe as one undo step: the sample, or the recipe of an earlier run."""
        if recipe == self._recipe:
            return
        self._undo = [*self._undo[-_HISTORY:], self._recipe]
        self._redo.clear()
        self._last_edit = None
        self._become(recipe)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def undo(self) -> None:
        if self._undo:
            self._redo.append(self._recipe)
            self._last_edit = None
            self._become(self._undo.pop())

    def redo(self) -> None:
        if self._redo:
            self._undo.append(self._recipe)
            self._last_edit = None
            self._become(self._redo.pop())

    # --- listeners

    def listen(self, listener: Listener) -> None:
        """Calls ``listener()`` after each change of the recipe, the file, the found problems or the run."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        self._listeners.remove(listener)

    def _become(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._notify()

    def _notify(self) -> None:
        self._problems = None
        for listener in list(self._listeners):
            listener()

    # --- file

    def new(self, recipe: Recipe | None = None) -> None:
        """Starts over with a new recipe that belongs to no file."""
        self._start(recipe or Recipe(), None)

    def open(self, path: Path) -> None:
        """Reads a project file.

        Raises:
            StudioError: missing file, wrong YAML or a wrong field; the project stays as it was.
        """
        self._start(recipes.load(path), Path(path))

    def save(self, path: Path | None = None) -> Path:
        """Writes the recipe; paths below the project's folder become relative, so that the folder can be moved.

        Raises:
            StudioError: disk full, no permission.
            ValueError: the project has no file yet and ``path`` is not given.
        """
        target = path or self.path
        if target is None:
            raise ValueError("a new project needs a path")
        target = target if target.suffix else target.with_suffix(SUFFIX)
        recipes.save(relative_paths(self._recipe, target.absolute().parent), target)
        self.path, self._saved = target, self._recipe
        self._notify()
        return target

    def _start(self, recipe: Recipe, path: Path | None) -> None:
        self._recipe = self._saved = recipe
        self.path = path
        self._undo.clear()
        self._redo.clear()
        self._last_edit, self._found = None, {}
        self.run = self.results = self._run_recipe = None
        self._notify()

    # --- what is known about it

    def set_found(self, step: str, problems: list[StudioError]) -> None:
        """Problems that an inspection found (they need the worker, so :func:`problems` cannot know them)."""
        before = [item.to_dict() for item in self._found.get(step, [])]
        if before != [item.to_dict() for item in problems]:
            self._found[step] = problems
            self._notify()

    def set_run(self, folder: Path | None, results: dict[str, Any] | None, recipe: Recipe | None = None) -> None:
        """The run whose results are shown; ``recipe`` is what it executed."""
        self.run, self.results, self._run_recipe = folder, results, recipe
        self._notify()

    @property
    def run_recipe(self) -> Recipe | None:
        """What the shown run has executed, where that is known."""
        return self._run_recipe

    def problems(self) -> list[StudioError]:
        """All that keeps the recipe from running; looked for once after each change."""
        from tlstudio import pipeline

        if self._problems is None:
            found = [item for items in self._found.values() for item in items]
            self._problems = [*pipeline.problems(self._recipe), *found]
        return self._problems

    def states(self, problems: list[StudioError] | None = None) -> list[StepState]:
        """The state of each step, in the order of :data:`STEPS`."""
        problems = self.problems() if problems is None else problems
        current = self.results is not None and self._run_recipe == self._recipe
        states = []
        for step in ("model", "data", "strategy", "compress"):
            missing = next((item for item in problems if step_of(item) == step), None)
            done = current or step in ("model", "data")
            states.append(StepState(step, "missing" if missing else "done" if done else "ready", missing))
        first = problems[0] if problems else None
        states.append(StepState("train", "done" if current else "missing" if first else "ready", first))
        none_yet = None if self.results is not None else _no_run()
        states.append(StepState("results", "missing" if none_yet else "done", none_yet))
        exported = bool((self.results or {}).get("exports"))
        states.append(StepState("export", "missing" if none_yet else "done" if exported else "ready", none_yet))
        return states


def step_of(problem: StudioError) -> str:
    """The step where a problem is mended."""
    section = problem.where.split(".")[0]
    if section in STEPS:
        return section
    in_strategy = dict.fromkeys(("training", "task", "regularise", "adapt"), "strategy")
    return {**in_strategy, "evaluate": "data"}.get(section, "data")


def relative_paths(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with files below ``folder`` named relative to it, with forward slashes."""

    def relative(name: str) -> str:
        path = Path(name)
        if not path.is_absolute() or not path.is_relative_to(folder):
            return name
        return path.relative_to(folder).as_posix() or os.curdir

    data = each_place(recipe.data, relative)
    extra = tuple(relative(name) for name in recipe.evaluate.extra_sets)
    model = recipe.model
    if model.source == "folder":
        model = model.model_copy(update={"name": relative(model.name)})
    evaluate = recipe.evaluate.model_copy(update={"extra_sets": extra})
    changes = {"data": data, "model": model, "evaluate": evaluate, **corpora(recipe, relative)}
    return each_run(recipe.model_copy(update=changes), relative)


def _no_run() -> StudioError:
    return StudioError("project.no-run", "No finished run yet.", "Start training, or open an earlier run.")
