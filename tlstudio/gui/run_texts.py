"""How runs are shown: words for their outcomes, the columns of their list, their details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.widgets.record_table import Column
from tlstudio.session.run_disk import Usage
from tlstudio.session.runs import RunSummary

translate = QCoreApplication.translate  # under this name lupdate finds the strings
OUTCOMES = ("completed", "stopped", "running", "interrupted", "cancelled", "failed", "damaged")


def outcome(name: str) -> str:
    """A sign and a word for how a run ended."""
    return {
        "completed": translate("RunsPane", "✓ completed"),
        "stopped": translate("RunsPane", "✓ stopped early"),
        "cancelled": translate("RunsPane", "– cancelled"),
        "failed": translate("RunsPane", "✕ failed"),
        "running": translate("RunsPane", "▶ going on"),
        "interrupted": translate("RunsPane", "⚠ interrupted"),
        "damaged": translate("RunsPane", "⚠ damaged"),
    }.get(name, name)


def marks(run: RunSummary) -> str:
    """The star and the tags of a run."""
    return " ".join((*(("★",) if run.star else ()), *(f"#{tag}" for tag in run.tags)))


def columns() -> list[Column]:
    """The columns of the list of runs."""

    def number(title: str, field: str, show: Any) -> Column:
        return Column(title, lambda run: show(getattr(run, field)), lambda run: getattr(run, field), numeric=True)

    return [
        Column(translate("RunsPane", "Time"), lambda run: formats.when(run.created), lambda run: run.created),
        Column(translate("RunsPane", "Data"), lambda run: run.title or formats.NONE),
        Column(translate("RunsPane", "Strategy"), lambda run: i18n.engine(run.strategy) or formats.NONE),
        Column(translate("RunsPane", "Outcome"), lambda run: outcome(run.outcome), colour=_tint),
        Column(
            translate("RunsPane", "Score"),
            lambda run: metric_names.value(run.metric, run.score),
            lambda run: metric_names.order(run.metric, run.score),
            numeric=True,
        ),
        Column(
            translate("RunsPane", "Metric"),
            lambda run: metric_names.title(run.metric) if run.metric else formats.NONE,
        ),
        Column(translate("RunsPane", "Model"), lambda run: run.model.rsplit("/", 1)[-1] or formats.NONE),
        number(translate("RunsPane", "Size"), "bytes", formats.size),
        number(translate("RunsPane", "Smallest"), "compressed_bytes", formats.size),
        number(translate("RunsPane", "Duration"), "seconds", formats.duration),
        Column(translate("RunsPane", "Star, tags"), marks, lambda run: f"{'0' if run.star else '1'}{marks(run)}"),
    ]


def details(run: RunSummary) -> list[tuple[str, str]]:
    """What is known of a run, as pairs of a name and a value."""
    score = {"value": run.score, "low": run.score_low, "high": run.score_high}
    name = run.metric or metric_names.DEFAULT
    found = [
        (translate("RunsPane", "Outcome"), outcome(run.outcome)),
        (metric_names.title(name), metric_names.interval(name, score)),
        (translate("RunsPane", "Model"), run.model or formats.NONE),
        (translate("RunsPane", "Strategy"), i18n.engine(run.strategy) or formats.NONE),
        (translate("RunsPane", "Data"), run.title or formats.NONE),
        (translate("RunsPane", "Size"), f"{formats.size(run.bytes)} → {formats.size(run.compressed_bytes)}"),
        (translate("RunsPane", "Duration"), formats.duration(run.seconds)),
    ]
    if run.lineage:
        found.append((translate("RunsPane", "Started from"), run.lineage[-1]))
    return [*found, (translate("RunsPane", "Folder"), run.folder)]


def disk(used: Usage) -> str:
    """What a run takes on the disk: 130.2 MB: model 90.9 MB, checkpoints 39.3 MB."""
    parts = [f"{part(name)} {formats.size(size)}" for name, size in used.parts.items() if size]
    whole = formats.size(used.total)
    return f"{whole}: {', '.join(parts)}" if parts else whole


def part(name: str) -> str:
    """A part of a run folder."""
    return {
        "model": translate("RunsPane", "model"),
        "checkpoints": translate("RunsPane", "checkpoints"),
        "compressed": translate("RunsPane", "compressed forms"),
        "exports": translate("RunsPane", "exports"),
        "run": translate("RunsPane", "the whole run"),
    }.get(name, name)


def short(run: RunSummary, names: Mapping[str, str] | None = None) -> str:
    """A run on one line, for headings: time and strategy."""
    return (names or {}).get(run.id) or f"{formats.when(run.created)} {i18n.engine(run.strategy)}".strip()


def _tint(run: RunSummary) -> str:
    return {"completed": "ok", "stopped": "ok", "failed": "error"}.get(run.outcome, "warn")
