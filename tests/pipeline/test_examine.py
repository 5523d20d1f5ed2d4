"""The data doctor with the tokenizer and the features of the chosen backbone."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.conftest import ticket_rows
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Recipe
from tlstudio.pipeline.examine import examine


def codes(found):
    return {item["code"] for item in found["findings"]}


def test_texts_are_counted_in_tokens_of_the_backbone(tiny_model, tmp_path):
    rows = [*ticket_rows(), ("parcel late " * 200, ticket_rows()[0][1])]
    path = tiny.write_csv(tmp_path / "a.csv", rows)
    without = examine(Recipe().changed("data.path", str(path)), False, silent, Control())
    skipped = {check["name"]: check["skipped"] for check in without["checks"]}
    assert skipped["truncation"]
    found = examine(tiny.recipe(tiny_model, path), False, silent, Control())
    cut = next(item for item in found["findings"] if item["check"] == "truncation")
    assert cut["count"] == 1


def test_the_deep_checks_need_a_model_and_use_it(tiny_model, tickets):
    with pytest.raises(StudioError) as caught:
        examine(Recipe().changed("data.path", str(tickets)), True, silent, Control())
    assert caught.value.where.startswith("model")
    quick = examine(tiny.recipe(tiny_model, tickets), False, silent, Control())
    deep = examine(tiny.recipe(tiny_model, tickets), True, silent, Control())
    made = [{check["name"] for check in found["checks"] if not check["skipped"]} for found in (quick, deep)]
    assert "outliers" in made[1] - made[0]
    assert "wrong-labels" in made[1]


def test_a_run_reports_what_was_wrong(tiny_model, tmp_path):
    rows = [*ticket_rows(), *[(text, label) for text, label in ticket_rows()[:4]]]
    path = tiny.write_csv(tmp_path / "a.csv", rows)
    heard = tiny.Heard()
    finished = pipeline.run(tiny.recipe(tiny_model, path), tmp_path / "run", heard, Control())
    assert finished.outcome == "completed", finished.error
    results = read_json(tmp_path / "run" / "results.json")
    assert "duplicates" in {item["check"] for item in results["examination"]["findings"]}
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Data doctor" in page
