from __future__ import annotations

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.recipe import DataSection

ROWS = [("a", "x"), ("b", "y"), ("a", "x"), ("a", "z"), ("c", "x"), ("", "x"), ("", "x")]


def test_the_first_of_equal_rows_is_kept(done):
    kept = done("drop-duplicates", ROWS)["train"]
    assert kept == [("a", "x"), ("b", "y"), ("a", "z"), ("c", "x"), ("", "x"), ("", "x")]
    assert done("drop-duplicates", ROWS, labels="any")["train"] == [
        ("a", "x"),
        ("b", "y"),
        ("c", "x"),
        ("", "x"),
        ("", "x"),
    ]
    assert done("drop-duplicates", ROWS, within=False)["train"] == ROWS


def test_training_gives_way_to_validation_and_test(done):
    test = [("a", "x"), ("t", "y"), ("t", "y")]
    kept = done("drop-duplicates", ROWS, validation=[("b", "y"), ("t", "y"), ("v", "x")], test=test)
    assert kept["test"] == test, "a test place stays as it is"
    assert kept["validation"] == [("b", "y"), ("v", "x")]
    assert kept["train"] == [("c", "x"), ("", "x"), ("", "x")]
    assert done("drop-duplicates", ROWS, test=test, tested=True)["test"] == [("a", "x"), ("t", "y")]
    kept = done("drop-duplicates", ROWS, test=test, across=False)
    assert kept["train"][:2] == [("a", "x"), ("b", "y")]


def test_images_by_their_bytes(tmp_path):
    folder = patients.pictures(tmp_path / "pictures", 6)
    (folder / "class a" / "copy.png").write_bytes((folder / "class a" / "0.png").read_bytes())
    data = DataSection.model_validate({"path": str(folder), "steps": [{"name": "drop-duplicates"}]})
    names = [path.rsplit("/", 1)[-1] for path, _ in left(data)["train"]]
    assert len(names) == 6
    assert len({"0.png", "copy.png"} & set(names)) == 1
