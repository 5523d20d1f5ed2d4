"""``report.html``: one page about a run that opens anywhere, offline, years later.

Labels, texts and file names come from data and are hostile: the template escapes every value, draws SVG from
numbers, and its content policy forbids scripts and anything from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tlstudio import __version__
from tlstudio.core import busy, numbers, paths
from tlstudio.core.errors import fill
from tlstudio.core.events import Metric, StageStarted, from_dict
from tlstudio.core.files import explain_os_errors, read_json, write_text
from tlstudio.evaluation import charts, samples, several
from tlstudio.metrics.errors import shorten
from tlstudio.metrics.names import METRICS, about, leading
from tlstudio.models import earlier

FILE = "report.html"
_WIDEST = 40  # classes of a confusion matrix that is drawn; above, only its largest errors are listed
_CONFUSED = 10
_BROAD = 4  # metrics of the table of languages
_SAMPLE = 90  # characters of a row that shows a finding
_LONGEST = 600  # characters of a text in the list of errors
_TASK = re.compile(r"tasks/[^/\\:.][^/\\:]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def write_report(folder: Path) -> Path:
    """Writes ``report.html`` into a run folder, from the files in it.

    Returns:
        The path of the page.

    Raises:
        StudioError: ``results.json`` is missing or damaged, or the page cannot be written.
    """
    folder = Path(folder)
    write_text(folder / FILE, render(folder))
    return folder / FILE


def render(folder: Path) -> str:
    """The page as text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.resource("report")),
        autoescape=True,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )
    return environment.get_template("report.html.j2").render(context(Path(folder)))


def context(folder: Path) -> dict[str, Any]:
    """What the template shows; every part may be missing except the results."""
    results = read_json(folder / "results.json")
    test = results.get("test") or {}
    environment = folder / "environment.json"
    return {
        "version": __version__,
        "n": numbers,
        "r": results,
        "titles": {name: item.title + (" (lower is better)" if item.lower else "") for name, item in METRICS.items()},
        "leading": leading(results),
        "matrix_metrics": _matrix_metrics(results),
        "doubt": _doubt(results.get("stages") or []),
        "unit": results.get("unit") or "rows",
        "file": Path(str((results.get("data") or {}).get("path", ""))).name,
        "lineage": earlier.told((results.get("model") or {}).get("lineage")),
        "bag": (results.get("baselines") or [None])[-1],
        "tasks": several.task_lines(results),
        "linked": _linked(folder, results),
        "retention": several.retention(results),
        "charts": _curves(folder, results.get("training") or {}),
        "matrix": _matrix(results.get("labels") or [], test.get("confusion") or []),
        "confused": _confused(results.get("labels") or [], test.get("confusion") or []),
        "reliability": charts.reliability(test.get("calibration") or []),
        "errors": [{**error, "text": _content(error)} for error in test.get("errors", [])],
        "samples": samples.table(test.get("samples") or {}),
        "damage": _damage(results),
        "exports": [{**item, "verdict": _verdict(item.get("parity"))} for item in results.get("exports", [])],
        "findings": _findings(results.get("examination") or {}),
        "recipe": _text(folder / "recipe.yaml"),
        "environment": _flat(read_json(environment)) if environment.is_file() else [],
    }


def _doubt(stages: list[dict[str, Any]]) -> str:
    """A sentence where other programs kept the processor busy while times were taken."""
    share = busy.noticeable(stage.get("latency") for stage in stages)
    return busy.told(share) if share is not None else ""


def _damage(results: dict[str, Any]) -> list[dict[str, Any]]:
    """What each compressed form changed, with the rows that became wrong or lost most."""
    titles = {stage["name"]: stage.get("title") for stage in results.get("stages") or []}
    return [
        {**entry, "title": titles.get(name) or name,
         "broken": entry["flips"]["right_to_wrong"]["rows"] if entry["flips"] else entry["lost"]}
        for name, entry in (results.get("damage") or {}).items()
    ]  # fmt: skip


def _linked(folder: Path, results: dict[str, Any]) -> set[str]:
    """Folders of further tasks that have a page of their own, which may be linked to."""
    paths = {line.path for line in several.task_lines(results)}
    return {path for path in paths if _TASK.fullmatch(path) and (folder / path / FILE).is_file()}


def _matrix_metrics(results: dict[str, Any]) -> list[str]:
    """The metrics of the table of languages: the leading ones, then others that all languages have."""
    rows = [entry.get("metrics") or {} for entry in results.get("languages") or []]
    names = [*leading(results), *METRICS]
    return list(dict.fromkeys(name for name in names if rows and all(name in row for row in rows)))[:_BROAD]


def _content(entry: dict[str, Any]) -> str:
    """What an error is about: its text, or the name of its image or sound."""
    if "text" in entry:
        return shorten(str(entry["text"]), _LONGEST)
    return Path(str(entry.get("image") or entry.get("audio") or "")).name


def _findings(examination: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings of the data doctor with their sentences filled in, and two short samples of each."""
    return [
        {
            **finding,
            "message": fill(finding["message"], finding["params"]),
            "effect": fill(finding["effect"], finding["params"]),
            "samples": [{**sample, "text": shorten(sample["text"], _SAMPLE)} for sample in finding["samples"][:2]],
        }
        for finding in examination.get("findings", [])
    ]


def _printable(value: Any) -> Any:
    """Control characters and lone surrogates are no HTML and cannot be written as UTF-8."""
    return _CONTROL.sub("\ufffd", value) if type(value) is str else value


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    with explain_os_errors(path):
        return path.read_text(encoding="utf-8", errors="replace")


def _verdict(parity: dict[str, Any] | None) -> str:
    return fill(parity.get("message", ""), parity.get("params", {})) if parity else ""


def _metrics(folder: Path) -> Iterator[tuple[str, Metric]]:
    """Metric events of the run and their stages; a damaged line (a crash in mid-write) is skipped."""
    path = folder / "events.jsonl"
    if not path.is_file():
        return
    stage = ""
    with explain_os_errors(path), open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if '"metric"' not in line and '"stage-started"' not in line:
                continue
            try:
                event = from_dict(json.loads(line))
            except (ValueError, TypeError, AttributeError):
                continue
            if isinstance(event, StageStarted):
                stage = event.stage
            if isinstance(event, Metric) and isinstance(event.values, dict):
                yield stage, event


def _curves(folder: Path, training: dict[str, Any]) -> list[dict[str, Any]]:
    """Loss, metric and learning rate over the epochs."""
    points: dict[tuple[str, str], list[charts.Point]] = {}
    for stage, event in _metrics(folder):
        split = stage if stage == "adapt" else event.split
        for name, value in event.values.items():
            if isinstance(value, (int, float)) and isinstance(event.epoch, (int, float)):
                points.setdefault((split, name), []).append((float(event.epoch), float(value)))

    def series(title: str, style: str, split: str, name: str) -> charts.Series:
        return charts.Series(title, style, points.get((split, name), []), dots=split == "validation")

    best = training.get("best_epoch")
    losses = [series("Training", "one", "train", "loss"), series("Validation", "two", "validation", "loss")]
    measured = [name for split, name in points if split == "validation" and name != "loss"]
    scores = [series(f"Validation {about(name).title}", style, "validation", name)
              for name, style in zip(measured, ("two", "three", "one"), strict=False)]  # fmt: skip
    shares = all(about(name).share for name in measured)
    drawn = [
        charts.line_chart("Loss of the adaptation", "Epoch", [series("Training", "one", "adapt", "loss")]),
        charts.line_chart("Loss", "Epoch", losses, best),
        charts.line_chart("Validation metrics", "Epoch", scores, best, share=shares),
        charts.line_chart("Learning rate", "Epoch", [series("Learning rate", "one", "train", "learning_rate")]),
    ]
    return [chart for chart in drawn if chart]


def _matrix(labels: list[str], confusion: list[list[int]]) -> list[dict[str, Any]]:
    """Rows of the confusion matrix; ``shade`` is the share of the true class, its root so that few errors show."""
    if len(labels) > _WIDEST:
        return []
    rows = []
    for index, (label, counts) in enumerate(zip(labels, confusion, strict=False)):
        total = max(sum(counts), 1)
        cells = [
            {
                "count": count,
                "share": count / total,
                "shade": round((count / total) ** 0.5 * 100),
                "right": index == column,
                "predicted": labels[column],
            }
            for column, count in enumerate(counts)
        ]
        rows.append({"label": label, "cells": cells, "total": sum(counts)})
    return rows


def _confused(labels: list[str], confusion: list[list[int]]) -> list[dict[str, Any]]:
    """The most frequent errors: true class, predicted class, how often."""
    pairs: list[dict[str, Any]] = [
        {"label": labels[row], "predicted": labels[column], "count": count, "share": count / sum(counts)}
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
        if count and row != column
    ]
    return sorted(pairs, key=lambda pair: -pair["count"])[:_CONFUSED]


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested facts as rows: ``packages.torch`` and its value."""
    if isinstance(value, dict):
        return [row for key, item in value.items() for row in _flat(item, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        return [(name, ", ".join(map(str, value)))]
    return [(name, str(value))]
