"""What the worker has found out about the recipe: the model, the data, the catalogue, an estimate.

Each is asked for anew when the part of the recipe that it belongs to changes, and shown only for that part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from tlstudio.core import plugins
from tlstudio.core.recipe import DataSection, ModelSection, Recipe
from tlstudio.gui.queries import Queries

_DEBOUNCE = 250  # ms: typing in a field asks once
_EXAMINE_AFTER = 600  # ms after the data is known: what the user wants next goes first


@dataclass(frozen=True)
class Known:
    """``state``: none, busy, known, failed or cancelled. ``progress`` is a progress event's dict."""

    state: str = "none"
    data: Any = None
    error: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None
    partial: tuple[Any, ...] = ()  # what is known before everything is


ADVICE = ("rank", "advise", "lr", "curve")


class Facts(QObject):
    """Asks and remembers; the presenters read.

    ``changed(subject)``: model, data, catalogue, catalogue-tasks (what its models cannot learn), estimate, download,
    dataset (of the hub), data-download, and examination: what the data doctor has found. Its quick checks begin by
    themselves when the data is known; and the answers of the advisor, each called like its job (:data:`ADVICE`).
    """

    changed = Signal(str)

    def __init__(self, queries: Queries, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queries = queries
        self._known: dict[str, Known] = {}
        self._asked: dict[str, Any] = {}
        self._recipe = Recipe()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self._ask)
        self._catalogue: list[dict[str, Any]] = []  # the newest one, while it is asked for again as well
        self._looked_into: ModelSection | None = None  # what the facts of the model are about
        self.held = False
        self.examines_deeply = False
        self.task_chosen = False  # by the user; else the data is asked what it is made for
        self._examine_timer = QTimer(self)
        self._examine_timer.setSingleShot(True)
        self._examine_timer.setInterval(_EXAMINE_AFTER)
        self._examine_timer.timeout.connect(self._examine_if_due)

    def get(self, subject: str) -> Known:
        return self._known.get(subject, Known())

    @property
    def model(self) -> Known:
        return self.get("model")

    @property
    def data(self) -> Known:
        return self.get("data")

    @property
    def estimate(self) -> Known:
        return self.get("estimate")

    @property
    def examination(self) -> Known:
        return self.get("examination")

    def catalogue_entry(self, name: str) -> dict[str, Any] | None:
        return next((entry for entry in self._catalogue if entry["name"] == name), None)

    # --- asking

    def set_recipe(self, recipe: Recipe) -> None:
        """What no longer belongs to the recipe is forgotten at once and asked for a moment later."""
        self._recipe = recipe
        for subject, part in self._parts():
            if self._asked.get(subject) != part and self.get(subject).state != "none":
                self._queries.cancel(subject)
                self._set(subject, self._asked_again(subject) if self._wanted(subject) else Known())
        if self._asked.get("estimate") not in (None, _estimated(recipe)):
            self._asked.pop("estimate")
            self._queries.cancel("estimate")
            self._set("estimate", Known())
        for job in ADVICE:
            if self._asked.get(job) not in (None, _advised(job, recipe)):
                self._asked.pop(job)
                self.forget(job)
        if self._asked.get("examination") not in (None, _examined(recipe)):
            self._forget_examination()
        self._timer.start()

    def ask_catalogue(self) -> None:
        self._request("catalogue", "catalogue", {})

    def ask_estimate(self) -> None:
        self._asked["estimate"] = _estimated(self._recipe)
        self._request("estimate", "estimate", {"recipe": self._recipe.to_dict()})

    def ask_advice(self, job: str, **options: Any) -> None:
        """Lets the advisor try something out: ``job`` is one of :data:`ADVICE`; with options of the worker's job."""
        self._asked[job] = _advised(job, self._recipe)
        self._request(job, job, {"recipe": self._recipe.to_dict(), **options})

    def examine(self, deep: bool = False) -> None:
        """Lets the doctor look at the data; ``deep`` adds the checks that need the model."""
        self._examine_timer.stop()
        self._asked["examination"] = _examined(self._recipe)
        self.examines_deeply = deep
        args = {"recipe": self._recipe.to_dict(), "deep": deep}
        # quick checks give way to what the user asks for; minutes of a model's work are not thrown away
        self._request("examination", "examine-data", args, patient=not deep)

    def hold(self, held: bool) -> None:
        """While a model trains the quick checks do not begin by themselves, and those that have begun give way."""
        if held == self.held:
            return
        self.held = held
        if held and self.examination.state == "busy" and not self.examines_deeply:
            self._forget_examination()
        elif not held:
            self._examine_timer.start()

    def inspect_again(self, subject: str) -> None:
        """Forgets what is known, because the file or folder may have changed."""
        self._asked.pop(subject, None)
        self._ask(fresh=True)

    def ask_again(self) -> None:
        """Looks at the files and the catalogue once more."""
        self._asked.clear()
        self.ask_catalogue()
        self._ask(fresh=True)

    def download(self, name: str, revision: str | None) -> None:
        self._request("download", "download", {"name": name, "revision": revision})

    def ask_dataset(self, name: str, revision: str | None) -> None:
        """Asks the hub about a data set; only ever on a click."""
        self._request("dataset", "dataset-info", {"name": name, "revision": revision})

    def download_data(self, name: str, configuration: str, revision: str | None) -> None:
        args = {"name": name, "configuration": configuration, "revision": revision}
        self._request("data-download", "download-data", args)

    def forget(self, subject: str) -> None:
        """Gives up what is known and what is being asked."""
        self._queries.cancel(subject)
        self._set(subject, Known())

    def cancel(self, subject: str) -> None:
        self._queries.cancel(subject)
        self._set(subject, Known("cancelled"))

    def close(self) -> None:
        """Nothing is asked any more."""
        self._timer.stop()
        self._examine_timer.stop()

    def _forget_examination(self) -> None:
        """The findings belong to other data; the checks are made anew a moment after that is known."""
        self._asked.pop("examination", None)
        self.forget("examination")
        self._examine_timer.start()

    def _examine_if_due(self) -> None:
        if not self.held and self.data.state == "known" and "examination" not in self._asked:
            self.examine()

    def _wanted(self, subject: str) -> bool:
        return bool(self._recipe.model.name) if subject == "model" else bool(self._recipe.data.files)

    def _parts(self) -> tuple[tuple[str, Any], ...]:
        """The parts of the recipe that are inspected by themselves."""
        recipe = self._recipe
        return ("model", (recipe.model, recipe.task.name)), ("data", (_read_part(recipe.data), self._roles()))

    def _roles(self) -> tuple[str, ...]:
        """The roles that the data is read for: those of the task, or none where the data may say what it is."""
        name = self._recipe.task.name
        if not self.task_chosen and name == Recipe().task.name:
            return ()
        task = plugins.find("tlstudio.tasks").get(name)
        return tuple(task.ROLES) if task is not None else ()

    def _ask(self, fresh: bool = False) -> None:
        """``fresh``: the user says that files have changed, whatever their size and time say."""
        for subject, part in self._parts():
            if self._asked.get(subject) == part:
                continue
            self._asked[subject] = part
            if not self._wanted(subject):
                self._set(subject, Known())
                continue
            section, learnt = part
            args: dict[str, Any] = {subject: section.model_dump(mode="json", exclude_none=True)}
            if subject == "data":
                args |= {"roles": list(learnt)} | ({"fresh": True} if fresh else {})
            else:
                args |= {"task": learnt}  # it decides what is on top of the network
            self._request(subject, f"inspect-{subject}", args)

    def _asked_again(self, subject: str) -> Known:
        """Most of what is known of a model holds for another task, too, and is shown until the answer is here."""
        before, model = self.get(subject).data, self._recipe.model
        same = subject == "model" and before is not None and self._looked_into == model
        return Known("busy", before if same else None)

    # --- answers

    def _request(self, subject: str, job: str, args: dict[str, Any], patient: bool = False) -> None:
        self._set(subject, self._asked_again(subject))
        _Answer(self, subject).ask(self._queries, job, args, patient)

    def receive(self, subject: str, known: Known) -> None:
        """Called by the answer to a request, in the window's thread."""
        if subject == "catalogue" and known.data is not None:
            self._catalogue = known.data
        if subject == "model" and known.data is not None:
            self._looked_into = self._recipe.model
        self._set(subject, known)
        if subject == "catalogue" and known.state == "known" and self.get("catalogue-tasks").state == "none":
            self._request("catalogue-tasks", "catalogue-tasks", {}, patient=True)
        if subject == "download" and known.state == "known":
            self.ask_catalogue()
            self.inspect_again("model")
        if subject == "data" and known.state in ("known", "failed"):
            self._forget_examination()  # the file may be another one under the same name

    def _set(self, subject: str, known: Known) -> None:
        self._known[subject] = known
        self.changed.emit(subject)


@dataclass(frozen=True)
class _Answer:
    """Where the reply to one request goes."""

    facts: Facts
    subject: str

    def ask(self, queries: Queries, job: str, args: dict[str, Any], patient: bool) -> None:
        queries.ask(
            job,
            args,
            self.reply,
            on_error=self.error,
            on_event=self.event,
            on_cancelled=self.cancelled,
            key=self.subject,
            patient=patient,
        )

    def reply(self, data: Any) -> None:
        self.facts.receive(self.subject, Known("known", data))

    def error(self, error: dict[str, Any]) -> None:
        self.facts.receive(self.subject, Known("failed", error=error))

    def event(self, line: dict[str, Any]) -> None:
        before = self.facts.get(self.subject)
        if line.get("event") == "progress":
            self.facts.receive(self.subject, Known("busy", progress=line, partial=before.partial))
        elif line.get("event") == "result":
            known = Known("busy", progress=before.progress, partial=(*before.partial, line.get("data")))
            self.facts.receive(self.subject, known)

    def cancelled(self) -> None:
        self.facts.receive(self.subject, Known("cancelled"))


def _read_part(data: DataSection) -> DataSection:
    """What the rows depend on; how they are examined and changed for training does not touch them."""
    return data.model_copy(update={"augment": (), "balance": "none", "checks": (), "licence": ""})


def _examined(recipe: Recipe) -> tuple[Any, ...]:
    """The parts of the recipe that the findings depend on: the model counts the tokens, up to the task's length."""
    data = recipe.data.model_copy(update={"augment": (), "balance": "none", "licence": ""})
    return (data, recipe.model, recipe.task)


def _advised(job: str, recipe: Recipe) -> tuple[Any, ...]:
    """The parts of the recipe that an answer of the advisor depends on; what it changes is none of them."""
    data = recipe.data.model_copy(update={"checks": (), "licence": ""})
    training = recipe.training.model_copy(update={"learning_rate": "auto", "watts": "auto"})
    rest = {
        "rank": (),
        "advise": (recipe.model, training),
        "lr": (recipe.model, recipe.strategy, recipe.regularise, training),
        "curve": (recipe.model, recipe.strategy, recipe.regularise, recipe.training),
    }
    return (data, recipe.task, *rest[job])


def _estimated(recipe: Recipe) -> tuple[Any, ...]:
    """The parts of the recipe that time and memory depend on."""
    return (recipe.model, recipe.data, recipe.task, recipe.strategy, recipe.training)
