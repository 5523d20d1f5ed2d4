"""What the presenters of studies share: when one has to wait, how far one is, and for which recipe it holds."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from tlstudio.core.recipe import Recipe
from tlstudio.gui import formats
from tlstudio.gui.context import Context
from tlstudio.gui.studies import Study
from tlstudio.gui.widgets.study_line import StudyLine

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def waits(context: Context) -> str:
    """What has to end first; an empty text where nothing goes on."""
    if context.session.active:
        return translate("advice", "This has to wait until the run has ended.")
    return {
        "search": translate("ablation", "This has to wait until the search has ended."),
        "ablate": translate("search", "This has to wait until the ablation has ended."),
        "frontier": translate("frontier", "This has to wait until the search for a trade-off has ended."),
    }.get(context.studies.active, "")


def obstacle(context: Context) -> str:
    """Why a recipe cannot be studied now: it is not complete, or something else goes on."""
    recipe = context.project.recipe
    if not recipe.data.files:
        return translate("advice", "This needs data: choose it in the Data step.")
    if not recipe.model.name:
        return translate("advice", "This needs a model: choose one in the Model step.")
    return waits(context)


def show_progress(line: StudyLine, study: Study, text: str, fraction: float | None) -> None:
    """``text`` and ``fraction`` say how far a study is that has begun and is not stopping."""
    progress = study.progress
    if study.state == "stopping":
        line.set_progress(translate("search", "Stopping after this batch…"), None, "", stopping=True)
    elif progress is None:
        line.set_progress(translate("search", "Starting…"), None, "")
    else:
        left = progress.seconds_left
        time = translate("advice", "{time} left").format(time=formats.duration(left)) if left is not None else ""
        line.set_progress(text, fraction, time)


def same_matter(one: Recipe, other: Recipe) -> bool:
    """Whether what was found for a recipe says something about another one."""
    return (one.model, one.data.path, one.task.name) == (other.model, other.data.path, other.task.name)
