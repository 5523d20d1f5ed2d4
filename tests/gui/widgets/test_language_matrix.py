"""The table of languages and metrics."""

from __future__ import annotations

import pytest

from tlstudio.gui.widgets.language_matrix import LanguageMatrix


def metric(value):
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def language(name, trained, value, **more):
    baseline = {"name": "majority", "title": "Largest class", "metrics": {"accuracy": metric(0.2)}}
    return {"name": name, "rows": 40, "trained": trained, "baseline": baseline,
            "metrics": {"accuracy": metric(value), "macro_f1": metric(value - 0.05)}, **more}  # fmt: skip


@pytest.fixture
def matrix(qtbot):
    widget = LanguageMatrix()
    qtbot.addWidget(widget)
    return widget


def test_rows_are_languages_and_columns_metrics(matrix):
    results = {"headline": "accuracy", "languages": [language("en", 1200, 0.8), language("zh", 0, 0.6)]}
    matrix.set_results(results)
    assert not matrix.isHidden()
    titles = [column.title for column in matrix.table.records.columns]
    assert titles[:3] == ["Language", "Training rows", "Test rows"]
    assert titles[3:] == ["Accuracy", "Largest class", "F1, mean of classes"]
    shown = matrix.table.shown()
    assert shown[-1][:3] == ["zh", "0, zero-shot", "40"]
    assert "60.0" in shown[-1][3]
    assert "20.0" in shown[-1][4]
    assert "Zero-shot" in matrix.note.text()


def test_earlier_runs_and_runs_without_languages(matrix):
    first, second = language("en", 10, 0.8), language("de", 10, 0.8)
    for entry in (first, second):
        del entry["baseline"]
    matrix.set_results({"headline": "accuracy", "languages": [first, second]})
    assert len(matrix.table.records.columns) == 5
    assert matrix.note.isHidden()
    matrix.set_results({})
    assert matrix.isHidden()
    assert matrix.table is None
