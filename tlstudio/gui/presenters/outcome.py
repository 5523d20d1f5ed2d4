"""How a run ended, in one sentence."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def outcome(line: dict[str, Any]) -> str:
    """``line`` is a run's terminal line."""
    if line.get("error"):
        return i18n.both(line["error"])
    texts = {
        "completed": translate("outcome", "Finished in {time}."),
        "stopped": translate("outcome", "Stopped after {time}; the best weights were kept."),
        "cancelled": translate("outcome", "Cancelled after {time}."),
        "interrupted": translate("outcome", "Interrupted after {time}; it can be resumed."),
    }
    return texts.get(str(line.get("outcome")), "").format(time=formats.duration(line.get("seconds") or 0))
