"""Examples of what the augmentations make of training rows: texts with the changes marked, images side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.common import button, clear, label, row
from tlstudio.gui.widgets.diff_view import Change, DiffView
from tlstudio.gui.widgets.flow import FlowLayout

_SIDE = 112  # pixels of a picture at most


class Examples(QWidget):
    """``asked`` for the first example or another one; ``cancelled`` while it is being made.

    ``ask_button`` and ``cancel_button`` are to be put into a header.
    """

    asked = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ask_button = button(self.tr("Show an example"), "search", parent=self)
        self.ask_button.clicked.connect(self.asked)
        self.cancel_button = button(self.tr("Cancel"), "cancel", "quiet", parent=self)
        self.cancel_button.clicked.connect(self.cancelled)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(self.tr("Making an example"))
        self.note = label("", "muted", wrap=True, parent=self)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.texts = DiffView(self.tr("Texts before and after"), self)
        self.pictures = QWidget(self)
        self._list = QVBoxLayout(self.pictures)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        theme.set_role(self.pictures, "page")
        area.setWidget(self.pictures)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.texts)
        self.stack.addWidget(area)
        self.stack.setMinimumHeight(140)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self.bar)
        layout.addWidget(self.note)
        layout.addWidget(self.stack, 1)
        layout.addStretch(0)
        self.set_examples([], "")

    # --- setters

    def set_possible(self, possible: bool) -> None:
        self.ask_button.setEnabled(possible)

    def set_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.cancel_button.setVisible(busy)

    def set_examples(self, examples: Sequence[dict[str, Any]], note: str, role: str = "muted") -> None:
        """``examples`` as the job preview-augment gives them; ``note`` stands above them."""
        self.set_busy(False)
        self.ask_button.setText(self.tr("Show another") if examples else self.tr("Show an example"))
        self.ask_button.setAccessibleName(self.ask_button.text())
        self.note.setText(note)
        theme.set_role(self.note, role)
        self.note.setVisible(bool(note))
        self.stack.setVisible(bool(examples))
        pictures = [item for item in examples if item.get("kind") == "image"]
        self._show_pictures(pictures)
        texts = [item for item in examples if item.get("kind") != "image"]
        before = [None, *texts]
        self.texts.set_changes([self._change(item, last) for item, last in zip(texts, before, strict=False)])
        self.stack.setCurrentIndex(1 if pictures else 0)

    # --- inside

    def _change(self, item: dict[str, Any], last: dict[str, Any] | None) -> Change:
        """An example; the name of its augmentation stands above the first one only."""
        same = last is not None and last["augmentation"] == item["augmentation"] and last["before"] != last["after"]
        name = "" if same else engine(str(item["title"]))
        if item["before"] == item["after"]:
            name = self.tr("{name}: this text stays as it is").format(name=engine(str(item["title"])))
        return Change(name, str(item["before"]), str(item["after"]))

    def _show_pictures(self, items: Sequence[dict[str, Any]]) -> None:
        """Pairs side by side, below the name of their augmentation."""
        clear(self._list)
        for _name, group in itertools.groupby(items, key=lambda item: str(item["augmentation"])):
            pairs = list(group)
            title = engine(str(pairs[0]["title"]))
            caption = "  ·  ".join(part for part in (title, _mixed_labels(pairs[0])) if part)
            self._list.addWidget(label(caption, "muted", wrap=True, parent=self.pictures))
            line = QWidget(self.pictures)
            flow = FlowLayout(line, gap=22)
            for item in pairs:
                flow.addWidget(self._pair(title, item))
            self._list.addWidget(line)

    def _pair(self, title: str, item: dict[str, Any]) -> QWidget:
        pair = QWidget(self.pictures)
        layout = row(
            _picture(str(item["before"]), self.tr("{name}: before").format(name=title)),
            label("→", "title"),
            _picture(str(item["after"]), self.tr("{name}: after").format(name=title)),
        )
        layout.setContentsMargins(0, 0, 0, 0)
        pair.setLayout(layout)
        return pair


def _mixed_labels(item: dict[str, Any]) -> str:
    """The mixed labels of the first images of a batch, where there are any."""
    targets = item.get("targets") or []
    return "; ".join(str(target) for target in targets[:4])


def _picture(path: str, name: str) -> QLabel:
    """A picture from a file; read as an image, because pixmaps are cached by their name."""
    result = label()
    result.setAccessibleName(name)
    image = QImage(path)
    if image.isNull():
        result.setText("✕")
        return result
    wide = max(image.width(), image.height())
    if wide > _SIDE or wide <= _SIDE // 2:
        image = image.scaled(
            _SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    result.setPixmap(QPixmap.fromImage(image))
    return result
