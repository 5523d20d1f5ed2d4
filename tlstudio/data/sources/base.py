"""What a data source is: one file that knows one format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.data.scan import Scan

if TYPE_CHECKING:
    import pyarrow as pa


class Source(Protocol):
    """Reads one format into record batches whose columns are all strings.

    Strings on purpose: a reader that guesses types turns the label ``007`` into 7 and ``NA`` into nothing.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    SUFFIXES: tuple[str, ...]
    Config: type[BaseModel]

    def recognises(self, head: str) -> bool:
        """Whether the first characters of a file look like this format."""
        ...

    def settle(self, found: Scan, config: Any) -> Any:
        """The config with everything that was ``auto`` decided by looking at the file."""
        ...

    def batches(self, path: Path, config: Any) -> Iterator[pa.RecordBatch]:
        """Reads the file with a settled config.

        Raises:
            StudioError: naming the row and what is wrong with it.
        """
        ...
