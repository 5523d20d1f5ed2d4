"""A data set of the hub: what it holds, how large it is, and its download. The network is asked only on a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QWidget

from tlstudio.gui import formats, i18n, theme, words
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.widgets.common import Card, Facts, button, label, row

STATES = ("asked", "looking", "found", "loading", "failed", "stopped")


@dataclass(frozen=True)
class Configuration:
    """One form of a data set; ``splits``: name, rows, bytes."""

    name: str
    splits: tuple[tuple[str, int | None, int | None], ...]

    @property
    def bytes(self) -> int:
        return sum(size or 0 for _, _, size in self.splits)


class HubCard(Card):
    """Signals: what the user wants. Setters: what is known."""

    look_requested = Signal()
    download_requested = Signal(str)  # configuration
    cancelled = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.title.show()
        self._found: tuple[Configuration, ...] = ()
        self.close_button = button("", "cancel", "quiet", self.tr("Close"), self)
        self.close_button.setAccessibleName(self.tr("Close"))
        self.close_button.clicked.connect(self.closed)
        self.header.addWidget(self.close_button)
        self.text = label("", wrap=True, parent=self)
        self.body.addWidget(self.text)
        self.body.addWidget(self._make_choice())
        self.facts = Facts(self)
        self.body.addWidget(self.facts)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("Progress of the download"))
        self.body.addWidget(self.bar)
        self.look_button = button(self.tr("Look it up"), "search", "primary", parent=self)
        self.look_button.clicked.connect(self.look_requested)
        self.download_button = button(self.tr("Download"), "download", "primary", parent=self)
        self.download_button.clicked.connect(self._download)
        self.cancel_button = button(self.tr("Cancel"), "cancel", parent=self)
        self.cancel_button.clicked.connect(self.cancelled)
        self.body.addLayout(row(self.look_button, self.download_button, self.cancel_button))
        self.hide()

    def _make_choice(self) -> QWidget:
        self.choice_line = QWidget(self)
        self.choice = ChoiceBox(self.choice_line)
        self.choice.setAccessibleName(self.tr("Configuration"))
        self.choice.currentIndexChanged.connect(self._show_chosen)
        caption = QLabel(self.tr("Configuration"), self.choice_line)
        caption.setBuddy(self.choice)
        line = row(caption, self.choice)
        line.setContentsMargins(0, 0, 0, 0)
        self.choice_line.setLayout(line)
        return self.choice_line

    def set_name(self, name: str, text: str) -> None:
        self.title.setText(name)
        self.text.setText(text)

    def set_found(self, configurations: Sequence[Configuration], chosen: str, facts: list[tuple[str, str]]) -> None:
        """What the hub says; ``facts`` of the whole data set."""
        self._more = facts
        if tuple(configurations) != self._found:
            self._found = tuple(configurations)
            self.choice.clear()
            for item in configurations:
                self.choice.addItem(item.name, item.name)
            self.choice.setCurrentIndex(max(self.choice.findData(chosen), 0))
        self.choice_line.setVisible(len(self._found) > 1)
        self._show_chosen()

    def set_state(self, state: str, text: str, fraction: float | None = None) -> None:
        """``state`` is one of :data:`STATES`; ``fraction`` of the download, None where it is not known."""
        self.text.setText(text)
        theme.set_role(self.text, "error" if state == "failed" else "")
        known = bool(self._found)
        self.look_button.setVisible(state in ("asked", "failed", "stopped") and not known)
        self.download_button.setVisible(known and state in ("found", "failed", "stopped"))
        again = state in ("failed", "stopped")
        self.download_button.setText(self.tr("Go on with the download") if again else self.tr("Download"))
        self.cancel_button.setVisible(state in ("looking", "loading"))
        self.bar.setVisible(state in ("looking", "loading"))
        self.choice.setEnabled(state != "loading")
        self.facts.setVisible(known)
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(fraction * 1000))

    def configuration(self) -> str:
        return str(self.choice.currentData() or "")

    def _show_chosen(self) -> None:
        found = next((item for item in self._found if item.name == self.configuration()), None)
        if found is None:
            return
        lines = [(words.split(name), self._size(count, size)) for name, count, size in found.splits]
        if found.bytes:
            lines.append((self.tr("Download"), formats.size(found.bytes)))
        self.facts.set_facts([*lines, *self._more])

    def _size(self, count: int | None, size: int | None) -> str:
        parts = [i18n.filled(self.tr("{n} rows"), n=formats.count(count)) if count else ""]
        parts.append(formats.size(size) if size else "")
        return " · ".join(part for part in parts if part) or formats.NONE

    def _download(self) -> None:
        self.download_requested.emit(self.configuration())
