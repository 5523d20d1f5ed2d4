"""What the Data step offers while there is no data: files, a folder, a name, or a sample."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tlstudio.gui.widgets.common import EmptyState, button, label
from tlstudio.gui.widgets.data_places import NameField


class DataStart(QWidget):
    """Signals: what the user wants."""

    files_requested = Signal()
    folder_requested = Signal()
    name_entered = Signal(str)
    sample_requested = Signal(str)  # text or digits

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty = EmptyState(
            "data",
            self.tr("No data yet"),
            self.tr("Choose texts or images with their labels, or drop them anywhere on this window."),
            self.tr("Choose files…"),
            self,
        )
        self.empty.triggered.connect(self.files_requested)
        self.folder_button = button(self.tr("Choose a folder…"), "folder", parent=self)
        self.folder_button.clicked.connect(self.folder_requested)
        self.text_button = button(self.tr("Sample of texts"), "sample", parent=self)
        self.text_button.clicked.connect(self._on_text)
        self.digits_button = button(self.tr("Sample of images"), "sample", parent=self)
        self.digits_button.clicked.connect(self._on_digits)
        self.name_field = NameField(self)
        self.name_field.entered.connect(self.name_entered)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(1)
        layout.addWidget(self.empty)
        layout.addLayout(self._make_buttons())
        layout.addLayout(self._make_name())
        kinds = label(
            self.tr(
                "Tables (CSV, Excel, JSON, Parquet, Arrow), folders of texts or images, tokens with tags, questions "
                "with answers, databases, and archives of these."
            ),
            "caption",
            wrap=True,
            parent=self,
        )
        kinds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(kinds)
        layout.addStretch(1)

    def _make_buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        for item in (self.folder_button, self.text_button, self.digits_button):
            line.addWidget(item)
        line.addStretch(1)
        return line

    def _make_name(self) -> QHBoxLayout:
        caption = QLabel(self.tr("Or a &name:"), self)
        caption.setBuddy(self.name_field)
        caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.name_field.setMinimumWidth(360)
        self.name_field.setMaximumWidth(460)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        line.addWidget(caption)
        line.addWidget(self.name_field, 4)
        line.addStretch(1)
        return line

    def _on_text(self) -> None:
        self.sample_requested.emit("text")

    def _on_digits(self) -> None:
        self.sample_requested.emit("digits")
