"""Splits: stratified, repeatable, stable, and without a text on two sides."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tlstudio.data.splits import stratified

SHARES = {"test": 0.2, "validation": 0.1}


def rows(count, classes=4):
    return [f"text {index}" for index in range(count)], [f"c{index % classes}" for index in range(count)]


def where(split):
    """Row → split name."""
    return {int(index): name for name, indices in split.items() for index in indices}


def test_every_row_once_and_shares_hold_in_each_class():
    texts, labels = rows(1000)
    split = stratified(texts, labels, SHARES, 7)
    assert sorted(np.concatenate(list(split.values())).tolist()) == list(range(1000))
    for name, share in (("test", 0.2), ("validation", 0.1), ("train", 0.7)):
        counts = Counter(labels[index] for index in split[name])
        assert set(counts.values()) == {round(250 * share)}


def test_rare_class_is_everywhere():
    texts, labels = rows(300, classes=2)
    texts, labels = [*texts, "r1", "r2", "r3"], [*labels, "rare", "rare", "rare"]
    split = stratified(texts, labels, SHARES, 7)
    assert all("rare" in {labels[index] for index in indices} for indices in split.values())


@pytest.mark.parametrize(("count", "expected"), [(1, {"train"}), (2, {"train", "test"})])
def test_train_comes_first_where_texts_are_few(count, expected):
    split = stratified([f"t{index}" for index in range(count)], ["x"] * count, SHARES, 7)
    assert {name for name, indices in split.items() if len(indices)} == expected


def test_repeatable_and_seeded():
    texts, labels = rows(400)
    one, again, other = (where(stratified(texts, labels, SHARES, seed)) for seed in (7, 7, 8))
    assert one == again
    assert sum(one[index] != other[index] for index in one) > 100


def test_independent_of_order():
    texts, labels = rows(400)
    order = np.random.default_rng(0).permutation(400)
    one = where(stratified(texts, labels, SHARES, 7))
    two = where(stratified([texts[i] for i in order], [labels[i] for i in order], SHARES, 7))
    assert {texts[row]: split for row, split in one.items()} == {texts[order[row]]: two[row] for row in two}


def test_stable_when_rows_are_added():
    texts, labels = rows(1100)
    before = where(stratified(texts[:1000], labels[:1000], SHARES, 7))
    after = where(stratified(texts, labels, SHARES, 7))
    moved = sum(before[index] != after[index] for index in before)
    assert moved <= 40  # only texts at a cut; a new draw would move nearly half of them


def test_equal_texts_stay_together():
    texts, labels = rows(200)
    texts, labels = texts * 3, labels * 3
    labels[250] = "c3"  # the same text with another label
    place = where(stratified(texts, labels, SHARES, 7))
    by_text = {}
    for index, name in place.items():
        by_text.setdefault(texts[index], set()).add(name)
    assert all(len(names) == 1 for names in by_text.values())


def test_no_shares_is_all_train_and_odd_texts_do_no_harm():
    texts = ["", "\ud800", "a\0b", "é", "e\u0301"]
    split = stratified(texts, ["x"] * 5, {}, 7)
    assert split["train"].tolist() == [0, 1, 2, 3, 4]
    split = stratified(texts, ["x"] * 5, {"validation": 0.0, "test": 0.5}, 7)
    assert len(split["test"]) == 2
    assert len(split["validation"]) == 0
