"""Databases are only read, by one SELECT; passwords stay secret."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from pathlib import Path

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.files import sha256
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.scan import Scan
from tlstudio.data.sources import sql
from tlstudio.data.sources.sql import PLUGIN, Options
from tlstudio.data.tables import read_table


def database(path: Path, *statements: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements or (
            "CREATE TABLE tickets (text TEXT, label TEXT, n)",
            "INSERT INTO tickets VALUES ('a', 'x', 1), ('ä🙂', 'y', 2.5), (NULL, 'x', 2.0)",
        ):
            connection.execute(statement)
        connection.commit()
    return path


def table(place, **options):
    return read_table(place, "auto", options, silent, Control())


def failure(place, **options) -> StudioError:
    with pytest.raises(StudioError) as caught:
        table(place, **options)
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def tickets(tmp_path) -> Path:
    return database(tmp_path / "tickets.dat")  # by content, not by ending


ROWS = [
    {"text": "a", "label": "x", "n": "1"},
    {"text": "ä🙂", "label": "y", "n": "2.5"},
    {"text": "", "label": "x", "n": "2"},
]


def test_the_only_table(tickets):
    read = table(tickets)
    assert (read.source, read.options) == ("sql", {"query": 'SELECT * FROM "tickets"'})
    assert read.open().to_pylist() == ROWS


def test_by_url(tickets):
    read = table(f"sqlite:///{tickets}")
    assert read.open().to_pylist() == ROWS
    assert read.key == table(tickets).key
    assert failure(f"sqlite:///{tickets}.gone").code == "files.missing"
    (tickets.parent / "a.csv").write_text("a,b\n1,2\n")
    assert failure(f"sqlite:///{tickets.parent / 'a.csv'}").code == "data.not-sqlite"


def test_query_and_name_of_a_table(tickets):
    query = "SELECT text || '; insert into' AS body, -- drop; it\n label FROM tickets WHERE label = 'x' AND n < 2;\n"
    assert table(tickets, query=query).open().to_pylist() == [{"body": "a; insert into", "label": "x"}]
    assert table(tickets, query="WITH t AS (SELECT label FROM tickets) SELECT DISTINCT label FROM t").rows == 2
    assert table(tickets, query="tickets").rows == 3


def test_several_tables(tmp_path):
    path = database(tmp_path / "a.db", "CREATE TABLE one (a)", 'CREATE TABLE "two ""2""" (b)',
                    "CREATE VIEW v AS SELECT 7 AS x", 'INSERT INTO "two ""2""" VALUES (1)')  # fmt: skip
    error = failure(path)
    assert (error.code, error.where) == ("data.which-table", "data.query")
    assert 'one, two "2", v' in error.message
    assert table(path, query='two "2"').open().to_pylist() == [{"b": "1"}]
    assert table(path, query="v").open().to_pylist() == [{"x": "7"}]
    only_view = database(tmp_path / "b.db", "CREATE VIEW v AS SELECT 7 AS x")
    assert table(only_view).open().to_pylist() == [{"x": "7"}]
    assert failure(database(tmp_path / "c.db", "CREATE TABLE t (x)", "DROP TABLE t")).code == "data.no-tables"


REFUSED = ["DELETE FROM tickets", "DROP TABLE tickets", "SELECT 1; DELETE FROM tickets", "UPDATE tickets SET n = 1",
           "PRAGMA writable_schema = 1", "ATTACH 'other.db' AS o", "CREATE TABLE t (x)", "nothing",
           "WITH d AS (SELECT 1) DELETE FROM tickets", "SELECT * INTO copy FROM tickets",
           "/* select */ DROP TABLE tickets", "-- select\nVACUUM", "'select'", "SELECT 1;;SELECT 2",
           "INSERT INTO tickets SELECT * FROM tickets"]  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_nothing_but_one_select(tickets, query):
    before = sha256(tickets)
    assert failure(tickets, query=query).code == "data.not-a-select"
    assert sha256(tickets) == before
    assert list(tickets.parent.iterdir()) == [tickets]
    # and if a query got through, the database itself would refuse
    with pytest.raises(StudioError) as caught, sql._database(sql.scan(tickets)) as opened:
        opened.run("DELETE FROM tickets" if "DELETE" in query else "CREATE TABLE evil (x)")
    assert "readonly" in caught.value.message


@pytest.mark.parametrize("query", ["SELECT nothing FROM tickets", "SELECT FROM WHERE", "SELECT * FROM gone"])
def test_wrong_query(tickets, query):
    error = failure(tickets, query=query)
    assert (error.code, error.where) == ("data.database-error", "data.query")
    assert str(tickets) in error.message


def test_columns_of_the_same_name(tickets):
    assert failure(tickets, query="SELECT label, n AS label FROM tickets").code == "data.duplicate-column"


def test_pictures_and_other_bytes(tmp_path):
    path = database(tmp_path / "a.db", "CREATE TABLE t (image BLOB, label)",
                    "INSERT INTO t VALUES (x'89504E470D0A1A0A00', 'x'), (NULL, 'y'), (x'', 'z')")  # fmt: skip
    images = table(path).open().column("image").to_pylist()
    assert Path(images[0]).read_bytes() == b"\x89PNG\r\n\x1a\n\0"
    assert images[1:] == ["", ""]
    error = failure(database(tmp_path / "b.db", "CREATE TABLE t (b)", "INSERT INTO t VALUES (x'00ff')"))
    assert (error.code, error.params["name"]) == ("data.binary-column", "b")


def test_text_that_is_no_utf8_is_kept_visible(tmp_path):
    path = database(tmp_path / "a.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (CAST(x'61ff62' AS TEXT))")
    assert table(path).open().to_pylist() == [{"a": "a\ufffdb"}]


def test_a_database_in_use_is_not_read_half(tmp_path):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (a)")
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        error = failure(path)
        assert (error.code, error.params["beside"]) == ("data.database-in-use", "a.db-wal")
    assert table(path).open().to_pylist() == [{"a": "1"}]
    assert list(tmp_path.iterdir()) == [path], "reading leaves nothing beside the file"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_damaged(tmp_path, share):
    path = database(tmp_path / "a.db", "CREATE TABLE t (a)", "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
                    "SELECT x + 1 FROM c LIMIT 3000) SELECT 'some text ' || x FROM c")  # fmt: skip
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert failure(path).code == "data.database-error"
    path.write_bytes(whole[:100])
    assert failure(path).code == "data.database-error"


def test_cancel(tmp_path):
    path = database(tmp_path / "a.db", "CREATE TABLE t (a)", "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
                    "SELECT x + 1 FROM c LIMIT 20000) SELECT x FROM c")  # fmt: skip
    control, calls = Control(), []

    def check():
        calls.append(1)
        if len(calls) == 4:
            raise Cancelled

    control.check = check
    with pytest.raises(Cancelled):
        read_table(path, "auto", {}, silent, control)
    assert len(calls) == 4
    assert [item for item in cache_folder("datasets").rglob("*") if item.is_file()] == []


# --- servers: the same code with SQLite behind SQLAlchemy


@pytest.fixture
def server(tickets, monkeypatch) -> str:
    """A URL that is taken for a server's, though an SQLite file answers."""
    from sqlalchemy import make_url

    real = sql.parsed
    monkeypatch.setattr(sql, "parsed", lambda name: real(name.replace("server://", "sqlite:///")))
    original = PLUGIN.locate

    def locate(name, config, emit, control):
        assert name.startswith("server://")
        return Scan(
            Path(name), original("postgresql://h/d", config, emit, control).sha256, 0, kind="name", names=(name, "S")
        )

    monkeypatch.setattr(PLUGIN, "locate", locate, raising=False)
    assert make_url(f"sqlite:///{tickets}").database == str(tickets)
    return f"server://{tickets}"


def test_server(server, tickets):
    before = sha256(tickets)
    first = table(server)
    assert first.options == {"query": 'SELECT * FROM "tickets"'}
    assert first.open().to_pylist() == ROWS
    assert table(server).key != first.key, "nobody can know whether it has changed"
    query = "SELECT ':x' AS a, '%s' AS b, '50 %' AS c FROM tickets WHERE text LIKE '%' AND label = 'x'"
    assert table(server, query=query).open().to_pylist() == [{"a": ":x", "b": "%s", "c": "50 %"}]
    assert failure(server, query="SELECT * FROM gone").code == "data.database-error"
    assert failure(server, query="DROP TABLE tickets").code == "data.not-a-select"
    assert sha256(tickets) == before


def test_what_a_server_does_is_rolled_back(server, tickets):
    found = Scan(Path(server), "", 0, kind="name", names=(server, "S"))
    with pytest.raises(StudioError), sql._database(found) as opened:
        opened.run("INSERT INTO tickets VALUES ('evil', 'x', 1)")
    with contextlib.closing(sqlite3.connect(tickets)) as connection:
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (3,)


SECRET = "s3cr3t/@ x"


@pytest.mark.parametrize(
    ("url", "code", "package"),
    [
        ("postgresql://me:{}@localhost/db", "data.no-driver", "psycopg[binary]"),
        ("mysql+pymysql://me:{}@localhost/db", "data.no-driver", "PyMySQL"),
        ("mysql://me:{}@localhost/db", "data.no-driver", "mysqlclient"),
        ("duckdb://me:{}@localhost/db", "data.no-driver", "duckdb-engine"),
        ("mssql+pyodbc://me:{}@localhost/db", "data.no-driver", "pyodbc"),
        ("postgresql://me@localhost:port/db?password={}", "data.bad-url", ""),
        ("postgresql://me@localhost/db?password={}", "data.no-driver", "psycopg[binary]"),
    ],
)
def test_missing_drivers_and_passwords(url, code, package):
    from urllib.parse import quote

    error = failure(url.format(quote(SECRET, safe="")))
    assert error.code == code
    assert package in error.remedy
    assert "s3cr3t" not in repr(error.to_dict())


def test_password_in_what_the_driver_says(monkeypatch):
    import sqlalchemy

    def refuse(url, **_options):
        raise sqlalchemy.exc.OperationalError("connect", {}, ValueError(f"no entry for me with {SECRET} or abc"))

    monkeypatch.setattr(sqlalchemy, "create_engine", refuse)
    error = failure("postgresql://me:s3cr3t%2F%40 x@localhost/db?sslpassword=abc")
    assert error.params["reason"] == "no entry for me with *** or ***"
    assert error.params["path"] == "postgresql://me:***@localhost/db?sslpassword=%2A%2A%2A"
    assert error.__cause__ is None


def test_which_names_are_databases():
    known = ["sqlite:///a.db", "postgresql://h/d", "mysql+pymysql://h/d", "duckdb:///x", "sqlite:////tmp/a.db"]
    others = ["hub:org/name", "hub://x", "sample:digits", "https://x.org/a.csv", "C:/a.db", "file:///a"]
    for names, expected in ((known, True), (others, False)):
        for name in names:
            assert PLUGIN.recognises(Scan(Path(name), "", 0, kind="name")) is expected, name


def test_values_of_a_server():
    found = Scan(Path("x"), "", 0)
    values = [
        datetime.datetime(2024, 1, 2, 3, 4, 5),
        datetime.date(2024, 1, 2),
        ["a", "b"],
        {"k": 1},
        float("nan"),
        True,
    ]
    [row] = sql._texts(found, list("abcdef"), [values])
    assert row == ["2024-01-02T03:04:05", "2024-01-02", '["a", "b"]', '{"k": 1}', "", "true"]
    assert Options().query == "auto"


def test_a_relative_address_says_where_it_looks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudioError) as caught:
        read_table("sqlite:///tickets.db", "auto", {}, silent, Control())
    assert caught.value.code == "data.relative-database"
    assert {"path": str(tmp_path / "tickets.db"), "folder": str(tmp_path)}.items() <= caught.value.params.items()
    with contextlib.closing(sqlite3.connect(tmp_path / "tickets.db")) as connection:
        connection.execute("CREATE TABLE t (text TEXT)")
        connection.execute("INSERT INTO t VALUES ('a')")
        connection.commit()
    table = read_table("sqlite:///tickets.db", "auto", {}, silent, Control())
    assert table.place(0) == (str(tmp_path / "tickets.db"), 1), "messages name the file, wherever the program runs"
