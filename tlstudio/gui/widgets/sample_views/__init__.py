"""Test rows with the model's answers, one file a kind of answer: the picture that shows at a glance what is right."""

from __future__ import annotations

import importlib

from PySide6.QtWidgets import QWidget

_KINDS = ("spans", "answers", "generations", "numbers", "boxes", "masked", "neighbours", "labels")


def make(kind: str, parent: QWidget | None = None) -> QWidget | None:
    """The view of a kind of samples, with ``set_items(items, unit)``; None where a newer version has made them."""
    if kind not in _KINDS:
        return None
    view: QWidget = importlib.import_module(f"{__name__}.{kind}").View(parent)
    return view
