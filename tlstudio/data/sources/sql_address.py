"""Addresses of database servers: read, shown without secrets, filled from the environment, reached."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tlstudio.core import ledger, network
from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    from sqlalchemy import URL

_PACKAGES = {
    "psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "pymysql": "PyMySQL",
    "mysql": "mysql-connector-python", "cx_Oracle": "oracledb", "duckdb": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy", "bigquery": "sqlalchemy-bigquery", "redshift": "sqlalchemy-redshift",
    "clickhouse": "clickhouse-sqlalchemy", "databricks": "databricks-sqlalchemy", "trino": "trino",
}  # fmt: skip
_SECRET = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)


@contextlib.contextmanager
def reached(url: URL) -> Iterator[None]:
    """Opens the network for a server of the user's, and notes what came of it."""
    host, began, result = f"{url.host}:{url.port}" if url.port else url.host or "", time.time(), "failed"
    if not url.host or network.is_own(url.host):
        yield
        return
    try:
        with network.allowed("database", shown(url)):
            yield
            result = "read"
    finally:
        seconds = round(time.time() - began, 3)
        ledger.note(ledger.Request("database", shown(url), host, url.get_backend_name(), result, None, seconds, began))


def parsed(name: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(name)
    except (ArgumentError, ValueError):
        raise StudioError(
            "data.bad-url", "The address of the database cannot be understood.",
            "Write it as dialect://user:password@host:port/database, such as postgresql://me@localhost/tickets.",
            where="data.path",
        ) from None  # fmt: skip


def filled(url: URL) -> URL:
    """The URL with a password such as ``$TICKETS_PASSWORD`` taken from the environment, so that no recipe holds it."""
    name = str(url.password or "")
    if not re.fullmatch(r"\$[A-Za-z_]\w*", name):
        return url
    if name[1:] not in os.environ:
        raise StudioError(
            "data.no-variable", "The environment has no variable {name}, which the address of the database names.",
            "Set it before the start, or write the password into the address.", where="data.path", name=name[1:],
        )  # fmt: skip
    return url.set(password=os.environ[name[1:]])


def shown(url: URL) -> str:
    """The URL without anything secret."""
    clean = {name: "***" if _SECRET.search(name) else value for name, value in url.query.items()}
    return url.set(query=clean).render_as_string(hide_password=True)


def scrubbed(text: str, url: URL) -> str:
    from urllib.parse import quote, quote_plus

    secrets = [str(url.password or ""), *(str(value) for name, value in url.query.items() if _SECRET.search(name))]
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, "***")
    return text


def no_driver(url: URL, module: str) -> StudioError:
    module = module.partition(".")[0]
    return StudioError(
        "data.no-driver", "The driver for {dialect} databases is not installed.",
        "Install it with: pip install {package}", where="data.path", dialect=url.get_backend_name(),
        package=_PACKAGES.get(module, module),
    )  # fmt: skip
