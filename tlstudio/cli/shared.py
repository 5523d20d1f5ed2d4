"""What the commands share: options, exit codes, Ctrl-C, and the recipe that is meant."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.overrides import parse
from tlstudio.core import places
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Finished
from tlstudio.core.files import expand, is_name
from tlstudio.core.insisting import Insistence
from tlstudio.core.recipe import Recipe

if TYPE_CHECKING:
    from tlstudio.session.runs import RunIndex

OK, FAILED, USAGE, CANCELLED, INTERRUPTED = 0, 1, 2, 130, 143
_RECIPES = (".yaml", ".yml", ".tlstudio")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for scripts.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Override a field, e.g. training.epochs=2. May be repeated."),
]
Base = Annotated[Path | None, typer.Option("--runs", help="Folder for run folders, instead of the usual one.")]
Events = Annotated[bool, typer.Option("--events", help="Events as JSON lines on standard output, no progress bar.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch the model from the hub if it is not here yet.")]


def overridden(recipe: Recipe, overrides: list[str] | None) -> Recipe:
    """The recipe with fields set by ``--set``; files are taken from the current folder."""
    for text in overrides or []:
        recipe = recipe.changed(*parse(text))
    return places.resolve_paths(recipe, Path.cwd())


def meant(target: Path, overrides: list[str] | None, control: Control, runs: Path | None = None) -> Recipe:
    """The recipe in a file, or the usual one for labelled data; earlier runs are looked for in ``runs``.

    Raises:
        StudioError: it is neither, or cannot be read.
    """
    from tlstudio.session import sample, settings

    if target.suffix.lower() in _RECIPES and expand(target).is_file():
        recipe = recipes.load(expand(target))
    else:
        from tlstudio.cli import starting

        place = str(target) if is_name(str(target)) else str(expand(target).resolve())
        recipe = starting.suited(sample.starting_point(place), "", control)[0]
    return places.resolve_runs(overridden(recipe, overrides), runs or settings.load()[0].runs_path)


def index_of(base: Path | None) -> RunIndex:
    """The runs in a folder, by default in that of the settings."""
    from tlstudio.session import settings
    from tlstudio.session.runs import RunIndex

    return RunIndex(base or settings.load()[0].runs_path)


def report(ended: Finished, folder: Path, as_events: bool) -> None:
    """Shows what a run, or work on one, has come to; ends the program where that is nothing.

    Raises:
        StudioError: it failed.
    """
    from tlstudio.core.files import read_json

    if ended.outcome == "cancelled":
        text = f"Cancelled. What was done is in {folder}; 'tlstudio resume {folder.name}' goes on with it."
        show.err.print(text, highlight=False, soft_wrap=True)
        raise typer.Exit(CANCELLED)
    if ended.outcome == "interrupted":
        show.err.print(f"Interrupted. To go on:  tlstudio resume {folder}", highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED)
    if ended.error:
        if not as_events:
            raise StudioError.from_dict(ended.error)
        raise typer.Exit(FAILED)
    if not as_events:
        show.results(read_json(folder / "results.json"), folder)


class signals:
    """Ctrl-C once: stop and keep the best; twice: cancel. SIGTERM (or a closed terminal): leave off, to be resumed.

    A ``control`` may be given, where it is not this process that works.
    """

    def __init__(self, control: Control | None = None) -> None:
        self._control = control or Control()
        self._done = False
        self._insistence = Insistence(lambda: None if self._done else self._control)

    def __enter__(self) -> Control:
        self._control.interruptible = True  # a run decides for itself
        self._control.on_cancel(self._insistence.begin)
        handlers = {signal.SIGINT: self._interrupted, signal.SIGTERM: self._terminated}
        # of a program that was started with nohup it is ignored, and stays so
        if (hangup := getattr(signal, "SIGHUP", None)) and signal.getsignal(hangup) is not signal.SIG_IGN:
            handlers[hangup] = self._terminated
        self._before = {name: signal.signal(name, handler) for name, handler in handlers.items()}
        return self._control

    def _interrupted(self, *_args: Any) -> None:
        if not self._control.cancelled:
            self._control.cancel() if self._control.stopping else self._control.stop()
        if self._control.cancelled:
            self._insistence.heard()  # at once, also out of a long call that reads no control
            return
        show.err.print("Stopping after this step, keeping the best. Press Ctrl-C again to cancel.")

    def _terminated(self, *_args: Any) -> None:
        self._control.leave()
        self._insistence.heard()

    def __exit__(self, *_args: Any) -> None:
        self._done = True
        for name, handler in self._before.items():
            signal.signal(name, handler)
