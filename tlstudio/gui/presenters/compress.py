"""Compress step."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio import pipeline
from tlstudio.compression.base import out_of_order
from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.gui import fit, formats, frontier, i18n, metric_names, plan, words
from tlstudio.gui.context import Context
from tlstudio.gui.panes.compress import CompressPane
from tlstudio.gui.presenters import afterwards
from tlstudio.gui.presenters.base import Presenter, as_problem
from tlstudio.gui.presenters.choices import Choices
from tlstudio.gui.presenters.frontier import CHOOSE, Frontier
from tlstudio.gui.widgets.network import Block

translate = QCoreApplication.translate  # under this name lupdate finds the strings
JOB = "compress"


class CompressPresenter(Presenter):
    def __init__(self, context: Context, pane: CompressPane) -> None:
        super().__init__(context, pane)
        self.steps = Choices(context, pane.steps, "compress", "compression", told=self._told, repeats=True)
        self.frontier = Frontier(context, pane.frontier)
        pane.compress_requested.connect(self.compress)
        context.session.state_changed.connect(self.on_state)
        context.session.ended.connect(self.on_ended)
        context.studies.changed.connect(self.on_study)
        self.refresh()

    def compress(self) -> None:
        """Compresses the run that is shown once more."""
        run = self.context.project.run
        if run is not None and not self._obstacle():
            steps = [choice.model_dump(mode="json") for choice in self.context.project.recipe.compress]
            self.context.session.start(JOB, {"folder": str(run), "compress": steps}, run)
            self._show_possible()

    def on_fact(self, subject: str) -> None:
        if subject in ("model", "data"):
            self._draw()

    def on_state(self, _state: str) -> None:
        self._show_possible()
        self.frontier.on_state()

    def on_study(self, _job: str) -> None:
        self._show_possible()
        self.frontier.on_study()

    def on_ended(self, line: dict[str, Any]) -> None:
        self.on_state("")
        if self.context.session.job in (JOB, CHOOSE):
            afterwards.show_again(self.context, line)

    def refresh(self) -> None:
        self.steps.refresh()
        self.pane.set_available(self.pane.steps.add_button.isEnabled(), bool(self.context.project.recipe.compress))
        self.pane.set_measured(self.context.project.results or {})
        notes = [as_problem(note, "warning") for note in pipeline.compression_notes(self.context.project.recipe)]
        self.pane.problems.set_problems([*self.step_problems("compress"), *notes])
        self._show_possible()
        self._draw()
        self.frontier.refresh()

    # --- compressing again

    def _obstacle(self) -> str:
        if general := afterwards.obstacle(self.context):
            return general
        recipe = self.context.project.recipe
        if not recipe.compress:
            return translate("compress", "Add a step; Compress now then uses it on the shown run.")
        if any(problem for _note, problem in self._told()):
            return translate("compress", "A step does not fit where it is.")
        return ""

    def _show_possible(self) -> None:
        run = self.context.project.run
        self.pane.set_possible(self._obstacle(), run.name if run is not None else "")

    # --- what each step is and does

    def _told(self) -> list[tuple[str, str]]:
        """What each chosen step takes, gives and has brought; and why it does not fit where it is."""
        recipe, known = self.context.project.recipe, plugins.find("tlstudio.compression")
        chosen = [known.get(choice.name) for choice in recipe.compress]
        wrong, told = self._wrong(), []
        for place, plugin in enumerate(chosen):
            if plugin is None:
                told.append(("", translate("compress", "There is no such step in this version.")))
                continue
            note = translate("compress", "Takes: {takes}. Gives: {gives}.").format(
                takes=words.listing(map(words.form, plugin.TAKES)), gives=words.form(plugin.GIVES)
            )
            told.append(("\n".join(filter(None, [note, self._measured(place)])), self._misfit(place, plugin, wrong)))
        return told

    def _wrong(self) -> int | None:
        """Place of the first step that cannot follow the one before it; None if all can."""
        known = plugins.find("tlstudio.compression")
        chosen = [known.get(choice.name) for choice in self.context.project.recipe.compress]
        present = [plugin for plugin in chosen if plugin is not None]
        return out_of_order(present) if len(present) == len(chosen) else None

    def _misfit(self, place: int, plugin: Any, wrong: int | None) -> str:
        refused = fit.refusal(plugin, fit.task_of(self.context.project.recipe.task.name))
        if refused is not None:
            return i18n.both(refused)
        if place != wrong:
            return ""
        before = plugins.find("tlstudio.compression").get(self.context.project.recipe.compress[place - 1].name)
        text = translate(
            "compress", "It cannot follow {before}, which gives {gives}. Move it before that step, or remove one."
        )
        return text.format(before=i18n.engine(before.TITLE), gives=words.form(before.GIVES)) if before else ""

    def _measured(self, place: int) -> str:
        """What the step has brought in the run that is shown, against the form before it."""
        project = self.context.project
        steps, run = project.recipe.compress, project.run_recipe
        if run is not None and run.compress[: place + 1] != steps[: place + 1]:
            return ""
        stages = (project.results or {}).get("stages") or []
        if place + 1 >= len(stages) or stages[place + 1].get("name") != f"{place + 1}-{steps[place].name}":
            return ""
        before, after = stages[place], stages[place + 1]
        metric = metric_names.headline(project.results)
        one, other = (formats.metric_value((stage.get("metrics") or {}).get(metric)) for stage in (before, after))
        time = [((stage.get("latency") or {}).get("1") or {}).get("median_ms") for stage in (before, after)]
        known = not (formats.missing(one) or formats.missing(other))
        gap = metric_names.difference(metric, other - one) if known else ""
        parts = [
            frontier.smaller(before.get("bytes"), after.get("bytes")),
            frontier.faster(*time),
            f"{metric_names.title(metric)} {gap}" if gap else "",
        ]
        text = translate("compress", "In the shown run, against the form before it: {effects}.")
        return text.format(effects=words.listing(parts)) if any(parts) else ""

    # --- the drawing

    def _draw(self) -> None:
        groups = plan.layer_groups(self.context.facts)
        states, unknown = {group.name: "fp32" for group in groups}, []
        known = plugins.find("tlstudio.compression")
        for choice in self.context.project.recipe.compress[: self._wrong()]:
            if (plugin := known.get(choice.name)) is None:
                continue
            found = _changes(plugin, choice.options, groups)
            if found is None:
                unknown.append(i18n.engine(plugin.TITLE))
                continue
            states |= {name: state for name, state in found.items() if states.get(name) != "removed"}
        blocks = [Block(group.name, group.parameters, states[group.name]) for group in groups]
        if unknown and set(states.values()) <= {"fp32"}:
            blocks = [Block(block.name, block.parameters) for block in blocks]  # nobody knows that they stay
        self.pane.set_blocks(blocks, self._drawing_note(set(states.values()), unknown))

    def _drawing_note(self, states: set[str], unknown: list[str]) -> str:
        said = []
        if "int8" in states:
            text = self.tr(
                "The weights become 8-bit whole numbers: about a quarter of the size. Activations are scaled on the "
                "fly."
            )
            said.append(text)
        if "maybe" in states:
            said.append(translate("compress", "Which layers go is decided by the rows when the step runs."))
        if unknown:
            text = translate("compress", "Not drawn, because it is only known when it runs: {steps}.")
            said.append(text.format(steps=words.listing(unknown)))
        return "\n".join(said)


def _changes(plugin: Any, options: dict[str, Any], groups: list[Any]) -> dict[str, str] | None:
    """What a step says it does to the layer groups; None where it says nothing before it runs."""
    look = getattr(plugin, "changes", None)
    if look is None:
        return None
    try:
        found: dict[str, str] = look(plugins.configure(plugin, options, "compress"), groups)
    except StudioError:
        return None  # the wrong option is told by the step itself
    return found
