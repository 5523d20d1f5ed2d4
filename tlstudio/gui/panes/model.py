"""Step 1: the backbone. A catalogue, a folder, or a name of the hub; what is inside; download on a click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableView,
    QWidget,
)

from tlstudio.gui import formats, i18n, theme, words
from tlstudio.gui.forms import TextBox
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.advice import AdviceView
from tlstudio.gui.widgets.advice_columns import rank_columns
from tlstudio.gui.widgets.catalogue_model import CatalogueModel
from tlstudio.gui.widgets.common import Card, Facts, button, label, row
from tlstudio.gui.widgets.network import Block, NetworkView


class ModelPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    model_chosen = Signal(str)  # name in the catalogue or on the hub
    folder_requested = Signal()
    download_requested = Signal()
    download_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Model"))
        self._quiet = False
        self._entries: list[dict[str, Any]] = []
        self._unsuited: Mapping[str, str] = {}
        self._chosen = ("hub", "")
        self.body.insertWidget(
            1, label(self.tr("The pretrained network that your data will teach."), "muted", wrap=True)
        )
        self.folder_button = button(self.tr("Use a folder…"), "folder", parent=self)
        self.folder_button.setToolTip(self.tr("A folder in the layout of transformers: config, tokenizer, safetensors"))
        self.folder_button.clicked.connect(self.folder_requested)
        self.tools.addWidget(self.folder_button)
        self.all_models = QCheckBox(self.tr("Show all models"), self)
        self.all_models.setToolTip(self.tr("Also those that cannot learn the task"))
        self.all_models.toggled.connect(self._show_entries)
        self.hidden_note = label("", "caption", parent=self)
        above = row(self.hidden_note, stretch=False)
        above.setStretch(0, 1)
        above.addWidget(self.all_models)
        self.body.addLayout(above)
        self.body.addWidget(self._make_table())
        self.body.addLayout(self._make_hub())
        self.body.addWidget(self._make_download())
        self.body.addLayout(self._make_details(), 1)
        self.body.addWidget(self._make_advisor())

    # --- parts

    def _make_table(self) -> QTableView:
        self.catalogue = CatalogueModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.catalogue)
        self.table.setAccessibleName(self.tr("Catalogue of models"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setMinimumHeight(120)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        return self.table

    def _make_hub(self) -> QHBoxLayout:
        self.hub_name = TextBox(self)
        self.hub_name.setPlaceholderText(self.tr("organisation/name"))
        self.hub_name.setAccessibleName(self.tr("Name of another model on the hub"))
        self.hub_name.returnPressed.connect(self._use_hub)
        self.hub_button = button(self.tr("Use"), parent=self)
        self.hub_button.setAccessibleName(self.tr("Use this model of the hub"))
        self.hub_button.clicked.connect(self._use_hub)
        caption = QLabel(self.tr("Another model of the &hub:"), self)
        caption.setBuddy(self.hub_name)
        line = row(caption, stretch=False)
        line.addWidget(self.hub_name, 1)
        line.addWidget(self.hub_button)
        return line

    def _make_download(self) -> Card:
        self.download_card = Card(parent=self)
        self.download_text = label("", wrap=True, parent=self.download_card)
        self.download_bar = QProgressBar(self.download_card)
        self.download_bar.setAccessibleName(self.tr("Progress of the download"))
        self.download_button = button(self.tr("Download"), "download", "primary", parent=self.download_card)
        self.download_button.clicked.connect(self.download_requested)
        self.cancel_button = button(self.tr("Cancel the download"), "cancel", parent=self.download_card)
        self.cancel_button.clicked.connect(self.download_cancelled)
        line = row(self.download_text, stretch=False)
        line.setStretch(0, 1)
        line.addWidget(self.download_button)
        line.addWidget(self.cancel_button)
        self.download_card.body.addLayout(line)
        self.download_card.body.addWidget(self.download_bar)
        self.download_card.hide()
        return self.download_card

    def _make_details(self) -> QHBoxLayout:
        self.details = Card(self.tr("Chosen model"), self)
        self.facts = Facts(self.details)
        self.note = label("", "muted", wrap=True, parent=self.details)
        self.details.body.addWidget(self.note)
        self.details.body.addWidget(self.facts)
        self.details.body.addStretch(1)
        self.anatomy = Card(self.tr("What is inside"), self)
        self.network = NetworkView(self.anatomy)
        self.anatomy.body.addWidget(self.network)
        self.anatomy.body.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.details, 5)
        line.addWidget(self.anatomy, 4)
        return line

    def _make_advisor(self) -> Card:
        card = Card(self.tr("Advisor"), self)
        self.advisor_card = card
        self.advisor_button = button(self.tr("Advisor"), "search", parent=self)
        self.advisor_button.setToolTip(self.tr("What would suit your data? Tried out on this computer."))
        self.advisor_button.clicked.connect(self._show_advisor)
        self.tools.addWidget(self.advisor_button)
        about = self.tr(
            "Looks how well some hundred of your rows can be told apart by what each model on this computer makes of "
            "them, and what it costs; about a minute for three small models."
        )
        name = self.tr("Models compared")
        self.advice = AdviceView(about, self.tr("Which model suits my data?"), rank_columns(), name, card)
        card.body.addWidget(self.advice)
        return card

    def _show_advisor(self) -> None:
        self.reveal(self.advisor_card)

    # --- setters

    def set_catalogue(self, entries: list[dict[str, Any]], unsuited: Mapping[str, str] | None = None) -> None:
        """``unsuited``: names of models that cannot learn the task, and why; they are shown on request only."""
        self._entries, self._unsuited = list(entries), dict(unsuited or {})
        self._show_entries()

    def _show_entries(self, _on: bool = False) -> None:
        every = self.all_models.isChecked()
        chosen = self._chosen[1]
        entries = [
            entry for entry in self._entries if every or entry["name"] == chosen or entry["name"] not in self._unsuited
        ]
        fitting = len(self._entries) - len(self._unsuited)
        text = self.tr("{n} of {all} models of the catalogue can learn the task.")
        if not fitting:
            text = self.tr("No model of the catalogue can learn the task: use a folder, or one of the hub.")
        self.hidden_note.setText(text.format(n=fitting, all=len(self._entries)) if self._unsuited else "")
        for widget in (self.all_models, self.hidden_note):
            widget.setVisible(bool(self._unsuited))
        self._quiet = True
        self.catalogue.set_entries(entries, self._unsuited)
        self.table.setVisible(bool(entries))
        rows = min(max(len(entries), 2), 6)
        self.table.setFixedHeight(rows * 34 + self.table.horizontalHeader().sizeHint().height() + 6)
        self._quiet = False
        if chosen:
            self.set_chosen(*self._chosen)

    def set_chosen(self, source: str, name: str) -> None:
        """Marks the recipe's model in the table; emits nothing."""
        self._chosen = (source, name)
        self._quiet = True
        found = self.catalogue.row_of(name) if source == "hub" else -1
        if found >= 0:
            self.table.selectRow(found)
            self.table.setCurrentIndex(self.catalogue.index(found, 0))
        else:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        self.hub_name.set_text(name if source == "hub" and name and found < 0 else "")
        self._quiet = False

    def set_facts(self, facts: dict[str, Any] | None, note: str = "") -> None:
        """Facts of an inspected model, or a note about why there are none (yet)."""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.anatomy.setVisible(facts is not None)
        self.facts.set_facts(self._lines(facts) if facts else [])
        groups = (facts or {}).get("groups", [])
        self.network.set_blocks([Block(group["name"], group["parameters"]) for group in groups])

    def set_download(self, text: str, state: str, fraction: float | None = None) -> None:
        """``state``: hidden, offered, running or failed."""
        self.download_card.setVisible(state != "hidden")
        self.download_text.setText(text)
        theme.set_role(self.download_text, "error" if state == "failed" else "")
        self.download_button.setVisible(state in ("offered", "failed"))
        self.cancel_button.setVisible(state == "running")
        self.download_bar.setVisible(state == "running")
        self.download_bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.download_bar.setValue(round(fraction * 1000))

    # --- inside

    def _lines(self, facts: dict[str, Any]) -> list[tuple[str, str]]:
        reads = "text" in (facts.get("modality") or "text")  # what only texts have is not told of images and sounds
        longest, side = facts.get("max_length"), facts.get("image_size")
        vocabulary, languages = facts.get("vocabulary"), words.languages(facts.get("languages") or [])
        lines = [
            (self.tr("Name"), str(facts.get("name", ""))),
            (self.tr("Architecture"), str(facts.get("architecture", ""))),
            (self.tr("Parameters"), formats.count(facts.get("parameters") or 0)),
            (self.tr("Size"), formats.size(facts.get("bytes") or 0)),
            (self.tr("Longest text"), self.tr("{n} tokens").format(n=formats.count(longest)) if longest else ""),
            (self.tr("Image size"), self.tr("{n} × {n} pixels").format(n=formats.count(side)) if side else ""),
            (self.tr("Vocabulary"), formats.count(vocabulary) if vocabulary and reads else ""),
            (self.tr("Languages"), languages or (self.tr("not stated") if reads else "")),
            (self.tr("Licence"), str(facts.get("licence") or self.tr("not stated"))),
            (self.tr("Revision"), str(facts.get("revision") or "")[:12]),
            (self.tr("Folder"), str(facts.get("path") or "")),
        ]
        return [(name, value) for name, value in lines if value]

    def _on_row(self, current: QModelIndex) -> None:
        entry = self.catalogue.entry(current.row())
        if entry is not None and not self._quiet:
            self.model_chosen.emit(entry["name"])

    def _use_hub(self) -> None:
        if name := self.hub_name.text().strip():
            self.model_chosen.emit(name)


def summary(entry: dict[str, Any]) -> str:
    """The catalogue's sentences about a model."""
    return " ".join(i18n.engine(entry.get(key) or "") for key in ("summary", "note")).strip()
