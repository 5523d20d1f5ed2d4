from __future__ import annotations

import pytest

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.paths import cache_folder
from tlstudio.core.recipe import DataSection
from tlstudio.data.detect import near

HEALTHY = patients.healthy(30)


def edited(text):
    return f"{text} indeed".upper()


def test_within_a_label_and_across_places(done):
    rows = [*HEALTHY, (edited(HEALTHY[0][0]), "class a"), (edited(HEALTHY[1][0]), "class c")]
    assert done("drop-near-duplicates", rows)["train"] == [*HEALTHY, rows[-1]]
    assert done("drop-near-duplicates", rows, labels="any")["train"] == HEALTHY
    test = [(edited(HEALTHY[2][0]), "class c"), *patients.healthy(6, seed=2)]
    kept = done("drop-near-duplicates", rows, test=test)
    assert kept["test"] == test
    assert HEALTHY[2] not in kept["train"]
    assert HEALTHY[2] in done("drop-near-duplicates", rows, test=test, across=False)["train"]


def test_chains_keep_every_second_link(done):
    words = list(patients.vocabulary()[:60])
    chain = [(" ".join(words[step : step + 40]), "x") for step in range(0, 16, 4)]
    kept = done("drop-near-duplicates", chain, threshold=0.75)["train"]
    assert kept == [chain[0], chain[2]], "the third is like the second, which is gone, and not like the first"


@pytest.mark.parametrize("in_memory", [True, False])
def test_many_rows_are_compared_from_the_disk(in_memory, done, monkeypatch):
    from tlstudio.data.steps import drop_near_duplicates

    monkeypatch.setattr(drop_near_duplicates, "_IN_MEMORY", 1000 if in_memory else 0)
    rows = [*HEALTHY, *[(edited(text), label) for text, label in HEALTHY[::2]]]
    assert done("drop-near-duplicates", rows)["train"] == HEALTHY


def test_a_second_start_does_not_compare_again(done, monkeypatch):
    rows = [*HEALTHY, (edited(HEALTHY[0][0]), "class a")]
    first = done("drop-near-duplicates", rows)
    monkeypatch.setattr(near, "sketches", None)
    assert done("drop-near-duplicates", rows) == first
    for path in cache_folder("examinations").glob("*.npy"):
        path.write_bytes(b"damaged")
    with pytest.raises(TypeError):
        done("drop-near-duplicates", rows)


def test_images_that_look_alike(tmp_path):
    folder = patients.pictures(tmp_path / "pictures", 9)
    patients.picture(0).save(folder / "class a" / "packed.jpg", quality=90)
    data = DataSection.model_validate({"path": str(folder), "steps": [{"name": "drop-near-duplicates"}]})
    assert len(left(data)["train"]) == 9
