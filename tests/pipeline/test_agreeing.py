"""Agreement with the trained model, where a form reads the rows in other pieces as well."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.recipe import from_dict
from tlstudio.models.heads import Head
from tlstudio.pipeline import compressing, testing
from tlstudio.pipeline.agreeing import Answered, agreement
from tlstudio.pipeline.checks import Configured
from tlstudio.pipeline.forms import TRAINED, Form
from tlstudio.tasks import base

TAGS = Head(per_token=True)
_PLAIN, _FINER = SimpleNamespace(), SimpleNamespace()  # two ways to read the rows


def _answered(encoded, answers, *predicted, **columns):
    return Answered(encoded, answers, {"predicted": list(predicted), **columns})


def _pieces(*counts):
    return [np.eye(count, 3, dtype=np.float32) for count in counts]


def test_words_in_smaller_pieces_are_compared_by_their_tags():
    reference = _answered(_PLAIN, _pieces(4, 2), "O B-PER O", "O")
    other = _answered(_FINER, _pieces(6, 2), "O B-PER B-LOC", "O")
    assert agreement(TAGS, other, reference) == pytest.approx((2 / 3 + 1) / 2)
    alike = _answered(_PLAIN, _pieces(4, 2), "O B-PER B-LOC", "O")
    assert agreement(TAGS, alike, reference) == 1.0, "the same reading: its scores count"


def test_more_windows_are_compared_by_the_answers_to_questions():
    reference = _answered(_PLAIN, _pieces(5, 5), "a dog", "two o'clock")
    other = _answered(_FINER, _pieces(5, 5, 5), "a dog", "two")
    assert agreement(Head(kind="places", outputs=("start_logits", "end_logits")), other, reference) == 0.5


def test_written_texts_are_compared_as_texts():
    ids, others = [np.array([5, 6]), np.array([7])], [np.array([2, 3]), np.array([9])]
    reference, other = _answered(_PLAIN, ids, "good day", "no"), _answered(_FINER, others, "good day", "yes")
    assert agreement(Head(kind="text"), other, reference) == 0.5


def test_texts_in_other_blocks_are_compared_by_how_likely_they_are():
    reference = _answered(_PLAIN, _pieces(1), score=[0.1, 0.2, 0.3])
    other = _answered(_FINER, _pieces(1, 1), score=[0.1, 0.201, 0.25])
    assert agreement(Head(kind="values", losses="next"), other, reference) == pytest.approx(2 / 3)


def test_one_answer_a_row_is_compared_as_it_is():
    scores, others = [np.array([1.0, 0.0]), np.array([0.0, 1.0])], [np.array([3.0, 0.0]), np.array([1.0, 0.0])]
    assert agreement(Head(), _answered(_FINER, others), _answered(_PLAIN, scores)) == 0.5


class _Rows(list):
    unit = "rows"


class _Reading:
    """The rows cut into so many pieces each."""

    def __init__(self, *counts):
        self.rows = _Rows({"input_ids": [1] * count} for count in counts)

    def examples(self, _split):
        return self.rows


class _Scorer:
    head, name, format = TAGS, "stub", "pytorch"

    def outputs(self, batch):
        return _pieces(*(len(row["input_ids"]) for row in batch))


class _Task:
    UNIT = "rows"

    def test(self, job):
        return base.Tested({"metrics": {}}, {"predicted": ["O" if len(answer) < 4 else "B" for answer in job.outputs]})


def _tester(encoded):
    """With its context."""
    context = SimpleNamespace(results={"test": {"metrics": {}}}, emit=tiny.Heard(), control=Control(),
                              recipe=from_dict({}))  # fmt: skip
    context.result = context.results.__setitem__
    task = SimpleNamespace(plugin=_Task(), config=None)
    return context, testing.Tester(context, SimpleNamespace(task=task), None, encoded)


def test_a_form_that_cuts_words_smaller_is_measured(tmp_path):
    """Such as one with a trimmed vocabulary, beside words that only test rows have."""
    whole, finer = _Reading(2, 3), _Reading(2, 5)
    context, tester = _tester(whole)
    forms = [Form(name, tmp_path, "transformers", read, _Scorer())
             for name, read in ((TRAINED, whole), ("1-vocabulary-trimming", finer))]  # fmt: skip
    tester.compare(forms, _Scorer().outputs(whole.rows))
    assert [stage["agreement"] for stage in context.results["stages"]] == [1.0, 0.5]


def test_networks_of_the_same_runtime_are_told_apart(tmp_path):
    step = SimpleNamespace(TITLE="Weights in bf16", GIVES="transformers", scorer=lambda _folder: _Scorer())
    rows = _Reading(2, 3)
    context, tester = _tester(rows)
    before = Form(TRAINED, tmp_path, "transformers", rows, _Scorer())
    after = compressing.found(None, Configured(step, None), before, tmp_path, "1-bf16")
    tester.compare([before, after], _Scorer().outputs(rows.rows))
    assert [(stage["title"], stage["runtime"]) for stage in context.results["stages"]] == [
        ("Trained model", "stub"), ("Weights in bf16", "stub"),
    ]  # fmt: skip
