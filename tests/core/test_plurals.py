"""Sentences that count one thing."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError, fill
from tlstudio.core.plurals import one


@pytest.mark.parametrize(("template", "params", "expected"), [
    ("{count} rows have no label.", {"count": 1}, "1 row has no label."),
    ("{count} rows have no label.", {"count": 2}, "2 rows have no label."),
    ("{n} images are empty, {m} texts were cut.", {"n": 1, "m": 3}, "1 image is empty, 3 texts were cut."),
    ("{train} rows to train on, {test} to test with.", {"train": 1, "test": 1}, "1 row to train on, 1 to test with."),
    ("{n} different labels, {k} boxes, {c} classes", {"n": "1", "k": 1, "c": 1}, "1 different label, 1 box, 1 class"),
    ("{n} rows", {"n": "1,001"}, "1,001 rows"), ("{n} rows", {"n": 1.5}, "1.5 rows"),
    ("{n} rows", {"n": True}, "True rows"), ("{n} {of}", {"n": 1, "of": ["rows"]}, "1 ['rows']"),
    ("{rows} {unit}, {c} labels", {"rows": 1, "unit": "texts", "c": 2}, "1 text, 2 labels"),
    ("{rows} {unit}", {"rows": 1, "unit": "文本"}, "1 文本"), ("{n} rowser", {"n": 1}, "1 rowser"),
    ("还剩 {n} 行", {"n": 1}, "还剩 1 行"), ("{n} rows in {path}", {"n": 1, "path": "1 rows"}, "1 row in 1 rows"),
    ("{n} rows of {missing}", {"n": 1}, "{n} rows of {missing}"),
])  # fmt: skip
def test_the_words_agree_with_the_number(template, params, expected):
    assert fill(template, params) == expected


def test_an_error_keeps_its_template_for_the_translation():
    error = StudioError("a.b", "{count} rows are empty.", "Remove {count} rows.", count=1)
    assert (error.message, error.remedy) == ("1 row is empty.", "Remove 1 row.")
    assert error.to_dict()["message"] == "{count} rows are empty."


@pytest.mark.parametrize(("many", "single"), [("rows", "row"), ("classes", "class"), ("boxes", "box"),
                                              ("copies", "copy"), ("images", "image"), ("passages", "passage"),
                                              ("databases", "database"), ("messages", "message")])  # fmt: skip
def test_singulars(many, single):
    assert one(many) == single
