"""Data step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, is_name
from tlstudio.core.recipe import DataSection
from tlstudio.gui import drops, fit, i18n, words
from tlstudio.gui.context import Context
from tlstudio.gui.facts import Known
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.presenters import data_edits as edits
from tlstudio.gui.presenters.augment import AugmentPresenter
from tlstudio.gui.presenters.base import Presenter, as_problem, listing
from tlstudio.gui.presenters.data_meaning import MeaningPresenter
from tlstudio.gui.presenters.data_reading import ReadingPresenter
from tlstudio.gui.presenters.doctor import DoctorPresenter
from tlstudio.gui.presenters.hub import HubPresenter, is_hub
from tlstudio.gui.presenters.task import TaskPresenter
from tlstudio.gui.widgets.problems import Problem, Remedy
from tlstudio.session import sample

_TOLD = (
    "delimiter",
    "sheet",
    "records",
    "query",
    "configuration",
    "hub_split",
    "encoding",
)  # options that tell how it was read
_TABLES = 6  # of a database that can be chosen with a click
_FLAWED = ("data.misplaced-answers", "data.bad-boxes", "data.uneven-tags", "data.bad-messages")
_REMEDIES = {
    "data.empty-rows": "drop-empty",
    "data.bad-numbers": "drop-empty",
    "data.rare-classes": "drop-rare-classes",
    **dict.fromkeys(_FLAWED, "drop-flawed"),
}


class DataPresenter(Presenter):
    def __init__(self, context: Context, pane: DataPane) -> None:
        super().__init__(context, pane)
        self._facts: dict[str, Any] = {}  # of the data that is shown; an edit keeps them until the new ones are known
        self._read: Any = None  # what was read to know them
        self._preview: tuple[str, list[str]] | None = None
        self._split = "train"  # whose rows are shown
        self._task = TaskPresenter(context, pane)
        self._meaning = MeaningPresenter(context, pane)
        self._reading = ReadingPresenter(context, pane)
        self._hub = HubPresenter(context, pane.hub)
        self._doctor = DoctorPresenter(context, pane.doctor)
        self._augment = AugmentPresenter(context, pane.augment)
        pane.files_requested.connect(self.choose)
        pane.folder_requested.connect(self.choose_folder)
        pane.name_entered.connect(self.take_name)
        pane.place_removed.connect(self.remove_place)
        pane.sample_requested.connect(self.use_sample)
        pane.again_requested.connect(self.read_again)
        pane.inspection_cancelled.connect(self.cancel)
        pane.rows.split_chosen.connect(self.show_split)
        self.refresh()

    @property
    def _data(self) -> DataSection:
        return self.context.project.recipe.data

    # --- places

    def choose(self, split: str, more: bool) -> None:
        files = self.context.dialogs.open_data()
        if not files:
            return
        if more:
            self.context.edit_many(edits.with_places(self._data, split, files))
        elif split == "train" and len(files) > 1:
            self._take(drops.sort_out([Path(file) for file in files]))
        else:
            self.context.set_data_file(split, *files)

    def choose_folder(self, split: str) -> None:
        folder = self.context.dialogs.open_folder(self.tr("Choose a folder of labelled data"))
        if folder and split == "train":
            self._take(drops.data_folder(Path(folder)))
        elif folder:
            self.context.set_data_file(split, folder)

    def take_name(self, split: str, name: str) -> None:
        """A typed place: a data set of the hub is only offered, everything else is read at once."""
        if is_hub(name):
            self._hub.open(split, name)
        elif is_name(name) or expand(name).exists():
            self.context.set_data_file(split, name if is_name(name) else str(expand(name)))
        else:
            self.context.tell(_no_place(name))

    def remove_place(self, split: str, place: str) -> None:
        self.context.edit_many(edits.without_place(self._data, split, place))

    def use_sample(self, name: str) -> None:
        if name == "digits":
            self.context.set_data({"train": ("sample:digits",)})
            return
        try:
            self.context.edit("data", sample.recipe().data.model_dump(mode="json", exclude_none=True))
        except StudioError as error:
            self.context.tell(error)

    def _take(self, drop: drops.Drop) -> None:
        if drop.problem is not None:
            self.context.tell(drop.problem)
        else:
            self.context.set_data({split: tuple(map(str, paths)) for split, paths in drop.data.items()})

    def read_again(self) -> None:
        self.context.facts.inspect_again("data")

    def cancel(self) -> None:
        self.context.facts.cancel("data")

    def show_split(self, split: str) -> None:
        self._split = split
        self._show_preview()

    # --- what is known

    def on_fact(self, subject: str) -> None:
        if subject != "data":
            return
        known = self.context.facts.data
        if known.state == "busy" and known.progress:
            self._show_busy(known)
        else:
            self.refresh()

    def refresh(self) -> None:
        section, known = self._data, self.context.facts.data
        self._facts = self._current(known, section)
        self.pane.set_section(section)
        task = fit.task_of(self.context.project.recipe.task.name)
        self.pane.set_template_wanted(bool(section.template) or edits.takes_template(task))
        self._show_busy(known)
        self._show_places()
        self._meaning.show(self._facts)
        self._reading.show(self._facts)
        self._show_preview()
        self._meaning.try_template(self.pane.columns.template.text())
        self.pane.problems.set_problems(self._problems(known))
        self._hub.set_missing(*self._not_here(known))

    def _current(self, known: Known, section: DataSection) -> dict[str, Any]:
        """The facts to show: the newest, or those of the same places until newer ones are known."""
        read = (section.files, section.source, section.options)
        if known.data is not None:
            self._read = read
            return dict(known.data)
        return self._facts if read == self._read else {}

    def _show_busy(self, known: Known) -> None:
        busy = self.pane.busy
        if known.state == "cancelled":
            busy.set_stopped(self.tr("Reading was cancelled; nothing of it is used."))
            return
        busy.setVisible(known.state == "busy")
        if known.state != "busy":
            return
        progress = known.progress or {}
        total = progress.get("total") or 0
        # what is all read is still to be counted and divided: nobody knows how long that takes
        fraction = progress["done"] / total if total and progress["done"] < total else None
        stage = words.stage(progress.get("stage") or "inspect")
        busy.set_busy(stage, fraction, words.time_left(progress.get("seconds_left")))

    def _show_places(self) -> None:
        self.pane.set_places(self._data.files, self._facts.get("parts") or {}, self._how_read())

    def _how_read(self) -> str:
        """The source, its settled options and the roles, in one line."""
        if not self._facts:
            return ""
        shown = {"\t": self.tr("tab"), ",": self.tr("comma"), ";": self.tr("semicolon"), "|": self.tr("bar")}
        name = str(self._facts.get("source", ""))
        titles = {source: i18n.engine(title) for source, title, _ in listing("data.sources")}
        options = self._facts.get("options") or {}
        told = [str(options[option]) for option in _TOLD if options.get(option) not in (None, "")]
        parts = [titles.get(name, name.upper()), *(shown.get(value, value[:40]) for value in told)]
        roles = (self._facts.get("roles") or {}).items()
        parts += [f"{i18n.engine(edits.title(role))}: {edits.columns_text(given)}" for role, given in roles]
        return "  ·  ".join(str(part) for part in parts if part)

    def _show_preview(self) -> None:
        tables = self._facts.get("composed") or self._facts.get("tables") or {}
        split = self._split if self._split in tables else "train"
        wanted = (tables.get(split, ""), [name for name in drops.SPLITS if name in tables])
        if wanted == self._preview:
            return
        self._preview = wanted
        try:
            self.pane.set_preview(*wanted, split)
        except StudioError as error:
            self.context.tell(error)

    def _problems(self, known: Known) -> list[Problem]:
        found = list((known.data or {}).get("problems", []))
        if known.error is not None:
            found.insert(0, known.error)
        if (unfit := fit.misfit(self.context.project.recipe, self.context.facts)) is not None:
            found.append(unfit.to_dict())
        problems = [as_problem(error) for error in found]
        return [Problem(item.error, item.severity, self._remedies(item.error)) for item in problems]

    def _remedies(self, error: dict[str, Any]) -> tuple[Remedy, ...]:
        """The ways out that are one click: an option of reading, or a data step at the end of those that are there."""
        if error.get("code") == "data.misplaced-answer":
            return (Remedy(self.tr("Read it all the same"), "data.check_answers", False),)
        if error.get("code") == "data.which-table":
            return tuple(Remedy(name, "data.query", name) for name in error["params"]["names"][:_TABLES])
        step = _REMEDIES.get(error.get("code", ""), "")
        if not step or step in {choice.name for choice in self._data.steps}:
            return ()
        return (Remedy(self.tr("Leave them out"), "data.steps", edits.with_step(self._data, step)["data.steps"]),)

    def _not_here(self, known: Known) -> tuple[str, str]:
        """Split and place of the first data set of the hub that is to be downloaded; empty texts if there is none."""
        if known.error is None or known.error.get("code") != "data.not-downloaded":
            return "", ""
        name = (known.error.get("params") or {}).get("name", "")
        places = [(split, place) for split, given in self._data.files.items() for place in given if is_hub(place)]
        return next((item for item in places if name in item[1]), ("", ""))


def _no_place(name: str) -> StudioError:
    return StudioError(
        "data.no-such-place", "{place} is neither a file or folder nor a name of data.",
        "Names begin with what they are, such as hub:, sqlite:/// or sample:.", where="data.path", place=name,
    )  # fmt: skip
