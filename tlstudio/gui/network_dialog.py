"""What has left this computer: every request to the network, the latest first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tlstudio.core import ledger
from tlstudio.core.ledger import Request
from tlstudio.gui import formats, theme
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import label

_SHOWN = 1000


class NetworkDialog(QDialog):
    """``read`` gives the requests; it works in a thread."""

    def __init__(
        self, parent: QWidget | None = None, read: Callable[[int], list[Request]] = ledger.read
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle(self.tr("Requests to the network"))
        self.resize(1080, 520)
        self.note = label(self.tr("Looking…"), wrap=True, parent=self)
        heads = (self.tr("Time"), self.tr("Purpose"), self.tr("Host"), self.tr("Request"), self.tr("Size"),
                 self.tr("Result"))  # fmt: skip
        self.table = QTableWidget(0, len(heads), self)
        self.table.setAccessibleName(self.tr("Requests to the network"))
        self.table.setHorizontalHeaderLabels(list(heads))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the ends tell more than the middle
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(70)
        for wide in (1, 3):
            header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.note)
        layout.addWidget(self.table, 1)
        where = self.tr("The list is a file that only grows: {path}").format(path=ledger.file())
        layout.addWidget(label(where, "caption", wrap=True, parent=self))
        layout.addWidget(buttons)
        self._reading = Latest(self)
        self._reading.done.connect(self._on_read)
        self._reading.start("ledger", lambda: read(_SHOWN))

    @property
    def reading(self) -> bool:
        return self._reading.busy

    def _on_read(self, _key: Any, found: list[Request]) -> None:
        self.note.setText(self._summary(found))
        self.table.setRowCount(len(found))
        for line, request in enumerate(found):
            for column, (text, tip) in enumerate(self._cells(request)):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                if column == 4:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if request.result == ledger.REFUSED:
                    item.setForeground(theme.colour("error"))
                self.table.setItem(line, column, item)

    def _summary(self, found: list[Request]) -> str:
        if not found:
            return self.tr("There has been no request to the network. TLStudio asks for nothing unless you do.")
        refused = sum(request.result == ledger.REFUSED for request in found)
        if refused:
            text = self.tr("Requests: {count}. Refused, because nobody had asked for them: {refused}.")
            return text.format(count=formats.count(len(found)), refused=formats.count(refused))
        return self.tr("Requests: {count}. You asked for each of them.").format(count=formats.count(len(found)))

    def _cells(self, request: Request) -> list[tuple[str, str]]:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(request.time))
        purpose = self._purpose(request.purpose)
        shown = f"{purpose}  {request.subject}".strip()
        size = formats.size(request.bytes) if request.bytes is not None else ""
        return [(when, ""), (shown, request.subject), (request.host, ""), (request.what, request.what), (size, ""),
                (self._result(request.result), "")]  # fmt: skip

    def _purpose(self, purpose: str) -> str:
        return {
            "model": self.tr("Model"),
            "dataset": self.tr("Dataset"),
            "upload": self.tr("Upload"),
            "database": self.tr("Database"),
        }.get(purpose, purpose or self.tr("Nobody asked for it"))

    def _result(self, result: str) -> str:
        return {
            ledger.REFUSED: self.tr("refused"),
            ledger.NO_ANSWER: self.tr("no answer"),
            "read": self.tr("read"),
            "failed": self.tr("failed"),
        }.get(result, result)
