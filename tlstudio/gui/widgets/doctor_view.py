"""The data doctor: what is wrong with the data, what it will do to the result, and repairs that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from tlstudio.gui import formats, theme
from tlstudio.gui.widgets.check_settings import CheckSettings, ShownCheck
from tlstudio.gui.widgets.common import EmptyState, Facts, button, label
from tlstudio.gui.widgets.finding_detail import FindingDetail
from tlstudio.gui.widgets.finding_list import FindingList, ShownFinding
from tlstudio.gui.widgets.fix_preview import FixPreview
from tlstudio.gui.widgets.fold import Fold
from tlstudio.gui.widgets.repair_list import RepairList, ShownRepair
from tlstudio.gui.widgets.splitter import splitter


class DoctorView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    look_requested = Signal(bool)  # deeply
    cancel_requested = Signal()
    fix_requested = Signal(object)  # a ShownFix, to be previewed
    fix_undone = Signal(object)
    apply_requested = Signal()
    preview_closed = Signal()
    hide_requested = Signal(str)
    show_hidden_requested = Signal()
    repair_undone = Signal(int)
    check_changed = Signal(str, str, object)
    checks_opened = Signal()
    badge_changed = Signal(int, int)  # errors, warnings

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.badge = (0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._make_top())
        layout.addWidget(self._make_busy())
        layout.addWidget(self._make_body(), 1)
        self.repairs = RepairList(self)
        self.repairs.undo_requested.connect(self.repair_undone)
        self.repairs_fold = Fold("", self.repairs, parent=self)
        self.checks = CheckSettings(self)
        self.checks.changed.connect(self.check_changed)
        self.checks_fold = Fold(self.tr("Checks…"), self.checks, parent=self)
        self.checks_fold.toggle.toggled.connect(self._on_checks)
        layout.addWidget(self.repairs_fold)
        layout.addWidget(self.checks_fold)
        self.set_repairs([])
        self.set_findings([])
        self.set_message("", "")

    # --- parts

    def _make_top(self) -> QVBoxLayout:
        self.status = label("", "title", wrap=True, parent=self)
        self.hidden_button = button("", role="quiet", parent=self)
        self.hidden_button.clicked.connect(self.show_hidden_requested)
        self.again_button = button(self.tr("Check again"), "refresh", "quiet", parent=self)
        self.again_button.clicked.connect(self._look)
        self.deep_button = button(self.tr("Look deeper (needs the model)"), "search", parent=self)
        self.deep_button.clicked.connect(self._look_deeper)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.status, 1)
        for widget in (self.hidden_button, self.again_button, self.deep_button):
            line.addWidget(widget)
        self.deep_note = label("", "caption", wrap=True, parent=self)
        self.note = label("", "muted", wrap=True, parent=self)
        top = QVBoxLayout()
        top.setSpacing(4)
        top.addLayout(line)
        top.addWidget(self.deep_note)
        top.addWidget(self.note)
        return top

    def _make_busy(self) -> QWidget:
        self.busy = QWidget(self)
        line = QHBoxLayout(self.busy)
        line.setContentsMargins(0, 0, 0, 0)
        self.busy_text = label("", "muted", parent=self.busy)
        self.busy_bar = QProgressBar(self.busy)
        self.busy_bar.setAccessibleName(self.tr("Checking the data"))
        self.cancel_button = button(self.tr("Cancel"), "cancel", "quiet", parent=self.busy)
        self.cancel_button.clicked.connect(self.cancel_requested)
        line.addWidget(self.busy_text)
        line.addWidget(self.busy_bar, 1)
        line.addWidget(self.cancel_button)
        self.busy.hide()
        return self.busy

    def _make_body(self) -> QStackedWidget:
        self.empty = EmptyState("check", "", "", parent=self)
        self.all_clear = QWidget(self)
        inner = QVBoxLayout(self.all_clear)
        inner.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.clear_title = label("", "title", parent=self.all_clear)
        theme.set_role(self.clear_title, "ok")
        self.made = Facts(self.all_clear)
        inner.addWidget(self.clear_title)
        inner.addWidget(label(self.tr("These checks were made:"), "muted", parent=self.all_clear))
        inner.addWidget(self.made)
        self.findings = FindingList(self)
        self.detail = FindingDetail(self)
        self.preview = FixPreview(self)
        self.right = QStackedWidget(self)
        for page in (self.detail, self.preview):
            page.setContentsMargins(6, 0, 0, 0)
            self.right.addWidget(page)
        self.content = splitter(Qt.Orientation.Horizontal)
        self.content.addWidget(self.findings)
        self.content.addWidget(self.right)
        self.content.setStretchFactor(0, 2)
        self.content.setStretchFactor(1, 3)
        self.content.setMinimumHeight(220)
        self.findings.chosen.connect(self._on_chosen)
        self.detail.fix_requested.connect(self.fix_requested)
        self.detail.undo_requested.connect(self.fix_undone)
        self.detail.hide_requested.connect(self.hide_requested)
        self.preview.applied.connect(self.apply_requested)
        self.preview.closed.connect(self.preview_closed)
        self.body = QStackedWidget(self)
        for part in (self.empty, self.all_clear, self.content):
            self.body.addWidget(part)
        return self.body

    # --- setters

    def set_status(self, text: str, note: str = "") -> None:
        """The headline, and one line below it where there is more to say."""
        self.status.setText(text)
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def set_message(self, title: str, text: str) -> None:
        """Shows words in place of findings."""
        self.empty.set_text(title, text)
        self.body.setCurrentWidget(self.empty)

    def set_busy(self, busy: bool, text: str = "", fraction: float | None = None) -> None:
        self.busy.setVisible(busy)
        self.again_button.setVisible(not busy)
        self.busy_text.setText(text)
        self.busy_bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.busy_bar.setValue(round(fraction * 1000))

    def set_can_look(self, possible: bool) -> None:
        self.again_button.setEnabled(possible)

    def set_deep(self, possible: bool, note: str) -> None:
        """``note``: what a deeper look does and takes, or why there can be none."""
        self.deep_button.setEnabled(possible)
        self.deep_button.setToolTip(note)
        self.deep_button.setAccessibleDescription(note)
        self.deep_note.setText(note)
        self.deep_note.setVisible(bool(note))

    def set_findings(self, findings: Sequence[ShownFinding], hidden: int = 0) -> None:
        """The findings, worst first; the chosen one stays. They show as soon as there are any."""
        self.findings.set_findings(findings)
        self.hidden_button.setText(self.tr("Show hidden ({n})").format(n=formats.count(hidden)))
        self.hidden_button.setVisible(hidden > 0)
        if findings:
            self.body.setCurrentWidget(self.content)
        open_ones = [finding.severity for finding in findings if not finding.mended]
        self._set_badge(open_ones.count("error"), open_ones.count("warning"))

    def set_all_clear(self, title: str, made: Sequence[tuple[str, str]]) -> None:
        """Nothing was found; ``made`` are the checks with what they took."""
        self.clear_title.setText(f"✓ {title}")
        self.made.set_facts(list(made))
        self.body.setCurrentWidget(self.all_clear)

    def show_preview(self, shown: bool) -> None:
        # the focus goes first: when what has it is hidden or greyed out, Qt looks for the next and scrolls to it
        if shown:
            self.right.setCurrentWidget(self.preview)
            self.preview.focus()
            self.findings.setEnabled(False)
            return
        self.findings.setEnabled(True)
        if self.preview.isAncestorOf(QApplication.focusWidget() or self):
            self.findings.setFocus()
        self.right.setCurrentWidget(self.detail)

    def set_repairs(self, repairs: Sequence[ShownRepair]) -> None:
        title = self.tr("Repairs in the recipe ({n})").format(n=formats.count(len(repairs)))
        self.repairs.set_repairs(repairs)
        self.repairs_fold.toggle.setText(title)
        self.repairs_fold.toggle.setAccessibleName(title)
        self.repairs_fold.setVisible(bool(repairs))

    def set_checks(self, checks: Sequence[ShownCheck]) -> None:
        self.checks.set_checks(checks)

    # --- inside

    def _set_badge(self, errors: int, warnings: int) -> None:
        if (errors, warnings) != self.badge:
            self.badge = (errors, warnings)
            self.badge_changed.emit(errors, warnings)

    @Slot(object)
    def _on_chosen(self, finding: ShownFinding | None) -> None:
        self.detail.set_finding(finding)

    @Slot()
    def _look(self) -> None:
        self.look_requested.emit(False)

    @Slot()
    def _look_deeper(self) -> None:
        self.look_requested.emit(True)

    @Slot(bool)
    def _on_checks(self, is_open: bool) -> None:
        if is_open:
            self.checks_opened.emit()
