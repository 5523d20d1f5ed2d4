"""One finding: what it will do to the result, the ways to mend it, and rows that show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme, words
from tlstudio.gui.widgets.common import button, clear, label
from tlstudio.gui.widgets.finding_list import SIGNS, ShownFinding, ShownFix, headline
from tlstudio.gui.widgets.flow import FlowLayout
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.thumbnails import Gallery, Picture, are_pictures

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_SPLIT, _FILE, _ROW, _TEXT, _LABEL, _DETAIL = range(6)


class FindingDetail(QWidget):
    """``fix_requested(fix)`` wants a preview; ``undo_requested(fix)`` and ``hide_requested(key)`` as they say."""

    fix_requested = Signal(object)
    undo_requested = Signal(object)
    hide_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finding: ShownFinding | None = None
        self.sign = label(parent=self)
        self.hide_button = button(
            self.tr("Hide"), role="quiet", help=self.tr("Not shown any more until the program is started again")
        )
        self.hide_button.clicked.connect(self._hide)
        self.title = label("", wrap=True, parent=self)
        self.effect = label("", "muted", wrap=True, parent=self)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.title, 1)
        top.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        for text in (self.title, self.effect):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fixes = QWidget(self)
        self._fixes = FlowLayout(self.fixes)
        self._make_samples()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addLayout(top)
        layout.addWidget(self.effect)
        layout.addWidget(self.fixes)
        layout.addWidget(self.caption)
        layout.addWidget(self.samples, 1)
        layout.addWidget(self.text)
        layout.addStretch(0)

    def _make_samples(self) -> None:
        self.caption = label("", "caption", parent=self)
        self.table = RecordTable(_columns(), self.tr("Rows that show the finding"))
        self.table.setMinimumHeight(84)
        self.table.record_chosen.connect(self._show_text)
        self.gallery = Gallery(self.tr("Images that show the finding"), self)
        self.gallery.setMinimumHeight(130)
        self.gallery.picture_chosen.connect(self._show_picture)
        self.samples = QStackedWidget(self)
        self.samples.addWidget(self.table)
        self.samples.addWidget(self.gallery)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("The whole text of the chosen row"))
        self.text.setFixedHeight(3 * self.fontMetrics().lineSpacing() + 14)
        self.text.hide()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == event.Type.PaletteChange and self._finding is not None:
            self._draw_sign(self._finding)
        super().changeEvent(event)

    # --- setters

    def set_finding(self, finding: ShownFinding | None) -> None:
        before, self._finding = self._finding, finding
        if finding is None:
            return
        self._draw_sign(finding)
        self.sign.setAccessibleName(headline(finding))
        self.sign.setToolTip(headline(finding))
        self.title.setText(finding.title)
        self.effect.setText(self.tr("What it does to the result: {effect}").format(effect=finding.effect))
        self.effect.setVisible(bool(finding.effect))
        self.hide_button.setVisible(finding.severity != "error")
        self._set_fixes(finding.fixes)
        if before is None or before.samples != finding.samples:
            self._set_samples(list(finding.samples))
        self._show_caption(finding)

    def _set_fixes(self, fixes: tuple[ShownFix, ...]) -> None:
        clear(self._fixes)
        first = True
        for fix in fixes:
            if fix.applied:
                action = button(self.tr("Undo: {title}").format(title=fix.title), "undo", parent=self.fixes)
                action.clicked.connect(self._undo)
            else:
                role = "primary" if first and not any(item.applied for item in fixes) else ""
                action = button(f"{fix.title}…", role=role, help=self.tr("Shows first what would change"))
                action.setParent(self.fixes)
                action.clicked.connect(self._ask)
            action.setProperty("number", fixes.index(fix))
            self._fixes.addWidget(action)
            action.show()
            first = False
        self.fixes.setVisible(bool(fixes))

    def _set_samples(self, samples: list[dict[str, Any]]) -> None:
        pictures = are_pictures([str(item["text"]) for item in samples])
        self.samples.setCurrentWidget(self.gallery if pictures else self.table)
        self.samples.setVisible(bool(samples))
        self._show_whole("")
        self.gallery.set_pictures([_picture(item) for item in samples] if pictures else [])
        recordings = bool(samples) and _is_recording(str(samples[0]["text"]))
        title = translate("findings", "Recording") if recordings else translate("findings", "Text")
        self.table.retitle(_TEXT, title)
        self.table.set_records([] if pictures else samples)
        self.table.setColumnHidden(_SPLIT, len({item["split"] for item in samples}) < 2)
        files = {(item["split"], item["path"]) for item in samples}
        self.table.setColumnHidden(_FILE, len(files) == len({item["split"] for item in samples}))
        self.table.setColumnHidden(_LABEL, not any(item["label"] for item in samples))
        self.table.setColumnHidden(_DETAIL, not any(item["detail"] for item in samples))

    # --- inside

    def _draw_sign(self, finding: ShownFinding) -> None:
        name, tint = SIGNS.get(finding.severity, SIGNS["notice"])
        self.sign.setPixmap(theme.pixmap(name, getattr(theme.colours(), tint), 20, self.devicePixelRatioF()))

    def _show_caption(self, finding: ShownFinding) -> None:
        shown = len(finding.samples)
        text = self.tr("All {n} rows") if shown == finding.count else self.tr("{n} of the rows")
        self.caption.setText(text.format(n=formats.count(shown)))
        self.caption.setVisible(shown > 0)

    def _fix(self) -> ShownFix | None:
        number = self.sender().property("number")
        return self._finding.fixes[number] if self._finding is not None else None

    @Slot()
    def _ask(self) -> None:
        self.fix_requested.emit(self._fix())

    @Slot()
    def _undo(self) -> None:
        self.undo_requested.emit(self._fix())

    @Slot()
    def _hide(self) -> None:
        if self._finding is not None:
            self.hide_requested.emit(self._finding.key)

    @Slot(object)
    def _show_text(self, sample: dict[str, Any] | None) -> None:
        """The whole text of a row that is chosen; the table shows one line of it."""
        self._show_whole(str(sample["text"]) if sample else "")

    @Slot(int)
    def _show_picture(self, number: int) -> None:
        if self._finding is None or not 0 <= number < len(self._finding.samples):
            return
        sample = self._finding.samples[number]
        parts = [words.split(sample["split"]), str(sample["text"]), str(sample["detail"])]
        self._show_whole("  ·  ".join(part for part in parts if part))

    def _show_whole(self, text: str) -> None:
        self.text.setPlainText(text)
        self.text.setVisible(bool(text))


def _columns() -> list[Column]:
    return [
        Column(translate("findings", "Split"), lambda s: words.split(s["split"])),
        Column(translate("findings", "File"), lambda s: Path(s["path"]).name or s["path"]),
        Column(translate("findings", "Row"), lambda s: formats.count(s["row"]), lambda s: s["row"], numeric=True),
        Column(translate("findings", "Text"), lambda s: _one_line(str(s["text"])), stretch=True),
        Column(translate("findings", "Label"), lambda s: s["label"]),
        Column(translate("findings", "Why"), lambda s: s["detail"]),
    ]


def _one_line(text: str) -> str:
    """A text without its line breaks; of the place of a recording its name."""
    return Path(text).name if _is_recording(text) else " ".join(text.split())


def _is_recording(text: str) -> bool:
    from tlstudio.data.audio import SUFFIXES

    return text.lower().endswith(SUFFIXES)


def _picture(sample: dict[str, Any]) -> Picture:
    name = Path(sample["text"]).name
    return Picture(sample["text"], "\n".join(part for part in (name, sample["label"]) if part), sample["detail"])
