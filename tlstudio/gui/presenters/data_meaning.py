"""The tabs about what the rows mean: columns and their roles, labels, and how rows are divided."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import DataSection
from tlstudio.data import compose
from tlstudio.gui import i18n
from tlstudio.gui.background import Latest
from tlstudio.gui.context import Context
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.presenters import data_edits as edits
from tlstudio.gui.values import MOST, values_of
from tlstudio.gui.widgets.columns_view import ColumnFacts

_EXAMPLES = 3  # texts of a template
_BY_ROLE = {"grouped": "group", "time": "time", "held-out": "language"}  # what a method goes by of itself


class MeaningPresenter(QObject):
    """Part of the Data step; ``show`` is called with the facts of the data."""

    def __init__(self, context: Context, pane: DataPane) -> None:
        super().__init__(pane)
        self.context, self.pane = context, pane
        self._facts: dict[str, Any] = {}
        self._valued: tuple[str, str] | None = None  # file and column whose values are shown
        self._values = Latest(self)
        self._values.done.connect(self._show_values)
        pane.columns.role_wished.connect(self.set_role)
        pane.columns.template.typed.connect(self.try_template)
        pane.labels.labels_wished.connect(self.set_labels)
        pane.labels.merge_requested.connect(self.merge_labels)
        pane.split.method_wished.connect(self.set_method)
        pane.split.values_wished.connect(self.set_values)

    @property
    def _data(self) -> DataSection:
        return self.context.project.recipe.data

    # --- what the user wants

    def set_role(self, column: str, role: str) -> None:
        roles = edits.shown_roles(self._data, self._facts.get("roles") or {})
        self.context.edit_many(edits.with_role(self._data, roles, column, role))

    def try_template(self, template: str) -> None:
        """Shows what a template that is being typed makes of the first rows."""
        view = self.pane.columns.template
        columns = self._facts.get("columns") or []
        if not template.strip() or not columns:
            view.set_preview([])
            return
        try:
            compose.fields(template, columns)
        except StudioError as error:
            view.set_preview([], i18n.both(error))
            return
        view.set_preview([compose.filled(template, row) for row in self.pane.first_rows(_EXAMPLES)])

    def set_labels(self, wishes: dict[str, str | None]) -> None:
        self.context.edit_many(edits.with_labels(self._data, wishes))

    def merge_labels(self, labels: list[str]) -> None:
        counts = dict(self._facts.get("labels_raw") or [])
        renamed = edits.renamed_labels(self._data)
        largest = max(labels, key=lambda label: counts.get(label, 0))
        text = self.tr("One name for {n} labels:").format(n=len(labels))
        name = self.context.dialogs.ask_text(self.tr("Merge labels"), text, renamed.get(largest) or largest)
        if name:
            self.set_labels(dict.fromkeys(labels, name))

    def set_method(self, method: str) -> None:
        self.context.edit_many(edits.other_method(method))

    def set_values(self, validation: list[str], test: list[str]) -> None:
        self.context.edit_many({"data.split.validation_values": validation, "data.split.test_values": test})

    # --- what is known

    def show(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._show_columns()
        self._show_split()
        self.pane.set_facts(facts, edits.renamed_labels(self._data))

    def _show_columns(self) -> None:
        roles = edits.shown_roles(self._data, self._facts.get("roles") or {})
        known = {item["name"]: item for item in self._facts.get("column_facts") or []}
        columns = [self._column(name, roles, known.get(name, {})) for name in self._facts.get("columns") or []]
        shown = dict(roles)
        if "labels" in shown:  # the column that joins them stands beside them
            shown["labels"] = [*edits.names_of(shown["labels"]), compose.LABELS]
        self.pane.set_columns(columns, shown, self._data.separator)

    def _column(self, name: str, roles: dict[str, list[str]], known: dict[str, Any]) -> ColumnFacts:
        role = edits.role_of(roles, name)
        reason = (self._facts.get("reasons") or {}).get(name, "") if role else ""
        if not role and f"{{{name}}}" in self._data.template:
            reason = self.tr("part of the text template")
        return ColumnFacts(
            name,
            (self._facts.get("kinds") or {}).get(name, "text"),
            role,
            reason,
            known.get("distinct", 0),
            known.get("empty", 0),
            tuple(known.get("examples", ())),
        )

    def _show_split(self) -> None:
        section = self._data.split
        roles = self._facts.get("roles") or {}
        automatic = next(iter(edits.names_of(roles.get(_BY_ROLE.get(section.method, ""), ()))), "")
        self.pane.split.set_columns(self._facts.get("columns") or [], section.by, automatic)
        column, path = section.by or automatic, (self._facts.get("composed") or {}).get("train", "")
        if section.method != "held-out" or not column or not path or self._valued == (path, column):
            return
        self._valued = (path, column)
        self._values.start(self._valued, lambda: values_of(path, column))

    def _show_values(self, key: tuple[str, str], values: list[tuple[str, int]]) -> None:
        if key == self._valued:
            self.pane.split.set_values(values, MOST)
