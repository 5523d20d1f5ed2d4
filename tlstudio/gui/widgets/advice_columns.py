"""The columns of the advisor's tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.widgets.advice_ablation import ShownVariant
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


def curve_columns() -> list[Column]:
    """Of the table of a learning curve; a record holds the name of its metric."""
    return [
        Column(translate("advice", "Training rows"), _size_of, lambda item: item["rows"], True),
        _measured(translate("advice", "Mean"), "value"),
        _measured(translate("advice", "Standard deviation"), "sd"),
        _measured(translate("advice", "Least"), "least"),
        _measured(translate("advice", "Most"), "most"),
        _number(translate("advice", "Trainings"), formats.count, "trainings"),
    ]


def _size_of(item: Any) -> str:
    rows = formats.count(item["rows"])
    if "each" not in item:
        return rows
    return translate("advice", "{rows} ({each} a class)").format(rows=rows, each=formats.count(item["each"]))


def _measured(title: str, name: str) -> Column:
    def shown(item: Any) -> str:
        return formats.NONE if item.get(name) is None else metric_names.value(item["metric"], item[name])

    return Column(title, shown, lambda item: item.get(name), True)


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


def variant_columns() -> list[Column]:
    """Of the table of variants."""
    return [
        Column(translate("ablation", "Variant"), lambda item: item.title, stretch=True),
        Column(translate("ablation", "Score"), _score, lambda item: item.mean, True),
        Column(translate("ablation", "Points (95 % interval)"), _gap,
               lambda item: item.gap["value"] if item.gap else None, True),
        Column(translate("ablation", "What it says"), lambda item: item.state, colour=_colour),
    ]  # fmt: skip


def _score(item: ShownVariant) -> str:
    if item.mean is None:
        return formats.NONE
    text = metric_names.value(item.metric, item.mean)
    if item.sd is None:
        return text
    spread = formats.decimal(item.sd * 100.0, 1) if metric_names.is_share(item.metric) else formats.number(item.sd)
    return f"{text} ± {spread}"


def _gap(item: ShownVariant) -> str:
    if not item.gap:
        return formats.NONE
    value, low, high = (formats.points(item.gap[name]) for name in ("value", "low", "high"))
    return f"{value} ({low} … {high})"


def _colour(item: ShownVariant) -> str:
    if not item.gap or item.gap["low"] <= 0 <= item.gap["high"]:
        return ""
    return "ok" if item.gap["value"] > 0 else "error"
