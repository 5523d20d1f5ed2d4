"""Which language each row is in: a column says so, or the name of its file, or the text itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.data.detect.kept import digest, remembered
from tlstudio.data.detect.language import language
from tlstudio.data.detect.reading import plain, portions
from tlstudio.data.frames import content_column, content_role
from tlstudio.data.roles import FILES, Roles
from tlstudio.data.rows import Rows
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np

By = Literal["column", "file", "text"]

_ISO = """
    ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka
    kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl
    nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""  # 639-1 without aa and ab, which parts of files are called (part_aa, part_ab)
_CODES = frozenset(_ISO.split())
_NAMED = re.compile(r"(?:^|[._\- ])([a-z]{2})(?:[-_][a-z]{2,4})?$")  # train.de, names_fr, zh-CN


@dataclass(frozen=True)
class Spoken:
    """Where the language of a row stands.

    Attributes:
        by: in a column, in the name of the file, or in the text, where it is recognised.
        column: the column of the language, or of the text.
    """

    by: By
    column: str = ""

    def of(self, rows: Rows, control: Control) -> np.ndarray:
        """str [n]: the language of each row; empty where it is not known."""
        import numpy as np

        if not len(rows):
            return np.zeros(0, dtype=np.str_)
        if self.by == "file":
            return _by_file(rows)
        if self.by == "column":
            return np.array([value.strip() for value in rows.texts(self.column)], dtype=np.str_)
        key = digest("spoken", rows.table.key, self.column)
        return remembered(key, partial(_detected, rows.table, self.column, control))[rows.indices]


def stated(tables: Iterable[Table], roles: Roles) -> Spoken | None:
    """Where the data itself says the language: the column with that role, or the names of several files.

    Returns:
        None where it says nothing.
    """
    if "language" in roles.columns:
        return Spoken("column", roles.one("language"))
    names = [code_of(part.path) for table in tables for part in table.parts]
    return Spoken("file") if all(names) and len(set(names)) > 1 else None


def wanted(by: str, column: str, tables: list[Table], roles: Roles) -> Spoken:
    """Where the user says that the language stands.

    Args:
        by: ``column``, ``file`` or ``text``; ``auto`` takes what the data states, else recognises the texts.
        column: the column, where it does not have the role.

    Raises:
        StudioError: there is no such column, or nothing to recognise a language by.
    """
    if by in ("auto", "column") and column:
        return Spoken("column", _checked(column, tables))
    if by == "file":
        return Spoken("file")
    found = stated(tables, roles) if by == "auto" else None
    if by == "column" and "language" in roles.columns:
        found = Spoken("column", roles.one("language"))
    if found is None and by != "column" and content_role(roles) not in FILES:
        found = Spoken("text", content_column(roles))
    if found is None:
        raise StudioError(
            "data.no-language", "Nothing says which language a row is in.",
            "Choose the column of the language in the Data step (data.roles.language).", where="data.roles.language",
        )  # fmt: skip
    return found


def code_of(path: str) -> str:
    """The language that the name of a file says, such as de for ``train.de.csv``; empty where it says none."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    while (stem := Path(name).stem) != name:  # names_de.csv.gz
        match = _NAMED.search(stem.lower())
        if match and match.group(1) in _CODES:
            return match.group(1)
        name = stem
    return ""


# --- inside


def _checked(column: str, tables: list[Table]) -> str:
    for table in tables:
        if table.columns.get(column) != "text":
            known = ", ".join(name for name, kind in table.columns.items() if kind == "text")
            raise StudioError(
                "data.no-language-column", "There is no column '{column}' for the language; {path} has: {known}.",
                "Choose one of these columns.", where="data.steps", column=column, path=table.path, known=known,
            )  # fmt: skip
    return column


def _by_file(rows: Rows) -> np.ndarray:
    import numpy as np

    parts = rows.table.parts
    names = np.array([code_of(part.path) or Path(part.path).stem for part in parts], dtype=np.str_)
    ends = np.cumsum([part.rows for part in parts])
    return np.asarray(names[np.searchsorted(ends, rows.indices, side="right")])


def _detected(table: Table, column: str, control: Control) -> np.ndarray:
    """str [N] of all rows of a table."""
    import numpy as np

    found: list[str] = []
    batches = ([plain(value) for value in batch.column(0).to_pylist()] for batch in table.batches([column]))
    for texts in portions(batches):
        control.check()
        found += map(language, texts)
    return np.array(found, dtype=np.str_)
