"""What the worker has found out about the recipe: the model, the data, the catalogue, an estimate.

Each is asked for anew when the part of the recipe that it belongs to changes, and shown only for that part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from tlstudio.core.recipe import Recipe
from tlstudio.gui.queries import Queries

_DEBOUNCE = 250  # ms: typing in a field asks once


@dataclass(frozen=True)
class Known:
    """``state``: none, busy, known or failed. ``progress`` is a progress event's dict."""

    state: str = "none"
    data: Any = None
    error: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None


class Facts(QObject):
    """Asks and remembers; the presenters read. ``changed(subject)``: model, data, catalogue, estimate, download."""

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

    def catalogue_entry(self, name: str) -> dict[str, Any] | None:
        entries = self.get("catalogue").data or []
        return next((entry for entry in entries if entry["name"] == name), None)

    # --- asking

    def set_recipe(self, recipe: Recipe) -> None:
        """What no longer belongs to the recipe is forgotten at once and asked for a moment later."""
        self._recipe = recipe
        for subject, part in (("model", recipe.model), ("data", recipe.data)):
            if self._asked.get(subject) != part and self.get(subject).state != "none":
                self._queries.cancel(subject)
                self._set(subject, Known("busy" if self._wanted(subject) else "none"))
        if self._asked.get("estimate") not in (None, _estimated(recipe)):
            self._asked.pop("estimate")
            self._queries.cancel("estimate")
            self._set("estimate", Known())
        self._timer.start()

    def ask_catalogue(self) -> None:
        self._request("catalogue", "catalogue", {})

    def ask_estimate(self) -> None:
        self._asked["estimate"] = _estimated(self._recipe)
        self._request("estimate", "estimate", {"recipe": self._recipe.to_dict()})

    def inspect_again(self, subject: str) -> None:
        """Forgets what is known, because the file or folder may have changed."""
        self._asked.pop(subject, None)
        self._ask()

    def ask_again(self) -> None:
        """Looks at the files and the catalogue once more."""
        self._asked.clear()
        self.ask_catalogue()
        self._ask()

    def download(self, name: str, revision: str | None) -> None:
        self._request("download", "download", {"name": name, "revision": revision})

    def cancel(self, subject: str) -> None:
        self._queries.cancel(subject)
        self._set(subject, Known())

    def _wanted(self, subject: str) -> bool:
        return bool(self._recipe.model.name) if subject == "model" else bool(self._recipe.data.files)

    def _ask(self) -> None:
        for subject, part in (("model", self._recipe.model), ("data", self._recipe.data)):
            if self._asked.get(subject) == part:
                continue
            self._asked[subject] = part
            if not self._wanted(subject):
                self._set(subject, Known())
                continue
            self._request(subject, f"inspect-{subject}", {subject: part.model_dump(mode="json", exclude_none=True)})

    # --- answers

    def _request(self, subject: str, job: str, args: dict[str, Any]) -> None:
        self._set(subject, Known("busy"))
        _Answer(self, subject).ask(self._queries, job, args)

    def receive(self, subject: str, known: Known) -> None:
        """Called by the answer to a request, in the window's thread."""
        self._set(subject, known)
        if subject == "download" and known.state == "known":
            self.ask_catalogue()
            self.inspect_again("model")

    def _set(self, subject: str, known: Known) -> None:
        self._known[subject] = known
        self.changed.emit(subject)


@dataclass(frozen=True)
class _Answer:
    """Where the reply to one request goes."""

    facts: Facts
    subject: str

    def ask(self, queries: Queries, job: str, args: dict[str, Any]) -> None:
        queries.ask(
            job,
            args,
            self.reply,
            on_error=self.error,
            on_event=self.event,
            on_cancelled=self.cancelled,
            key=self.subject,
        )

    def reply(self, data: Any) -> None:
        self.facts.receive(self.subject, Known("known", data))

    def error(self, error: dict[str, Any]) -> None:
        self.facts.receive(self.subject, Known("failed", error=error))

    def event(self, line: dict[str, Any]) -> None:
        if line.get("event") == "progress":
            self.facts.receive(self.subject, Known("busy", progress=line))

    def cancelled(self) -> None:
        self.facts.receive(self.subject, Known())


def _estimated(recipe: Recipe) -> tuple[Any, ...]:
    """The parts of the recipe that time and memory depend on."""
    return (recipe.model, recipe.data, recipe.task, recipe.strategy, recipe.training)
