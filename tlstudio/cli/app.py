"""The commands. Each imports what it needs when it runs, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio import __version__
from tlstudio.cli import advising, finished, frontier, queueing, searching, serving, show, storage
from tlstudio.cli import runs as earlier_runs
from tlstudio.cli.shared import (
    CANCELLED,
    FAILED,
    OK,
    USAGE,
    AsJson,
    Base,
    Download,
    Events,
    Overrides,
    index_of,
    overridden,
    report,
    signals,
)  # fmt: skip
from tlstudio.core import numbers, places
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import log
from tlstudio.core.files import expand, is_name
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Recipe

app = typer.Typer(
    name="tlstudio",
    help="Transfer learning without code: from a labelled file to a small, tested, exported model. "
    "Without a command the window opens.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        gui()


@app.command()
def gui(project: Annotated[Path | None, typer.Argument(help="A .tlstudio project to open.")] = None) -> None:
    """Open the window."""
    from tlstudio.gui.app import main as window

    raise typer.Exit(window(["tlstudio", *([str(project)] if project else [])]))


@app.command()
def demo(
    strategy: Annotated[str, typer.Option(help="How to transfer; see 'tlstudio options'.")] = "",
    runs: Base = None,
    overrides: Overrides = None,
    events: Events = False,
    download: Download = False,
) -> None:
    """Run the main job on the sample that ships with the program: train, test, quantise, export, prove."""
    from tlstudio.session import sample

    recipe = sample.recipe()
    if strategy:
        recipe = recipe.changed("strategy", {"name": strategy})
    _execute(overridden(recipe, overrides), runs, events, download)


@app.command()
def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe (.yaml) or a project (.tlstudio).")],
    runs: Base = None,
    overrides: Overrides = None,
    events: Events = False,
    download: Download = False,
) -> None:
    """Execute a recipe. Ctrl-C once stops training and keeps the best; twice cancels; SIGTERM leaves off to resume."""
    _execute(overridden(recipes.load(recipe), overrides), runs, events, download)


def _execute(recipe: Recipe, base: Path | None, as_events: bool, download: bool) -> Path:
    """Runs and shows what came out; returns the folder of the run."""
    from tlstudio import pipeline
    from tlstudio.session import settings
    from tlstudio.session.runs import new_folder

    base = base or settings.load()[0].runs_path
    recipe = places.resolve_runs(recipe, base)
    if problems := pipeline.problems(recipe):
        raise problems[0]
    with signals() as control, show.json_events() if as_events else show.progress_bar() as emit:
        if download:
            _fetch_if_missing(recipe, emit, control)
        folder = new_folder(recipe, base)
        ended = pipeline.run(recipe, folder, emit, control)
    report(ended, folder, as_events)
    return folder


def _fetch_if_missing(recipe: Recipe, emit: Any, control: Control) -> None:
    from tlstudio.models import hub, loading

    if recipe.model.source == "hub" and loading.on_this_machine(recipe.model.name, recipe.model.revision) is None:
        hub.download(recipe.model.name, recipe.model.revision, emit, control)


@app.command()
def predict(
    target: Annotated[str, typer.Argument(metavar="RUN-OR-EXPORT", help="Run id, run folder or export folder.")],
    text: Annotated[
        list[str] | None,
        typer.Option("--text", "-t", help="A text, a question, or the path of an image or a sound. May be repeated."),
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option("--with", "-w", help="What the model needs beside it, such as context=… or text_b=…."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="CSV, Excel, JSON Lines, a folder …, or .txt by lines.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Column of the file, as body or context=passage; guessed if not given."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to a .csv or .jsonl file.")] = None,
    runs: Base = None,
) -> None:
    """Answer new rows with a trained model; one JSON object a line."""
    from tlstudio.cli import predicting

    if bool(text) == bool(file):
        raise StudioError("cli.no-texts", "Give either --text or --file.", "See 'tlstudio predict --help'.")
    folder = Path(target) if Path(target).is_dir() else Path(index_of(runs).get(target).folder)
    with signals() as control:
        predicting.answer(folder, text or [], more or [], file, column or [], output, control)


@app.command()
def inspect(
    target: Annotated[
        list[str], typer.Argument(metavar="MODEL-OR-DATA", help="Labelled files, a folder, hub:name …; or a model.")
    ],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Field of data, e.g. roles.text=body.")
    ] = None,
    model: Annotated[str, typer.Option(help="Backbone for the checks that need one: name or folder.")] = "",
    deep: Annotated[
        bool, typer.Option("--deep", help="Look for wrong labels and outliers too; needs --model.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show what a model or labelled data is, and what is wrong with it."""
    from tlstudio.cli import inspection

    if _is_data(target[0]):
        with signals() as control, show.progress_bar() as emit:
            # a look has no best to keep: the first Ctrl-C ends it
            control.stop = control.cancel  # type: ignore[method-assign]
            found = inspection.data(target, overrides or [], model, deep, emit, control)
        show.print_json(found) if json else inspection.show_data(found)
        wrong = [*found["problems"], *found.get("findings", [])]
        raise typer.Exit(FAILED if any(item["severity"] == "error" for item in wrong) else OK)
    facts = inspection.model(target[0])
    show.print_json(facts) if json else inspection.show_model(facts)


def _is_data(target: str) -> bool:
    """Whether a place is meant as data: a name with a scheme, a file, or a folder that is no model."""
    path = expand(target)
    if is_name(target) or path.is_file():
        return True
    if path.is_dir():
        return not (path / "config.json").is_file()
    known = {suffix for source in find("tlstudio.data.sources").values() for suffix in source.SUFFIXES}
    return bool(path.suffix) and path.suffix.lower() in known  # a file that is missing; a model may be called name-v1.5


@app.command()
def models(json: AsJson = False) -> None:
    """List the catalogue of backbones, and which are on this machine."""
    from tlstudio.cli import inspection
    from tlstudio.models.catalog import listing

    rows = listing()
    show.print_json(rows) if json else inspection.show_catalogue(rows)


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="Name in the catalogue or on the hub, such as org/name.")],
    revision: Annotated[str | None, typer.Option(help="Commit, tag or branch.")] = None,
    events: Events = False,
) -> None:
    """Fetch a model from the hub into its cache. Beside --download, nothing else uses the network."""
    from tlstudio.models import hub

    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        # a download has no best to keep: the first Ctrl-C ends it, and the next try resumes
        control.stop = control.cancel  # type: ignore[method-assign]
        found = hub.download(name, revision, emit, control)
        log(emit, "hub.done", "{name} is here: {path}", name=name, path=found["path"])


@app.command("download-data")
def download_data(
    name: Annotated[str, typer.Argument(help="Dataset on the hub, such as org/name.")],
    configuration: Annotated[str | None, typer.Option(help="Part of the dataset, such as a language.")] = None,
    revision: Annotated[str | None, typer.Option(help="Commit, tag or branch.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    events: Events = False,
) -> None:
    """Fetch a dataset from the hub: data files only, never code. Shows the size and asks first."""
    from tlstudio.data import hub

    info = hub.dataset_info(name, revision)
    wanted = configuration or hub.parse(name).configuration
    offered = info["configurations"]
    entry = next((item for item in offered if item["name"] == wanted or (not wanted and item["default"])), None)
    if entry is not None and not events:  # without one, the download says which there are
        show.dataset(info, entry)
    if entry is not None and not yes and not typer.confirm(f"Download {numbers.size(entry['bytes'])}?", err=True):
        raise typer.Exit(CANCELLED)
    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        # as of a model: the first Ctrl-C ends it, and the next try resumes
        control.stop = control.cancel  # type: ignore[method-assign]
        found = hub.download_dataset(name, configuration, revision, emit, control)
        log(emit, "hub.done", "{name} is here: {path}", name=info["name"], path=found["path"])


@app.command()
def init(
    data: Annotated[str, typer.Argument(help="Labelled data: a file, a folder, an archive, or a name such as hub:….")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the recipe.")] = Path("recipe.yaml"),
    task: Annotated[str, typer.Option("--task", help="What to learn; found out if not given.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a recipe for labelled data, with the usual choices, ready to edit and run."""
    from tlstudio.cli import starting
    from tlstudio.session import sample

    if output.exists() and not force:
        raise StudioError("cli.exists", "{path} exists already.", "Choose another name, or use --force.",
                          path=str(output))  # fmt: skip
    place = data if is_name(data) else str(expand(data).resolve())
    if not is_name(data) and not Path(place).exists():
        raise StudioError("files.missing", "{path} does not exist.", "Check the path, or choose the file again.",
                          where="data.path", path=data)  # fmt: skip
    with signals() as control:
        recipe, notes = starting.suited(sample.starting_point(place), task, control)
    recipes.save(recipe, output)
    for note in notes:
        typer.echo(note)
    typer.echo(f"{output}: {recipe.task.name}; run it with  tlstudio run {output}")


@app.command()
def options(json: AsJson = False) -> None:
    """List every strategy, compression step, export and source with its options."""
    from tlstudio.cli import inspection

    found = inspection.plugins_with_options()
    show.print_json(found) if json else inspection.show_plugins(found)


@app.command()
def doctor(json: AsJson = False) -> None:
    """Report versions, devices, memory, disk and folders; say what is missing and how to get it."""
    from tlstudio.cli import inspection
    from tlstudio.pipeline.environment import diagnosis
    from tlstudio.session import settings

    report = diagnosis(settings.load()[0].runs_path)
    show.print_json(report) if json else inspection.show_doctor(report)
    raise typer.Exit(FAILED if report["missing"] else OK)


advising.add(app)
searching.add(app)
finished.add(app)
serving.add(app)
frontier.add(app)
queueing.add(app)

earlier_runs.add(app)
storage.add(app)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns the exit code. A StudioError becomes its message and exit code 1 (2 for a recipe)."""
    from tlstudio.worker import explained, quiet_libraries

    quiet_libraries()
    try:
        app(args=arguments if arguments is not None else sys.argv[1:], standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK if end.code is None else FAILED
    except StudioError as error:
        show.print_error(error)
        return USAGE if error.code.startswith(("recipe.", "cli.")) else FAILED
    except Cancelled:
        show.err.print("Cancelled.")
        return CANCELLED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK  # the reader, such as head, has what it wanted
    except Exception as problem:
        if os.environ.get("TLSTUDIO_DEBUG"):
            raise
        show.print_error(explained(problem))
        return FAILED
    return OK
