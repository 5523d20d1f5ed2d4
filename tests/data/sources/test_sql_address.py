"""Addresses of servers: filled from the environment, and never shown with a secret."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from tlstudio.core.errors import StudioError
from tlstudio.data.sources import sql_address

SECRET = "s3cr&t/ü"


def test_password_of_the_environment(monkeypatch):
    url = make_url("postgresql://me:$TICKETS_PASSWORD@localhost/db")
    with pytest.raises(StudioError) as caught:
        sql_address.filled(url)
    assert caught.value.params["name"] == "TICKETS_PASSWORD"
    monkeypatch.setenv("TICKETS_PASSWORD", SECRET)
    assert sql_address.filled(url).password == SECRET


def test_an_address_that_is_none_is_refused():
    with pytest.raises(StudioError) as caught:
        sql_address.parsed("tickets")
    assert caught.value.code == "data.bad-url"


def test_secrets_are_neither_shown_nor_told():
    url = make_url("postgresql://h/d?sslpassword=hidden&mode=x").set(username="me", password=SECRET)
    assert SECRET not in sql_address.shown(url) and "hidden" not in sql_address.shown(url)
    for told in (f"no access with {SECRET}", "no access with s3cr%26t%2F%C3%BC", "key hidden is wrong"):
        clean = sql_address.scrubbed(told, url)
        assert "***" in clean and not any(word in clean for word in (SECRET, "s3cr%26t", "hidden"))


def test_a_missing_driver_is_named_with_its_package():
    error = sql_address.no_driver(make_url("mysql://h/d"), "MySQLdb.cursors")
    assert error.params == {"dialect": "mysql", "package": "mysqlclient"}
