"""Reptile: a start from which few rows and few steps suffice, and which is found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.pipeline.run import run
from tlstudio.strategies.base import TransferJob
from tlstudio.strategies.reptile import Learner, Options, meta_learn

QUICK = {"rounds": 4, "steps": 2, "classes": 2, "rows": 2}


@pytest.fixture
def encoded(tiny_model, tmp_path):
    return tiny.encode(tiny_model, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(40)))


def job(encoded):
    """Of a run that learns these rows."""
    import torch

    return TransferJob(tiny.task().build, encoded, list, tiny.task().HEAD, "tiny", torch.device("cpu"), tiny.silent,
                       Control())  # fmt: skip


def weights(prepared):
    return {name: one.detach().clone() for name, one in prepared.model.named_parameters()}


def equal(left, right):
    return {name for name in left if bool((left[name] == right[name]).all())}


def test_only_the_backbone_moves_and_the_start_is_found_again(tiny_model, encoded):
    plain = weights(tiny.transfer("full-fine-tuning", tiny_model, encoded))
    heard = tiny.Heard()
    first = weights(tiny.transfer("reptile", tiny_model, encoded, heard, **QUICK))
    assert "reptile.learnt" in heard.codes()
    same = equal(plain, first)
    assert {name for name in plain if name.startswith("classifier")} <= same
    assert any(name.startswith("bert.encoder") for name in plain.keys() - same)
    (kept,) = cache_folder("reptile").glob("*.safetensors")
    heard = tiny.Heard()
    again = weights(tiny.transfer("reptile", tiny_model, encoded, heard, **QUICK))
    assert heard.codes() == ["reptile.taken"]
    assert equal(first, again) == set(first)
    kept.write_bytes(b"cut short")
    anew = weights(tiny.transfer("reptile", tiny_model, encoded, **QUICK))
    assert equal(first, anew) == set(first), "the same choices lead to the same start"
    tiny.transfer("reptile", tiny_model, encoded, **{**QUICK, "rounds": 3})
    assert len(list(cache_folder("reptile").glob("*.safetensors"))) == 2


def test_what_is_drawn_later_does_not_depend_on_the_cache(tiny_model, encoded):
    import torch

    tiny.transfer("reptile", tiny_model, encoded, **QUICK)
    found = torch.rand(3)
    tiny.transfer("reptile", tiny_model, encoded, **QUICK)
    assert torch.equal(torch.rand(3), found)


def test_an_episode_has_few_rows_of_few_classes(tiny_model, encoded):
    model = tiny.task().build(tiny_model, encoded)
    learner = Learner(model, tiny.other("other", tiny_model, encoded), Options(classes=2, rows=3), job(encoded))
    labels = encoded.targets("train")
    for number in range(5):
        rows = learner._episode(number)
        counts = [sum(labels[row] == label for row in rows) for label in range(len(encoded.labels))]
        assert sorted(count for count in counts if count) == [3, 3]
        assert rows == learner._episode(number)


def test_each_round_starts_with_another_fresh_head(tiny_model, encoded):
    import torch

    model = tiny.task().build(tiny_model, encoded)
    learner = Learner(model, tiny.other("other", tiny_model, encoded), Options(), job(encoded))
    learner._fresh()
    first = learner.model.classifier.weight.detach().clone()
    learner._fresh()
    assert not torch.equal(first, learner.model.classifier.weight)
    assert not learner.model.classifier.bias.any()
    assert learner.model.base_model.encoder is model.base_model.encoder


def test_cancel_ends_it_and_keeps_nothing(tiny_model, encoded):
    control = Control()

    def emit(event):
        if event.kind == "progress":
            control.cancel()

    with pytest.raises(Cancelled):
        tiny.transfer("reptile", tiny_model, encoded, emit, control, **QUICK)
    assert not list(cache_folder("reptile").glob("*"))


def test_stop_goes_on_with_what_is_there_and_keeps_nothing(tiny_model, encoded):
    control = Control()
    control.stop()
    tiny.transfer("reptile", tiny_model, encoded, control=control, **QUICK)
    assert not list(cache_folder("reptile").glob("*"))


def test_a_task_that_needs_other_parts_is_refused(tiny_model, encoded):
    import transformers

    def build(**_overrides):
        config = transformers.DistilBertConfig(dim=16, hidden_dim=16, n_layers=1, n_heads=2, vocab_size=50)
        return transformers.DistilBertForSequenceClassification(config)

    model = tiny.task().build(tiny_model, encoded)
    other = replace(tiny.other("other", tiny_model, encoded), build=build)
    with pytest.raises(StudioError) as caught:
        Learner(model, other, Options(), job(encoded))
    assert caught.value.code == "strategy.cannot-share"


def test_without_earlier_tasks_it_says_what_is_missing(tiny_model, tickets, tmp_path):
    wish = tiny.recipe(tiny_model, tickets, strategy={"name": "reptile"})
    assert run(wish, tmp_path / "run", tiny.Heard(), Control()).error["code"] == "strategy.no-others"


def grouped(model, folder, name, first):
    """The tickets under a question of their own: are they of one class?"""
    rows = [(text, "yes" if label == first else "no") for text, label in tiny.ticket_rows(60)]
    return tiny.encode(model, tiny.write_csv(folder / f"{name}.csv", rows))


def few_shot_loss(model, encoded, steps=10):
    """Loss on the test rows after some steps on four rows of each class."""
    import torch

    task = tiny.task()
    collate, loss = task.collator(task.Config(), encoded), task.loss(task.Config(), encoded)
    labels = encoded.targets("train")
    rows = [row for label in set(labels) for row in [at for at, one in enumerate(labels) if one == label][:4]]
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    few = collate([encoded.splits["train"][row] for row in rows])
    truth = few.pop("labels")
    model.train()
    for _step in range(steps):
        model.zero_grad()
        loss(model(**few), truth).backward()
        optimizer.step()
    batch = collate([encoded.splits["test"][row] for row in range(len(encoded.splits["test"]))])
    truth = batch.pop("labels")
    model.eval()
    with torch.no_grad():
        return float(loss(model(**batch), truth))


def test_a_new_task_is_learnt_from_fewer_rows(tiny_model, tmp_path):
    import torch

    classes = sorted({label for _text, label in tiny.ticket_rows(60)})
    tasks = {name: grouped(tiny_model, tmp_path, name, name) for name in classes}
    *earlier, new = classes
    config = Options(rounds=40, steps=5, inner_rate=1e-3, head_rate=10)
    found = {}
    for start in ("plain", "learnt"):
        torch.manual_seed(3)
        made = tiny.task().build(tiny_model, tasks[new])
        if start == "learnt":
            others = [tiny.other(name, tiny_model, tasks[name]) for name in earlier]
            meta_learn(made, others, config, job(tasks[new]))
        torch.manual_seed(4)
        found[start] = few_shot_loss(made, tasks[new])
    assert found["learnt"] < found["plain"] - 0.03
