"""What a repair would change, before it is taken into the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme
from tlstudio.gui.widgets.common import button, label, row
from tlstudio.gui.widgets.diff_view import Change, DiffView
from tlstudio.gui.widgets.thumbnails import Gallery, Picture, are_pictures


@dataclass(frozen=True)
class Preview:
    """What is known: ``settings`` are (name, before, after) of fields of the recipe that would change."""

    changed: int = 0
    dropped: int = 0
    total: int = 0
    rows: tuple[Change, ...] = ()
    settings: tuple[tuple[str, str, str], ...] = ()

    @property
    def empty(self) -> bool:
        return not self.changed and not self.dropped and not self.settings


class FixPreview(QWidget):
    """``applied`` and ``closed`` are the user's answers."""

    applied = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("", "title", wrap=True, parent=self)
        self.summary = label("", wrap=True, parent=self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(self.tr("Working out what would change"))
        self.rows = DiffView(self.tr("Rows before and after"), self)
        self.pictures = Gallery(self.tr("Images that would change"), self)
        self.pictures.setMinimumHeight(130)
        self.shown = QStackedWidget(self)
        self.shown.addWidget(self.rows)
        self.shown.addWidget(self.pictures)
        self.note = label("", "caption", wrap=True, parent=self)
        self.apply_button = button(self.tr("Apply"), "check", "primary", self.tr("Takes the repair into the recipe"))
        self.close_button = button(self.tr("Back"), help=self.tr("Changes nothing"))
        self.apply_button.clicked.connect(self.applied)
        self.close_button.clicked.connect(self.closed)
        promise = label(self.tr("Your file stays as it is; the repair is done each time that it is read."), "caption")
        promise.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        top = row(self.title, self.apply_button, self.close_button, stretch=False)
        top.setStretch(0, 1)
        layout.addLayout(top)
        for widget in (self.summary, self.bar):
            layout.addWidget(widget)
        layout.addWidget(self.shown, 1)
        layout.addWidget(self.note)
        layout.addWidget(promise)
        layout.addStretch(0)

    # --- setters

    def set_busy(self, title: str) -> None:
        self.title.setText(title)
        self._show(self.tr("Working out what would change…"), busy=True)

    def set_error(self, text: str) -> None:
        self._show(f"✕ {text}", role="error")

    def set_preview(self, preview: Preview) -> None:
        lines = [self._counts(preview)] if preview.total else []
        change = self.tr("{name}: {before} → {after}")
        lines += [change.format(name=name, before=old, after=new) for name, old, new in preview.settings]
        if preview.empty:
            lines = [self.tr("It would change nothing: no row is concerned any more.")]
        self._show("\n".join(lines))
        self._show_rows(preview.rows)
        concerned = preview.changed + preview.dropped
        text = self.tr("The first {n} of {all} rows that change are shown.")
        cut = len(preview.rows) < concerned
        self.note.setText(text.format(n=formats.count(len(preview.rows)), all=formats.count(concerned)))
        self.note.setVisible(bool(preview.rows) and cut)
        self.apply_button.setEnabled(not preview.empty)

    def focus(self) -> None:
        """To the answer that changes nothing, for the keyboard; Apply is one Tab away."""
        self.close_button.setFocus()

    # --- inside

    def _show_rows(self, rows: tuple[Change, ...]) -> None:
        pictures = are_pictures([change.before for change in rows])
        self.rows.set_changes([] if pictures else rows)
        self.pictures.set_pictures([self._picture(change) for change in rows] if pictures else [])
        self.shown.setCurrentWidget(self.pictures if pictures else self.rows)
        self.shown.setVisible(bool(rows))

    def _picture(self, change: Change) -> Picture:
        if change.dropped:
            what = "✕ " + self.tr("left out")
        else:
            what = " → ".join(dict.fromkeys((change.label_before, change.label_after)))
        return Picture(change.before, f"{Path(change.before).name}\n{what}", change.label_before)

    def _counts(self, preview: Preview) -> str:
        values = {
            "changed": formats.count(preview.changed),
            "dropped": formats.count(preview.dropped),
            "total": formats.count(preview.total),
        }
        if preview.changed and preview.dropped:
            text = self.tr("{changed} of {total} rows are changed and {dropped} are left out.")
        elif preview.dropped:
            text = self.tr("{dropped} of {total} rows are left out.")
        else:
            text = self.tr("{changed} of {total} rows are changed.")
        return text.format(**values)

    def _show(self, summary: str, busy: bool = False, role: str = "") -> None:
        self.summary.setText(summary)
        theme.set_role(self.summary, role)
        self.bar.setVisible(busy)
        self.shown.setVisible(False)
        self.note.setVisible(False)
        self.apply_button.setEnabled(False)


def changes(rows: Sequence[dict[str, object]], place: str) -> tuple[Change, ...]:
    """The rows of a preview-step reply; ``place`` is a template with the blanks {file} and {row}."""
    return tuple(
        Change(
            place.format(file=Path(str(item["path"])).name, row=formats.count(item["row"])),
            str(item["before"]),
            str(item["after"]),
            str(item["label_before"]),
            str(item["label_after"]),
            bool(item["dropped"]),
        )
        for item in rows
    )
