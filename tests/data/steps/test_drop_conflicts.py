from __future__ import annotations

ROWS = [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("c", "x")]


def test_majority_or_none(done):
    assert done("drop-conflicts", ROWS)["train"] == [("a", "x"), ("a", "x"), ("c", "x")]
    assert done("drop-conflicts", ROWS, keep="none")["train"] == [("c", "x")]


def test_training_gives_way_to_the_test(done):
    test = [("c", "y"), ("d", "x"), ("d", "y"), ("d", "y")]
    kept = done("drop-conflicts", ROWS, test=test)
    assert kept["train"] == [("a", "x"), ("a", "x")]
    assert kept["test"] == [("c", "y"), ("d", "y"), ("d", "y")], "only where the test contradicts itself"
