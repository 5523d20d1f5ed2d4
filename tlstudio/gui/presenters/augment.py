"""Augmentation: choosing, examples, and the measured effect."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from shiboken6 import isValid

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.core.recipe import DataSection
from tlstudio.gui import formats, i18n, words
from tlstudio.gui.comparison_runs import changes_rows
from tlstudio.gui.context import Context
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.readiness import obstacle
from tlstudio.gui.widgets.augment_card import Augmentation
from tlstudio.gui.widgets.augment_view import AugmentView

_PACKAGE = "tlstudio.augmentation"
_PREVIEW = "preview-augment"
_REDO = 400  # ms after an edit, until the shown example is made anew


class AugmentPresenter(Presenter):
    def __init__(self, context: Context, view: AugmentView) -> None:
        super().__init__(context, view)
        self._seed = 0
        self._shown: tuple[Any, ...] | None = None  # what the example that is shown was made from
        self._given_up: tuple[Any, ...] | None = None  # as above, where it was cancelled
        self._examples: dict[int, list[dict[str, Any]]] = {}  # by place in the recipe's list
        self._failures: dict[int, str] = {}
        self._asked = 0  # examples that are asked for
        self._redo = QTimer(self)
        self._redo.setSingleShot(True)
        self._redo.setInterval(_REDO)
        self._redo.timeout.connect(self._ask)
        view.added.connect(self.add)
        view.removed.connect(self.remove)
        view.moved.connect(self.move)
        view.option_changed.connect(self.set_option)
        view.balance_changed.connect(self.set_balance)
        view.example_requested.connect(self.show_example)
        view.example_cancelled.connect(self.cancel_example)
        view.measure_requested.connect(self.measure)
        view.measure_cancelled.connect(context.comparison.cancel)
        context.comparison.changed.connect(self._show_measure)
        context.session.state_changed.connect(self._on_session)
        context.session.drained.connect(self._on_drained)
        self.refresh()

    @property
    def _data(self) -> DataSection:
        return self.context.project.recipe.data

    # --- what the user wants

    def add(self, name: str) -> None:
        self._edit([*self._choices(), {"name": name}])

    def remove(self, place: int) -> None:
        choices = self._choices()
        del choices[place]
        self._edit(choices)

    def move(self, place: int, by: int) -> None:
        choices = self._choices()
        if 0 <= place + by < len(choices):
            choices.insert(place + by, choices.pop(place))
            self._edit(choices)

    def set_option(self, place: int, name: str, value: Any) -> None:
        self.context.edit(f"data.augment.{place}.{name}", value)

    def set_balance(self, balanced: bool) -> None:
        self.context.edit("data.balance", "classes" if balanced else "none")

    def show_example(self) -> None:
        """The first example, or the next one where one is shown."""
        if self._shown is not None:
            self._seed += 1
        self._ask()

    def cancel_example(self) -> None:
        self._forget_example(self.tr("The example was cancelled."))
        self._given_up = self._source()

    def measure(self) -> None:
        """Starts both runs and goes to where they are watched."""
        self.context.comparison.start()
        if self.context.comparison.active:
            self.context.step_requested.emit("train")

    # --- what is known

    def on_fact(self, subject: str) -> None:
        if subject in ("data", "model", "estimate"):
            self.refresh()

    def refresh(self) -> None:
        roles = self._roles()
        self.pane.set_augmentations(self._augmentations(roles))
        self.pane.set_balance(self._data.balance == "classes", self._balance_obstacle(roles))
        self.pane.examples.set_possible(bool(self._data.augment) and self.context.facts.data.state == "known")
        if not self._data.augment:
            self._forget_example(self.tr("Tick an augmentation to see what it makes of your rows."))
        elif self._shown is None and self._given_up != self._source():
            self.pane.examples.set_examples(
                [], self.tr("Some training rows as they are and as the model will see them.")
            )
        elif self._shown is not None and self._shown != self._source():
            self._redo.start()
        self._show_measure()

    def _roles(self) -> set[str] | None:
        """The roles of the data; None where they are not known."""
        facts = self.context.facts.data.data
        return {*facts["roles"], *self._data.roles} if facts is not None else None

    def _augmentations(self, roles: set[str] | None) -> list[Augmentation]:
        """Those in use in their order, then the others."""
        known = plugins.find(_PACKAGE)
        chosen = self._data.augment
        shown = []
        for place, choice in enumerate(chosen):
            plugin = known.get(choice.name)
            if plugin is None:
                shown.append(Augmentation(choice.name, choice.name, "", (), {}, place, place + 1 == len(chosen)))
                continue
            item = self._augmentation(plugin, roles, choice.options, place, place + 1 == len(chosen))
            shown.append(item)
        names = {choice.name for choice in chosen}
        others = [self._augmentation(plugin, roles, {}) for name, plugin in known.items() if name not in names]
        return [*shown, *sorted(others, key=lambda item: bool(item.reason))]

    def _augmentation(
        self, plugin: Any, roles: set[str] | None, values: dict[str, Any], place: int | None = None, last: bool = True
    ) -> Augmentation:
        options = tuple(describe(plugin.Config))
        reason = self._obstacle(plugin.KIND, roles)
        return Augmentation(plugin.NAME, plugin.TITLE, plugin.SUMMARY, options, values, place, last, reason)

    def _obstacle(self, kind: str, roles: set[str] | None) -> str:
        """Why augmentations of a kind do not fit the data; empty where they do."""
        if roles is None:
            return self.tr("Whether it fits is known when the data is read.")
        if kind == "text":
            return "" if "text" in roles else self.tr("For texts; this data has none.")
        if "image" not in roles:
            return self.tr("For images; this data has none.")
        if kind == "batch" and "label" not in roles:
            return self.tr("For images with one label each; this data has no label column.")
        return ""

    def _balance_obstacle(self, roles: set[str] | None) -> str:
        if roles is None:
            return self.tr("Whether it fits is known when the data is read.")
        return "" if "label" in roles else self.tr("For data with one label in each row.")

    def _choices(self) -> list[dict[str, Any]]:
        return [choice.model_dump(mode="json") for choice in self._data.augment]

    def _edit(self, choices: list[dict[str, Any]]) -> None:
        self.context.edit("data.augment", choices)

    # --- examples

    def _source(self) -> tuple[Any, ...]:
        """What an example is made from."""
        recipe = self.context.project.recipe
        return (recipe.data.model_copy(update={"balance": "none", "checks": ()}), recipe.model, self._seed)

    def _ask(self) -> None:
        """Asks for each augmentation by itself: one that lacks something must not hide the others."""
        self._redo.stop()
        if not self._data.augment or self.context.facts.data.state != "known":
            return
        self._shown = self._source()
        self._stop_asking()
        self.pane.examples.set_busy(True)
        for place in range(len(self._data.augment)):
            self._ask_one(place, self._shown)
        self._asked = len(self._data.augment)

    def _ask_one(self, place: int, source: tuple[Any, ...]) -> None:
        args = {"recipe": self.context.project.recipe.to_dict(), "index": place, "seed": self._seed}
        self.context.queries.ask(
            _PREVIEW,
            args,
            lambda reply: self._take(source, place, reply, ""),
            on_error=lambda error: self._take(source, place, [], i18n.both(error)),
            key=f"{_PREVIEW}-{place}",
        )

    def _stop_asking(self) -> None:
        for place in range(self._asked):
            self.context.queries.cancel(f"{_PREVIEW}-{place}")
        self._asked = 0
        self._examples.clear()
        self._failures.clear()

    def _take(self, source: tuple[Any, ...], place: int, reply: list[dict[str, Any]], failure: str) -> None:
        if not isValid(self) or source != self._shown:
            return  # the window was made anew, or other examples are wanted
        self._examples[place] = reply
        if failure:
            self._failures[place] = f"✕ {failure}"
        found = [item for number in sorted(self._examples) for item in self._examples[number]]
        missing = len(self._examples) < self._asked
        note = "\n".join(self._failures[number] for number in sorted(self._failures))
        if not found and not note and not missing:
            note = self.tr("There is no training row to show.")
        self.pane.examples.set_examples(found, note, "error" if self._failures else "muted")
        self.pane.examples.set_busy(missing)

    def _forget_example(self, note: str) -> None:
        self._redo.stop()
        if self._shown is not None:
            self._shown = None
            self._stop_asking()
        self.pane.examples.set_examples([], note)

    # --- the measured effect

    def _on_session(self, _state: str) -> None:
        self._show_measure()

    def _on_drained(self, _lines: list[Any]) -> None:
        if self.context.comparison.active:
            self._show_measure()

    def _show_measure(self) -> None:
        comparison = self.context.comparison
        if comparison.active:
            self.pane.set_measuring(True, *self._progress())
            return
        self.pane.set_measuring(False, "", None)
        reason = "" if changes_rows(self.context.project.recipe) else self.tr("Choose an augmentation first.")
        reason = reason or obstacle(self.context)[0]
        self.pane.set_can_measure(not reason, reason or self._time())

    def _progress(self) -> tuple[str, float | None]:
        """What goes on, and the share of both runs that is done."""
        comparison, session = self.context.comparison, self.context.session
        progress = session.history.progress if session.history is not None else None
        if progress is None:
            return comparison.title, None
        share = progress.run_fraction
        text = "  ·  ".join([comparison.title, words.stage(progress.stage)])
        return text, None if share is None else (comparison.number - 1 + share) / comparison.total

    def _time(self) -> str:
        known = self.context.facts.estimate.data
        if not known:
            return self.tr("Takes twice the time of one run.")
        text = self.tr("About {time} for both runs (measured on this computer).")
        return text.format(time=formats.duration(2 * (known.get("seconds") or 0)))
