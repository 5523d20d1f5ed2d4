"""Which task data is made for, and what else could be made of labels that are numbers."""

from __future__ import annotations

import pytest

from tlstudio.tasks.suggest import in_order, suggest

STARS = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("roles", "expected"), [
    (("text", "label"), "text-classification"), (("text", "label", "group"), "text-classification"),
    (("text", "number"), "regression"), (("text", "text_b", "number"), "pair-regression"),
    (("image", "label"), "image-classification"), (("text",), "causal-lm"), ((), "text-classification"),
])  # fmt: skip
def test_the_task_that_uses_most_of_the_roles(roles, expected):
    assert suggest(dict.fromkeys(roles, "a")) == expected


@pytest.mark.parametrize(("roles", "labels", "expected"), [
    (("text", "label"), STARS, ["ordinal-classification", "regression"]),
    (("text", "label", "time"), ["-1", "0.5", "1"], ["ordinal-classification", "regression"]),
    (("text", "text_b", "label"), STARS, ["pair-regression"]),
    (("text", "label"), ["0", "1"], []), (("text", "label"), ["1", "2", "many"], []), (("text", "label"), [], []),
    (("image", "label"), STARS, []), (("text", "number"), STARS, []),
])  # fmt: skip
def test_labels_that_are_numbers_may_have_an_order(roles, labels, expected):
    assert in_order(dict.fromkeys(roles, "a"), labels) == expected
