"""``tlstudio search`` and ``tlstudio ablate``: many trainings of one recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.advising import PANEL, Target, measure, telling
from tlstudio.cli.shared import AsJson, Base, Overrides, meant
from tlstudio.core import numbers


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (search, ablate):
        app.command(rich_help_panel=PANEL)(command)


def search(
    target: Target,
    vary: Annotated[
        list[str],
        typer.Option("--vary", "-v", metavar="FIELD=LOW..HIGH[:log]|A|B",
                     help="What to vary: training.learning_rate=1e-5..1e-3:log, strategy.rank=4|8|16. May be "
                          "repeated."),
    ],
    minutes: Annotated[float, typer.Option(min=0, help="Time for the search.")] = 10.0,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials at most.")] = None,
    rows: Annotated[int, typer.Option(min=0, help="Training rows of each trial; 0 for all.")] = 0,
    study: Annotated[
        Path | None, typer.Option("--study", help="Folder of the search; the same one goes on with it.")
    ] = None,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Search for better values of any fields; the same command again goes on where it ended."""
    from tlstudio.pipeline.searching import place
    from tlstudio.pipeline.searching import search as job

    with telling(_trial) as (emit, control):
        recipe = meant(target, overrides, control, runs)
        folder = study or place(recipe, vary, rows)
        found = job(recipe, vary, folder.absolute(), emit, control, minutes, trials, rows)
    show.print_json(found) if json else _show_search(found)


def ablate(
    target: Target,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="FIELD", help="What to leave out, or FIELD+FIELD together. May be repeated."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", "-v", metavar="FIELD=A|B", help="Values to compare with. May be repeated."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Trainings of each, with other seeds.")] = 1,
    runs: Base = None,
    overrides: Overrides = None,
    json: AsJson = False,
) -> None:
    """What does a part of the recipe bring? Runs it without the part, by default its augmentation, and compares."""
    from tlstudio.pipeline.ablating import ablate as job
    from tlstudio.session import settings

    base = runs or settings.load()[0].runs_path
    with telling(_variant) as (emit, control):
        recipe = meant(target, overrides, control, base)
        found = job(recipe, base, emit, control, without or [], vary or [], seeds)
    show.print_json(found) if json else show_ablation(found)


def _values(values: dict[str, Any]) -> str:
    shown = (f"{value:.3g}" if isinstance(value, float) else str(value) for value in values.values())
    return ", ".join(f"{field}={text}" for field, text in zip(values, shown, strict=True)) or "the recipe as it is"


def _trial(data: dict[str, Any]) -> str:
    if "state" not in data:
        return ""  # an epoch of a trial
    return f"{_values(data['values'])}: {numbers.score(data['value'])} ({data['state']})"


def _variant(data: dict[str, Any]) -> str:
    return f"{data['title'] or 'the recipe as it is'}, seed {data['seed']}: {numbers.score(data['value'])}"


def _show_search(found: dict[str, Any]) -> None:
    sign = 1 if found["lower"] else -1
    entries = [*([found["base"]] if found["base"] else []), *found["trials"]]
    done = sorted((entry for entry in entries if entry["state"] == "complete"), key=lambda entry: sign * entry["value"])
    rows = [(_values(entry["values"]), measure(entry["value"], found)) for entry in done[:10]]
    if rows:
        show.table(f"Best of {len(found['trials'])} trials", ("values", found["title"]), rows)
    for field, share in found["importances"].items():
        show.out.print(f"{field} makes {numbers.percent(share, 0)} of the differences.", highlight=False, markup=False)
    show.reasons(found["reasons"])
    if found["recipe"]:
        show.out.print(f"Best recipe: {found['recipe']}", highlight=False, markup=False, soft_wrap=True)
    show.out.print(f"Search: {found['folder']}", highlight=False, markup=False, soft_wrap=True)


def show_ablation(found: dict[str, Any]) -> None:
    """The variants beside the recipe as it is, with what they change."""
    rows = []
    for entry in found["variants"]:
        gap, spread = entry["difference"], f" ± {entry['sd'] * _scale(found):.1f}" if entry["sd"] is not None else ""
        rows.append((
            entry["title"] or "the recipe as it is",
            measure(entry["mean"], found) + spread if entry["mean"] is not None else "failed",
            f"{100 * gap['value']:+.1f} ({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})" if gap else "",
        ))  # fmt: skip
    title = f"Differences on {found['rows']} test rows, {len(found['seeds'])} seed(s)"
    show.table(title, ("", found["title"], "points of score (95 % interval)"), rows)
    show.reasons(found["reasons"])


def _scale(found: dict[str, Any]) -> float:
    return 100.0 if found["share"] else 1.0
