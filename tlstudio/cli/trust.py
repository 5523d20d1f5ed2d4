"""What leaves this computer and what may come in: ``convert``, ``network``, ``login``, ``logout``, ``diagnostics``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import CANCELLED, AsJson, Events, signals
from tlstudio.core import numbers
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand


def add(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (convert, network, login, logout, diagnostics):
        app.command()(command)


def convert(
    folder: Annotated[Path, typer.Argument(help="Folder of a model with pytorch_model.bin.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Another folder for the result.")] = None,
    events: Events = False,
) -> None:
    """Make safetensors of pickled weights, in a process without network that may only build tensors."""
    from tlstudio.models import converting

    with signals() as control, show.json_events() if events else show.progress_bar() as emit:
        control.stop = control.cancel  # type: ignore[method-assign]  # half a file is none
        converting.convert(expand(folder), expand(output) if output else None, emit, control)


def network(
    last: Annotated[int, typer.Option(help="As many requests, the latest ones.", min=1)] = 50, json: AsJson = False
) -> None:
    """List the requests to the network: when, what for, whom, how much, and what came of it."""
    from dataclasses import asdict

    from tlstudio.core import ledger

    found = ledger.read(last)
    if json:
        show.print_json([asdict(request) for request in found])
        return
    if not found:
        typer.echo(f"There has been no request. They are listed in {ledger.file()}.")
        return
    rows = [
        [time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.time)),
         f"{one.purpose or 'nobody'} {one.subject}".strip(),
         one.host, one.what, numbers.size(one.bytes) if one.bytes is not None else "", one.result]
        for one in found
    ]  # fmt: skip
    show.table(
        f"Requests, the latest first ({ledger.file()})", ["time", "for", "host", "request", "size", "result"], rows
    )


def login() -> None:
    """Put the token for the hub into the keyring of the system; it is asked for, or read from standard input."""
    from tlstudio.core import hub, tokens

    if sys.stdin.isatty():
        token = typer.prompt(f"Token of {hub.endpoint()} (it is not shown)", hide_input=True, err=True)
    else:
        token = sys.stdin.readline()
    tokens.keep(token)
    typer.echo(f"The token for {hub.endpoint()} is in the keyring of the system.")


def logout() -> None:
    """Remove the token for the hub from the keyring of the system."""
    from tlstudio.core import tokens

    typer.echo("The token was removed." if tokens.forget() else "There was none in the keyring.")
    if (place := tokens.place()) == "environment":
        typer.echo("The variable HF_TOKEN still holds one.")
    elif place:
        typer.echo("That of 'hf auth login' is still there; remove it with 'hf auth logout'.")


def diagnostics(
    file: Annotated[Path, typer.Argument(help="Zip file to write.")] = Path("tlstudio-diagnostics.zip"),
    full: Annotated[bool, typer.Option("--show", help="Print all of its content first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Write versions, settings, logs and how the last runs ended, for a report of a fault. Shows what it would hold."""
    from tlstudio.session import diagnostics as session
    from tlstudio.session import settings

    target = expand(file)
    if target.exists():
        raise StudioError(
            "cli.exists", "{path} exists already.", "Choose another name, or remove it.", path=str(target)
        )
    parts = session.collect(settings.load()[0])
    for part in parts:
        typer.echo(f"  {part.name}  {numbers.size(part.size)}")
        if full:
            typer.echo(part.text)
    typer.echo("Names of user, computer and home folder are taken out. No rows, labels or texts of data are in it.")
    if not yes and not typer.confirm(f"Write {target}?", err=True):
        raise typer.Exit(CANCELLED)
    session.write(parts, target)
    typer.echo(f"{target}: {numbers.size(target.stat().st_size)}")
