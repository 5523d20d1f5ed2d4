"""Recipes that are run one after another: a file in the folder of the runs, which several windows may change.

A change is made under a lock and written whole. A recipe that is being run belongs to the process that took it; where
that process is gone, the recipe waits again and its run is resumed.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, write_json
from tlstudio.core.locks import Owner, guarded
from tlstudio.core.recipe import Recipe
from tlstudio.session.run_summary import FINAL, is_run, is_running, summarise

FILE = "queue.json"
_LOCK = ".queue.lock"


@dataclass(frozen=True)
class Item:
    """A recipe in the queue.

    ``state`` is waiting, running, or the outcome of its run: completed, stopped, cancelled or failed. ``run`` is the
    name of its run folder, once there is one: a waiting recipe that has one is resumed.
    """

    id: str
    title: str
    recipe: dict[str, Any]
    added: float
    state: str = "waiting"
    run: str = ""
    owner: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        return self.state in FINAL


class RecipeQueue:
    """The queue of the runs in the folder ``base``.

    All methods raise StudioError where the file cannot be read or written, or another process does not let go of it.
    """

    def __init__(self, base: Path) -> None:
        self.base = Path(base)
        self.file = self.base / FILE

    def items(self) -> list[Item]:
        """All recipes in order, as they are now: those whose process is gone are put right."""
        if not self.file.exists():
            return []
        found = self._read()
        if any(self._settled(item) != item for item in found):
            with self._changing() as found:
                return found
        return found

    def add(self, recipe: Recipe, title: str = "") -> Item:
        """Puts a recipe at the end; its places must be absolute."""
        item = Item(secrets.token_hex(3), title or title_of(recipe), recipe.to_dict(), time.time())
        with self._changing() as items:
            items.append(item)
        return item

    def move(self, name: str, place: int) -> None:
        """Puts a recipe at another place, counted from 0."""
        with self._changing() as items:
            item = _found(items, name)
            items.remove(item)
            items.insert(min(max(place, 0), len(items)), item)

    def remove(self, names: Sequence[str]) -> list[Item]:
        """Takes recipes out; returns them. One that is being run has to be ended first."""
        with self._changing() as items:
            gone = [_found(items, name) for name in names]
            for item in gone:
                if item.state == "running":
                    raise StudioError("queue.running", "'{title}' is being run.", "Stop or cancel its run first.",
                                      where=item.id, title=item.title)  # fmt: skip
            items[:] = [item for item in items if item not in gone]
        return gone

    def clear(self) -> None:
        """Takes out the recipes whose runs have ended; the runs stay."""
        with self._changing() as items:
            items[:] = [item for item in items if not item.ended]

    def again(self, name: str) -> None:
        """Lets a recipe whose run has ended wait once more, for a new run."""
        with self._changing() as items:
            at = items.index(_found(items, name))
            if items[at].ended:
                items[at] = replace(items[at], state="waiting", run="", error=None)

    def take(self, make_folder: Callable[[Recipe], Path]) -> Item | None:
        """The first recipe that waits, now ours to run, with its run folder; None where none waits.

        ``make_folder`` makes the folder of a new run. A recipe that cannot be read has failed, and the next is taken.
        """
        from tlstudio.core.recipe import from_dict

        with self._changing() as items:
            for at, item in enumerate(items):
                if item.state != "waiting":
                    continue
                try:
                    run = item.run or make_folder(from_dict(item.recipe)).name
                except StudioError as error:
                    if error.code.startswith("files."):
                        raise
                    items[at] = replace(item, state="failed", error=error.to_dict())
                    continue
                items[at] = replace(item, state="running", run=run, owner=asdict(Owner.me("queue")), error=None)
                return replace(items[at], owner=item.owner) if item.run else items[at]
        return None

    def end(self, name: str, outcome: str, error: dict[str, Any] | None = None) -> None:
        """Notes how the run of a recipe has ended; one that was interrupted waits to be resumed."""
        with self._changing() as items:
            at = next((at for at, item in enumerate(items) if item.id == name), None)
            if at is not None:
                state = outcome if outcome in FINAL else "waiting"
                items[at] = replace(items[at], state=state, owner=None, error=error)

    # --- inside

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Item]]:
        """The items, to be changed in place; written at the end."""
        with guarded(self.base / _LOCK):
            before = self._read()
            items = [self._settled(item) for item in before]
            yield items
            if items != before:
                write_json(self.file, {"version": 1, "items": [asdict(item) for item in items]})

    def _settled(self, item: Item) -> Item:
        """The item as it is, where its process has ended without a word."""
        if item.state != "running":
            return item
        folder = self.base / item.run
        if is_running(folder) or _alive(item.owner):
            return item
        if not is_run(folder):  # it had not begun
            return replace(item, state="waiting", run="", owner=None)
        outcome = summarise(folder).outcome
        return replace(item, state=outcome if outcome in FINAL else "waiting", owner=None)

    def _read(self) -> list[Item]:
        try:
            with explain_os_errors(self.file):
                data = json.loads(self.file.read_text(encoding="utf-8"))
            known = {field.name for field in fields(Item)}
            return [Item(**{key: value for key, value in item.items() if key in known}) for item in data["items"]]
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._set_aside()
        except StudioError as error:
            if not self.file.exists():
                return []
            raise error

    def _set_aside(self) -> list[Item]:
        """A file that is damaged is kept under another name; an empty queue begins."""
        aside = self.file.with_name(f"queue-broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        with explain_os_errors(self.file):
            self.file.replace(aside)
        return []


def title_of(recipe: Recipe) -> str:
    """What a recipe is called in the queue: data, strategy, model."""
    data = recipe.data.title.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    model = recipe.model.name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return " · ".join(part for part in (data, recipe.strategy.name, model) if part)


def _found(items: list[Item], name: str) -> Item:
    found = [item for item in items if item.id == name] or [item for item in items if name and item.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    raise StudioError("queue.missing", "There is no recipe '{name}' in the queue.", "'tlstudio queue list' lists them.",
                      where=name, name=name)  # fmt: skip


def _alive(owner: dict[str, Any] | None) -> bool:
    try:
        return Owner(**(owner or {})).alive
    except TypeError:
        return False
