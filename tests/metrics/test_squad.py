"""Answers by the official SQuAD rules: values by hand, and a transcription of evaluate-v2.0.py."""

from __future__ import annotations

import collections
import random
import re
import string

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.metrics import squad
from tlstudio.metrics.names import METRICS


def _official_normal(text):
    text = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    text = re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text)
    return " ".join(text.split())


def _official_f1(gold, guess):
    gold_words, guess_words = _official_normal(gold).split(), _official_normal(guess).split()
    same = sum((collections.Counter(gold_words) & collections.Counter(guess_words)).values())
    if len(gold_words) == 0 or len(guess_words) == 0:
        return int(gold_words == guess_words)
    if same == 0:
        return 0
    precision, recall = same / len(guess_words), same / len(gold_words)
    return (2 * precision * recall) / (precision + recall)


def _official(guess, golds):
    golds = [gold for gold in golds if _official_normal(gold)] or [""]
    exact = max(int(_official_normal(gold) == _official_normal(guess)) for gold in golds)
    return exact, max(_official_f1(gold, guess) for gold in golds)


@pytest.mark.parametrize(
    ("guess", "references", "exact", "f1"),
    [
        ("The Norman conquest", ["norman conquest!"], 1, 1),
        ("in the 10th century", ["10th and 11th centuries", "10th century"], 0, 0.8),  # in 10th century / 10th century
        ("France", ["Denmark, Iceland and Norway"], 0, 0),
        ("Denmark and Norway", ["Denmark, Iceland and Norway"], 0, 6 / 7),
        ("", [], 1, 1),
        ("", ["", "the"], 1, 1),
        ("something", [], 0, 0),
        ("", ["something"], 0, 0),
        ("a", ["An"], 1, 1),
        ("well-known", ["well known"], 0, 0),
        ("U.S.A.", ["usa"], 1, 1),
        ("no no yes", ["no yes yes"], 0, 2 / 3),
    ],
)
def test_by_hand(guess, references, exact, f1):
    assert squad.score(guess, references) == (exact, pytest.approx(f1))
    assert _official(guess, references) == (exact, pytest.approx(f1))


def test_equals_the_official_rules():
    generator = random.Random(4)
    words = ["the", "a", "An", "cat", "Cat's", "“dog”", "dog.", "3,000", "été", "--", "U.S.", "x\ty", "die", ""]
    for _ in range(3000):
        guess, *golds = [
            " ".join(generator.choices(words, k=generator.randint(0, 5))) for _ in range(generator.randint(1, 4))
        ]
        assert squad.score(guess, golds) == pytest.approx(_official(guess, golds)), (guess, golds)


@pytest.mark.parametrize(
    ("guess", "reference", "exact", "f1"),
    [
        ("北京市", "北京", 0, 0.8),  # two of three characters
        ("「東京」。", "東京", 1, 1),
        ("１９９８年", "１９９８年", 1, 1),
        ("iPhone 手机", "iphone手机", 1, 1),
        ("コーヒー・ミル", "コーヒーミル", 1, 1),
    ],
)
def test_characters_count_in_chinese_and_japanese(guess, reference, exact, f1):
    assert squad.score(guess, [reference]) == (exact, pytest.approx(f1))


def test_a_test_with_unanswerable_questions():
    predicted = ["red car", "", "blue", ""]
    found = squad.evaluate(predicted, [["red"], [], [], ["green"]], bootstrap=200)
    values = {name: entry["value"] for name, entry in found["metrics"].items()}
    assert values == {
        "exact_match": 0.25,
        "answer_f1": pytest.approx((2 / 3 + 1) / 4),
        "answered_f1": pytest.approx(1 / 3),
        "no_answer_accuracy": 0.5,
    }
    assert found["unanswerable"] == 2 and found["rows"] == 4 and set(values) <= set(METRICS)
    assert squad.quick(predicted, [["red"], [], [], ["green"]]) == pytest.approx(values)
    assert found["metrics"]["answered_f1"]["low"] == 0 and found["metrics"]["answered_f1"]["high"] == pytest.approx(
        2 / 3
    )


def test_a_test_where_all_have_answers_and_the_baseline():
    assert set(squad.evaluate(["a b"], [["b"]], bootstrap=5)["metrics"]) == {"exact_match", "answer_f1"}
    entry = squad.baseline([["x"], [], []], bootstrap=5)
    assert entry["metrics"]["exact_match"]["value"] == pytest.approx(2 / 3)
    assert entry["metrics"]["no_answer_accuracy"]["value"] == 1.0


def test_no_rows():
    with pytest.raises(StudioError, match="no rows"):
        squad.evaluate([], [])
