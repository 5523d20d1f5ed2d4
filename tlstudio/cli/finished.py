"""What can be done with a run: ``tlstudio resume`` where it was broken off, ``export`` and ``compress`` afterwards."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tlstudio.cli import show
from tlstudio.cli.overrides import parse
from tlstudio.cli.shared import Base, Events, index_of, report, signals
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Choice

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run id, unique beginning of one, or folder.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (resume, export, compress):
        app.command()(command)


def resume(target: Run, runs: Base = None, events: Events = False) -> None:
    """Go on with a run that was broken off, from its last checkpoint, as if it had never been."""
    from tlstudio import pipeline

    found = index_of(runs).get(target)
    if found.outcome == "running":
        raise StudioError(
            "runs.running", "The run {run} is going on.", "Wait until it has ended, or stop it first.", where=found.id,
            run=found.id,
        )  # fmt: skip
    folder = Path(found.folder)
    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        ended = pipeline.resume(folder, emit, control)
    report(ended, folder, events)


def export(
    target: Run,
    formats: Annotated[
        list[str],
        typer.Option(
            "--format",
            "-f",
            metavar="'FORMAT [OPTION=VALUE …]'",
            help="Such as onnx, or 'adapters backbone=false'. May be repeated.",
        ),
    ],
    runs: Base = None,
    events: Events = False,
) -> None:
    """Export a finished run once more, in other formats."""
    from tlstudio import pipeline

    folder = Path(index_of(runs).get(target).folder)
    choices = [choice_of(text) for text in formats]
    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        ended = pipeline.export(folder, choices, emit, control)
    report(ended, folder, events)


def compress(
    target: Run,
    steps: Annotated[
        list[str],
        typer.Option("--step", "-s", metavar="'STEP [OPTION=VALUE …]'",
                     help="Such as layer-removal, or 'layer-removal keep=3 epochs=2'. May be repeated; the order "
                          "counts."),
    ],
    runs: Base = None,
    events: Events = False,
) -> None:  # fmt: skip
    """Compress the model of a finished run in another way, measure it, and make its exports again."""
    from tlstudio import pipeline

    folder = Path(index_of(runs).get(target).folder)
    choices = [choice_of(step) for step in steps]
    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        ended = pipeline.compress(folder, choices, emit, control)
    report(ended, folder, events)


def choice_of(text: str) -> Choice:
    """A plug-in with its options, from ``name option=value …``."""
    name, *options = shlex.split(text) or [""]
    return Choice(name=name, **dict(parse(option) for option in options))
