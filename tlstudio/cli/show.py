"""How the command line shows things: progress with remaining time, tables, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tlstudio.core import busy, events, numbers
from tlstudio.core.errors import StudioError, fill
from tlstudio.core.events import Emit, Event
from tlstudio.core.reasons import Reason, told
from tlstudio.evaluation import damage as damages
from tlstudio.evaluation import several
from tlstudio.metrics import names
from tlstudio.models import earlier

# a pipe has no width: rich would take 80 columns and fold paths and tables
out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, width=None if sys.stderr.isatty() else 120)

_STYLE = {"info": "", "warning": "yellow", "error": "bold red"}
_TITLES = {"prepare": "Reading", "adapt": "Adapting", "tokenise": "Preparing", "rehearse": "Rehearsing",
           "train": "Training", "evaluate": "Evaluating", "others": "Evaluating",
           "compress": "Compressing", "export": "Exporting", "report": "Reporting",
           "download": "Downloading", "rank": "Ranking", "advise": "Trying", "curve": "Training",
           "rate": "Sweeping", "search": "Searching", "ablate": "Comparing", "frontier": "Exploring"}  # fmt: skip


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def print_error(error: StudioError) -> None:
    """The message, and what to do about it."""
    err.print(f"[bold red]Error:[/] {escape(error.message)}", highlight=False)
    if error.remedy:
        err.print(f"  → {escape(error.remedy)}", highlight=False)


def reasons(said: Sequence[Reason]) -> None:
    """What follows from a result, a line for each sentence."""
    for item in said:
        out.print(f"• {told(item)}", highlight=False, markup=False)


def dataset(info: dict[str, Any], entry: dict[str, Any]) -> None:
    """A dataset of the hub and one configuration of it, before it is downloaded."""
    out.print(f"{info['name']}, configuration {entry['name']}, licence {info['licence'] or 'not stated'}",
              highlight=False, markup=False)  # fmt: skip
    for split in entry["splits"]:
        part = ", only the first part" if split["partial"] else ""
        out.print(f"  {split['name']}: {numbers.count(split['rows'])} rows, {numbers.size(split['bytes'])}{part}",
                  highlight=False, markup=False)  # fmt: skip
    if info["gated"]:
        out.print("  Its terms must be accepted on the hub first.", highlight=False, markup=False)


@contextmanager
def json_events() -> Iterator[Emit]:
    """Events as JSON lines on standard output."""

    def emit(event: Event) -> None:
        sys.stdout.write(json.dumps(event.to_dict(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    yield emit


@contextmanager
def progress_bar() -> Iterator[Emit]:
    """One bar for the whole job with the time left, and a line for each thing worth saying."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Starting", total=1.0, left="", detail="")
        yield _Screen(bar, task).emit


class _Screen:
    """Turns events into a bar and lines."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def emit(self, event: Event) -> None:
        if isinstance(event, events.StageStarted):
            self._bar.update(self._task, description=_TITLES.get(event.stage, event.stage), detail="")
        elif isinstance(event, events.Progress):
            self._progress(event)
        elif isinstance(event, events.Metric) and event.split == "validation":
            values = ", ".join(f"{name} {value:.3f}" for name, value in event.values.items())
            self._bar.console.print(f"  epoch {event.epoch:g}: validation {values}", highlight=False)
        elif isinstance(event, events.Log):
            self._bar.console.print(
                f"  {escape(fill(event.message, event.params))}", style=_STYLE[event.level], highlight=False
            )

    def _progress(self, event: events.Progress) -> None:
        whole = event.run_fraction if event.run_fraction is not None else event.done / max(event.total, 1e-9)
        seconds = event.run_seconds_left if event.run_seconds_left is not None else event.seconds_left
        left = f"{numbers.duration(seconds)} left" if seconds is not None else ""
        detail = _amount(event)
        self._bar.update(self._task, completed=whole, left=left, detail=detail,
                         description=_TITLES.get(event.stage, event.stage))  # fmt: skip


def _amount(event: events.Progress) -> str:
    if event.unit == "bytes":
        return f"{numbers.size(event.done)} of {numbers.size(event.total)}"
    return f"{event.done:g}/{event.total:g} {event.unit}".strip()


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; numbers are right-aligned but for the first column."""
    grid = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, column in enumerate(columns):
        grid.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(str(cell)) for cell in row))
    out.print(grid)


def results(results: dict[str, Any], folder: Path) -> None:
    """The result of a run: each stage with its metrics, size and speed, the exports, and where everything is."""
    leading, unit = names.leading(results), results.get("unit") or "rows"
    if learnt := earlier.told(results.get("model", {}).get("lineage")):
        out.print(f"Learnt before: {learnt}", highlight=False, markup=False, soft_wrap=True)
    titles = [names.about(name).title for name in leading]
    columns = ("", *titles, "weights", "1 row", "16 rows", "same answers")
    rows = [_baseline_row(entry, leading) for entry in results.get("baselines", [])]
    stages = results.get("stages")
    rows += [_stage_row(stage, leading) for stage in stages] if stages else _test_row(results, leading)
    if rows:
        table(f"Results on {results.get('test', {}).get('rows', 0)} test {unit} (95 % intervals)", columns, rows)
    doubt(stage["latency"] for stage in stages or ())
    languages(results.get("languages", []), leading, titles)
    damage(results)
    for extra in results.get("extra", []):
        value = _value(extra["metrics"], leading[0])
        out.print(f"Extra set {extra['name']}: {titles[0]} {value} on {extra['rows']} {unit}", highlight=False)
    if exports := results.get("exports"):
        heads = (
            "format",
            "size",
            "rows",
            "largest difference",
            "same answers",
            "metric",
            "1 row",
            "16 rows",
            "verdict",
        )
        table("Exports", heads, [_export_row(entry) for entry in exports])
    tasks(results, folder)
    retention(results)
    for entry in results.get("exports", []):
        if entry["path"]:
            out.print(f"{entry['title']}: {folder / entry['path']}", highlight=False, soft_wrap=True)
    if (folder / "report.html").is_file():
        out.print(f"Report: {folder / 'report.html'}", highlight=False, soft_wrap=True)


def languages(entries: Sequence[dict[str, Any]], leading: Sequence[str], titles: Sequence[str]) -> None:
    """A matrix of languages and metrics; what was not trained on is zero-shot."""
    if not entries:
        return
    chance = entries[0].get("baseline")  # results of earlier versions have none
    columns = ["language", "training rows", "test rows", *titles]
    rows = [
        [entry["name"], numbers.count(entry["trained"]) if entry["trained"] else "0, zero-shot",
         numbers.count(entry["rows"]), *(_value(entry["metrics"], name) for name in leading)]
        for entry in entries
    ]  # fmt: skip
    if chance:
        columns.append(f"{chance['title']} (baseline): {titles[0]}")
        rows = [[*row, _value((entry.get("baseline") or chance)["metrics"], leading[0])]
                for row, entry in zip(rows, entries, strict=True)]  # fmt: skip
    table("By language (95 % intervals)", columns, rows)


def damage(results: dict[str, Any]) -> None:
    """What each compressed form of the model changed on the test rows."""
    found = results.get("damage") or {}
    titles = {stage["name"]: stage["title"] for stage in results.get("stages") or []}
    for name, entry in found.items():
        out.print(f"What {titles.get(name, name)} changed ({name}): {damages.told(entry)}", highlight=False,
                  markup=False, soft_wrap=True)  # fmt: skip


def _value(metrics: dict[str, Any], name: str) -> str:
    """A metric with its interval; nothing where it was not measured."""
    return numbers.interval(metrics[name]) if name in metrics else ""


def _values(metrics: dict[str, Any], leading: Sequence[str]) -> list[str]:
    """The first metric with its interval, the next one without."""
    others = [numbers.score(metrics[name]["value"]) if name in metrics else "" for name in leading[1:]]
    return [_value(metrics, leading[0]), *others]


def doubt(latencies: Iterable[dict[str, Any]]) -> None:
    """Says so where other programs kept the processor busy while times were taken."""
    if (share := busy.noticeable(latencies)) is not None:
        out.print(busy.told(share), highlight=False, soft_wrap=True)


def _baseline_row(entry: dict[str, Any], leading: Sequence[str]) -> tuple[str, ...]:
    return (f"{entry['title']} (baseline)", *_values(entry["metrics"], leading), "", "", "", "")


def _test_row(results: dict[str, Any], leading: Sequence[str]) -> list[tuple[str, ...]]:
    if "test" not in results:
        return []
    return [("Trained model", *_values(results["test"]["metrics"], leading), "", "", "", "")]


def _stage_row(stage: dict[str, Any], leading: Sequence[str]) -> tuple[str, ...]:
    times = stage["latency"]
    runtime = stage.get("runtime")  # runs of earlier versions have it as their title
    return (
        f"{stage['title']} ({runtime})" if runtime else stage["title"],
        *_values(stage["metrics"], leading),
        numbers.size(stage["bytes"]),
        *(numbers.milliseconds(times.get(size, {}).get("median_ms")) for size in ("1", "16")),
        numbers.percent(stage["agreement"]),
    )


def _export_row(entry: dict[str, Any]) -> tuple[str, ...]:
    parity = entry["parity"]
    return (
        entry["title"],
        numbers.size(entry["bytes"]),
        str(parity["rows"]),
        f"{parity['max_logit_difference']:.2g}" if parity.get("max_logit_difference") is not None else "–",
        numbers.percent(parity.get("agreement")),
        _metric_change(parity.get("metric")),
        *(numbers.milliseconds((parity.get("latency") or {}).get(size, {}).get("median_ms")) for size in ("1", "16")),
        parity["status"],
    )


def _metric_change(metric: dict[str, Any] | None) -> str:
    """The metric of an export on the rows of its check, and by how much it differs from that of the trained model."""
    if not metric:
        return numbers.DASH
    return f"{names.about(metric['name']).title} {numbers.score(metric['value'])} ({_signed(metric['difference'])})"


def tasks(results: dict[str, Any], folder: Path) -> None:
    """Further tasks of a run, beside the earlier runs that learnt them."""
    lines = several.task_lines(results)
    if not lines:
        return
    verdicts = {"better": "better", "worse": "worse", "even": "may be chance"}
    rows = [
        (line.name, numbers.count(line.rows), names.about(line.metric).title, numbers.interval(line.score),
         numbers.interval(line.baseline), numbers.interval(line.alone), _signed(line.difference),
         verdicts.get(line.verdict, ""))
        for line in lines
    ]  # fmt: skip
    table("Further tasks on the same backbone (95 % intervals)",
          ("task", "rows", "metric", "this run", "baseline", "earlier run", "difference", ""), rows)  # fmt: skip
    for line in lines:
        if (folder / line.path).is_dir():
            out.print(f"{line.name}: {folder / line.path}", highlight=False, markup=False, soft_wrap=True)


def retention(results: dict[str, Any]) -> None:
    """What was known of each task after each of them had been learnt."""
    found = several.retention(results)
    if found is None:
        return
    after = [f"after {name}" for name in found.titles]
    rows = [(name, *(numbers.score(cell.value) for cell in row)) for name, row in zip(after, found.rows, strict=False)]
    method = f" ({found.method})" if found.method else ""
    table(f"Retention{method}: {names.about(found.metric).title}", ("", *found.titles), rows)
    said = [f"{title} transfer {_signed(value)}" for title, value in
            (("backward", found.backward), ("forward", found.forward)) if value is not None]  # fmt: skip
    if said:
        out.print(", ".join(said).capitalize(), highlight=False)


def _signed(difference: float | None) -> str:
    return numbers.DASH if difference is None else f"{difference:+.3f}"
