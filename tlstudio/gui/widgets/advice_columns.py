"""The columns of the advisor's tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n
from tlstudio.gui.widgets.record_table import Column

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def rank_columns() -> list[Column]:
    """Of the table of backbones."""
    return [
        _number("#", str, "rank"),
        Column(translate("advice", "Model"), lambda item: i18n.engine(str(item["title"])), stretch=True),
        _number(translate("advice", "Probe"), formats.percent, "scores", "probe"),
        _number("k-NN", formats.percent, "scores", "neighbours"),
        _number("LogME", formats.decimal, "scores", "logme"),
        _number(translate("advice", "Size"), formats.parameters, "cost", "parameters"),
        _number(translate("advice", "For 1"), formats.milliseconds, "cost", "latency_ms"),
    ]


def strategy_columns() -> list[Column]:
    """Of the table of strategies."""
    return [
        Column(translate("advice", "Strategy"), lambda item: i18n.engine(str(item["title"])), stretch=True),
        _number(translate("advice", "Score"), formats.decimal, "probes", -1, "value"),
        _number(translate("advice", "On rows"), formats.count, "probes", -1, "rows"),
        _number(translate("advice", "Training on all"), formats.duration, "cost", "seconds"),
        _number(translate("advice", "Memory"), formats.size, "cost", "memory_bytes"),
    ]


def _number(title: str, shown: Callable[[Any], str], *path: str | int) -> Column:
    """A column of a number that lies at a path in the record."""

    def value(item: Any) -> Any:
        for key in path:
            try:
                item = item[key]
            except (KeyError, IndexError, TypeError):
                return None
        return item

    return Column(title, lambda item: formats.NONE if value(item) is None else shown(value(item)), value, True)
