"""``tlstudio queue``: recipes that are run one after another, each in a process of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import CANCELLED, FAILED, AsJson, Base, Events, Overrides, overridden, signals
from tlstudio.core import places
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError, fill
from tlstudio.core.events import Emit, Finished, from_dict
from tlstudio.session import settings
from tlstudio.session.recipe_queue import Item, RecipeQueue
from tlstudio.session.runners import WorkerRunner
from tlstudio.session.runs import new_folder

queue_app = typer.Typer(help="Run several recipes one after another.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.add_typer(queue_app, name="queue")


def _queue(base: Path | None) -> RecipeQueue:
    return RecipeQueue(base or settings.load()[0].runs_path)


@queue_app.command("add")
def queue_add(
    files: Annotated[list[Path], typer.Argument(metavar="RECIPE…", help="Recipes (.yaml) or projects (.tlstudio).")],
    runs: Base = None,
    overrides: Overrides = None,
) -> None:
    """Put recipes at the end of the queue; they are kept as they are now."""
    from tlstudio import pipeline

    queue = _queue(runs)
    wanted = [places.resolve_runs(overridden(recipes.load(file), overrides), queue.base) for file in files]
    for recipe in wanted:  # all or none
        if problems := pipeline.problems(recipe):
            raise problems[0]
    for recipe in wanted:
        item = queue.add(recipe)
        typer.echo(f"{item.id}  {item.title}")


@queue_app.command("list")
def queue_list(runs: Base = None, json: AsJson = False) -> None:
    """The recipes in their order, and what became of them."""
    items = _queue(runs).items()
    if json:
        show.print_json([{name: value for name, value in vars(item).items() if name != "recipe"} for item in items])
        return
    for item in items:
        state = "to be resumed" if item.state == "waiting" and item.run else item.state
        reason = fill(item.error["message"], item.error.get("params", {})) if item.error else ""
        typer.echo("  ".join(part for part in (item.id, f"{state:<13}", item.title, item.run, reason) if part))


@queue_app.command("move")
def queue_move(
    name: Annotated[str, typer.Argument(metavar="ID")],
    place: Annotated[int, typer.Argument(min=1, help="1 is the first.")],
    runs: Base = None,
) -> None:
    """Put a recipe at another place."""
    _queue(runs).move(name, place - 1)
    queue_list(runs)


@queue_app.command("remove")
def queue_remove(
    names: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="All whose runs have ended.")] = False,
    runs: Base = None,
) -> None:
    """Take recipes out of the queue; their runs stay."""
    queue = _queue(runs)
    if ended:
        queue.clear()
    queue.remove(names or [])
    queue_list(runs)


@queue_app.command("run")
def queue_run(runs: Base = None, events: Events = False) -> None:
    """Run what waits, one after another, also after a failure.

    Ctrl-C once stops the present run, keeps its best and ends the queue; twice cancels the run.
    """
    queue, failed = _queue(runs), 0
    while True:
        worker = WorkerRunner()
        control = Forwarding(worker)
        try:
            with signals(control), show.json_events() if events else show.progress_bar() as emit:
                item = queue.take(lambda recipe: new_folder(recipe, queue.base))
                if item is None:
                    break
                ended = _carry(worker, item, queue, emit)
        finally:
            worker.close()
        failed += ended.outcome == "failed"
        if not events:
            _tell(item, ended)
        if control.stopping or control.cancelled:
            raise typer.Exit(CANCELLED)
    if failed:
        raise typer.Exit(FAILED)


class Forwarding(Control):
    """Passes the wishes on to a worker."""

    def __init__(self, worker: WorkerRunner) -> None:
        super().__init__()
        self._worker = worker

    def stop(self) -> None:
        super().stop()
        self._pass_on("stop")

    def cancel(self) -> None:
        self.interruptible = False  # it is the worker that ends: we wait for its last word
        super().cancel()
        self._pass_on("leave" if self.leaving else "cancel")

    def _pass_on(self, word: str) -> None:
        # in a thread: a signal handler must not wait for a lock that the main thread holds
        threading.Thread(target=self._worker.send, args=[word], name="wish", daemon=True).start()


def _carry(worker: WorkerRunner, item: Item, queue: RecipeQueue, emit: Emit) -> Finished:
    folder = queue.base / item.run
    args: dict[str, Any] = {"folder": str(folder), "alone": settings.load()[0].without_window}
    resumes = (folder / "recipe.yaml").is_file()
    ended = Finished(outcome="failed", seconds=0.0)
    try:
        worker.start("resume" if resumes else "run", args if resumes else {**args, "recipe": item.recipe})
        for line in worker.lines():
            event = from_dict(line)
            if event is not None:
                emit(event)
            if isinstance(event, Finished):
                ended = event
    except StudioError as error:
        ended = Finished(outcome="failed", seconds=0.0, error=error.to_dict())
    finally:
        queue.end(item.id, ended.outcome, ended.error)
    return ended


def _tell(item: Item, ended: Finished) -> None:
    typer.echo(f"{item.id}  {ended.outcome}  {item.title}  {item.run}")
    if ended.error:
        show.print_error(StudioError.from_dict(ended.error))
