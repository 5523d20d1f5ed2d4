"""Errors: filled sentences, and the way through JSON and back."""

from __future__ import annotations

import json
from pathlib import Path

from tlstudio.core.errors import StudioError, fill


def test_message_and_remedy_are_filled():
    error = StudioError("data.x", "Row {row} of {path} is bad.", "Mend row {row}.", "data.path", row=3, path="a.csv")
    assert error.message == "Row 3 of a.csv is bad."
    assert error.remedy == "Mend row 3."
    assert str(error) == "Row 3 of a.csv is bad.\nMend row 3."


def test_round_trip_through_json():
    error = StudioError("a.b", "{path} and {rows}", "", "here", path=Path("/x/y"), rows=[1, 2])
    again = StudioError.from_dict(json.loads(json.dumps(error.to_dict())))
    assert again.to_dict() == error.to_dict()
    assert again.message == "/x/y and [1, 2]"
    assert again.where == "here"


def test_values_are_never_read_as_templates():
    error = StudioError("a.b", "{text} is bad", "", text="{row} {0} {")
    assert error.message == "{row} {0} { is bad"


def test_missing_value_leaves_the_blank():
    assert fill("{a} of {b}", {"a": 1}) == "{a} of {b}"
    assert fill("100 % {", {}) == "100 % {"
