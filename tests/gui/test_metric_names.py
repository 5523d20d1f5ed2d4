"""Metrics in the window: their names come from one list, values look like what they are."""

from __future__ import annotations

import math

import pytest

from tlstudio.gui import metric_names
from tlstudio.metrics.names import METRICS


def test_every_metric_has_a_title_and_says_something(qapp) -> None:
    assert all(metric_names.title(name) and metric_names.explanation(name) for name in METRICS)
    assert metric_names.title("my_metric") == "My metric"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("accuracy", 0.941, "94.1 %"), ("bleu", 31.416, "31.42"), ("perplexity", 1234.56, "1,234.6"),
     ("rmse", 0.4712, "0.471"), ("r2", -0.2, "-0.200"), ("accuracy", None, "–")],
)  # fmt: skip
def test_values(qapp, name, value, shown) -> None:
    assert metric_names.value(name, value) == shown


def test_intervals_and_differences(qapp) -> None:
    assert metric_names.interval("bleu", {"value": 31.4, "low": 30.0, "high": 32.8}) == "31.40 (30.00–32.80)"
    assert metric_names.interval("r2", {"value": 0.0, "low": -0.1, "high": 0.1}) == "0.000 (-0.100 … 0.100)"
    assert metric_names.difference("accuracy", 0.014) == "+1.4 points"
    assert metric_names.difference("perplexity", -1.5) == "−1.500"
    assert metric_names.difference("perplexity", math.nan) == "–"


def test_better_knows_what_is_smaller(qapp) -> None:
    assert metric_names.better("perplexity", 5, 9) and not metric_names.better("accuracy", 0.5, 0.9)


def test_order_keeps_metrics_apart(qapp) -> None:
    runs = [("accuracy", 0.5), ("perplexity", 9.0), ("accuracy", 0.9), ("perplexity", 5.0), ("accuracy", None)]
    ordered = sorted(runs, key=lambda run: metric_names.order(*run) or -math.inf, reverse=True)
    assert ordered[:2] == [("accuracy", 0.9), ("accuracy", 0.5)]
    assert ordered[2:4] == [("perplexity", 5.0), ("perplexity", 9.0)]


def test_old_results_have_accuracy() -> None:
    assert metric_names.headline({}) == metric_names.headline(None) == "accuracy"
    assert metric_names.headline({"headline": "bleu"}) == "bleu"
