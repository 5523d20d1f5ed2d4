"""The results of a run by language: a row for each, with the metrics that all have, and what chance reaches."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.record_table import Column, RecordTable

_MOST = 4  # metrics
Results = dict[str, Any]


class LanguageMatrix(QWidget):
    """Hidden where a run has no results by language."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label(self.tr("By language"), "title")
        self.note = label("", "muted", wrap=True)
        self.table: RecordTable | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        self._box.addWidget(self.title)
        self._box.addWidget(self.note)
        self.hide()

    def set_results(self, results: Results) -> None:
        """Shows ``languages`` of a run's results."""
        records = results.get("languages") or []
        if self.table is not None:
            self._box.removeWidget(self.table)
            self.table.deleteLater()
            self.table = None
        self.setVisible(bool(records))
        if not records:
            return
        self.note.setText(self._note(records))
        self.note.setVisible(bool(self.note.text()))
        name = self.tr("Results by language")
        self.table = RecordTable(self._columns(records, metric_names.headline(results)), name, fits=True)
        self.table.set_records(records)
        self.table.setMinimumHeight(min(self.table.maximumHeight(), 260))
        self._box.addWidget(self.table)

    def _note(self, records: list[Results]) -> str:
        """What zero-shot means, where there is such a language."""
        if all(record.get("trained") for record in records):
            return ""
        return self.tr("Zero-shot: the model has learnt from no row in this language.")

    def _columns(self, records: list[Results], main: str) -> list[Column]:
        shared = [name for name in records[0].get("metrics") or {}
                  if all(name in (record.get("metrics") or {}) for record in records)]  # fmt: skip
        others = [name for name in ("macro_f1", *sorted(shared, key=metric_names.place)) if name in shared]
        others = [name for name in dict.fromkeys(others) if name != main][: _MOST - 1]
        columns = [
            Column(self.tr("Language"), lambda item: str(item.get("name")), stretch=True),
            Column(self.tr("Training rows"), self._trained, lambda item: item.get("trained"), True),
            Column(self.tr("Test rows"), lambda item: formats.count(item.get("rows")), lambda i: i.get("rows"), True),
            _metric_column(metric_names.title(main), main, "metrics"),
        ]
        chance = records[0].get("baseline")
        if chance:  # results of earlier versions have none
            columns.append(_metric_column(i18n.engine(str(chance.get("title"))), main, "baseline", "metrics"))
        return columns + [_metric_column(metric_names.title(name), name, "metrics") for name in others]

    def _trained(self, item: Results) -> str:
        return formats.count(item["trained"]) if item.get("trained") else self.tr("0, zero-shot")


def _metric_column(title: str, name: str, *path: str) -> Column:
    """A metric with its interval, that lies at a path in the record."""

    def metric(item: Results) -> Any:
        found: Any = item
        for key in path:
            found = (found or {}).get(key)
        return (found or {}).get(name)

    return Column(
        title,
        lambda item: metric_names.interval(name, metric(item)),
        lambda item: formats.metric_value(metric(item)),
        numeric=True,
    )
