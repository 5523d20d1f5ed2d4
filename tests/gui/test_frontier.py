"""Points of a study of trade-offs: reading, comparing, and the line of the best."""

from __future__ import annotations

from tests.gui import fake, fake_frontier
from tlstudio.gui import frontier

BUDGET = {"lost": 0.015, "size_mb": None, "latency_ms": None, "batch": 1}


def points():
    return [frontier.read(item) for item in fake_frontier.points(BUDGET)]


def test_a_point_is_read_with_what_it_has():
    point = points()[0]
    assert point.measures == {"score": 0.937, "size": 23.1e6, "latency-1": 10.9, "latency-16": 130.0, "memory": 190e6}
    assert point.within and point.pareto and round(point.slowest["1"], 2) == 12.21
    bare = frontier.read({"key": "a", "status": "failed", "latency": None, "score": None})
    assert bare.measures == {} and not bare.measured and not bare.pareto
    assert frontier.verdict(bare) == "failed" and frontier.reason(bare) == ""
    assert "cannot be kept" in frontier.reason(points()[-1])
    assert frontier.read({"key": "a", "score": {"value": 0.5, "low": 0.4, "high": 0.6}}).measures["score"] == 0.5


def test_the_line_joins_what_nothing_beats_in_both_measures():
    found = frontier.line(points(), "size", "score", "macro_f1")
    assert [x / 1e6 for x, _ in found] == [14.1, 15.9, 17.7, 19.5, 21.3, 23.1, 83.8]
    assert [y for _, y in found] == sorted(y for _, y in found)
    swapped = frontier.line(points(), "score", "size", "macro_f1")
    assert {(y, x) for x, y in swapped} == set(found)
    both = frontier.line(points(), "latency-1", "size", "macro_f1")
    assert both == [(2.6, 14.1e6)], "one form is the fastest and the smallest"


def test_a_lower_score_is_better_for_some_metrics():
    made = [
        frontier.read({"key": str(k), "score": s, "bytes": b}) for k, s, b in ((0, 9.0, 10), (1, 8.0, 20), (2, 9.5, 30))
    ]
    assert frontier.line(made, "size", "score", "perplexity") == [(10, 9.0), (20, 8.0)]


def test_values_beside_the_trained_model():
    assert frontier.smaller(91e6, 23e6) == "4.0 × smaller"
    assert frontier.smaller(10, 20) == "2.0 × larger"
    assert frontier.faster(24.1, 10.9) == "2.2 × faster"
    assert frontier.faster(10, 10.1) == "as before"
    assert frontier.faster(None, 3) == frontier.faster(3, 0) == ""
    assert frontier.compared("score", 0.93, 0.94, "accuracy") == "−1.0 points"
    assert frontier.compared("memory", None, 1.0, "accuracy") == ""


def test_steps_in_words():
    point = points()[6]
    assert frontier.name(point) == "Layer removal → Dynamic int8"
    first, second = frontier.steps(point)
    assert first.startswith("Layer removal (Layers to keep: 5, ") and second == "Dynamic int8"
    unknown = frontier.read({"key": "x", "steps": [{"name": "of-tomorrow", "a": True}]})
    assert frontier.steps(unknown) == ["of-tomorrow"] and frontier.name(unknown) == "of-tomorrow"


def test_the_trained_model_comes_from_the_results_until_it_is_measured():
    point = frontier.trained(fake.results("r"), "accuracy")
    assert point is not None and point.measures["score"] == 0.94 and point.measures["size"] == 91e6
    assert frontier.trained({}, "accuracy") is None


def test_the_table_says_in_a_word_how_a_point_stands():
    made = [frontier.read({"key": "a", "score": 1.0, "within_budget": within, "pareto": pareto, "status": status})
            for within, pareto, status in ((True, True, "measured"), (True, False, "measured"),
                                           (False, True, "measured"), (False, False, "measured"),
                                           (False, False, "failed"), (True, True, "skipped"))]  # fmt: skip
    assert [frontier.brief_verdict(point) for point in made] == [
        "within budget", "within budget", "not beaten", "beaten", "failed", "skipped"]  # fmt: skip
