"""What the presenters share: the project, what is known about it, the run, and ways to ask and tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.recipe import load
from tlstudio.gui import i18n
from tlstudio.gui.background import Background
from tlstudio.gui.comparison_runs import ComparisonRuns
from tlstudio.gui.dialogs import Dialogs
from tlstudio.gui.facts import Facts
from tlstudio.gui.queries import Queries
from tlstudio.gui.queue_runs import QueueRuns
from tlstudio.gui.run_session import RunSession
from tlstudio.gui.studies import Studies
from tlstudio.session import runners
from tlstudio.session import settings as settings_module
from tlstudio.session.project import Project
from tlstudio.session.runners import Runner
from tlstudio.session.runs import RunIndex
from tlstudio.session.settings import Settings

MakeRunner = Callable[[], Runner]


class Context(QObject):
    """Lives as long as the program; windows and panes come and go (a change of language makes new ones)."""

    told = Signal(str)  # a line for the status bar
    step_requested = Signal(str)
    project_changed = Signal()  # the recipe, its file, or its run
    compare_requested = Signal(list)  # run ids whose curves are shown beside the current one
    storage_requested = Signal()

    def __init__(
        self,
        settings: Settings,
        make_runner: MakeRunner | None = None,
        dialogs: Dialogs | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self._make = make_runner
        self.project = Project()
        self.dialogs = dialogs or Dialogs(self)
        self.queries = Queries(self.make_runner, self)
        self.facts = Facts(self.queries, self)
        self.session = RunSession(self.make_runner, self)
        self.session.state_changed.connect(self._on_session)
        self.studies = Studies(self.make_runner, self)
        self.background = Background(self)
        self.comparison = ComparisonRuns(self)
        self.queue = QueueRuns(self)
        self.project.listen(self._on_project)

    def make_runner(self) -> Runner:
        return self._make() if self._make else runners.make(self.settings.runner)

    @property
    def index(self) -> RunIndex:
        return RunIndex(self.settings.runs_path)

    def change_settings(self, **values: Any) -> None:
        self.settings = self.settings.changed(**values)
        if error := settings_module.save(self.settings):
            self.tell(error)

    # --- edits

    def edit(self, path: str, value: Any) -> None:
        """Changes a field of the recipe; a refused value is told and the pane shows the old one again."""
        self.edit_many({path: value})

    def edit_many(self, changes: dict[str, Any]) -> None:
        try:
            self.project.update(changes)
        except StudioError as error:
            self.tell(error)
            self.project_changed.emit()

    def set_data_file(self, split: str, *places: str) -> None:
        """The places of one split; another one for the training rows starts the data anew."""
        if split == "train":
            self.set_data({"train": places})
        else:
            self.edit(f"data.{split}", _plain(places))

    def set_data(self, places: dict[str, tuple[str, ...]]) -> None:
        """Other data, as one step to undo; roles, repairs and reading belonged to the old, shares and seed stay."""
        split = self.project.recipe.data.split
        kept: dict[str, Any] = {"test": split.test, "validation": split.validation, "seed": split.seed}
        if split.method == "k-fold":  # the only other method that asks for no column
            kept |= {"method": split.method, "folds": split.folds}
        fields = {"path" if name == "train" else name: _plain(places[name]) for name in places if places[name]}
        self.edit("data", {**fields, "split": kept})

    def tell(self, error: StudioError | dict[str, Any]) -> None:
        """A problem as a line in the status bar."""
        self.told.emit(i18n.both(error))

    # --- runs

    def show_run(self, folder: Path) -> None:
        """Shows the results of a run folder.

        Raises:
            StudioError: its files are missing or damaged.
        """
        results = read_json(folder / "results.json") if (folder / "results.json").is_file() else None
        recipe = load(folder / "recipe.yaml") if (folder / "recipe.yaml").is_file() else None
        self.project.set_run(folder, results, recipe)

    def close(self) -> None:
        """Ends all threads and processes; the run, if one is going on, must have been ended before."""
        self.project.unlisten(self._on_project)
        self.queue.close()
        self.facts.close()
        self.session.close()
        self.studies.close()
        self.queries.close()
        self.background.close()

    def _on_session(self, _state: str) -> None:
        self.facts.hold(self.session.active)

    def _on_project(self) -> None:
        self.facts.set_recipe(self.project.recipe)
        self.project_changed.emit()


def _plain(places: tuple[str, ...]) -> str | list[str]:
    """As recipes write it: one place is a text, several are a list."""
    return places[0] if len(places) == 1 else list(places)
