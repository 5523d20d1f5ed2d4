"""Any source as an Arrow table on disk: memory-mapped, cached under the hash of file and options."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import atomic_write, expand
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import configure, find, get
from tlstudio.core.progress import Meter
from tlstudio.data.scan import Scan, scan

if TYPE_CHECKING:
    import pyarrow as pa

_FORMAT = 2  # part of the cache key: raise it when the way of reading changes
_PACKAGE = "tlstudio.data.sources"


@dataclass(frozen=True)
class Table:
    """A file that has been read. ``arrow`` is an Arrow stream of string columns; ``key`` names its content."""

    path: Path
    arrow: Path
    key: str
    source: str
    options: dict[str, Any]
    columns: list[str]
    rows: int

    def open(self) -> pa.Table:
        """The table, memory-mapped: nothing is read before it is used."""
        import pyarrow as pa

        with pa.memory_map(str(self.arrow)) as mapped:
            return pa.ipc.open_stream(mapped).read_all()


def read_table(path: Path, source: str, options: dict[str, Any], emit: Emit, control: Control) -> Table:
    """Reads a labelled file, or finds it in the cache.

    Raises:
        StudioError: unknown source, wrong option, or anything wrong with the file.
        Cancelled: the user has cancelled; nothing half-read stays in the cache.
    """
    path = expand(path)
    size = path.stat().st_size if path.is_file() else 0
    meter = Meter(emit, control, "prepare", max(2 * size, 1), "bytes")
    found = scan(path, meter.advance)
    plugin = get(_PACKAGE, source, "data.source") if source != "auto" else recognise(found)
    config = plugin.settle(found, configure(plugin, options, "data"))
    settled = config.model_dump()
    key = _key(found.sha256, plugin.NAME, settled)
    arrow = cache_folder("datasets") / f"{key}.arrow"
    facts = arrow.with_suffix(".json")
    if arrow.is_file() and facts.is_file():
        known = json.loads(facts.read_text(encoding="utf-8"))
        return Table(path, arrow, key, plugin.NAME, settled, known["columns"], known["rows"])
    columns, rows = _write(plugin, path, config, arrow, meter)
    with atomic_write(facts) as stream:
        json.dump({"columns": columns, "rows": rows}, stream)
    return Table(path, arrow, key, plugin.NAME, settled, columns, rows)


def recognise(found: Scan) -> Any:
    """The source for a file, by its content first and its ending second.

    Raises:
        StudioError: none fits.
    """
    head = found.head[:4096].decode(found.encoding or "utf-8", errors="replace")
    fitting = [plugin for plugin in find(_PACKAGE).values() if plugin.recognises(head)]
    fitting.sort(key=lambda plugin: found.path.suffix.lower() not in plugin.SUFFIXES)
    if fitting:
        return fitting[0]
    raise StudioError(
        "data.unknown-format", "{path} is in none of the known formats ({known}).",
        "Save it as CSV, TSV or JSON Lines.", where="data.path", path=str(found.path),
        known=", ".join(plugin.TITLE for plugin in find(_PACKAGE).values()),
    )  # fmt: skip


def _key(file_hash: str, source: str, options: dict[str, Any]) -> str:
    text = json.dumps([_FORMAT, file_hash, source, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _write(plugin: Any, path: Path, config: Any, arrow: Path, meter: Meter) -> tuple[list[str], int]:
    import pyarrow as pa

    rows, schema = 0, None
    with atomic_write(arrow, "wb") as stream:
        writer = None
        for batch in plugin.batches(path, config):
            if writer is None:
                schema = batch.schema
                writer = pa.ipc.new_stream(stream, schema)
            writer.write_batch(batch)
            rows += batch.num_rows
            meter.advance(min(batch.nbytes, meter.total - meter.done))
        if writer is None or not rows:
            raise StudioError(
                "data.no-rows", "{path} has no rows below its header.", "Choose a file with labelled rows.",
                where="data.path", path=str(path),
            )  # fmt: skip
        writer.close()
    assert schema is not None
    return schema.names, rows
