"""``tlstudio rank, advise, curve, lr``: what to choose, measured on the user's own data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import AsJson, Base, Overrides, meant, signals
from tlstudio.core import numbers
from tlstudio.core.control import Control
from tlstudio.core.events import Emit, Event, Metric, Result
from tlstudio.core.files import expand
from tlstudio.core.recipe import ModelSection

PANEL = "Advice"
Target = Annotated[
    Path, typer.Argument(metavar="RECIPE-OR-DATA", help="A recipe (.yaml), a project (.tlstudio), or labelled data.")
]


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (rank, advise, curve, lr):
        app.command(rich_help_panel=PANEL)(command)


def rank(
    target: Target,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="NAME|FOLDER", help="A backbone to rank as well. May be repeated."),
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Only the backbones named with --model.")] = False,
    rows: Annotated[int, typer.Option(min=10, help="Training rows to look at.")] = 500,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:
    """Which backbone suits the data? Ranks those on this machine by their features, without training them."""
    from tlstudio.pipeline.ranking import rank as job

    models = [_model(name) for name in model or []]
    with telling(_candidate) as (emit, control):
        found = job(meant(target, overrides, control, runs), emit, control, models, only, rows)
    show.print_json(found) if json else _show_ranking(found)


def advise(
    target: Target,
    strategy: Annotated[
        list[str] | None, typer.Option("--strategy", "-s", help="A strategy to try. May be repeated.")
    ] = None,
    rows: Annotated[int, typer.Option(min=32, help="Training rows of the longest trial.")] = 1600,
    rungs: Annotated[int, typer.Option(min=1, max=8, help="Rounds, each with twice the rows of the one before.")] = 3,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:
    """Which strategy? Short trainings of some on parts of the rows, the worse ones dropped early."""
    from tlstudio.pipeline.advising import STRATEGIES
    from tlstudio.pipeline.advising import advise as job

    with telling(_probe) as (emit, control):
        found = job(meant(target, overrides, control, runs), emit, control, strategy or STRATEGIES, rungs, rows)
    show.print_json(found) if json else _show_advice(found)


def curve(
    target: Target,
    repeats: Annotated[
        int | None,
        typer.Option(min=1, max=20, help="Trainings of each size; 2, with --per-class 5.", show_default=False),
    ] = None,
    per_class: Annotated[
        str,
        typer.Option(
            "--per-class", metavar="4,8,16", help="Numbers of examples of each class, in place of growing parts."
        ),
    ] = "",
    sizes: Annotated[int, typer.Option(min=2, max=12, help="Sizes, each twice the one before; the last is all.")] = 6,
    minutes: Annotated[float | None, typer.Option(min=0, help="Begin no size that would take longer.")] = None,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:
    """How much data? Trains on growing parts of the rows, and foretells what twice as many would bring."""
    from tlstudio.pipeline.learning_curve import curve as job

    with telling(_point) as (emit, control):
        found = job(
            meant(target, overrides, control, runs), emit, control, repeats, sizes, minutes, _numbers(per_class)
        )
    show.print_json(found) if json else _show_curve(found)


def lr(
    target: Target,
    lowest: Annotated[float, typer.Option(help="Rate of the first step.")] = 1e-7,
    highest: Annotated[float, typer.Option(help="Rate of the last step.")] = 1.0,
    steps: Annotated[int, typer.Option(min=10, help="Steps at most; it ends when the loss grows.")] = 100,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:
    """Which learning rate? Trains for some steps with a rising rate, and sees where the loss falls most steeply."""
    from tlstudio.pipeline.rates import find_rate

    with telling(None) as (emit, control):
        found = find_rate(meant(target, overrides, control, runs), emit, control, lowest, highest, steps)
    show.print_json(found) if json else _show_sweep(found)


# --- while it works


@contextmanager
def telling(said: Any) -> Iterator[tuple[Emit, Control]]:
    """A bar, a line for each result, and Ctrl-C: once for what there is by then, twice to cancel.

    Args:
        said: the line for a result, from its data; None for no lines. An empty line is not shown.
    """
    with signals() as control, show.progress_bar() as inner:

        def emit(event: Event) -> None:
            if isinstance(event, Result):
                line = said(event.data) if said is not None else ""
                if line:
                    show.err.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
            elif not isinstance(event, Metric):  # curves of many short trainings would only fill the screen
                inner(event)

        yield emit, control


def _model(name: str) -> ModelSection:
    folder = expand(name)
    if folder.is_dir():
        return ModelSection(source="folder", name=str(folder.resolve()))
    return ModelSection(source="hub", name=name)


def _numbers(text: str) -> list[int]:
    """Whole numbers with commas between them."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if bad := [part for part in parts if not part.isdecimal()]:
        raise typer.BadParameter(f"'{bad[0]}' is no number of examples; write numbers such as 4,8,16.")
    return [int(part) for part in parts]


def measure(value: float | None, found: dict[str, Any]) -> str:
    """A value of the metric that ``found`` is about."""
    return numbers.percent(value) if found["share"] else numbers.score(value)


def _candidate(data: dict[str, Any]) -> str:
    return f"{data['title']}: linear probe {numbers.percent(data['scores']['probe'])}, {data['seconds']} s"


def _probe(data: dict[str, Any]) -> str:
    return f"{data['title']} on {data['rows']} rows: {numbers.score(data['value'])}, {data['seconds']} s"


def _point(data: dict[str, Any]) -> str:
    size = f"{data['each']} examples a class" if "each" in data else f"{data['rows']} rows"
    return f"{size}: {numbers.score(data['value'])}, {data['seconds']} s"


# --- what came out


def _show_ranking(found: dict[str, Any]) -> None:
    names = {name: about for name, about in found["scores"].items()
             if any(entry["scores"][name] is not None for entry in found["candidates"])}  # fmt: skip
    columns = ("", *(about["title"] for about in names.values()), "parameters", "1 row", "training memory")
    rows = [
        (
            f"{entry['rank']}. {entry['title']}",
            *(numbers.percent(entry["scores"][name]) if about["share"] else numbers.score(entry["scores"][name], 2)
              for name, about in names.items()),
            f"{entry['cost']['parameters'] / 1e6:.1f} M",
            numbers.milliseconds(entry["cost"]["latency_ms"]),
            numbers.size(entry["cost"]["training_memory_bytes"]),
        )
        for entry in found["candidates"]
    ]  # fmt: skip
    show.table(f"Backbones on {found['rows']} of {found['of']} training rows", columns, rows)
    for entry in found["candidates"]:
        show.out.print(f"{entry['rank']}. {entry['title']}", highlight=False, markup=False)
        show.reasons(entry["reasons"])
    show.out.print("In all", highlight=False)
    show.reasons(found["reasons"])
    show_skipped(found["skipped"])


def show_skipped(skipped: list[dict[str, Any]]) -> None:
    """What could not take part, and why."""
    from tlstudio.core.errors import StudioError

    for entry in skipped:
        show.err.print(f"Left out: {entry.get('title') or entry['name']}: {StudioError.from_dict(entry['error'])}",
                       highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def _show_advice(found: dict[str, Any]) -> None:
    rows = []
    for entry in found["strategies"]:
        last, gap = entry["probes"][-1], entry["difference"]
        rows.append((
            entry["title"],
            measure(last["value"], found),
            last["rows"],
            f"{100 * gap['value']:+.1f} ({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})" if gap else "",
            numbers.duration(sum(probe["seconds"] for probe in entry["probes"])),
            numbers.duration(entry["cost"]["seconds"]),
            numbers.size(entry["cost"]["memory_bytes"]),
        ))  # fmt: skip
    columns = ("", found["title"], "rows", "points to the best", "took", "all rows", "memory")
    show.table(f"Strategies on {found['tested']} validation rows", columns, rows)
    show.reasons(found["reasons"])
    show_skipped(found["skipped"])


def _show_curve(found: dict[str, Any]) -> None:
    each = [[numbers.count(entry["each"])] if "each" in entry else [] for entry in found["sizes"]]
    rows = [
        [*first, numbers.count(entry["rows"]), measure(entry["value"], found), measure(entry["sd"], found),
         f"{measure(entry['least'], found)} – {measure(entry['most'], found)}", entry["trainings"]]
        for first, entry in zip(each, found["sizes"], strict=True)
    ]  # fmt: skip
    if found["doubled"]:
        scale = 100 if found["share"] else 1
        shown = {name: (found["doubled"][name] or 0.0) * scale for name in ("value", "low", "high")}
        unit = " %" if found["share"] else ""
        rows.append([f"{numbers.count(found['doubled']['rows'])} (foretold)",
                     f"{shown['value']:.1f}{unit} ({shown['low']:.1f}–{shown['high']:.1f})", "", "", ""])  # fmt: skip
    columns = ["training rows", found["title"], "standard deviation", "from – to", "trainings"]
    if each[0]:
        columns.insert(0, "examples a class")
    show.table(f"Learning curve on {found['tested']} validation rows", columns, rows)
    show.reasons(found["reasons"])


def _show_sweep(found: dict[str, Any]) -> None:
    every = max(1, len(found["points"]) // 15)
    rows = [(f"{point['rate']:.2g}", f"{point['smoothed']:.4g}") for point in found["points"][::every]]
    show.table("Loss while the rate rises", ("rate", "loss"), rows)
    show.reasons(found["reasons"])
    if found["suggestion"] is not None:
        show.out.print(f"Try it with  --set training.learning_rate={found['suggestion']:.2g}", highlight=False)
