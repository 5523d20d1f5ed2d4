"""Entities against seqeval's strict mode, invalid transitions included."""

from __future__ import annotations

import json
import random
import time
import warnings

import numpy as np
import pytest
from seqeval import metrics as reference
from seqeval import scheme as schemes

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import spans
from tlstudio.metrics.names import METRICS

_CLASSES = {"IOB2": "IOB2", "IOB1": "IOB1", "IO": "IOB1", "IOBES": "IOBES", "BILOU": "BILOU"}
_PREFIXES = {"IOB2": "BI", "IOB1": "BI", "IO": "I", "IOBES": "BIES", "BILOU": "BILU"}


def _random_tags(generator: random.Random, scheme: str, length: int) -> list[str]:
    kinds = ["O", *(f"{prefix}-{kind}" for prefix in _PREFIXES[scheme] for kind in ("PER", "LOC"))]
    return [generator.choice(kinds) for _ in range(length)]


def _noisy(generator: random.Random, tags: list[str], scheme: str) -> list[str]:
    others = _random_tags(generator, scheme, len(tags))
    return [other if generator.random() < 0.2 else tag for tag, other in zip(tags, others, strict=True)]


@pytest.mark.parametrize("scheme", _CLASSES)
def test_entities_equal_seqeval(scheme):
    generator = random.Random(scheme)
    for _ in range(1500):
        tags = _random_tags(generator, scheme, generator.randint(0, 9))
        expected = schemes.Tokens(tags, getattr(schemes, _CLASSES[scheme])).entities
        assert spans.entities(tags, scheme) == [(e.tag, e.start, e.end) for e in expected], tags


@pytest.mark.parametrize("scheme", _CLASSES)
def test_scores_equal_seqeval(scheme):
    generator = random.Random(scheme)
    truth = [_random_tags(generator, scheme, generator.randint(1, 12)) for _ in range(120)]
    guess = [_noisy(generator, tags, scheme) for tags in truth]
    found = spans.evaluate(truth, guess, scheme=scheme, bootstrap=50)
    options = {"mode": "strict", "scheme": getattr(schemes, _CLASSES[scheme]), "zero_division": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = reference.classification_report(truth, guess, output_dict=True, **options)
    assert found["metrics"]["entity_f1"]["value"] == pytest.approx(reference.f1_score(truth, guess, **options))
    assert found["metrics"]["entity_precision"]["value"] == pytest.approx(report["micro avg"]["precision"])
    assert found["metrics"]["entity_recall"]["value"] == pytest.approx(report["micro avg"]["recall"])
    assert found["metrics"]["token_accuracy"]["value"] == pytest.approx(reference.accuracy_score(truth, guess))
    assert [entry["label"] for entry in found["per_class"]] == ["LOC", "PER"]
    for entry in found["per_class"]:
        expected = report[entry["label"]]
        assert entry["support"] == expected["support"]
        assert entry["f1"]["value"] == pytest.approx(expected["f1-score"])
        assert entry["precision"]["value"] == pytest.approx(expected["precision"])
    assert set(found["metrics"]) <= set(METRICS)


def test_by_hand():
    truth = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    guess = [["B-PER", "I-PER", "O", "B-PER"], ["I-LOC", "B-LOC"]]
    found = spans.quick(truth, guess)
    assert found == {
        "token_accuracy": 4 / 6,
        "entity_precision": 2 / 3,
        "entity_recall": 2 / 3,
        "entity_f1": pytest.approx(2 / 3),
    }


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-PER", "I-PER", "O", "B-LOC"], "IOB2"),
        (["B-PER", "B-LOC", "O"], "IOB2"),
        (["I-PER", "I-PER", "B-PER", "O", "I-LOC"], "IOB1"),
        (["I-PER", "O"], "IO"),
        (["B-PER", "E-PER", "S-LOC", "O"], "IOBES"),
        (["B-PER", "M-PER", "E-PER", "O"], "IOBES"),
        (["S-PER", "O"], "IOBES"),
        (["B-PER", "I-PER", "L-PER", "U-LOC"], "BILOU"),
        (["B", "I", "O"], "IOB2"),
        (["NN", "VB", "-LRB-", "SYM"], "tags"),
        (["at", "fw-in", "i-x"], "tags"),
        (["I", "O"], "tags"),
        (["O", "O"], "tags"),
    ],
)
def test_schemes(tags, scheme):
    assert spans.scheme_of([tags, []]) == scheme
    assert spans.violations([tags], scheme) == []


def test_a_slip_changes_no_scheme():
    tags = [["B-PER", "I-PER", "O", "B-LOC"]] * 3 + [["O", "I-LOC"]]
    assert spans.scheme_of(tags) == "IOB2"
    assert spans.violations(tags, "IOB2") == [(3, 1)]
    assert spans.violations([["B-A", "I-A"], ["B-A", "O"]], "IOBES") == [(0, 1), (1, 1)]


def test_tags_that_fit_no_scheme():
    with pytest.raises(StudioError, match="PER"):
        spans.scheme_of([["B-PER", "I-PER", "PER", "O"]])
    with pytest.raises(StudioError, match="E, I"):
        spans.scheme_of([["I-PER", "E-PER", "O"]])
    with pytest.raises(StudioError, match="no rows"):
        spans.evaluate([[]], [[]])


def test_middle_marks_of_chinese_data():
    assert spans.entities(["B-LOC", "M-LOC", "E-LOC", "S-PER"], "IOBES") == [("LOC", 0, 3), ("PER", 3, 4)]


def test_plain_tags_are_scored_one_by_one():
    found = spans.evaluate([["NN", "VB"], ["NN"]], [["NN", "NN"], ["NN"]], bootstrap=50)
    assert found["scheme"] == "tags" and set(found["metrics"]) == {"token_accuracy"} and found["tokens"] == 3
    assert found["metrics"]["token_accuracy"]["value"] == pytest.approx(2 / 3)
    noun, verb = found["per_class"]
    assert noun["support"] == 2 and noun["precision"]["value"] == pytest.approx(2 / 3)
    assert verb["label"] == "VB" and verb["recall"]["value"] == 0.0


def test_intervals_resample_sentences():
    truth, guess = [["A", "B"]] * 30 + [["A", "A", "A", "A"]] * 30, [["A", "A"]] * 30 + [["A", "A", "A", "A"]] * 30
    found = spans.evaluate(truth, guess, scheme="tags", bootstrap=2000)["metrics"]["token_accuracy"]
    generator = np.random.default_rng(1)
    right, words = np.repeat([1, 4], 30), np.repeat([2, 4], 30)
    slow = [right[drawn].sum() / words[drawn].sum() for drawn in generator.integers(0, 60, (2000, 60))]
    assert [found["low"], found["high"]] == pytest.approx(np.percentile(slow, [2.5, 97.5]), abs=0.006)


def test_thousands_of_sentences_take_seconds_and_can_be_cancelled():
    generator = random.Random(3)
    truth = [_random_tags(generator, "IOB2", 20) for _ in range(3000)]
    begin = time.perf_counter()
    spans.evaluate(truth, truth, scheme="IOB2")
    assert time.perf_counter() - begin < 5

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        spans.evaluate(truth, truth, scheme="IOB2", check=check)


def test_most_frequent_tags():
    train = [["the", "run", "run", "run"], ["the", "dog"]], [["at", "nn", "vb", "vb"], ["at", "nn"]]
    assert spans.most_frequent_tags(*train, [["Run", "dog", "cat"], []]) == [["vb", "nn", "at"], []]


def test_most_frequent_tags_on_brown(assets):
    def read(split):
        lines = (assets / "data" / "tokens" / "brown_pos" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        return [row["tokens"] for row in rows], [row["tags"] for row in rows]

    train, test = read("train"), read("test")
    found = spans.evaluate(test[1], spans.most_frequent_tags(*train, test[0]), bootstrap=100)
    assert found["scheme"] == "tags" and found["rows"] == 941
    assert round(found["metrics"]["token_accuracy"]["value"], 3) == 0.862
