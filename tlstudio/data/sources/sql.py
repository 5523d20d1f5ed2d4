"""Databases: an SQLite file, or whatever SQLAlchemy reaches by a URL; one query, and never a change.

An SQLite file is opened as immutable, so that not even a lock is written beside it. Elsewhere only a single SELECT is
sent, in a transaction that is rolled back (and is read-only where PostgreSQL holds the data).
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import expand, explain_os_errors
from tlstudio.data.scan import Scan, scan
from tlstudio.data.sources.flatten import sound
from tlstudio.data.sources.sql_address import filled, no_driver, parsed, reached, scrubbed, shown
from tlstudio.data.sources.typed import text_batches, text_of

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection

_MAGIC = b"SQLite format 3\0"
_ROWS = 500  # that a driver fetches at once
_LONGEST = 256 << 20  # bytes of a value
_SCHEME = re.compile(r"([a-z][a-z0-9_]+)(\+[a-z0-9_]+)?:[/\\]", re.IGNORECASE)
_OTHER_SCHEMES = {"hub", "sample", "http", "https", "ftp", "file", "s3", "gs", "hf"}
_QUOTED = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$""", re.DOTALL
)
_SELECT = re.compile(r"(select|with)\b", re.IGNORECASE)
_CHANGES = re.compile(r"\b(insert|update|delete|merge|into)\b", re.IGNORECASE)


class Options(BaseModel):
    """What is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = Field(
        "auto", title="Query", description="A SELECT or the name of a table; auto takes the table if there is only one."
    )


class SqlSource:
    """The result of a query, streamed."""

    NAME = "sql"
    TITLE = "Database"
    SUMMARY = "An SQLite file, or any database by its SQLAlchemy URL; it is only read."
    SUFFIXES = (".sqlite", ".sqlite3", ".db", ".db3")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        if found.kind != "name":
            return found.head.startswith(_MAGIC)
        scheme = _SCHEME.match(found.name)
        return scheme is not None and scheme[1].lower() not in _OTHER_SCHEMES

    def locate(self, name: str, config: Options, emit: Emit, control: Control) -> Scan:
        """An SQLite file as itself; a server as new each time: nobody can know whether its content has changed."""
        url = parsed(name)
        if url.get_backend_name() == "sqlite":
            found = scan(_existing(url.database or ""), lambda _size: control.check())
            if self.recognises(found):
                return found
            raise StudioError(
                "data.not-sqlite", "{path} is no SQLite database.", "Choose another file.",
                where="data.path", path=found.name,
            )  # fmt: skip
        return Scan(Path(shown(url)), uuid.uuid4().hex, 0, kind="name", names=(name, shown(url)))

    def settle(self, found: Scan, config: Options) -> Options:
        with _database(found) as database:
            return Options(query=database.statement(config.query.strip()))

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        with _database(found) as database:
            names, rows = database.run(_single_select(config.query))
            _check_names(found, names)
            yield from text_batches(names, _texts(found, names, rows))


PLUGIN = SqlSource()


def _existing(name: str) -> Path:
    """The whole path of an SQLite file; three slashes in its address are followed by a relative one.

    Raises:
        StudioError: it is relative, and there is no such file; the message says where it was looked for.
    """
    path = expand(name)
    if path.is_absolute() or path.exists():
        return path.absolute()
    raise StudioError(
        "data.relative-database", "There is no database {path}. Three slashes stand before a relative path, which "
        "begins in the folder of the program: {folder}.",
        "Choose the file itself, or write its whole path after three slashes, such as {example}.", where="data.path",
        path=str(path.absolute()), folder=str(Path.cwd()), example="sqlite:////home/me/tickets.db",
    )  # fmt: skip


class _Database(ABC):
    """What both kinds of databases have in common; the statement that is run has been checked."""

    def __init__(self, found: Scan) -> None:
        self.found = found

    @abstractmethod
    def tables(self) -> tuple[list[str], list[str]]:
        """Names of tables and of views."""

    @abstractmethod
    def quoted(self, name: str) -> str:
        """A name as it stands in a statement."""

    @abstractmethod
    def run(self, statement: str) -> tuple[list[str], Iterable[Sequence[Any]]]:
        """Column names and rows."""

    def statement(self, wish: str) -> str:
        """The SELECT for a wish: auto, the name of a table, or a SELECT.

        Raises:
            StudioError: nothing, or more than one, could be meant; or the query is no single SELECT.
        """
        if _SELECT.match(_bare(wish)):
            return _single_select(wish)
        tables, views = self.tables()
        if wish in (*tables, *views):
            return f"SELECT * FROM {self.quoted(wish)}"
        if wish != "auto":
            return _single_select(wish)
        candidates = tables or views
        if len(candidates) == 1:
            return f"SELECT * FROM {self.quoted(candidates[0])}"
        if not candidates:
            raise StudioError(
                "data.no-tables", "The database {path} holds no tables.", "Choose another database.",
                where="data.path", path=_name(self.found),
            )  # fmt: skip
        raise StudioError(
            "data.which-table", "The database {path} has {count} tables: {tables}.",
            "Write the name of one of them as the query (data.query), or a SELECT.", where="data.query",
            path=_name(self.found), count=len(candidates), tables=", ".join([*tables, *views][:50]),
            names=[*tables, *views][:50],
        )  # fmt: skip


def _bare(query: str) -> str:
    """The query without comments and without what stands in quotes."""
    bare = _QUOTED.sub(lambda match: " " if match[0].startswith(("--", "/*")) else "''", query)
    return bare.strip().rstrip("; \t\r\n")


def _single_select(query: str) -> str:
    """The query without its last semicolon.

    Raises:
        StudioError: it is more than one statement, or none that only reads.
    """
    bare = _bare(query)
    if not _SELECT.match(bare):
        reason = "it does not begin with SELECT or WITH"
    elif ";" in bare:
        reason = "it is more than one statement"
    elif found := _CHANGES.search(bare):
        reason = f"it contains {found[0].upper()}"
    else:
        return query.strip().rstrip("; \t\r\n")
    raise StudioError(
        "data.not-a-select", "The query is not used, because {reason}: {query}",
        "Write one SELECT; TLStudio only reads.", where="data.query", reason=reason, query=query[:200],
    )  # fmt: skip


def _name(found: Scan) -> str:
    """The database as messages call it; a path would lose one slash of a URL."""
    return found.names[-1] if found.kind == "name" else found.name


def _check_names(found: Scan, names: list[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise StudioError(
                "data.duplicate-column", "{path} has {count} columns called '{name}'.",
                "Give every column of the query a name of its own (AS).",
                where="data.query", path=_name(found), name=name, count=count,
            )  # fmt: skip


def _texts(found: Scan, names: list[str], rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    refusals = [partial(_binary, found, name) for name in names]
    for row in rows:
        yield [text_of(value, refuse) for value, refuse in zip(row, refusals, strict=True)]


def _binary(found: Scan, name: str) -> StudioError:
    return StudioError(
        "data.binary-column", "Column '{name}' of {path} holds bytes that are no picture and no recording.",
        "Leave the column out of the query, or convert it there.", where="data.query", path=_name(found), name=name,
    )  # fmt: skip


def _failed(found: Scan, reason: str) -> StudioError:
    return StudioError(
        "data.database-error", "The database {path} answers: {reason}",
        "Correct the query, or check the database.", where="data.query", path=_name(found),
        reason=" ".join(reason.split())[:300],
    )  # fmt: skip


@contextlib.contextmanager
def _database(found: Scan) -> Iterator[_Database]:
    with _sqlite(found) if found.kind != "name" else _server(found) as database:
        yield database


# --- SQLite


class _Sqlite(_Database):
    def __init__(self, found: Scan, connection: sqlite3.Connection) -> None:
        super().__init__(found)
        self._connection = connection

    def tables(self) -> tuple[list[str], list[str]]:
        rows = self._connection.execute("SELECT name, type FROM sqlite_master ORDER BY rowid").fetchall()
        names = [(str(name), kind) for name, kind in rows if not str(name).startswith("sqlite_")]
        return [name for name, kind in names if kind == "table"], [name for name, kind in names if kind == "view"]

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def run(self, statement: str) -> tuple[list[str], Iterable[Sequence[Any]]]:
        cursor = self._connection.execute(statement)
        return [sound(item[0]) for item in cursor.description], cursor


@contextlib.contextmanager
def _sqlite(found: Scan) -> Iterator[_Sqlite]:
    path = found.path.absolute()
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise StudioError(
                "data.database-in-use", "{path} is in use: some changes are still in {beside}.",
                "Close the program that writes to it, then try again.",
                where="data.path", path=str(path), beside=beside.name,
            )  # fmt: skip
    try:
        with explain_os_errors(path), contextlib.closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        ) as connection:  # fmt: skip
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            for setting in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
                connection.execute(f"PRAGMA {setting}")
            yield _Sqlite(found, connection)
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, OverflowError) as error:
        raise _failed(found, str(error)) from error


# --- servers


class _Server(_Database):
    def __init__(self, found: Scan, connection: Connection) -> None:
        super().__init__(found)
        self._connection = connection

    def tables(self) -> tuple[list[str], list[str]]:
        from sqlalchemy import inspect

        inspector = inspect(self._connection)
        return inspector.get_table_names(), inspector.get_view_names()

    def quoted(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote_identifier(name)

    def run(self, statement: str) -> tuple[list[str], Iterable[Sequence[Any]]]:
        # no_parameters: a % or a : of the query is meant as it stands
        result = self._connection.execution_options(
            stream_results=True, yield_per=_ROWS, no_parameters=True
        ).exec_driver_sql(statement)  # fmt: skip
        return [sound(str(name)) for name in result.keys()], result  # noqa: SIM118 - no mapping


@contextlib.contextmanager
def _server(found: Scan) -> Iterator[_Server]:
    """A connection in a transaction that ends with a rollback.

    Raises:
        StudioError: the driver is missing, or the database says no. The password is never in it.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    url = filled(parsed(found.names[0]))
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        with reached(url), engine.connect() as connection:
            if url.get_backend_name() == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            try:
                yield _Server(found, connection)
            finally:
                connection.rollback()
    except NoSuchModuleError as error:
        raise no_driver(url, url.get_backend_name()) from error
    except ImportError as error:
        raise no_driver(url, error.name or url.get_driver_name()) from error
    except (SQLAlchemyError, OSError, UnicodeError, ValueError, OverflowError) as error:
        # not "from error": the log would show what the driver says, and that may hold the password
        raise _failed(found, scrubbed(str(getattr(error, "orig", None) or error), url)) from None
