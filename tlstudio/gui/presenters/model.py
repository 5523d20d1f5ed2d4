"""Model step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tlstudio.gui import fit, formats, i18n, words
from tlstudio.gui.context import Context
from tlstudio.gui.facts import Known
from tlstudio.gui.panes.model import ModelPane, summary
from tlstudio.gui.presenters.advice import Advice, rank_answer
from tlstudio.gui.presenters.base import Presenter, as_problem
from tlstudio.gui.widgets.problems import Problem, Remedy

_NOT_HERE = ("model.not-here", "model.not-on-this-machine", "model.not-downloaded")


class ModelPresenter(Presenter):
    def __init__(self, context: Context, pane: ModelPane) -> None:
        super().__init__(context, pane)
        self.advice = Advice(context, pane.advice, "rank", rank_answer(context))
        self._listed = ""  # the task that the catalogue was shown for
        pane.model_chosen.connect(self.choose)
        pane.folder_requested.connect(self.choose_folder)
        pane.download_requested.connect(self.download)
        pane.download_cancelled.connect(self.cancel_download)
        pane.problems.remedy_chosen.connect(self.convert)
        if context.facts.get("catalogue").state == "none":
            context.facts.ask_catalogue()
        self._show_catalogue()
        self.refresh()

    # --- what the user wants

    def choose(self, name: str) -> None:
        entry = self.context.facts.catalogue_entry(name) or {}
        section = {"source": "hub", "name": name}
        if entry.get("revision"):
            section["revision"] = entry["revision"]
        if section != self.context.project.recipe.model.model_dump(exclude_none=True):
            self.context.edit("model", section)

    def choose_folder(self) -> None:
        folder = self.context.dialogs.open_folder(self.tr("Choose the folder of a model"))
        if folder:
            self.context.edit("model", {"source": "folder", "name": folder})

    def download(self) -> None:
        model = self.context.project.recipe.model
        self.context.facts.download(model.name, model.revision)

    def cancel_download(self) -> None:
        self.context.facts.cancel("download")

    def convert(self, _what: str, folder: str) -> None:
        """Has the pickled weights of the chosen folder made into safetensors."""
        self.context.facts.convert(folder)

    # --- what is known

    def on_fact(self, subject: str) -> None:
        if subject in ("catalogue", "catalogue-tasks"):
            self._show_catalogue()
        if subject == "download":
            self._pin()
        if subject in ("catalogue", "catalogue-tasks", "model", "download"):
            self.refresh()
        elif subject == "convert":
            self._on_convert()
        elif subject in ("rank", "data"):
            self.advice.refresh()

    def refresh(self) -> None:
        model = self.context.project.recipe.model
        if self._listed != self.context.project.recipe.task.name:
            self._show_catalogue()
        self.pane.set_chosen(model.source, model.name)
        known = self.context.facts.model
        entry = self.context.facts.catalogue_entry(model.name)
        facts = self._facts(known, entry)
        self.pane.set_facts(facts, self._note(known, entry))
        missing = self._is_missing(known, entry)
        failed = known.state == "failed" and known.error is not None and not missing
        found: list[Any] = [known.error] if failed and known.error else []
        if (unfit := fit.unfit_backbone(self.context.project.recipe, self.context.facts)) is not None:
            found.append(unfit)
        told = [(known.data or {}).get(name) for name in ("fresh_head", "code")]
        notes = [as_problem(note, "warning") for note in told if note and not found]
        self.pane.problems.set_problems([*(self._problem(error) for error in found), *notes])
        self._show_download(missing, entry)
        self.advice.refresh()

    def _problem(self, error: Any) -> Problem:
        """With a way out in one click, where there is one."""
        problem = as_problem(error)
        if problem.error.get("code") != "model.pickle" or self.context.facts.get("convert").state == "busy":
            return problem
        folder = problem.error.get("params", {}).get("path", "")
        return replace(problem, remedies=(Remedy(self.tr("Convert safely"), "convert", folder),))

    def _on_convert(self) -> None:
        known = self.context.facts.get("convert")
        if known.state == "busy":
            self.context.told.emit(self.tr("Converting the weights, in a process that may do nothing else…"))
        elif known.state == "failed" and known.error is not None:
            self.context.dialogs.tell(known.error, self.tr("The weights were not converted"))
        elif known.data is not None:
            self.context.told.emit(self.tr("The weights are safetensors now: {path}").format(path=known.data["path"]))
            self.context.facts.ask_again()
        self.refresh()

    def _pin(self) -> None:
        """The recipe names the commit that was downloaded."""
        known, model = self.context.facts.get("download"), self.context.project.recipe.model
        if known.state == "known" and known.data and not model.revision and known.data.get("name") == model.name:
            self.context.edit("model.revision", known.data["revision"])

    def _show_catalogue(self) -> None:
        known = self.context.facts.get("catalogue")
        if known.data is not None:
            self._listed = self.context.project.recipe.task.name
            self.pane.set_catalogue(known.data, fit.unsuited(known.data, self._listed, self.context.facts))

    def _facts(self, known: Known, entry: dict[str, Any] | None) -> dict[str, Any] | None:
        return {**(entry or {}), **known.data} if known.data is not None else None

    def _note(self, known: Known, entry: dict[str, Any] | None) -> str:
        if not self.context.project.recipe.model.name:
            return self.tr("Choose a model in the table, or a folder.")
        if known.state == "busy":
            return self.tr("Looking into the model…")
        return summary(entry) if entry else ""

    def _is_missing(self, known: Known, entry: dict[str, Any] | None) -> bool:
        """Whether the chosen model of the hub is not on this machine."""
        if self.context.project.recipe.model.source != "hub" or not self.context.project.recipe.model.name:
            return False
        if entry is not None:
            return not entry.get("present")
        return known.error is not None and known.error.get("code") in _NOT_HERE

    def _show_download(self, missing: bool, entry: dict[str, Any] | None) -> None:
        known = self.context.facts.get("download")
        if known.state == "busy":
            progress = known.progress or {}
            total = progress.get("total") or 0
            fraction = progress["done"] / total if total else None
            self.pane.set_download(self._progress(progress), "running", fraction)
        elif known.state == "failed" and known.error is not None:
            self.pane.set_download(i18n.both(known.error), "failed")
        elif missing:
            size = formats.size(entry["bytes"]) if entry and entry.get("bytes") else ""
            text = self.tr("This model is not on this machine. It comes from huggingface.co. {size}")
            self.pane.set_download(text.format(size=size).strip(), "offered")
        else:
            self.pane.set_download("", "hidden")

    def _progress(self, progress: dict[str, Any]) -> str:
        if not progress.get("total"):
            return self.tr("Asking the hub…")
        parts = [words.progress(progress["done"], progress["total"], "bytes")]
        if speed := (progress.get("detail") or {}).get("bytes_per_second") or _speed(progress):
            parts.append(self.tr("{size}/s").format(size=formats.size(speed)))
        if progress.get("seconds_left") is not None:
            parts.append(self.tr("{time} left").format(time=formats.duration(progress["seconds_left"])))
        return "  ·  ".join(parts)


def _speed(progress: dict[str, Any]) -> float | None:
    """Bytes a second, from what is left and how long it will take."""
    left = progress.get("seconds_left")
    return (progress["total"] - progress["done"]) / left if left else None
