"""Rows for the tests of strategies."""

from __future__ import annotations

import pytest

from tests import tiny


@pytest.fixture(scope="module")
def encoded_tickets(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("strategy")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(70)))
