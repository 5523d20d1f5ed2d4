from __future__ import annotations


def test_blank_unlabelled_and_short_rows(done):
    rows = [("good", "a"), ("  ", "a"), ("\u200b", "b"), ("text", " "), ("ok", "b"), ("??", "a"), ("狗", "a")]
    assert done("drop-empty", rows)["train"] == [("good", "a"), ("ok", "b"), ("??", "a"), ("狗", "a")]
    assert done("drop-empty", rows, letters=3)["train"] == [("good", "a"), ("狗", "a")]
