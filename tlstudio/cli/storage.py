"""``tlstudio storage``: where everything lies, how large it is, cleaning and moving."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tlstudio.cli import show
from tlstudio.cli.shared import CANCELLED, AsJson, signals
from tlstudio.core import numbers
from tlstudio.core.errors import StudioError

_AGAIN = {"fetch": "can be fetched again", "compute": "is computed again", "trashed": "cannot be restored then",
          "resume": "finished runs do not need it", "told": "", "never": "is kept"}  # fmt: skip


def add(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command()(storage)


def storage(
    clean: Annotated[
        list[str] | None,
        typer.Option("--clean", metavar="PLACE[:PART]", help="Such as features or models:org/name. Repeatable."),
    ] = None,
    move: Annotated[str, typer.Option("--move", metavar="PLACE", help="Needs --to.")] = "",
    to: Annotated[Path | None, typer.Option("--to", help="New folder for what is moved.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    parts: Annotated[bool, typer.Option("--parts", help="Show every part of each place.")] = False,
    json: AsJson = False,
) -> None:
    """Where models, datasets, features, runs, studies and logs lie and how large they are; clean or move them."""
    from tlstudio.session import moving, storage

    if bool(move) != bool(to):
        raise StudioError("cli.move-where", "Give both --move and --to.", "See 'tlstudio storage --help'.")
    shared = "Other programs that use the hub's cache will not find the models there any more. Move them?"
    if move == "models" and not yes and not typer.confirm(shared):
        raise typer.Exit(CANCELLED)
    with signals() as control, show.progress_bar() as emit:
        control.stop = control.cancel  # type: ignore[method-assign]
        moving.recover()
        if move and to:
            where = moving.move(move, to, emit, control)
            show.out.print(f"{move} now lies in {where}", highlight=False, markup=False, soft_wrap=True)
            return
        if not clean:
            found = list(storage.survey(control.check))
        else:
            found = list(storage.survey(control.check, list(dict.fromkeys(item.partition(":")[0] for item in clean))))
    if clean:
        _clean(found, clean, yes)
    elif json:
        show.print_json([_as_dict(place) for place in found])
    else:
        _show(found, parts)


def _clean(found: list[Any], wanted: list[str], yes: bool) -> None:
    from tlstudio.session import storage

    chosen = {place.name: [item.partition(":")[2] for item in wanted if item.partition(":")[0] == place.name]
              for place in found}  # fmt: skip
    rows = []
    for place in found:
        whole = "" in chosen[place.name]
        chosen[place.name] = [] if whole else chosen[place.name]
        rows += [(place.name, part.name, numbers.size(part.bytes), _AGAIN[part.again]) for part in place.parts
                 if (whole and part.cleanable) or part.name in chosen[place.name]]  # fmt: skip
    if rows:
        show.table("To be removed for good", ("place", "part", "size", ""), rows)
    if not yes and not typer.confirm("Remove this?"):
        raise typer.Exit(CANCELLED)
    freed = 0
    with signals() as control:
        control.stop = control.cancel  # type: ignore[method-assign]
        for place in found:
            freed += storage.clean(place, chosen[place.name], control.check)
    show.out.print(f"{numbers.size(freed)} freed.", highlight=False)


def _show(found: list[Any], parts: bool) -> None:
    rows = []
    for place in found:
        rows.append((place.name, numbers.size(place.bytes), numbers.size(place.cleanable), numbers.size(place.free),
                     str(place.path)))  # fmt: skip
        if parts:
            rows += [(f"  {part.name}", numbers.size(part.bytes), "", "", _AGAIN[part.again]) for part in place.parts]
    show.table(f"{numbers.size(sum(place.bytes for place in found))} in all",
               ("place", "size", "can be cleaned", "free on disk", "folder"), rows)  # fmt: skip


def _as_dict(place: Any) -> dict[str, Any]:
    return {
        "name": place.name, "path": str(place.path), "bytes": place.bytes, "cleanable_bytes": place.cleanable,
        "free_bytes": place.free, "fixed_by": place.fixed,
        "parts": [{"name": part.name, "path": str(part.path), "bytes": part.bytes, "again": part.again,
                   "cleanable": part.cleanable} for part in place.parts],
    }  # fmt: skip
