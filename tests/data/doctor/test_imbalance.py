"""Classes of very different size."""

from __future__ import annotations

from tests.data import patients


def test_the_ratio_of_training_rows(tmp_path):
    rows = [row for row in patients.healthy(330) if row[1] == "class a"]
    rows += [row for row in patients.healthy(24, seed=1) if row[1] == "class b"]
    data = patients.section(tmp_path, rows, split={"validation": 0})
    finding = patients.look(data, "imbalance")["imbalance"]
    assert finding["params"]["large"] == "class a"
    assert finding["params"]["ratio"] >= 13
    assert finding["params"]["share"] == round(
        100 * finding["params"]["most"] / (finding["params"]["most"] + finding["params"]["fewest"])
    )
    [fix] = finding["fixes"]
    assert fix["changes"] == {"balance": "classes"}
    assert patients.look(patients.mended(data, fix), "imbalance") == {}


def test_equal_classes(tmp_path):
    assert patients.look(patients.section(tmp_path, patients.healthy(60)), "imbalance") == {}
