"""What a data source is: one file that knows one format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.data.scan import Scan

if TYPE_CHECKING:
    import pyarrow as pa


class Source(Protocol):
    """Reads one format into record batches.

    A column is either ``string`` or ``list<string>`` (tokens, tags, several labels, answers), never null: a missing
    value is an empty string or an empty list. Strings on purpose: a reader that guesses types turns the label ``007``
    into 7 and ``NA`` into nothing. Numbers of typed formats become the shortest text that reads back the same;
    an image becomes the absolute path of an image file. All batches have the same schema and some thousand rows at
    most, so that memory stays flat and cancelling is quick.
    """

    NAME: str
    TITLE: str
    SUMMARY: str
    SUFFIXES: tuple[str, ...]  # lower case, such as ".csv"; they break a tie between sources that both recognise
    Config: type[BaseModel]

    def recognises(self, found: Scan) -> bool:
        """Whether this is the format, by content (``found.head``, ``found.names``), not only by ending."""
        ...

    def settle(self, found: Scan, config: Any) -> Any:
        """The config with everything that was ``auto`` decided by looking at the content."""
        ...

    def batches(self, found: Scan, config: Any) -> Iterator[pa.RecordBatch]:
        """Reads with a settled config.

        Raises:
            StudioError: naming file, row and column, and what is wrong there.
        """
        ...


class Named(Source, Protocol):
    """A source whose place is a name with a scheme, such as ``hub:org/name`` or ``sqlite:///…``."""

    def locate(self, name: str, config: Any, emit: Emit, control: Control) -> Scan:
        """The name as a scan of kind ``name``; its ``sha256`` must change when the content does.

        Raises:
            StudioError: nothing of that name is here.
        """
        ...
