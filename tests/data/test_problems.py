"""Each problem of labelled rows has a place and a remedy."""

from __future__ import annotations

import pytest

from tlstudio.data import problems

ALL = [
    problems.empty_rows("a.csv", list(range(3, 23)), 87),
    problems.one_class(["a"], "label"),
    problems.one_class([], "label"),
    problems.too_many_classes(900, 1000, "id"),
    problems.rare_classes(["a", "b"]),
    problems.unseen_class("a", "test"),
    problems.empty_split("test"),
    problems.long_text("a.csv", 3, 5_000_000),
]


@pytest.mark.parametrize("problem", ALL, ids=lambda problem: problem.code)
def test_all_have_a_place_and_a_remedy(problem):
    assert problem.code.startswith("data.")
    assert problem.where
    assert problem.remedy
    assert "{" not in str(problem)


def test_long_lists_are_cut():
    problem = ALL[0]
    assert problem.params["count"] == 87
    assert len(problem.params["rows"]) == 20
    assert problem.params["row"] == 3
