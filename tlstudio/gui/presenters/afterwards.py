"""Things that are done to a finished run: when they cannot be begun, and the run as it is when they have ended."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core.errors import StudioError
from tlstudio.gui.context import Context
from tlstudio.gui.presenters import studying

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def obstacle(context: Context) -> str:
    """Why nothing can be done to the shown run; an empty text where it can."""
    project = context.project
    if project.run is None:
        return translate("afterwards", "This needs a finished run: train, or open one under Runs.")
    ended = (project.results or {}).get("outcome") in ("completed", "stopped")
    if not ended and not (project.run / "model" / "config.json").is_file():
        return translate("afterwards", "The shown run has no trained model; open one that was completed.")
    return studying.waits(context)


def show_again(context: Context, line: dict[str, Any]) -> None:
    """``line`` is the terminal one of a job; its run may have changed, even where the job has failed."""
    if line.get("error"):
        context.tell(line["error"])
    if context.session.folder is None:
        return
    try:
        context.show_run(context.session.folder)
    except StudioError as error:
        context.tell(error)
