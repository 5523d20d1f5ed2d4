"""The small parts: reading rows, words, blank cells, what is kept, probabilities, pictures."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.detect import pictures
from tlstudio.data.detect.blank import blank_cells, is_short
from tlstudio.data.detect.kept import digest, remembered
from tlstudio.data.detect.probabilities import bag_of_words, cross_validated
from tlstudio.data.detect.reading import LONGEST, portions, taken
from tlstudio.data.detect.words import numbered, words
from tlstudio.data.tables import read_table


def test_rows_are_taken_in_any_order_from_any_chunk():
    column = pa.chunked_array([["a", "b"], [], ["c"], ["d", "e", "f"]])
    assert taken(column, np.array([5, 0, 2, 2, 3])) == ["f", "a", "c", "c", "d"]
    assert taken(column, np.array([], dtype=np.int64)) == []
    many = pa.chunked_array([[str(10 * chunk + row) for row in range(10)] for chunk in range(200)])
    ascending = np.arange(0, 2000, 1)
    assert taken(many, ascending) == [str(number) for number in ascending]
    assert taken(many, ascending[::-1].copy()) == [str(number) for number in ascending[::-1]]
    assert taken(pa.chunked_array([[["a", "b"], []]]), np.array([0, 1])) == ["a b", ""]
    assert len(taken(pa.chunked_array([["x" * 200_000]]), np.array([0]))[0]) == LONGEST


def test_portions_are_small_and_keep_the_order():
    texts = [str(number) for number in range(2500)] + ["x" * 600_000] * 3
    parts = list(portions([texts, [], ["end"]]))
    assert [text for part in parts for text in part] == [*texts, "end"]
    assert max(map(len, parts)) == 1000
    assert max(sum(map(len, part)) for part in parts) <= 2 * (1 << 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World-wide 3x!", ["hello", "world", "wide", "3x"]),
        ("我们 go", ["我", "们", "go"]),
        ("see https://t.co/abc now", ["see", "now"]),
        ("great 😀 # 50%", ["great", "😀", "#", "50", "%"]),
        ("...", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_numbers_of_words_are_the_same_in_every_process():
    code = "from tlstudio.data.detect.words import numbered; print(numbered([['a', 'ß'], [], ['a']])[0].tolist())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    flat, starts = numbered([["a", "ß"], [], ["a"]])
    assert json.loads(other) == flat.tolist()
    assert starts.tolist() == [0, 2, 2, 3]


def test_blank_and_short_cells(tmp_path):
    cells = ["text", "", " \t ", "\u200b\u00a0", "\u3000", ".", "0"]
    path = patients.write(tmp_path / "a.csv", [(cell, "x") for cell in cells])
    table = read_table(path, "auto", {}, silent, Control())
    assert blank_cells(table, ["text"], Control()).tolist() == [False, True, True, True, True, False, False]
    assert blank_cells(table, ["label", "text"], Control()).sum() == 4
    assert [is_short(text, 3) for text in ("ab", "a.b_c", "a b c", "狗", "!!!!", "x" * 50)] == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_what_is_kept_is_found_again_unless_damaged():
    key = digest("test", np.arange(3), {"a": 1})
    assert key != digest("test", np.arange(3), {"a": 2})
    assert key != digest("test", np.arange(3, dtype=np.int32), {"a": 1})
    assert remembered(key, lambda: np.arange(4)).tolist() == [0, 1, 2, 3]
    assert remembered(key, lambda: np.arange(9)).tolist() == [0, 1, 2, 3]
    (cache_folder("examinations") / f"{key}.npy").write_bytes(b"\x93NUMPY")
    assert remembered(key, lambda: np.arange(2)).tolist() == [0, 1]


@pytest.mark.parametrize("dense", [True, False])
def test_probabilities_are_out_of_sample(dense):
    rows = patients.healthy(300)
    texts, codes = [text for text, _ in rows], np.array(["abc".index(label[-1]) for _, label in rows])
    bag = patients.features(texts) if dense else bag_of_words(lambda: [texts[:200], texts[200:]], 300, 3)
    ids = np.arange(300, dtype=np.uint64)
    found = cross_validated(bag, codes, ids, 3, lambda: None)
    assert found.sum(1) == pytest.approx(np.ones(300), abs=1e-4)
    assert (found.argmax(1) == codes).mean() > 0.85
    chance = cross_validated(bag, np.random.default_rng(0).permutation(codes), ids, 3, lambda: None)
    assert (chance.argmax(1) == codes).mean() < 0.6
    with pytest.raises(Cancelled):
        cross_validated(bag, codes, ids, 3, _cancelled)


def _cancelled():
    raise Cancelled


def test_a_bag_of_words_has_rows_of_unit_length():
    bag = bag_of_words(lambda: [["red red car", "blue car", "blue sky sea", "", "red sky"]], 5, 2)
    norms = np.sqrt(bag.multiply(bag).sum(1))
    assert np.asarray(norms).ravel() == pytest.approx([1, 1, 1, 0, 1], abs=1e-6)
    assert bag_of_words(lambda: [["one", "two"]], 2, 2).shape == (2, 0)


def test_pictures_are_looked_at_once(tmp_path, monkeypatch):
    folder = patients.pictures(tmp_path / "pictures", 6)
    (folder / "class a" / "broken.png").write_bytes(b"\x89PNG nothing")
    table = read_table(folder, "auto", {}, silent, Control())
    seen = []
    facts = pictures.looked_at(table, "image", np.arange(4), Control(), seen.append)
    assert facts.known.tolist() == [True] * 4 + [False] * 3
    assert sum(seen) == 4
    monkeypatch.setattr(pictures, "_facts", None)
    again = pictures.looked_at(table, "image", np.arange(4), Control())
    assert all(
        (getattr(again, name) == getattr(facts, name)).all() for name in ("digests", "hashes", "thumbs", "sizes")
    )
    monkeypatch.undo()
    whole = pictures.looked_at(table, "image", np.arange(7), Control())
    assert whole.broken.sum() == 1
    assert (whole.sizes[~whole.broken] == 48).all()
    assert (pictures.alike_earlier(whole, 0.98, lambda: None) == -1).all()
    next(cache_folder("examinations").glob("pictures-*")).write_bytes(b"PK")
    assert pictures.looked_at(table, "image", np.arange(7), Control()).known.all()


def test_pictures_that_look_alike(tmp_path):
    image = patients.picture(1, 96)
    variants = [image, image.resize((64, 64)), image.convert("RGBA"), image.rotate(90), patients.picture(2, 96)]
    folder = tmp_path / "variants"
    folder.mkdir()
    rows = []
    for number, variant in enumerate(variants):
        variant.save(folder / f"{number}.png")
        rows.append((str(folder / f"{number}.png"), "x"))
    table = read_table(patients.write(tmp_path / "list.csv", rows, ("image", "label")), "auto", {}, silent, Control())
    facts = pictures.looked_at(table, "image", np.arange(5), Control())
    assert pictures.alike_earlier(facts, 0.97, lambda: None).tolist() == [-1, 0, 0, -1, -1]
    assert pictures.alike_in(facts.some(np.arange(3, 5)), facts, 0.97, lambda: None).tolist() == [3, 4]
    assert pictures.later_copies(facts, np.array([0, 1, 0, 0, 0]), 0.97, lambda: None).tolist() == [
        False, False, True, False, False,
    ]  # fmt: skip
