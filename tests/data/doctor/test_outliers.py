"""Rows that are far from every class."""

from __future__ import annotations

import numpy as np

from tests.data import patients
from tlstudio.data.doctor.outliers import robust


def test_strange_rows_are_found(tmp_path):
    strange = ["zzz qqq xxx yyy www vvv uuu ttt", "7 7 7 7 7 7 7 7"]
    data = patients.section(tmp_path, [*patients.healthy(240), *[(text, "class a") for text in strange]])
    finding = patients.look(data, "outliers", embed=patients.features, deep=True)["outliers"]
    assert {sample["text"] for sample in finding["samples"]} == set(strange)
    assert all(sample["detail"].startswith("z ") for sample in finding["samples"])
    tested = {sample["id"] for sample in finding["samples"] if sample["split"] == "test"}
    for fix in finding["fixes"]:
        assert not tested & set(fix["step"]["rows"])


def test_robust_scores_are_not_moved_by_what_they_find():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 1000.0])
    scores = robust(values)
    assert scores[2] == (3 - 3.5) / (1.4826 * 1.5)
    assert scores[-1] > 100
    assert robust(np.ones(5)).tolist() == [0] * 5
