"""Arrow IPC: files (also called Feather version 2) and streams, which Hugging Face datasets keep in its cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from tlstudio.data.scan import Scan
from tlstudio.data.sources.objects import boxed
from tlstudio.data.sources.typed import Converter, explain_arrow

if TYPE_CHECKING:
    import pyarrow as pa

_FILE = b"ARROW1"
_STREAM = b"\xff\xff\xff\xff"  # a stream begins with the mark of its first message


class Options(BaseModel):
    """There is nothing to choose: the file says everything about itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArrowSource:
    """Arrow files and streams, memory-mapped and read batch by batch."""

    NAME = "arrow"
    TITLE = "Arrow or Feather"
    SUMMARY = "Typed columns; nested ones become columns by dotted path, pictures become files."
    SUFFIXES = (".arrow", ".feather", ".ipc", ".arrows")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return found.head.startswith(_FILE) or _is_stream(found.head)

    def settle(self, found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        with explain_arrow(found.path), pa.memory_map(str(found.path)) as mapped:
            yield from boxed(_converted(mapped, found))


PLUGIN = ArrowSource()


def _converted(mapped: pa.MemoryMappedFile, found: Scan) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if found.head.startswith(_FILE):
        file = pa.ipc.open_file(mapped)
        converter = Converter(found.path, file.schema)
        for index in range(file.num_record_batches):
            yield from converter.batches(file.get_batch(index))
        return
    stream = pa.ipc.open_stream(mapped)
    converter = Converter(found.path, stream.schema)
    for batch in stream:
        yield from converter.batches(batch)


def _is_stream(head: bytes) -> bool:
    """Whether a stream of Arrow begins here: the mark, the length of the message, and a schema in it."""
    length = int.from_bytes(head[4:8], "little")
    if not head.startswith(_STREAM) or not 0 < length <= len(head) - 8:
        return False
    import pyarrow as pa

    try:
        pa.ipc.read_schema(pa.py_buffer(head))
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True
