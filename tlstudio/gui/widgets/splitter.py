"""A splitter between cards: its handle is the gap itself."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter


def splitter(orientation: Qt.Orientation) -> QSplitter:
    result = QSplitter(orientation)
    result.setChildrenCollapsible(False)
    result.setHandleWidth(10)
    result.setStyleSheet("QSplitter::handle { background: transparent; }")
    return result
