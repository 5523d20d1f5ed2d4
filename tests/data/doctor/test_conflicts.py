"""The same content with different labels."""

from __future__ import annotations

from itertools import pairwise

from tests.data import patients


def test_rows_are_listed_together_with_their_labels(tmp_path):
    rows = patients.healthy(60)
    rows += [(rows[0][0], "class b"), rows[0], (rows[7][0], "class a")]
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "conflicts")["conflicts"]
    assert finding["count"] == 5
    assert finding["params"]["contents"] == 2
    texts = [sample["text"] for sample in finding["samples"]]
    assert sum(one != other for one, other in pairwise(texts)) == 1, "contents stand together"
    assert {sample["detail"] for sample in finding["samples"]} == {
        "class a 2 / class b 1",
        "class b 1 / class a 1",
    } or {sample["detail"] for sample in finding["samples"]} == {"class a 2 / class b 1", "class a 1 / class b 1"}
    assert [fix["step"]["keep"] for fix in finding["fixes"]] == ["majority", "none"]
    for fix in finding["fixes"]:
        assert patients.look(patients.mended(data, fix), "conflicts") == {}


def test_across_places(tmp_path):
    rows = patients.healthy(60)
    data = patients.section(tmp_path, rows, test=[*patients.healthy(12, seed=4), (rows[0][0], "class c")])
    finding = patients.look(data, "conflicts")["conflicts"]
    assert finding["count"] == 2
    for fix in finding["fixes"]:
        assert patients.look(patients.mended(data, fix), "conflicts") == {}
