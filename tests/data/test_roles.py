"""Which column is what: names first, then values; the user's word above all."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.data import roles
from tlstudio.data.roles import assign


def table(**columns):
    return pa.table(columns)


LONG = [f"a rather long sentence number {index}" for index in range(20)]
CLASS = ["x", "y"] * 10
NUMBERS = [str(index) for index in range(20)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": NUMBERS, "label": CLASS}, ("text", "label")),
        ({"Intent": CLASS, "Message": LONG}, ("Message", "Intent")),
        ({"id": NUMBERS, "a": LONG, "b": CLASS}, ("a", "b")),
        ({"标签": CLASS, "文本": LONG}, ("文本", "标签")),
        ({"constant": ["k"] * 20, "b": CLASS, "a": LONG}, ("a", "b")),
        ({"a": LONG, "b": ["only"] * 20}, ("a", "b")),
    ],
)
def test_guesses(columns, expected):
    found = assign(table(**columns), {})
    assert (found.columns["text"], found.columns["label"]) == expected
    assert set(found.reasons) == {"text", "label"}


def test_reasons():
    found = assign(table(label=CLASS, a=LONG, n=NUMBERS), {})
    assert found.reasons == {"label": roles.NAMED, "text": roles.LONGEST}
    found = assign(table(a=LONG, b=CLASS, c=CLASS), {"label": "c"})
    assert found.columns == {"label": "c", "text": "a"}
    assert found.reasons["label"] == roles.CHOSEN


@pytest.mark.parametrize(
    ("chosen", "code", "where"),
    [
        ({"text": "gone"}, "data.no-column", "data.roles.text"),
        ({"label": "gone"}, "data.no-column", "data.roles.label"),
        ({"colour": "a"}, "data.unknown-role", "data.roles.colour"),
        ({"text": "a", "label": "a"}, "data.same-column", "data.roles"),
    ],
)
def test_wrong_choices(chosen, code, where):
    with pytest.raises(StudioError) as caught:
        assign(table(a=LONG, b=CLASS), chosen)
    assert (caught.value.code, caught.value.where) == (code, where)
    if code == "data.no-column":
        assert "a, b" in caught.value.message


def test_one_column_is_too_few():
    with pytest.raises(StudioError) as caught:
        assign(table(text=LONG), {})
    assert caught.value.code == "data.no-column-left"
