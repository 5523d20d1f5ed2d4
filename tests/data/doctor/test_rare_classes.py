"""Classes with too few rows."""

from __future__ import annotations

from tests.data import patients


def test_single_and_rare_classes(tmp_path):
    rows = [*patients.healthy(60), ("alone", "single"), *[(f"few {index}", "scarce") for index in range(4)]]
    data = patients.section(tmp_path, rows)
    found = patients.look(data, "rare-classes")
    assert (found["single-classes"]["severity"], found["single-classes"]["params"]["labels"]) == ("error", "single (1)")
    assert (found["rare-classes"]["severity"], found["rare-classes"]["params"]["labels"]) == ("warning", "scarce (4)")
    assert [sample["label"] for sample in found["single-classes"]["samples"]] == ["single"]
    both = patients.mended(data, found["rare-classes"]["fixes"][0])
    assert patients.look(both, "rare-classes") == {}


def test_with_test_rows_of_their_own_one_training_row_will_do(tmp_path):
    rows, test = [*patients.healthy(60), ("alone", "single")], [*patients.healthy(12, seed=2), ("alien", "other")]
    found = patients.look(patients.section(tmp_path, rows, test=test), "rare-classes")
    assert found["single-classes"]["params"]["labels"] == "other (0)"
    assert found["rare-classes"]["params"]["labels"] == "single (1)"
