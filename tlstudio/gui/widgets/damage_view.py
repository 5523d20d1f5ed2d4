"""What compression has done to the answers: which rows changed, which classes, how sure it is, and where it hurts."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.editors import ChoiceBox
from tlstudio.gui.widgets.common import Facts, label, row
from tlstudio.gui.widgets.record_table import Column, RecordTable

_HEIGHT = 240  # pixels, of a table


class DamageView(QWidget):
    """The forms of ``results["damage"]``, one at a time; what a form does not have is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._damage: dict[str, Any] = {}
        self._metric = metric_names.DEFAULT
        self.form = ChoiceBox(self)
        self.form.setAccessibleName(self.tr("Form of the model"))
        self.form.setMinimumWidth(260)
        self.form.currentIndexChanged.connect(self._show)
        self._caption = label(self.tr("Form"), "muted", parent=self)
        self._caption.setBuddy(self.form)
        self.sentence = label("", "title", wrap=True, parent=self)
        self.facts = Facts(self)
        self.classes = RecordTable(self._class_columns(), self.tr("Classes before and after"), fits=True, parent=self)
        self.rows = RecordTable(self._row_columns(), self.tr("Rows with another answer"), fits=True, parent=self)
        self._titles = (
            label(self.tr("Classes, the most damaged first"), "title", parent=self),
            label(self.tr("Rows with another answer"), "title", parent=self),
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 0)
        box.setSpacing(10)
        box.addLayout(row(self._caption, self.form))
        box.addWidget(self.sentence)
        box.addWidget(self.facts)
        for title, table in zip(self._titles, (self.classes, self.rows), strict=True):
            box.addWidget(title)
            box.addWidget(table)
        box.addStretch(1)

    def set_results(self, results: dict[str, Any]) -> bool:
        """Whether there is something to show."""
        damage = results.get("damage")
        self._damage = damage if isinstance(damage, dict) else {}
        self._metric = metric_names.headline(results)
        titles = {str(stage.get("name")): str(stage.get("title") or "") for stage in results.get("stages") or []}
        self.form.blockSignals(True)
        self.form.clear()
        for name in self._damage:
            self.form.addItem(i18n.engine(titles.get(name) or name), name)
        self.form.setCurrentIndex(self.form.count() - 1)  # the last form is the one that is used
        self.form.blockSignals(False)
        for part in (self.form, self._caption):
            part.setVisible(len(self._damage) > 1)
        self._show()
        return bool(self._damage)

    # --- inside

    def _show(self, _index: int = 0) -> None:
        found = self._damage.get(str(self.form.currentData())) or {}
        flips = found.get("flips") or {}
        self.sentence.setText(self._sentence(flips))
        self.facts.set_facts(self._facts(found))
        classes = sorted(found.get("classes") or [], key=_gap)
        for title, table, records in zip(
            self._titles, (self.classes, self.rows), (classes, flips.get("rows") or []), strict=True
        ):
            table.set_records(records)
            table.setMinimumHeight(min(table.maximumHeight(), _HEIGHT))
            for part in (title, table):
                part.setVisible(bool(records))

    def _sentence(self, flips: dict[str, Any]) -> str:
        lost, won, other = (flips.get(name) for name in ("right_to_wrong", "wrong_to_right", "wrong_to_other"))
        if formats.missing(lost) and formats.missing(won):
            return ""
        if not (lost or won or other):
            return self.tr("Every test row has the same answer as before.")
        text = self.tr("{lost} right answers became wrong, and {won} wrong ones right.")
        said = text.format(lost=formats.count(lost or 0), won=formats.count(won or 0))
        if other:
            more = self.tr("{n} stayed wrong with another answer.")
            said = f"{said} {more.format(n=formats.count(other))}"
        return said

    def _facts(self, found: dict[str, Any]) -> list[tuple[str, str]]:
        facts = []
        sure = found.get("calibration") or {}
        if not (formats.missing(sure.get("before")) or formats.missing(sure.get("after"))):
            text = self.tr("{before} before, {after} after; smaller is better")
            facts.append((
                self.tr("Calibration error"),
                text.format(before=formats.percent(sure["before"]), after=formats.percent(sure["after"])),
            ))  # fmt: skip
        if worst := found.get("worst_slice"):
            facts.append((self.tr("Where it hurts most"), self._slice(worst)))
        return facts

    def _slice(self, worst: dict[str, Any]) -> str:
        before, after = (metric_names.value(self._metric, worst.get(name)) for name in ("before", "after"))
        text = self.tr("{name} ({rows} rows): {before} before, {after} after")
        said = text.format(
            name=i18n.engine(str(worst.get("name") or "")), rows=formats.count(worst.get("rows")),
            before=before, after=after,
        )  # fmt: skip
        low, high = worst.get("low"), worst.get("high")
        if formats.missing(low) or formats.missing(high):
            return said
        ends = (metric_names.difference(self._metric, end) for end in (low, high))
        text = self.tr("difference with 95 % certainty from {low} to {high}")
        return f"{said}; {text.format(**dict(zip(('low', 'high'), ends, strict=True)))}"

    def _class_columns(self) -> list[Column]:
        return [
            Column(self.tr("Class"), lambda item: str(item.get("label")), stretch=True),
            Column(self.tr("Test rows"), lambda item: formats.count(item.get("rows")), lambda i: i.get("rows"), True),
            Column(self.tr("Before"), lambda item: _share(item.get("before")), lambda i: _value(i, "before"), True),
            Column(self.tr("After"), lambda item: _share(item.get("after")), lambda i: _value(i, "after"), True),
            Column(self.tr("Difference"), _points, _gap, True),
        ]

    def _row_columns(self) -> list[Column]:
        return [
            Column(self.tr("Row"), lambda item: formats.count(item.get("row")), lambda item: item.get("row"), True),
            Column(self.tr("Label"), lambda item: _text(item.get("label"))),
            Column(self.tr("Before"), lambda item: _text(item.get("before"))),
            Column(self.tr("After"), lambda item: _text(item.get("after"))),
            Column(self.tr("What happened"), self._happened, stretch=True),
        ]

    def _happened(self, item: dict[str, Any]) -> str:
        label = item.get("label")
        if label is None:
            return ""
        if item.get("before") == label:
            return self.tr("right before, wrong now")
        return self.tr("wrong before, right now") if item.get("after") == label else self.tr("wrong in another way")


def _value(item: dict[str, Any], name: str) -> float | None:
    value = formats.metric_value(item.get(name))
    return None if formats.missing(value) else float(value)


def _share(value: Any) -> str:
    return formats.interval(value) if isinstance(value, dict) else formats.percent(value)


def _gap(item: dict[str, Any]) -> float:
    """After - before; 0 where one of them is not known."""
    before, after = _value(item, "before"), _value(item, "after")
    return 0.0 if before is None or after is None else after - before


def _points(item: dict[str, Any]) -> str:
    known = _value(item, "before") is not None and _value(item, "after") is not None
    return formats.points(_gap(item)) if known else formats.NONE


def _text(value: Any) -> str:
    return formats.NONE if value is None else str(value)
