"""The head of an earlier training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import tiny
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.models.heads import load
from tlstudio.strategies import inherited

TASKS = find("tlstudio.tasks")


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inherited")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


@pytest.fixture(scope="module")
def earlier(tiny_model, encoded, tmp_path_factory):
    """A classifier of tickets, in the folder of a run."""
    folder = tmp_path_factory.mktemp("run") / "model"
    model = tiny.task().build(tiny_model, encoded)
    tiny.task().save(model, encoded, tiny_model, folder)
    return folder


def built(folder, encoded, fate):
    model = tiny.task().build(folder, encoded)
    inherited.apply(model, fate, encoded)
    return model


def same(model, other, part):
    left, right = dict(model.named_parameters()), dict(other.named_parameters())
    return all(bool((left[name] == right[name]).all()) for name in left if name.startswith(part))


def test_the_same_task_and_labels_keep_the_head(earlier, encoded):
    fate = inherited.decide("auto", earlier, tiny.task(), encoded)
    assert fate == "keep"
    assert same(built(earlier, encoded, fate), load(earlier), "")


def test_other_labels_get_a_fresh_layer_of_answers(earlier, encoded):
    others = replace(encoded, labels=["x", "y", "z"])
    fate = inherited.decide("auto", earlier, tiny.task(), others)
    assert fate == "classes"
    model = built(earlier, others, fate)
    assert not same(model, load(earlier), "classifier.weight")
    assert same(model, load(earlier), "bert")
    assert model.config.id2label == {0: "x", 1: "y", 2: "z"}


def test_another_task_gets_a_fresh_head_even_if_it_would_fit(earlier, encoded):
    assert inherited.decide("auto", earlier, TASKS["multi-label-classification"], encoded) == "replace"
    assert inherited.decide("auto", earlier, TASKS["masked-lm"], encoded) == "keep", "its head came with the backbone"


def test_a_model_of_others_is_left_to_transformers(tiny_model, encoded):
    assert inherited.decide("auto", tiny_model, tiny.task(), encoded) == ""
    assert inherited.decide("replace", tiny_model, tiny.task(), encoded) == "replace"


def test_the_user_decides(earlier, encoded):
    replaced = built(earlier, encoded, inherited.decide("replace", earlier, tiny.task(), encoded))
    assert not same(replaced, load(earlier), "classifier.weight")
    assert same(replaced, load(earlier), "bert")
    renamed = replace(encoded, labels=["x", "y", "z"])
    assert inherited.decide("keep", earlier, tiny.task(), renamed) == "keep"


@pytest.mark.parametrize(
    ("task", "labels"), [("multi-label-classification", list("abc")), ("text-classification", list("ab"))]
)
def test_a_head_that_cannot_be_kept(earlier, encoded, task, labels):
    with pytest.raises(StudioError) as caught:
        inherited.decide("keep", earlier, TASKS[task], replace(encoded, labels=labels))
    assert (caught.value.code, caught.value.where) == ("model.other-head", "model.head")


def test_the_scores_of_tokens_belong_to_the_backbone(tiny_model, encoded):
    model = TASKS["masked-lm"].build(tiny_model, encoded)
    names = inherited.head_parameters(model)
    assert names
    assert not [name for name in names if "decoder" in name]


def test_a_head_of_numbers_answers_in_standard_deviations_again(tiny_model, encoded):
    import torch

    numbers = TASKS["regression"]
    known = replace(encoded, labels=[], facts={"mean": 50.0, "scale": 8.0})
    model = numbers.build(tiny_model, known)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    inherited.apply(numbers.finish(model, known), "keep", known)
    assert all(torch.allclose(value, before[name], atol=1e-5) for name, value in model.named_parameters())
