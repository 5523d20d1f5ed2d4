"""Several tasks in the results of a run."""

from __future__ import annotations

import json

import pytest

from tests.gui import several_runs
from tlstudio.cli import show
from tlstudio.evaluation import several
from tlstudio.evaluation.report import render


def test_a_task_beside_the_run_that_learnt_it_alone():
    intents, sentiment, places = several.task_lines(several_runs.together())
    assert (intents.metric, intents.rows, intents.verdict) == ("accuracy", 640, "better")
    assert intents.difference == pytest.approx(0.05)
    assert sentiment.verdict == "even"
    assert (places.alone, places.difference, places.verdict) == ({}, None, "")
    assert several.task_lines({}) == []


def test_where_less_is_better_a_higher_value_is_worse():
    low, high = ({"value": value, "low": value, "high": value} for value in (1.0, 2.0))
    line = several.TaskLine("a", "A", "tasks/a", 3, "rmse", high, "", {}, low)
    assert line.verdict == "worse"


def test_the_retention_matrix():
    found = several.retention(several_runs.continual())
    assert found.tasks == ("earn + acq", "crude + trade", "money-fx + interest", "ship + grain")
    assert found.titles[1] == "2. crude + trade"
    first, second = found.rows[:2]
    assert [cell.value for cell in first] == [0.98, None, None, None]
    assert first[0].own and not second[0].own
    assert second[0].change == pytest.approx(-0.07)
    assert second[0].shade == pytest.approx(0.65)
    assert several.retention({}) is None
    assert several.retention({"retention": {"tasks": ["a"], "values": [[1.0, 2.0]]}}) is None


def test_runs_are_headed_without_their_time():
    values = {"tasks": ["20261122-090000-mini-lora", "20261122-091500-"], "metric": "f", "values": [[1.0, None]] * 2}
    assert several.retention({"retention": values}).titles == ("1. mini-lora", "2. 20261122-091500-")


def test_shades_of_what_is_no_share():
    values = {"tasks": ["a", "b"], "metric": "rmse", "values": [[1.0, None], [3.0, 2.0]]}
    rows = several.retention({"retention": values}).rows
    assert [rows[0][0].shade, rows[1][0].shade, rows[1][1].shade] == [1.0, 0.0, 0.5]


def test_the_report_and_the_command_line_show_both(tmp_path, capsys):
    results = several_runs.together() | several_runs.continual() | {"stages": []}
    results["tasks"][0]["name"] = "<b>intents</b>"
    for place in ("tasks/places", "elsewhere"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "report.html").write_text("")
    results["tasks"][1]["path"] = "tasks/../elsewhere"
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    page = render(tmp_path)
    assert page.count('/report.html"') == 1 and 'href="tasks/places/report.html"' in page
    assert 'id="tasks"' in page and 'id="retention"' in page
    assert "&lt;b&gt;intents" in page and "<b>intents" not in page
    assert "▲ better" in page and "+0.050" in page
    assert "Backward transfer <b>-0.083</b>" in page and "not learnt yet" in page
    show.results(results, tmp_path)
    said = capsys.readouterr().out
    assert "Further tasks" in said and "+0.050" in said
    assert "after 2. crude" in said and "Backward transfer -0.083, forward transfer +0.062" in said


def test_an_ordinary_run_shows_neither(tmp_path, capsys):
    results = several_runs.together() | {"tasks": [], "stages": []}
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert 'id="tasks"' not in render(tmp_path)
    show.results(results, tmp_path)
    assert "Further tasks" not in capsys.readouterr().out
