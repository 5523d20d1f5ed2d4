"""Rows while they are put in order: which are kept, and which label each has. Texts stay on disk.

A row costs some twenty bytes of memory here, so that millions of rows fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tlstudio.core.control import Control
from tlstudio.core.files import atomic_write
from tlstudio.data.compose import RELATIVE
from tlstudio.data.roles import CONTENT, FILES, Roles
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Frame:
    """The rows of one place.

    Attributes:
        table: the data on disk, after text steps.
        roles: column names by role.
        keep: bool [N]; False where a step has dropped the row.
        codes: int32 [N], index into the names of all frames; -1 where a row has no label; None without a label role.
    """

    table: Table
    roles: Roles
    keep: np.ndarray
    codes: np.ndarray | None
    raw: Table | None = None  # before text steps, where there are some
    _ids: np.ndarray | None = None

    @property
    def content(self) -> str:
        """The column that tells one row from another: the text, image, recording, tokens …"""
        return content_column(self.roles)

    @property
    def of_files(self) -> bool:
        """Whether the contents are paths of images or recordings."""
        return content_role(self.roles) in FILES

    @property
    def _identity(self) -> str:
        """The column that names a row in a recipe: of files in a folder their relative names, so that it may move."""
        return RELATIVE if self.of_files and self.table.columns.get(RELATIVE) == "text" else self.content

    def contents(self, control: Control | None = None, column: str = "") -> Iterator[tuple[int, list[str]]]:
        """(index of the first row, texts) a batch at a time; tokens are joined by spaces."""
        first = 0
        for batch in self.table.batches([column or self.content]):
            if control is not None:
                control.check()
            yield first, [value if isinstance(value, str) else " ".join(value) for value in batch.column(0).to_pylist()]
            first += batch.num_rows

    def ids(self, control: Control | None = None, tick: Callable[[int], None] | None = None) -> np.ndarray:
        """uint64 [N]: a number that depends only on the content of the row; computed once for each table."""
        import numpy as np

        if self._ids is not None:
            return self._ids
        column = self._identity
        path = self.table.arrow.with_name(f"{self.table.key}-{content_id(column):016x}.ids.npy")
        if path.is_file():
            self._ids = np.load(path, allow_pickle=False)
            return self._ids
        self._ids = np.empty(self.table.rows, dtype=np.uint64)
        for first, texts in self.contents(control, column):
            self._ids[first : first + len(texts)] = [content_id(text) for text in texts]
            if tick is not None:
                tick(len(texts))
        with atomic_write(path, "wb") as stream:
            np.save(stream, self._ids, allow_pickle=False)
        return self._ids

    def names_of(self, control: Control | None = None) -> list[np.ndarray]:
        """The numbers by which a recipe may name a row, uint64 [N] each: of its content, and of that before text steps.

        A row may have been named before a text step was added, or after.
        """
        if self.raw is None or self.content not in self.raw.columns:
            return [self.ids(control)]
        return [Frame(self.raw, self.roles, self.keep, None).ids(control), self.ids(control)]


@dataclass
class Frames:
    """All places of a data set by split, with the label names that their codes point to.

    ``dropped`` counts the rows that each data step has taken out, by its name; ``renames`` holds what has become of
    labels; ``separator`` stands between several labels in one name, and is empty where a row has one label.
    """

    by_split: dict[str, Frame]
    names: list[str]
    dropped: dict[str, int] = field(default_factory=dict)
    renames: dict[str, str | None] = field(default_factory=dict)
    separator: str = ""

    def counts(self, split: str | None = None) -> np.ndarray:
        """int64 [C]: kept rows of each label, in one split's place or in all."""
        import numpy as np

        total = np.zeros(len(self.names), dtype=np.int64)
        for name, frame in self.by_split.items():
            if frame.codes is not None and split in (None, name):
                codes = frame.codes[frame.keep & (frame.codes >= 0)]
                total += np.bincount(codes, minlength=len(self.names))
        return total

    def rename(self, changes: dict[str, str | None]) -> None:
        """Renames or merges labels; None drops their rows. A name that is not there is left alone."""
        import numpy as np

        self.renames = {old: changes.get(new, new) if new is not None else None for old, new in self.renames.items()}
        self.renames |= {old: new for old, new in changes.items() if old not in self.renames}

        targets = [changes.get(name, name) for name in self.names]
        names = list(dict.fromkeys(name for name in targets if name is not None))
        number = {name: index for index, name in enumerate(names)}
        table = np.array([-1 if name is None else number[name] for name in targets] or [-1], dtype=np.int32)
        for frame in self.by_split.values():
            if frame.codes is None:
                continue
            known = frame.codes >= 0
            codes = np.where(known, table[np.maximum(frame.codes, 0)], -1).astype(np.int32)
            frame.keep &= ~(known & (codes < 0))
            frame.codes = codes
        self.names = names


def encode(table: Table, column: str, names: list[str], control: Control | None = None) -> np.ndarray:
    """int32 [N]: each value, stripped, as an index into ``names``, which grows; an empty value is -1."""
    import numpy as np

    number = {name: index for index, name in enumerate(names)}
    codes = np.empty(table.rows, dtype=np.int32)
    first = 0
    for batch in table.batches([column]):
        if control is not None:
            control.check()
        coded = batch.column(0).dictionary_encode()
        known = []
        for value in coded.dictionary.to_pylist():
            value = value.strip()
            if value and value not in number:
                number[value] = len(names)
                names.append(value)
            known.append(number.get(value, -1))
        lookup = np.array(known or [-1], dtype=np.int32)
        codes[first : first + batch.num_rows] = lookup[coded.indices.to_numpy(zero_copy_only=False)]
        first += batch.num_rows
    return codes


def content_role(roles: Roles) -> str:
    """The role that tells one row from another: the first of text, image, audio, tokens … that is there."""
    return next(role for role in CONTENT if role in roles.columns)


def whole_columns(roles: Roles) -> list[str]:
    """The columns whose texts together are compared: of a pair or an answered prompt both. Of a question only itself,
    since many share one context."""
    more = ("text_b", "negative", "target_text", "response")
    return list(dict.fromkeys([content_column(roles), *(roles.one(role) for role in more if role in roles.columns)]))


def content_column(roles: Roles) -> str:
    return roles.one(content_role(roles))


def content_id(text: str) -> int:
    """A 64-bit number of a text; recipes name rows by it (16 hexadecimal digits), because row numbers move."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def id_text(number: int) -> str:
    """The form in which a recipe names a row."""
    return f"{int(number):016x}"
