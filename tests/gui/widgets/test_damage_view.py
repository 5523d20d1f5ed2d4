"""What compression has done to the answers."""

from __future__ import annotations

import pytest

from tests.gui import fake, fake_frontier
from tlstudio.gui.widgets.damage_view import DamageView


@pytest.fixture
def view(keep):
    return keep(DamageView())


def test_flips_classes_calibration_and_the_worst_slice(view):
    assert view.set_results(fake.results("r") | {"damage": fake_frontier.damage()})
    assert view.sentence.text() == "5 right answers became wrong, and 1 wrong ones right."
    assert view.classes.shown()[0] == ["complaint", "20", "88.0 %", "80.0 %", "−8.0"], "the most damaged first"
    assert view.rows.shown()[0][1:] == ["billing", "billing", "login", "right before, wrong now"]
    assert view.rows.shown()[-1][-1] == "wrong before, right now"
    told = " ".join(view.facts.texts())
    assert "2.1 % before, 3.4 % after" in told
    assert "Short rows (40 rows): 95.0 % before, 90.0 % after" in told and "−10.0 points" in told
    assert not view.form.isVisible()


def test_one_of_several_forms_is_chosen(view):
    damage = fake_frontier.damage() | {"2-other": {"flips": {"right_to_wrong": {"count": 0, "rows": []}}}}
    view.set_results(fake.results("r") | {"damage": damage})
    assert view.form.isVisible() and view.form.currentData() == "2-other"
    assert view.sentence.text() == "Every test row has the same answer as before."
    assert not view.classes.isVisible() and not view.rows.isVisible()
    view.form.setCurrentIndex(0)
    assert view.form.currentText() == "Dynamic int8" and view.classes.isVisible()


HALF = {"flips": {"wrong_to_other": {"rows": [{"row": 1}]}}, "worst_slice": None}


@pytest.mark.parametrize("damage", [None, {}, {"a": {}}, {"a": HALF},
                                    {"a": {"classes": [{"label": "x"}], "calibration": {"before": None}}}])  # fmt: skip
def test_missing_parts_are_left_out(view, damage):
    assert view.set_results({"damage": damage}) == bool(damage)


def test_what_the_engine_finds_is_shown(view):
    """The same words on both sides: made by the engine, read by the window."""
    import numpy as np

    from tlstudio.evaluation import damage

    truth = ["a", "b"] * 20
    before = damage.Answers(predicted=list(truth), score=np.ones(40), ece={"value": 0.1})
    wrong = ["b", *truth[1:]]
    after = damage.Answers(predicted=wrong, score=np.array([0.0, *[1.0] * 39]), ece={"value": 0.2})  # fmt: skip
    tests = damage.Rows(numbers=np.arange(40), texts=["x"] * 40, truth=truth, classes=["a", "b"],
                        slices={"length": ["short"] * 20 + ["long"] * 20})  # fmt: skip
    assert view.set_results(fake.results("r") | {"damage": {"1-dynamic-int8": damage.damage(tests, before, after)}})
    assert view.sentence.text() == "1 right answers became wrong, and 0 wrong ones right."
    assert view.rows.shown()[0][1:] == ["a", "a", "b", "right before, wrong now"]
    assert "Short rows (20 rows): 100.0 % before, 95.0 % after" in " ".join(view.facts.texts())


def test_long_answers_that_look_alike_are_told_apart_by_their_kind(view):
    long = "x" * 199 + "…"
    rows = [{"row": 1, "label": long, "before": long, "after": long}]
    flips = {"right_to_wrong": {"count": 0, "rows": []}, "wrong_to_right": {"count": 1, "rows": rows},
             "wrong_to_other": {"count": 1, "rows": rows}}  # fmt: skip
    view.set_results({"damage": {"a": {"flips": flips}}})
    assert [line[-1] for line in view.rows.shown()] == ["wrong before, right now", "wrong in another way"]
    assert not view.rows.isColumnHidden(4)


def test_answers_that_are_right_in_part_have_no_kind_and_no_percent(view):
    worst = {"by": "length", "name": "long", "rows": 30, "before": -1.25, "after": -2.5,
             "difference": {"value": -1.25, "low": -1.5, "high": -1.0}}  # fmt: skip
    lost = [{"row": 2, "label": "10", "before": "11", "after": "14", "change": -0.3}]
    view.set_results({"damage": {"a": {"flips": None, "worse": 3, "better": 1, "lost": lost, "worst_slice": worst}}})
    assert view.rows.isColumnHidden(4)
    told = " ".join(view.facts.texts())
    assert "%" not in told.replace("95 %", "") and "points" not in told
    assert "mean score −1.25" in told.replace("-", "−") and "1 is best" in told
