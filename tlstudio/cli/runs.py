"""``tlstudio runs``: list, find, compare, annotate, share and clean earlier runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import CANCELLED, AsJson, Base, index_of, signals
from tlstudio.core import numbers
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run id, or the beginning of one.")]
Several = Annotated[list[str], typer.Argument(metavar="RUN…", help="Run ids, or the beginnings of them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ForGood = Annotated[bool, typer.Option("--for-good", help="Remove at once, not by way of the trash.")]
Search = Annotated[str, typer.Option("--search", help="Words in name, data, model, strategy, task, tags or notes.")]
States = Annotated[
    list[str] | None, typer.Option("--state", help="completed, stopped, cancelled, failed, interrupted … Repeatable.")
]
Tasks = Annotated[list[str] | None, typer.Option("--task", help="Such as text-classification. Repeatable.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="With this tag; several must all be there.")]
Star = Annotated[bool, typer.Option("--star", help="Only runs with a star.")]

app = typer.Typer(
    help="List, find, compare, annotate, share and clean runs. Without a command they are listed.",
    invoke_without_command=True,
)


def add(parent: typer.Typer) -> None:
    """Adds the commands of this module."""
    parent.add_typer(app, name="runs")


@app.callback()
def _start(
    context: typer.Context,
    search: Search = "",
    state: States = None,
    task: Tasks = None,
    tag: Tags = None,
    star: Star = False,
    runs: Base = None,
    json: AsJson = False,
) -> None:
    if context.invoked_subcommand is None:
        _list(search, state, task, tag, star, runs, json)
    elif any((search, state, task, tag, star, runs, json)):  # else they would be passed over without a word
        raise StudioError("cli.option-too-early", "Options stand behind the command '{command}'.",
                          "See 'tlstudio runs {command} --help'.", command=context.invoked_subcommand)  # fmt: skip


@app.command("list")
def listing(
    search: Search = "",
    state: States = None,
    task: Tasks = None,
    tag: Tags = None,
    star: Star = False,
    runs: Base = None,
    json: AsJson = False,
) -> None:
    """All runs, newest first; or those that are looked for."""
    _list(search, state, task, tag, star, runs, json)


@app.command("show")
def show_run(run: str, runs: Base = None, json: AsJson = False) -> None:
    """The results of one run, and what it takes on the disk."""
    from tlstudio.core.files import read_json
    from tlstudio.session import run_disk

    found = index_of(runs).get(run)
    folder = Path(found.folder)
    results = read_json(folder / "results.json")
    if json:
        show.print_json(results)
        return
    show.results(results, folder)
    used = run_disk.usage(folder)
    parts = ", ".join(f"{name} {numbers.size(size)}" for name, size in used.parts.items() if size)
    _say(f"On the disk: {numbers.size(used.total)}" + (f" ({parts})" if parts else ""))
    if found.tags or found.note or found.star:
        _say(" ".join(filter(None, ("★" if found.star else "", *(f"#{tag}" for tag in found.tags), found.note))))


@app.command()
def delete(run: list[str], runs: Base = None, yes: Yes = False, for_good: ForGood = False) -> None:
    """Delete runs with everything in them; 'tlstudio runs restore' brings them back from the trash."""
    index = index_of(runs)
    found = [index.get(name) for name in run]
    for item in found:
        typer.echo(f"{item.id}  {item.title}")
    question = f"Delete {len(found)} run(s) for good?" if for_good else f"Move {len(found)} run(s) to the trash?"
    if not yes and not typer.confirm(question):
        raise typer.Exit(CANCELLED)
    for item in found:
        index.delete(item.id) if for_good else index.discard(item.id)


@app.command()
def restore(run: Several, runs: Base = None) -> None:
    """Bring back runs, or parts of runs, from the trash."""
    index = index_of(runs)
    for name in run:
        entry = index.restore(name)
        _say(f"{entry.run}: {numbers.size(entry.bytes)} restored.")


@app.command()
def trash(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all of it for good.")] = False,
    runs: Base = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """What was deleted and can be restored."""
    import dataclasses
    import time

    bin_ = index_of(runs).trash
    entries = bin_.entries()
    if not empty:
        rows = [(entry.run, "the run" if entry.whole else ", ".join(path.partition("/")[2] for path in entry.paths),
                 numbers.size(entry.bytes), time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.time)))
                for entry in entries]  # fmt: skip
        found = [dataclasses.asdict(entry) for entry in entries]
        show.print_json(found) if json else show.table("Trash", ("run", "what", "size", "deleted"), rows)
        return
    if not yes and not typer.confirm(f"Remove {numbers.size(sum(entry.bytes for entry in entries))} for good?"):
        raise typer.Exit(CANCELLED)
    with _work() as (_emit, control):
        _say(f"{numbers.size(bin_.empty(check=control.check))} freed.")


@app.command()
def tag(
    run: Run,
    tags: Annotated[list[str] | None, typer.Argument(help="Tags to add.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Tag to take away. Repeatable.")] = None,
    runs: Base = None,
) -> None:
    """Add tags to a run, or take them away; without any, show them."""
    from tlstudio.session import run_notes

    index = index_of(runs)
    folder = Path(index.get(run).folder)
    notes = run_notes.read(folder)
    if tags or remove:
        notes = run_notes.write(folder, notes.tagged(tags or (), remove or ()))
    _say(" ".join(f"#{name}" for name in notes.tags) or "No tags.")


@app.command()
def note(
    run: Run,
    text: Annotated[str | None, typer.Argument(help="The note; an empty text removes it.")] = None,
    runs: Base = None,
) -> None:
    """Write a note to a run; without a text, show it."""
    from dataclasses import replace

    from tlstudio.session import run_notes

    folder = Path(index_of(runs).get(run).folder)
    notes = run_notes.read(folder)
    if text is not None:
        notes = run_notes.write(folder, replace(notes, note=text))
    _say(notes.note or "No note.")


@app.command()
def star(
    run: Several,
    off: Annotated[bool, typer.Option("--off", help="Take the star away.")] = False,
    runs: Base = None,
) -> None:
    """Give runs a star, so that they are found again."""
    from dataclasses import replace

    from tlstudio.session import run_notes

    index = index_of(runs)
    for name in run:
        found = index.get(name)
        folder = Path(found.folder)
        run_notes.write(folder, replace(run_notes.read(folder), star=not off))
        _say(f"{'☆' if off else '★'} {found.id}")


@app.command()
def compare(run: Several, runs: Base = None, json: AsJson = False) -> None:
    """Compare runs with the first one: fields that differ, metrics, and whether each difference is real."""
    from tlstudio.session.run_compare import compare as work

    index = index_of(runs)
    folders = [Path(index.get(name).folder) for name in run]
    with _work() as (_emit, control):
        found = work(folders, control.check)
    show.print_json(found.to_dict()) if json else _show_comparison(found)


@app.command()
def lineage(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Only the tree of this run.")] = None,
    runs: Base = None,
    json: AsJson = False,
) -> None:
    """Which run started from which, as trees."""
    from tlstudio.session import run_lineage

    index = index_of(runs)
    found = index.list()
    if run is None:
        trees = run_lineage.trees(found)
    else:
        tree = run_lineage.family(found, index.get(run).id)
        trees = [tree] if tree is not None else []
    if json:
        show.print_json([[{"run": node.id, "depth": depth, "here": node.run is not None}
                          for depth, node in tree.walk()] for tree in trees])  # fmt: skip
        return
    for tree in trees:
        for before, node in run_lineage.drawn(tree):
            about = "(deleted)" if node.run is None else f"{node.run.task}  {_score(node.run)}"
            _say(f"{before}{node.id}  {about}")
    if not trees:
        _say("No run started from another." if run is None else "It started from no other run, and none from it.")


@app.command()
def export(
    run: Run,
    target: Annotated[Path, typer.Argument(help="The zip file, or a folder for it.")],
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Part to leave out: checkpoints, compressed, exports.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    runs: Base = None,
) -> None:
    """Write a run as one zip file."""
    from tlstudio.session import run_archive

    folder = Path(index_of(runs).get(run).folder)
    path = target / f"{folder.name}.zip" if target.is_dir() else target
    if path.exists() and not force:
        raise StudioError("cli.exists", "{path} exists already.", "Choose another name, or use --force.",
                          path=str(path))  # fmt: skip
    with _work() as (emit, control):
        run_archive.export(folder, path.absolute(), emit, control, without or ())


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A zip that 'tlstudio runs export' has written.")], runs: Base = None
) -> None:
    """Take in the zip of a run, checked byte by byte."""
    from tlstudio.session import run_archive

    with _work() as (emit, control):
        run_archive.import_run(path, index_of(runs).base, emit, control)


@app.command()
def clean(
    run: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN…]", help="Only these runs; all if none is named.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option("--part", help="checkpoints, compressed, exports, or run for all of it. Repeatable."),
    ] = None,
    runs: Base = None,
    yes: Yes = False,
    for_good: ForGood = False,
) -> None:
    """Drop parts of runs, by default the checkpoints of finished ones; says first what goes and how much is freed."""
    from tlstudio.session import run_disk

    index = index_of(runs)
    parts = part or ["checkpoints"]
    if run_disk.WHOLE in parts and not run:
        raise StudioError("cli.no-runs", "Whole runs are only removed by name.", "Name the runs.")
    found = [index.get(name) for name in run] if run else index.list()
    with _work() as (_emit, control):
        wanted = run_disk.removals(found, parts, control.check)
        if not wanted:
            _say("There is nothing to clean.")
            return
        rows = [(item.run.id, item.part, numbers.size(item.bytes)) for item in wanted]
        show.table(f"{numbers.size(sum(item.bytes for item in wanted))} in {len(wanted)} parts",
                   ("run", "part", "size"), rows)  # fmt: skip
        if not yes and not typer.confirm("Remove this for good?" if for_good else "Move this to the trash?"):
            raise typer.Exit(CANCELLED)
        freed = run_disk.remove(wanted, index.base, for_good, control.check)
    _say(f"{numbers.size(freed)} freed." if for_good else
         f"{numbers.size(freed)} are in the trash; 'tlstudio runs trash --empty' frees them.")  # fmt: skip


@app.command()
def track(
    run: Several,
    to: Annotated[str, typer.Option("--to", help="tensorboard or mlflow.")],
    place: Annotated[str, typer.Argument(help="Folder; for MLflow also the address of a server.")],
    runs: Base = None,
) -> None:
    """Write curves and results for TensorBoard or MLflow."""
    from tlstudio.session import trackers

    index = index_of(runs)
    with _work() as (_emit, control):
        for name in run:
            _say(trackers.track(index.get(name), to, place, control.check))


@contextmanager
def _work() -> Iterator[tuple[Emit, Control]]:
    """Work without a best to keep: the first Ctrl-C ends it."""
    with signals() as control, show.progress_bar() as emit:
        control.stop = control.cancel  # type: ignore[method-assign]
        yield emit, control


def _say(text: str) -> None:
    show.out.print(text, highlight=False, markup=False, soft_wrap=True)


def _list(
    search: str, state: list[str] | None, task: list[str] | None, tag: list[str] | None, star: bool,
    base: Path | None, json: bool,
) -> None:  # fmt: skip
    from tlstudio.cli import inspection
    from tlstudio.session.run_filter import RunFilter

    wanted = RunFilter(search, tuple(state or ()), tuple(task or ()), tuple(tag or ()), star)
    found = wanted.of(index_of(base).list())
    show.print_json([inspection.as_dict(item) for item in found]) if json else _show_runs(found)


def _show_runs(found: list[Any]) -> None:
    show.table(
        f"{len(found)} runs",
        ("run", "outcome", "data", "strategy", "score", "tags"),
        [(f"{'★ ' if item.star else ''}{item.id}", item.outcome, item.title, item.strategy,
          _score(item) or numbers.DASH, " ".join(f"#{tag}" for tag in item.tags)) for item in found],
    )  # fmt: skip


def _score(run: Any) -> str:
    from tlstudio.metrics.names import about
    from tlstudio.session.run_filter import score

    return f"{about(run.metric).title} {score(run)}" if run.score is not None else ""


def _show_comparison(found: Any) -> None:
    from tlstudio.metrics.names import about

    letters = [f"{chr(65 + at)}" if at < 26 else str(at) for at in range(len(found.runs))]
    for letter, run in zip(letters, found.runs, strict=True):
        _say(f"{letter}  {run}")
    rows: list[Any] = [(name, *values) for name, values in found.parameters]
    _say(f"Recipes: {len(rows)} fields differ, {found.same} are the same")
    if rows:
        show.table("", ("field", *letters), rows)
    rows = [(about(name).title, *(numbers.interval(value) for value in values)) for name, values in found.metrics]
    if rows:
        show.table("Metrics on the test rows (95 % intervals)", ("metric", *letters), rows)
    rows = []
    for letter, item in zip(letters[1:], found.differences, strict=True):
        if item.reason is not None:
            _say(f"{letter}: {item.reason.message}")
            continue
        rows.append((
            f"{letter} − {letters[0]}", numbers.count(item.rows),
            f"{100 * item.value:+.1f} ({100 * item.low:+.1f} to {100 * item.high:+.1f})",
            item.only_run, item.only_reference, f"{item.p:.3g}",
            {"better": "better", "worse": "worse", "chance": "may be chance"}[item.verdict],
        ))  # fmt: skip
    if rows:
        show.table("Is the difference real? (points of score on common test rows, paired bootstrap; exact McNemar or "
                   "sign test, p after Holm)", ("", "rows", "difference", "gained", "lost", "p", "verdict"),
                   rows)  # fmt: skip
