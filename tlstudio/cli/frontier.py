"""``tlstudio frontier``: which compressed forms of a run's model are worth their cost, and the choice of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.advising import telling
from tlstudio.cli.finished import Run, choice_of
from tlstudio.cli.shared import AsJson, Base, Events, index_of, report, signals
from tlstudio.core import numbers
from tlstudio.core.errors import StudioError
from tlstudio.core.reasons import told
from tlstudio.core.recipe import Choice
from tlstudio.metrics.names import about


def add(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command()(frontier)


def frontier(
    target: Run,
    lost: Annotated[float, typer.Option(min=0, max=1, help="Share of the score that may be lost; 1 for any.")] = 0.01,
    size_mb: Annotated[float | None, typer.Option(min=0, help="Megabytes of the weights at most.")] = None,
    latency_ms: Annotated[float | None, typer.Option(min=0, help="Median milliseconds of a batch at most.")] = None,
    memory_mb: Annotated[float | None, typer.Option(min=0, help="Megabytes that a process takes at most.")] = None,
    batch: Annotated[int, typer.Option(help="Rows of the batch that the latency is stated for: 1 or 16.")] = 1,
    one_thread: Annotated[bool, typer.Option("--one-thread", help="State the latency with one thread.")] = False,
    length: Annotated[int, typer.Option(min=0, help="Tokens of each row while timed; 0 for the rows as they are.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no chain that would take longer.")] = 30.0,
    chains: Annotated[
        list[str] | None,
        typer.Option("--chain", "-c", metavar="'STEP [OPTION=VALUE …]; STEP …'",
                     help="Steps to try, such as 'layer-removal keep=3; dynamic-int8'. May be repeated."),
    ] = None,
    choose: Annotated[
        str, typer.Option("--choose", metavar="KEY", help="Make a point the result of the run; 'trained' for none.")
    ] = "",
    runs: Base = None,
    events: Events = False,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Try chains of compression steps on a finished run and measure each; the same command goes on where it ended."""
    folder = Path(index_of(runs).get(target).folder)
    if choose:
        _choose(folder, choose, events)
        return
    from tlstudio.core.plugins import invalid
    from tlstudio.pipeline.budget import Budget

    try:
        budget = Budget.model_validate({
            "lost": lost if lost < 1 else None, "size_mb": size_mb, "latency_ms": latency_ms, "memory_mb": memory_mb,
            "batch": batch, "threads": "one" if one_thread else "all", "length": length,
        })  # fmt: skip
    except ValueError as error:
        raise invalid(error, "budget") from error  # type: ignore[arg-type]
    from tlstudio.pipeline.frontier import explore

    wanted = [_chain(text) for text in chains or ()] or None
    if events:
        with signals() as control, show.json_events() as emit:
            explore(folder, budget, emit, control, wanted, minutes)
        return
    with telling(_point) as (emit, control):
        found = explore(folder, budget, emit, control, wanted, minutes)
    show.print_json(found) if json else _show(found)


def _choose(folder: Path, key: str, events: bool) -> None:
    from tlstudio.pipeline.frontier import choose

    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        ended = choose(folder, key, emit, control)
    report(ended, folder, events)


def _chain(text: str) -> list[Choice]:
    """Steps with their options, with semicolons between them."""
    parts = [part for part in text.split(";") if part.strip()]
    if not parts:
        raise StudioError(
            "cli.no-steps", "The chain '{text}' has no steps.", "Write it like 'layer-removal keep=3; dynamic-int8'.",
            where="--chain", text=text,
        )  # fmt: skip
    return [choice_of(part) for part in parts]


def _point(data: dict[str, Any]) -> str:
    if data["status"] != "measured":
        return f"{data['title']}: {told(data['reason'])}"
    return (f"{data['title']}: {numbers.score(data['score'])}, {numbers.size(data['bytes'])}, "
            f"{numbers.milliseconds(data['latency']['1']['median_ms'])}")  # fmt: skip


def _show(found: dict[str, Any]) -> None:
    title = about(found["metric"]).title
    points = [point for point in found["points"] if point["status"] == "measured"]
    rows = [_row(point, found) for point in (found["reference"], *sorted(points, key=lambda item: item["bytes"]))]
    machine = found["machine"]
    show.table(f"On {found['rows']} validation rows; {machine['processor']}, {machine['threads']} threads",
               ("", title, "lost", "same", "size", "1 row", "16 rows", "memory", "key"),
               rows)  # fmt: skip
    show.doubt(point["latency"] for point in (found["reference"], *points))
    show.out.print("* no other is better in one of score, size and time and not worse in the others; "
                   "+ within the budget", highlight=False)  # fmt: skip
    for point in found["points"]:
        if point["status"] != "measured":
            show.out.print(f"{point['title']}: {told(point['reason'])}", highlight=False, markup=False, soft_wrap=True)
    show.reasons(found["reasons"])
    if found["best"]:
        show.out.print(f"Make it the result of the run with  --choose {found['best'][:8]}", highlight=False)
    if not found["finished"]:
        show.out.print("Not all was tried; the same command goes on.", highlight=False)


def _row(point: dict[str, Any], found: dict[str, Any]) -> tuple[str, ...]:
    times = point["latency"]
    marks = ("*" if point["pareto"] else "") + ("+" if point["within_budget"] else "")
    return (
        f"{point['title']} {marks}".strip(),
        f"{numbers.score(point['score'])} ({numbers.score(point['low'])}–{numbers.score(point['high'])})",
        numbers.percent(point["lost"]),
        numbers.percent(point["agreement"]),
        numbers.size(point["bytes"]),
        *(f"{numbers.milliseconds(times[name]['median_ms'])} ({times[name]['ratio']:.2f})"
          for name in ("1", "16")),
        numbers.size(point["memory_bytes"]),
        point["key"][:8],
    )  # fmt: skip
