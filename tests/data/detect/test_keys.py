"""Equal contents, and contents with several labels."""

from __future__ import annotations

import numpy as np

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.detect.keys import contradicted, earlier, majority, row_keys
from tlstudio.data.frames import content_id
from tlstudio.data.roles import Roles
from tlstudio.data.tables import read_table

KEYS = np.array([7, 8, 7, 9, 8, 7], dtype=np.uint64)


def test_earlier_rows():
    assert earlier(KEYS).tolist() == [-1, -1, 0, -1, 1, 0]
    assert earlier(KEYS[:0]).tolist() == []


def test_contradictions_and_majorities():
    codes = np.array([0, 1, 0, 2, 2, 1], dtype=np.int32)
    assert contradicted(KEYS, codes).tolist() == [True, True, True, False, True, True]
    assert majority(KEYS, codes).tolist() == [0, -1, 0, 2, -1, 0]
    unlabelled = np.array([0, -1, -1, -1, 1, 0], dtype=np.int32)
    assert not contradicted(KEYS, unlabelled).any()
    assert majority(KEYS, unlabelled).tolist() == [0, 1, 0, -1, 1, 0]
    assert contradicted(KEYS[:0], codes[:0]).tolist() == []


def test_the_whole_content_counts(tmp_path):
    rows = [("a", "x", "1"), ("a", "y", "1"), ("a", "x", "2"), ("b", "x", "1")]
    table = read_table(
        patients.write(tmp_path / "a.csv", rows, ("text", "second", "label")), "auto", {}, silent, Control()
    )
    ids = np.array([content_id(row[0]) for row in rows], dtype=np.uint64)
    single = row_keys(table, Roles({"text": ("text",)}), ids, Control())
    assert (single == ids).all()
    pairs = row_keys(table, Roles({"text": ("text",), "text_b": ("second",)}), ids, Control())
    assert pairs[0] == pairs[2]
    assert len(set(pairs.tolist())) == 3
    some = row_keys(table, Roles({"text": ("text",), "text_b": ("second",)}), ids[[0, 3]], Control(), np.array([0, 3]))
    assert some.tolist() == pairs[[0, 3]].tolist()
