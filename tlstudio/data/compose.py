"""The columns that are learnt from where the file does not have them as such: texts from a template, repaired texts,
several labels as one, images and recordings that are named relative to the file. They are written beside the data in
the cache; the file stays as it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import configure, get
from tlstudio.core.progress import Meter
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.roles import CHOSEN, FILES, HELPERS, TARGETS, TEXTS, Roles, assign, missing_column, named
from tlstudio.data.rowwise import message_of
from tlstudio.data.tables import Table, read_tables, write_batches

if TYPE_CHECKING:
    import pyarrow as pa

TEMPLATE = "text (template)"  # name of the column that a template makes
LABELS = "labels (joined)"  # name of the column that joins several labels
RELATIVE = "file"  # the column with the names of files relative to the folder that is read
_FORMAT = 3
_LOOKED_AT = 2000  # rows that tell whether files are named relative to the data
_STEPS = "tlstudio.data.steps"
_BLANK = re.compile(r"\{([^{}]*)\}")


def read_places(data: DataSection, emit: Emit, control: Control) -> dict[str, Table]:
    """The places of a section as they are, by split.

    Raises:
        StudioError: a place cannot be read, or files that are read as one have different columns.
    """
    fills = any(getattr(get(_STEPS, choice.name, "data.steps"), "FILLS", False) for choice in data.steps)
    return {split: read_tables(places, data.source, data.options, emit, control, fills)
            for split, places in data.files.items()}  # fmt: skip


def composed(
    raw: dict[str, Table], data: DataSection, roles: tuple[str, ...], emit: Emit, control: Control
) -> tuple[dict[str, Table], Roles]:
    """Assigns the roles and makes the columns that are missing for them.

    Raises:
        StudioError: a wrong role or template, or a step that does not exist.
    """
    assigned = _assigned(raw["train"], data, roles)
    for table in raw.values():
        _require_columns(table, raw["train"], assigned)
    steps = [choice for choice in data.steps if get(_STEPS, choice.name, "data.steps").LEVEL == "text"]
    joined = "labels" in assigned.columns
    media = _relative(raw, assigned)
    if not data.template and not steps and not joined and not media:
        return raw, assigned
    maker = _Maker(data, assigned, steps, media)
    tables = {split: _made(table, maker, emit, control) for split, table in raw.items()}
    return tables, assigned


def _relative(raw: dict[str, Table], roles: Roles) -> list[str]:
    """The columns with names of images or recordings that are not absolute."""
    names = [roles.one(role) for role in FILES if role in roles.columns]
    return [
        name
        for name in names
        if any(_is_relative(value) for table in raw.values() if table.columns.get(name) == "text"
               for value in table.open().column(name).slice(0, _LOOKED_AT).to_pylist())
    ]  # fmt: skip


def _is_relative(place: Any) -> bool:
    return isinstance(place, str) and bool(place.strip()) and not Path(place).is_absolute()


def lacking(train: Table, data: DataSection, roles: tuple[str, ...]) -> list[str]:
    """Those of the roles that the data has no column for.

    Raises:
        StudioError: a role that the user has chosen, or the template, is wrong.
    """
    try:
        _assigned(train, data, roles)
    except StudioError as error:
        if roles and error.code == "data.no-column-left":
            return list(error.params["lacking"])
        raise
    return []


def _require_columns(table: Table, train: Table, roles: Roles) -> None:
    """Other places need the columns that are learnt from and tested with; what only helps may be missing there."""
    for role, columns in roles.columns.items():
        if table is not train and role in HELPERS:
            continue
        for name in columns:
            if name != TEMPLATE and name not in table.columns:
                raise missing_column(name, role, list(table.columns), table.path)
            if table.columns.get(name) != train.columns.get(name):
                raise StudioError(
                    "data.other-kind-of-column", "The column '{column}' holds lists in one of {path} and {other}.",
                    "It must hold single texts, or lists, in all of them.", where="data.path", column=name,
                    path=table.path, other=train.path,
                )  # fmt: skip


def label_column(roles: Roles) -> str:
    """The column that holds the class of a row; empty where there is none."""
    if "labels" in roles.columns:
        return LABELS
    return roles.one("label") if "label" in roles.columns else ""


def fields(template: str, columns: list[str]) -> list[str]:
    """Columns that a template names, in order.

    Raises:
        StudioError: it names none, or one that is not there.
    """
    names = _BLANK.findall(template)
    for name in names:
        if name not in columns:
            raise StudioError(
                "data.bad-template", "The template names '{name}', which is no column; the columns are: {known}.",
                "Write column names in braces, such as {example}.", where="data.template", name=name,
                known=", ".join(columns), example=f"{{{columns[0]}}}",
            )  # fmt: skip
    if not names:
        raise StudioError(
            "data.empty-template", "The template names no column: {template}",
            "Write column names in braces, such as {example}.", where="data.template", template=template,
            example=f"{{{columns[0]}}}",
        )  # fmt: skip
    return names


def filled(template: str, row: dict[str, Any]) -> str:
    """The text of one row; lists are joined by spaces."""

    def value(match: re.Match[str]) -> str:
        found = row[match.group(1)]
        return found if isinstance(found, str) else " ".join(found)

    return _BLANK.sub(value, template).strip()


def _assigned(train: Table, data: DataSection, roles: tuple[str, ...]) -> Roles:
    whole = train.open()
    if not data.template:
        return assign(whole, data.roles, _fitting(data, roles), train.path)
    names = fields(data.template, list(train.columns))
    made = _made_role(data, roles)
    for role in (*TARGETS, "tags", "target_text", "response"):
        given = data.roles.get(role, ())
        if said := set((given,) if isinstance(given, str) else given) & set(names):
            raise StudioError(
                "data.same-column", "'{name}' is the column of two roles, {role} and {other}.",
                "Choose two different columns.", where="data.template", name=sorted(said)[0], role=role, other=made,
            )  # fmt: skip
    # the columns of the template are used up, and its text stands where the text column would
    chosen = {role: given for role, given in data.roles.items() if role != made}
    rest = whole.drop_columns([name for name in dict.fromkeys(names) if not _is_used(name, chosen)])
    wanted = tuple(role for role in _fitting(data, roles) if role != made)
    if not wanted and made == "text" and not {*TARGETS} & chosen.keys() and named(rest, "label"):
        wanted = ("label",)
    found = assign(rest, chosen, wanted, train.path, shaped=False)
    return Roles({made: (TEMPLATE,), **found.columns}, {**found.reasons, TEMPLATE: CHOSEN})


def _made_role(data: DataSection, roles: tuple[str, ...]) -> str:
    """What the template makes: the text, or the text that a model answers or rewrites."""
    for role, other in (("prompt", "response"), ("source_text", "target_text"), ("question", "context")):
        if role in roles or (not roles and other in data.roles):
            return role
    return "text"


def _is_used(name: str, chosen: dict[str, str | tuple[str, ...]]) -> bool:
    return any(name in ((given,) if isinstance(given, str) else given) for given in chosen.values())


def _fitting(data: DataSection, roles: tuple[str, ...]) -> tuple[str, ...]:
    """The task's roles; where the user has chosen several labels or a number, that stands for the label."""
    if "label" in roles and "label" not in data.roles and {"labels", "number"} & data.roles.keys():
        return tuple(role for role in roles if role != "label")
    return roles


class _Maker:
    """Makes batches with the composed columns; ``key`` names what it does."""

    def __init__(self, data: DataSection, roles: Roles, steps: list[Choice], media: list[str]) -> None:
        self.media = media
        self.template, self.separator, self.roles = data.template, data.separator, roles
        self.steps = [(plugin := get(_STEPS, choice.name, "data.steps"),
                       configure(plugin, choice.options, f"data.steps.{choice.name}")) for choice in steps]  # fmt: skip
        parts = [_FORMAT, self.template, self.separator, sorted(roles.plain().items()), media,
                 [choice.model_dump(mode="json") for choice in steps]]  # fmt: skip
        self.key = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def batches(self, table: Table, meter: Meter) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        first = 0
        for batch in table.batches():
            columns = {name: batch.column(index) for index, name in enumerate(batch.schema.names)}
            if self.template:
                columns[TEMPLATE] = pa.array([filled(self.template, row) for row in batch.to_pylist()], pa.string())
            self._repair(columns)
            for name in self.media:
                found = columns[name]
                columns.setdefault(RELATIVE, found)  # by which a row is known wherever the folder lies
                columns[name] = pa.array(list(beside(table, first, found.to_pylist())), pa.string())
            first += batch.num_rows
            if "labels" in self.roles.columns:
                columns[LABELS] = pa.array(self._joined(columns), pa.string())
            meter.advance(batch.num_rows)
            yield pa.RecordBatch.from_pydict(columns)

    def _repair(self, columns: dict[str, Any]) -> None:
        """Does the text steps in all columns of texts."""
        import pyarrow as pa

        for role in TEXTS if self.steps else ():
            if role == "context" and "answer_starts" in self.roles.columns:
                continue  # the places of the answers count its letters
            if role in self.roles.columns:
                name = self.roles.one(role)
                columns[name] = pa.array(self._repaired(columns[name].to_pylist()), pa.string())
        if self.steps and "messages" in self.roles.columns:
            name = self.roles.one("messages")
            columns[name] = pa.array(self._repaired_messages(columns[name].to_pylist()), pa.list_(pa.string()))

    def _repaired_messages(self, rows: list[list[str]]) -> list[list[str]]:
        """What is said is repaired, and who says it stays; what is no message is left for the check of the rows."""
        messages = [[message_of(item) for item in row] for row in rows]
        said = [message["content"] for row in messages for message in row if message is not None]
        repaired = iter(self._repaired(said))
        return [
            [item if message is None else json.dumps({**message, "content": next(repaired)}, ensure_ascii=False)
             for item, message in zip(row, found, strict=True)]
            for row, found in zip(rows, messages, strict=True)
        ]  # fmt: skip

    def _repaired(self, texts: list[str]) -> list[str]:
        for plugin, config in self.steps:
            texts = plugin.texts(config, texts)
        return texts

    def _joined(self, columns: dict[str, Any]) -> list[str]:
        import pyarrow as pa

        names = self.roles.columns["labels"]
        if len(names) > 1:
            values = [columns[name].to_pylist() for name in names]
            rows = [[name for name, cell in zip(names, cells, strict=True) if is_yes(cell)]
                    for cells in zip(*values, strict=True)]  # fmt: skip
        else:
            rows = [cell.split(self.separator) if isinstance(cell, str) else cell
                    for cell in columns[names[0]].to_pylist()]  # fmt: skip
            self._refuse_separator(rows if columns[names[0]].type == pa.list_(pa.string()) else [])
        return [self.separator.join(sorted({label.strip() for label in row} - {""})) for row in rows]

    def _refuse_separator(self, rows: list[list[str]]) -> None:
        """Joined by a sign that is in one of them, labels could not be told apart again."""
        label = next((label for row in rows for label in row if self.separator in label), None)
        if label is not None:
            raise StudioError(
                "data.separator-in-label", "The label '{label}' holds the sign that stands between labels, {sign}.",
                "Choose another sign in data.separator.", where="data.separator", label=label, sign=self.separator,
            )  # fmt: skip


def beside(table: Table, first: int, places: list[str]) -> Iterator[str]:
    """Places of files, from the folder of the file that names them where they lie there."""
    for row, place in enumerate(places, first):
        file = Path(table.place(row)[0]).parent / place
        yield str(file.absolute()) if _is_relative(place) and file.is_file() else place


def is_yes(cell: str) -> bool:
    """A cell of a one-hot column."""
    return cell.strip().lower() not in ("", "0", "0.0", "false", "no", "n")


def _made(table: Table, maker: _Maker, emit: Emit, control: Control) -> Table:
    places = [part.path for part in table.parts] if maker.media else []  # the same table elsewhere names other files
    key = hashlib.sha256(f"{table.key}|{maker.key}|{places}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    arrow = cache_folder("datasets") / f"{key}.arrow"
    meter = Meter(emit, control, "prepare", table.rows, "rows")
    columns = dict(table.columns)
    if maker.template:
        columns[TEMPLATE] = "text"
    if "labels" in maker.roles.columns:
        columns[LABELS] = "text"
    if maker.media:
        columns.setdefault(RELATIVE, "text")
    if not arrow.is_file():
        write_batches(arrow, maker.batches(table, meter))
    return replace(table, arrow=arrow, key=key, columns=columns)
