"""Any source as an Arrow table on disk: memory-mapped or streamed, cached under the hash of content and options."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import atomic_write, expand, explain_os_errors, is_name, shown
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import configure, find, get
from tlstudio.core.progress import Meter
from tlstudio.data.scan import Scan, known_binary, scan

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

_FORMAT = 5  # part of the cache key: raise it when the way of reading changes
_PACKAGE = "tlstudio.data.sources"
_KINDS = {"folder": "a folder of other files", "binary": "binary data", "name": "a name of something else"}
_BATCH = 5_000  # rows at most of a batch on disk, so that a stream of them stays small in memory


@dataclass(frozen=True)
class Part:
    """The rows of a table that come from one place."""

    path: str
    rows: int


@dataclass(frozen=True)
class Table:
    """Data that has been read.

    Attributes:
        arrow: Arrow stream of columns of type string or list<string>.
        key: names the content.
        source: name of the source plug-in.
        options: its settled options.
        columns: column name to ``text`` or ``list``.
        parts: places in the order of their rows.
    """

    arrow: Path
    key: str
    source: str
    options: dict[str, Any]
    columns: dict[str, str]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def path(self) -> str:
        return self.parts[0].path

    def place(self, index: int) -> tuple[str, int]:
        """File and 1-based row of the row at ``index``."""
        for part in self.parts:
            if index < part.rows:
                return part.path, index + 1
            index -= part.rows
        raise IndexError(index)

    def open(self) -> pa.Table:
        """The table, memory-mapped: nothing is read before it is used."""
        import pyarrow as pa

        with explain_os_errors(self.arrow), pa.memory_map(str(self.arrow)) as mapped:
            return pa.ipc.open_stream(mapped).read_all()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in order, some thousand at a time; memory is freed behind the reader, unlike that of a map."""
        import pyarrow as pa

        with explain_os_errors(self.arrow), pa.OSFile(str(self.arrow)) as stream:
            for batch in pa.ipc.open_stream(stream):
                yield batch if columns is None else batch.select(columns)


def read_table(place: Path | str, source: str, options: dict[str, Any], emit: Emit, control: Control) -> Table:
    """Reads one place, or finds it in the cache.

    Raises:
        StudioError: unknown source, wrong option, or anything wrong with the content.
        Cancelled: the user has cancelled; nothing half-read stays in the cache.
    """
    if is_name(str(place)):
        return _read_name(str(place), source, options, emit, control)
    path = expand(place)
    size = path.stat().st_size if path.is_file() else 0
    meter = Meter(emit, control, "prepare", max(2 * size, 1), "bytes")
    found = scan(path, meter.advance)
    plugin = get(_PACKAGE, source, "data.source") if source != "auto" else None
    if found.kind == "binary":
        found = _unpacked(found, emit, control)
    with _told_as(found.path, path):
        plugin = plugin or recognise(found)
        if hasattr(plugin, "locate") and not plugin.recognises(found):
            raise StudioError(
                "data.not-a-file", "{source} is not read from a file such as {path}.",
                "Set data.source to auto, or write its name.", where="data.source", path=found.name,
                source=plugin.TITLE,
            )  # fmt: skip
        config = plugin.settle(found, configure(plugin, options, "data"))
        return _read(plugin, found, config, str(path), meter)


def read_tables(
    places: Sequence[str], source: str, options: dict[str, Any], emit: Emit, control: Control, fills: bool = False
) -> Table:
    """Reads several places as one table.

    Args:
        fills: whether places may lack columns of texts; their cells are then empty.

    Raises:
        StudioError: as :func:`read_table`, or the columns differ.
    """
    tables = [read_table(place, source, options, emit, control) for place in places]
    return tables[0] if len(tables) == 1 else _join(tables, emit, control, fills)


def recognise(found: Scan) -> Any:
    """The source for a place, by its content first and its ending second.

    Raises:
        StudioError: none fits.
    """
    plugins = find(_PACKAGE)
    fitting = [plugin for plugin in plugins.values() if plugin.recognises(found)]
    fitting.sort(key=lambda plugin: found.path.suffix.lower() not in plugin.SUFFIXES)
    if fitting:
        return fitting[0]
    kind = known_binary(found.head) or _KINDS.get(found.kind, "text of another form")
    raise StudioError(
        "data.unknown-format", "{path} is in none of the known formats; it looks like {kind}.",
        "TLStudio reads: {known}.", where="data.path", path=found.name, kind=kind,
        known=", ".join(plugin.TITLE for plugin in plugins.values()),
    )  # fmt: skip


def write_batches(
    arrow: Path, batches: Iterable[pa.RecordBatch], tick: Callable[[pa.RecordBatch], None] | None = None
) -> tuple[dict[str, str], int]:
    """Writes batches as an Arrow stream, atomically; returns the columns with their kinds, and the number of rows."""
    import pyarrow as pa

    rows, columns = 0, dict[str, str]()
    with atomic_write(arrow, "wb") as stream:
        writer = None
        for batch in batches:
            if writer is None:
                writer = pa.ipc.new_stream(stream, batch.schema)
                columns = {field.name: "list" if pa.types.is_list(field.type) else "text" for field in batch.schema}
            for start in range(0, batch.num_rows, _BATCH):
                writer.write_batch(batch.slice(start, _BATCH))
            rows += batch.num_rows
            if tick is not None:
                tick(batch)
        if writer is not None:
            writer.close()
    return columns, rows


# --- inside


def _unpacked(found: Scan, emit: Emit, control: Control) -> Scan:
    """What is in an archive; anything else as it is."""
    from tlstudio.data import archives

    if not archives.is_archive(found):
        return found
    return scan(archives.unpacked(found, emit, control), lambda _size: control.check())


@contextlib.contextmanager
def _told_as(read: Path, named: Path) -> Iterator[None]:
    """Errors about what was unpacked name the archive that the user knows, not our cache."""
    try:
        yield
    except StudioError as error:
        if read == named:
            raise
        texts = {name: value.replace(str(read), str(named)) if isinstance(value, str) else value
                 for name, value in error.params.items()}  # fmt: skip
        where = error.where.replace(str(read), str(named))
        raise StudioError(error.code, error.template, error.remedy_template, where, **texts) from error


def _read_name(name: str, source: str, options: dict[str, Any], emit: Emit, control: Control) -> Table:
    plugin = (
        get(_PACKAGE, source, "data.source") if source != "auto" else recognise(Scan(Path(name), "", 0, kind="name"))
    )
    if not hasattr(plugin, "locate"):
        raise StudioError(
            "data.not-a-name", "{path} is no file that {source} can read.", "Choose a file, or another source.",
            where="data.source", path=shown(name), source=plugin.TITLE,
        )  # fmt: skip
    config = configure(plugin, options, "data")
    found = plugin.locate(name, config, emit, control)
    # a name may stand for a file, such as a relative one of SQLite: messages say which that is
    place = shown(name) if found.kind == "name" else found.name
    return _read(plugin, found, plugin.settle(found, config), place, Meter(emit, control, "prepare", 1, "bytes"))


def _read(plugin: Any, found: Scan, config: Any, path: str, meter: Meter) -> Table:
    settled = config.model_dump()
    key = _key(found.sha256, plugin.NAME, settled)
    known = _remembered(key)
    if known is None:
        arrow = _arrow(key)
        columns, rows = write_batches(arrow, plugin.batches(found, config), _ticker(meter, found))
        if not rows:
            arrow.unlink(missing_ok=True)
            raise StudioError(
                "data.no-rows", "{path} has no rows.", "Choose data with labelled rows.", where="data.path", path=path
            )
        known = {"columns": columns, "rows": rows}
        _remember(key, known)
    meter.advance(max(meter.total - meter.done, 0))
    return Table(_arrow(key), key, plugin.NAME, settled, known["columns"], (Part(path, known["rows"]),))


def _ticker(meter: Meter, found: Scan) -> Callable[[pa.RecordBatch], None]:
    """Progress by bytes; of a folder by files, of which mostly each is a row."""
    if found.kind != "folder":
        return lambda batch: _advance(meter, batch.nbytes)
    meter.total, meter.unit = len(found.names), "files"
    return lambda batch: _advance(meter, batch.num_rows)


def _advance(meter: Meter, amount: float) -> None:
    """Never beyond the total, which is only estimated."""
    meter.advance(max(min(amount, meter.total - meter.done), 0))


def _join(tables: list[Table], emit: Emit, control: Control, fills: bool) -> Table:
    first, columns = tables[0], dict[str, str]()
    for table in tables:
        columns |= table.columns
    for other in tables:
        odd = sorted(set(columns.items()) ^ set(other.columns.items()))
        if odd and not (fills and all(kind == "text" and name not in other.columns for name, kind in odd)):
            raise _different(first, other if other is not first else tables[1], odd[0][0])
    key = _key(",".join(table.key for table in tables), "join", {})
    if _remembered(key) is None:
        meter = Meter(emit, control, "prepare", sum(table.arrow.stat().st_size for table in tables), "bytes")
        batches = (_filled(batch, columns) for table in tables for batch in table.batches())
        columns, rows = write_batches(_arrow(key), batches, lambda batch: _advance(meter, batch.nbytes))
        _remember(key, {"columns": columns, "rows": rows})
    parts = tuple(part for table in tables for part in table.parts)
    return Table(_arrow(key), key, first.source, first.options, columns, parts)


def _different(first: Table, other: Table, column: str) -> StudioError:
    return StudioError(
        "data.different-columns", "{path} and {other} have different columns, such as '{column}'.",
        "Files that are read as one need the same columns; only translations of rows may lack the label, with the "
        "data step join-translations.",
        where="data.path", path=first.path, other=other.path, column=column,
    )  # fmt: skip


def _filled(batch: pa.RecordBatch, columns: dict[str, str]) -> pa.RecordBatch:
    """The batch with all columns; cells of those that it lacks are empty."""
    import pyarrow as pa

    if batch.schema.names == list(columns):
        return batch
    empty = pa.array([""] * batch.num_rows, pa.string())
    return pa.RecordBatch.from_pydict(
        {name: batch.column(name) if name in batch.schema.names else empty for name in columns}
    )


def _key(content: str, source: str, options: dict[str, Any]) -> str:
    text = json.dumps([_FORMAT, content, source, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _arrow(key: str) -> Path:
    return cache_folder("datasets") / f"{key}.arrow"


def _remembered(key: str) -> dict[str, Any] | None:
    """Columns and rows of a cached table; None where it is not there, or damaged."""
    facts = _arrow(key).with_suffix(".json")
    if not _arrow(key).is_file() or not facts.is_file():
        return None
    try:
        known: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return known


def _remember(key: str, facts: dict[str, Any]) -> None:
    with atomic_write(_arrow(key).with_suffix(".json")) as stream:
        json.dump(facts, stream)
