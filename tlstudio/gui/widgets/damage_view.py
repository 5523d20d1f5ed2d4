"""What compression has done to the answers: which rows changed, which classes, how sure it is, and where it hurts."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.editors import ChoiceBox
from tlstudio.gui.widgets.common import Facts, label, row
from tlstudio.gui.widgets.record_table import Column, RecordTable

_HEIGHT = 240  # pixels, of a table
_HAPPENED = 4  # the last column of the rows
_KINDS = ("right_to_wrong", "wrong_to_right", "wrong_to_other")  # of changed answers, see evaluation/damage.py


class DamageView(QWidget):
    """The forms of ``results["damage"]``, one at a time; what a form does not have is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._damage: dict[str, Any] = {}
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
        self.sentence.setText(self._sentence(found))
        self.facts.set_facts(self._facts(found))
        classes = sorted(found.get("classes") or [], key=_gap)
        for title, table, records in zip(
            self._titles, (self.classes, self.rows), (classes, _changed(found)), strict=True
        ):
            table.set_records(records)
            table.setMinimumHeight(min(table.maximumHeight(), _HEIGHT))
            for part in (title, table):
                part.setVisible(bool(records))
        self.rows.setColumnHidden(_HAPPENED, not found.get("flips"))  # an answer may be right in part

    def _sentence(self, found: dict[str, Any]) -> str:
        flips = found.get("flips")
        if not flips:  # answers that are more or less right, such as numbers
            if formats.missing(found.get("worse")):
                return ""
            text = self.tr("{worse} answers became worse, and {better} better.")
            return text.format(worse=formats.count(found["worse"]), better=formats.count(found.get("better") or 0))
        lost, won, other = ((flips.get(kind) or {}).get("count") for kind in _KINDS)
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
        before, after = (_value(found.get("calibration") or {}, side) for side in ("before", "after"))
        if before is not None and after is not None:
            text = self.tr("{before} before, {after} after; smaller is better")
            facts.append((
                self.tr("Calibration error"),
                text.format(before=formats.percent(before), after=formats.percent(after)),
            ))  # fmt: skip
        if worst := found.get("worst_slice"):
            facts.append((self.tr("Where it hurts most"), self._slice(worst, bool(found.get("flips")))))
        return facts

    def _slice(self, worst: dict[str, Any], exact: bool) -> str:
        """``exact``: whether a row is right or wrong, so that the mean of their scores is a share of them."""
        shown = formats.percent if exact else formats.number
        before, after = (shown(worst.get(name)) for name in ("before", "after"))
        text = self.tr("{name} ({rows} rows): {before} before, {after} after")
        if not exact:
            text = self.tr("{name} ({rows} rows): mean score {before} before, {after} after; 1 is best")
        said = text.format(
            name=self._part(worst), rows=formats.count(worst.get("rows")),
            before=before, after=after,
        )  # fmt: skip
        gap = worst.get("difference") or {}
        if formats.missing(gap.get("low")) or formats.missing(gap.get("high")):
            return said
        signed = partial(metric_names.difference, "accuracy") if exact else formats.signed
        ends = (signed(gap[end]) for end in ("low", "high"))
        text = self.tr("difference with 95 % certainty from {low} to {high}")
        return f"{said}; {text.format(**dict(zip(('low', 'high'), ends, strict=True)))}"

    def _part(self, worst: dict[str, Any]) -> str:
        """A part of the test rows in words."""
        name = str(worst.get("name") or "")
        if worst.get("by") == "length":
            lengths = {"short": self.tr("Short rows"), "middle": self.tr("Rows of middle length"),
                       "long": self.tr("Long rows")}  # fmt: skip
            return lengths.get(name, name)
        text = self.tr("Class {name}") if worst.get("by") == "class" else self.tr("Language {name}")
        return text.format(name=name)

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
        """By the kind, since the texts of an item are shortened and may be alike."""
        texts = (
            self.tr("right before, wrong now"),
            self.tr("wrong before, right now"),
            self.tr("wrong in another way"),
        )
        return dict(zip(_KINDS, texts, strict=True)).get(str(item.get("kind")), "")


def _changed(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that have another answer, those that lost most first."""
    flips = found.get("flips")
    if not flips:
        return list(found.get("lost") or [])
    return [{**item, "kind": kind} for kind in _KINDS for item in (flips.get(kind) or {}).get("rows") or []]


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
