"""Models in use: ``tlstudio bench``, ``tlstudio serve`` and ``tlstudio push``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import CANCELLED, AsJson, Base, index_of, signals
from tlstudio.core import numbers, serving
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand

Target = Annotated[str, typer.Argument(metavar="RUN-OR-EXPORT", help="Run id, run folder or export folder.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (bench, serve, push):
        app.command()(command)


def place_of(target: str, runs: Path | None) -> Path:
    """A folder (or the zip of a bundle), or that of a run."""
    path = expand(target)
    return path if path.is_dir() or path.is_file() else Path(index_of(runs).get(target).folder)


def bench(
    targets: Annotated[list[str], typer.Argument(metavar="RUN-OR-EXPORT…", help="Of a run: all that it has.")],
    batch: Annotated[list[int] | None, typer.Option(help="Rows at a time; 1 and 16 if not given.", min=1)] = None,
    threads: Annotated[int | None, typer.Option(help="As many as there are cores if not given.", min=1)] = None,
    runs: Base = None,
    json: AsJson = False,
) -> None:
    """Measure speed, size and memory of models on this machine, side by side."""
    from tlstudio.pipeline import benching

    places = [place_of(target, runs) for target in targets]
    with signals() as control:
        control.stop = control.cancel  # type: ignore[method-assign]  # a half measurement is none
        found = benching.bench(places, tuple(dict.fromkeys(batch or (1, 16))), threads, control)
    show.print_json(found) if json else _show(found)


def _show(found: dict[str, Any]) -> None:
    machine = found["machine"]
    show.out.print(f"{machine['processor']}, {machine['system']}, {found['threads']} threads; {found['rows']}. Models "
                   "take turns.", highlight=False, markup=False)  # fmt: skip
    sizes = list(found["targets"][0]["latency"])
    columns = ["", "runtime", "weights", "memory"]
    for size in sizes:
        columns += [f"{size} row{'' if size == '1' else 's'}: p50", "p95", "speed"]
    show.table("Median and 95th percentile; speed beside the first", columns, [_row(one) for one in found["targets"]])
    show.doubt(one["latency"] for one in found["targets"])


def _row(one: dict[str, Any]) -> list[str]:
    row = [one["name"], one["runtime"], numbers.size(one["bytes"]), numbers.size(one["memory_bytes"])]
    for size, times in one["latency"].items():
        row += [numbers.milliseconds(times["median_ms"]), numbers.milliseconds(times["p95_ms"]),
                f"{one['speed'][size]:.2f} ×"]  # fmt: skip
    return row


def serve(
    target: Target,
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; another than this machine opens it.")] = "127.0.0.1",
    max_body: Annotated[int | None, typer.Option(help="Bytes of a request; 1 MB, for files more.", min=1)] = None,
    max_rows: Annotated[int, typer.Option(help="Rows of a request.", min=1)] = serving.Limits.rows,
    max_length: Annotated[int, typer.Option(help="Characters of a text.", min=1)] = serving.Limits.length,
    runs: Base = None,
) -> None:
    """Serve a model over HTTP on this machine: a page to try it with, and a JSON API. Ctrl-C ends it."""
    from dataclasses import replace

    from tlstudio.pipeline import serving as served

    model = served.served(place_of(target, runs))
    limits = serving.Limits(max_body or model.limits.body, max_rows, max_length)
    server = served.listen(replace(model, limits=limits), host, port)
    if not serving.is_loopback(host):
        show.err.print(serving.OPEN.format(host=host), style="yellow", highlight=False)
    serving.run(server, typer.echo)


def push(
    target: Annotated[Path, typer.Argument(metavar="EXPORT", help="Folder of an export.")],
    repo: Annotated[str, typer.Option("--repo", help="Where to, as org/name.")],
    private: Annotated[bool, typer.Option("--private", help="Only you, or your organisation, can see it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Upload an export to the Hugging Face hub. Shows what will be sent, and asks first."""
    from tlstudio.core import hub
    from tlstudio.models import publishing

    folder = expand(target)
    if not folder.is_dir():
        raise StudioError("files.missing", "{path} does not exist.", "Check the path, or choose the file again.",
                          path=str(target))  # fmt: skip
    files = publishing.files_of(folder)
    for name, size in files:
        typer.echo(f"  {name}  {numbers.size(size)}")
    total = numbers.size(sum(size for _name, size in files))
    seen = "private" if private else "public, if it is new: anyone can read it"
    typer.echo(f"{len(files)} files, {total}, to {hub.endpoint()}/{repo} ({seen})")
    if not yes and not typer.confirm("Send them?", err=True):
        raise typer.Exit(CANCELLED)
    typer.echo(publishing.push(folder, repo, private))
