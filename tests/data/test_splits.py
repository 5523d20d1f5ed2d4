"""Splits: repeatable, stable, without a text on two sides; by class, group, time, value, column and fold."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import SplitSection
from tlstudio.data.frames import Frame, encode
from tlstudio.data.roles import Roles
from tlstudio.data.splits import Wanted, divide
from tlstudio.data.tables import Part, Table, write_batches

SHARES = {"test": 0.2, "validation": 0.1}


@pytest.fixture
def divided(tmp_path):
    """``divided(texts, labels, shares, columns..., **split)`` → split → rows."""
    number = iter(range(1000))

    def do(texts, labels, shares=None, fold=0, columns=None, **split):
        names = {"text": texts, "label": labels, **(columns or {})}
        arrow = tmp_path / f"{next(number)}.arrow"
        batch = pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in names.items()})
        kinds, rows = write_batches(arrow, [batch])
        table = Table(arrow, arrow.name, "csv", {}, kinds, (Part("a.csv", rows),))
        frame = Frame(table, Roles({"text": ("text",), "label": ("label",)}), np.ones(rows, bool),
                      encode(table, "label", []))  # fmt: skip
        section = SplitSection(**split)
        return divide(Wanted(frame, section, SHARES if shares is None else shares, Control(), fold))

    return do


def rows(count, classes=4):
    return [f"text {index}" for index in range(count)], [f"c{index % classes}" for index in range(count)]


def where(split):
    """Row → split name."""
    return {int(index): name for name, indices in split.items() for index in indices}


def test_every_row_once_and_shares_hold_in_each_class(divided):
    texts, labels = rows(1000)
    split = divided(texts, labels)
    assert sorted(np.concatenate(list(split.values())).tolist()) == list(range(1000))
    for name, share in (("test", 0.2), ("validation", 0.1), ("train", 0.7)):
        counts = Counter(labels[index] for index in split[name])
        assert set(counts.values()) == {round(250 * share)}
        assert split[name].tolist() == sorted(split[name].tolist())


def test_rare_class_is_everywhere(divided):
    texts, labels = rows(300, classes=2)
    texts, labels = [*texts, "r1", "r2", "r3"], [*labels, "rare", "rare", "rare"]
    split = divided(texts, labels)
    assert all("rare" in {labels[index] for index in indices} for indices in split.values())


@pytest.mark.parametrize(("count", "expected"), [(1, {"train"}), (2, {"train", "test"})])
def test_train_comes_first_where_texts_are_few(divided, count, expected):
    split = divided([f"t{index}" for index in range(count)], ["x"] * count)
    assert {name for name, indices in split.items() if len(indices)} == expected


def test_repeatable_and_seeded(divided):
    texts, labels = rows(400)
    one, again, other = (where(divided(texts, labels, seed=seed)) for seed in (7, 7, 8))
    assert one == again
    assert sum(one[index] != other[index] for index in one) > 100


def test_independent_of_order(divided):
    texts, labels = rows(400)
    order = np.random.default_rng(0).permutation(400)
    one = where(divided(texts, labels))
    two = where(divided([texts[i] for i in order], [labels[i] for i in order]))
    assert {texts[row]: split for row, split in one.items()} == {texts[order[row]]: two[row] for row in two}


@pytest.mark.parametrize("method", ["stratified", "grouped"])
def test_stable_when_rows_are_added(divided, method):
    texts, labels = rows(1100)
    groups = [f"g{index // 5}" for index in range(1100)]
    before = where(divided(texts[:1000], labels[:1000], columns={"g": groups[:1000]}, method=method, by="g"))
    after = where(divided(texts, labels, columns={"g": groups}, method=method, by="g"))
    moved = sum(before[index] != after[index] for index in before)
    assert moved <= 60  # only what stands at a cut; a new draw would move nearly half


@pytest.mark.parametrize("split", [{"method": "stratified"}, {"method": "k-fold", "folds": 3}])
def test_equal_texts_stay_together(divided, split):
    texts, labels = rows(200)
    texts, labels = texts * 3, labels * 3
    labels[250] = "c3"  # the same text with another label
    by_text = {}
    for index, name in where(divided(texts, labels, **split)).items():
        by_text.setdefault(texts[index], set()).add(name)
    assert all(len(names) == 1 for names in by_text.values())


def test_no_shares_is_all_train_and_odd_texts_do_no_harm(divided):
    texts = ["", "a\0b", "é", "e\u0301", "z"]
    assert divided(texts, ["x"] * 5, {})["train"].tolist() == [0, 1, 2, 3, 4]
    split = divided(texts, ["x"] * 5, {"validation": 0.0, "test": 0.5})
    assert len(split["test"]) == 2
    assert len(split["validation"]) == 0


def test_groups_are_never_divided(divided):
    texts, labels = rows(600)
    groups = [f"author {index % 37}" for index in range(600)]
    groups[5] = ""  # stands alone
    split = divided(texts, labels, columns={"author": groups}, method="grouped", by="author")
    sides = {name: {groups[index] for index in indices} - {""} for name, indices in split.items()}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["validation"]
    assert not sides["test"] & sides["validation"]
    assert 90 <= len(split["test"]) <= 150
    with pytest.raises(StudioError) as caught:
        divided(texts, labels, columns={"author": ["one"] * 600}, method="grouped", by="author")
    assert caught.value.code == "data.too-few-to-divide"


@pytest.mark.parametrize(
    "stamp", [lambda n: f"2026-01-{n // 24 + 1:02d} {n % 24:02d}:00", str, lambda n: f"{n / 10:.1f}"]
)
def test_the_latest_rows_are_the_test(divided, stamp):
    texts, labels = rows(200)
    order = np.random.default_rng(1).permutation(200)
    times = [stamp(int(n)) for n in order]
    split = divided(texts, labels, columns={"when": times}, method="time", by="when")
    at = {name: order[indices] for name, indices in split.items()}
    assert at["train"].max() < at["validation"].min() <= at["validation"].max() < at["test"].min()
    assert len(split["test"]) == 40


def test_a_row_without_time_is_named(divided):
    texts, labels = rows(10)
    times = [f"2026-01-{n + 1:02d}" for n in range(10)]
    times[3] = "soon"
    with pytest.raises(StudioError) as caught:
        divided(texts, labels, columns={"when": times}, method="time", by="when")
    assert caught.value.code == "data.bad-time"
    assert (caught.value.params["row"], caught.value.params["value"]) == (4, "soon")


def test_held_out_values(divided):
    texts, labels = rows(300)
    language = [("en", "de", "zh")[index % 3] for index in range(300)]
    split = divided(texts, labels, columns={"lang": language}, method="held-out", by="lang", test_values=["zh"])
    assert {language[index] for index in split["test"]} == {"zh"}
    assert len(split["test"]) == 100
    assert {language[index] for index in split["train"]} == {"en", "de"}
    assert 15 <= len(split["validation"]) <= 25
    both = divided(texts, labels, columns={"lang": language}, method="held-out", by="lang", test_values=["zh"],
                   validation_values=["de"])  # fmt: skip
    assert {language[index] for index in both["validation"]} == {"de"}


@pytest.mark.parametrize(
    ("split", "code"),
    [
        ({"method": "held-out", "by": "lang"}, "data.no-test-values"),
        ({"method": "held-out", "by": "lang", "test_values": ["xx"]}, "data.unknown-value"),
        ({"method": "held-out", "by": "gone", "test_values": ["xx"]}, "data.split-column"),
        ({"method": "column", "by": "lang"}, "data.unknown-split"),
        ({"method": "column"}, "data.split-column"),
        ({"method": "time", "by": "lang"}, "data.bad-time"),
    ],
)
def test_methods_say_what_they_lack(divided, split, code):
    texts, labels = rows(9)
    with pytest.raises(StudioError) as caught:
        divided(texts, labels, columns={"lang": ["en", "de", "zh"] * 3}, **split)
    assert caught.value.code == code


def test_the_column_says_the_split(divided):
    texts, labels = rows(6)
    says = ["train", "Test", "dev", "training", "val", "TEST"]
    split = divided(texts, labels, columns={"part": says}, method="column", by="part")
    assert {name: indices.tolist() for name, indices in split.items()} == {
        "train": [0, 3], "validation": [2, 4], "test": [1, 5],
    }  # fmt: skip


def test_each_row_is_tested_in_one_fold(divided):
    texts, labels = rows(103)
    shares = {"test": 0.2, "validation": 0.08}
    folds = [divided(texts, labels, shares, fold, method="k-fold", folds=5) for fold in range(5)]
    tested = np.concatenate([fold["test"] for fold in folds])
    assert sorted(tested.tolist()) == list(range(103))
    for fold in folds:
        assert set(Counter(labels[index] for index in fold["test"])) == {"c0", "c1", "c2", "c3"}
        assert sum(len(indices) for indices in fold.values()) == 103
        assert 6 <= len(fold["validation"]) <= 12


def test_a_blank_time_is_named_and_a_dropped_one_is_no_matter(divided):
    texts, labels = rows(20)
    times = [str(1_600_000_000 + n) for n in range(20)]
    times[5] = ""
    with pytest.raises(StudioError) as caught:
        divided(texts, labels, columns={"when": times}, method="time", by="when")
    assert (caught.value.params["row"], caught.value.params["value"]) == (6, "it is empty")
