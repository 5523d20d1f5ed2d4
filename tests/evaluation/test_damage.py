"""What compression changed, by hand on made-up answers."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.evaluation import damage
from tlstudio.evaluation.damage import Answers, Rows

TRUTH = ["a"] * 10 + ["b"] * 10
ECE = {"value": 0.1, "low": 0.05, "high": 0.2}


def answers(predicted, ece=None):
    return Answers(predicted, np.array([float(one == two) for one, two in zip(predicted, TRUTH, strict=True)]), ece)


def compared(before, after, **tests):
    rows = Rows(TRUTH, range(101, 121), [f"text {at}" for at in range(20)], ["a", "b", "c"], **tests)
    return damage.damage(rows, before, after, bootstrap=200)


def test_flips_classes_calibration_and_the_worst_part():
    before = answers(["a"] * 9 + ["b"] + ["b"] * 8 + ["a", "c"], ECE)  # wrong at 9, 18 and 19
    after = answers(["b", "b", "c"] + ["a"] * 6 + ["a"] + ["b"] * 8 + ["b", "a"], {**ECE, "value": 0.3})
    parts = {"class": TRUTH, "length": ["short", "long"] * 10, "language": ["en"] * 11 + [""] * 9}
    found = compared(before, after, slices=parts)
    flips = found["flips"]
    assert {kind: entry["count"] for kind, entry in flips.items()} == {
        "right_to_wrong": 3,
        "wrong_to_right": 2,
        "wrong_to_other": 1,
    }
    assert flips["right_to_wrong"]["rows"][2] == {
        "place": 2,
        "row": 103,
        "text": "text 2",
        "label": "a",
        "before": "a",
        "after": "c",
    }
    assert [row["place"] for row in flips["wrong_to_right"]["rows"]] == [9, 18]
    assert [row["place"] for row in flips["wrong_to_other"]["rows"]] == [19]
    assert (found["rows"], found["exact"], found["better"], found["worse"], found["lost"]) == (20, True, 2, 3, [])
    assert found["difference"]["value"] == pytest.approx(-1 / 20)
    assert found["difference"]["low"] <= -1 / 20 <= found["difference"]["high"]
    assert [(entry["label"], entry["rows"], entry["before"], entry["after"]) for entry in found["classes"]] == [
        ("a", 10, 0.9, 0.7),
        ("b", 10, 0.8, 0.9),
    ]
    assert found["calibration"] == {"before": ECE, "after": {**ECE, "value": 0.3}}
    # class a lost 2 of 10; short (even places) lost 0, 2 and won 18; en lost 3 and won 1 of 11
    assert found["slices"] == 5
    worst = found["worst_slice"]
    assert (worst["by"], worst["name"], worst["rows"]) == ("class", "a", 10)
    assert worst["difference"]["value"] == pytest.approx(-0.2)
    assert damage.told(found) == (
        "3 of 20 rows became wrong, 2 right, 1 wrong in another way; mean score -5.0 points (95 % interval "
        f"{100 * found['difference']['low']:+.1f} to {100 * found['difference']['high']:+.1f}); calibration error "
        f"10.0 %, now 30.0 %; worst of 5 parts: class a, -20.0 points ({100 * worst['difference']['low']:+.1f} to "
        f"{100 * worst['difference']['high']:+.1f}) on 10 rows."
    )


def test_the_same_answers_have_no_damage():
    one = answers([*TRUTH[:19], "c"])
    found = compared(one, one, slices={"class": TRUTH, "length": ["few"] * 3 + [""] * 17})
    assert [entry["count"] for entry in found["flips"].values()] == [0, 0, 0]
    assert (found["classes"], found["calibration"], found["worst_slice"], found["slices"]) == ([], None, None, 2)
    assert found["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_answers_that_are_more_or_less_right():
    rows = Rows(["x y"] * 4, [1, 2, 3, 4], slices={"length": ["short"] * 4})
    before = Answers(["x"] * 4, np.array([0.5, 0.5, 0.5, 1.0]))
    after = Answers(["y", "x", "z", ""], np.array([0.75, 0.5, 0.25, 0.0]))
    found = damage.damage(rows, before, after, bootstrap=50)
    assert (found["exact"], found["flips"], found["classes"]) == (False, None, [])
    assert (found["better"], found["worse"]) == (1, 2)
    assert [(entry["row"], entry["change"]) for entry in found["lost"]] == [(4, -1.0), (3, -0.25)]
    assert found["slices"] == 0  # too few rows
    assert damage.told(found).startswith("2 of 4 rows became worse, 1 better; mean score -25.0 points")
