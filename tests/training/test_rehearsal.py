"""The rehearsal decides and leaves no trace."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.training import rehearsal


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


@pytest.fixture
def prepared(tiny_model, encoded):
    return tiny.transfer("full-fine-tuning", tiny_model, encoded, attention_dropout=0.1)


def rehearse(prepared, encoded, emit=silent, loss=None, auto=True, control=None, **changes):
    loss = loss or tiny.task().loss(tiny.task().Config(), encoded)
    settings = replace(tiny.SETTINGS, **changes)
    return rehearsal.rehearse(prepared, loss, settings, auto, emit, control or Control())


def timed(monkeypatch, **seconds):
    """Lets a step take what the test says."""
    monkeypatch.setattr(rehearsal, "_step", lambda _t, _l, _rows, precision, _device: seconds[precision])


def test_no_weight_no_gradient_and_no_random_state_changes(prepared, encoded):
    before = {name: value.clone() for name, value in prepared.model.state_dict().items()}
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    states = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    found = rehearse(prepared, encoded)
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])
    after = prepared.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in prepared.model.parameters())
    assert found.settings.precision in ("fp32", "bf16")
    assert found.memory_bytes > 1 << 20


@pytest.mark.parametrize(("bf16", "chosen"), [(0.5, "bf16"), (0.99, "fp32"), (2.0, "fp32")])
def test_bf16_only_where_it_is_really_faster(prepared, encoded, monkeypatch, bf16, chosen):
    timed(monkeypatch, fp32=1.0, bf16=bf16)
    heard = tiny.Heard()
    found = rehearse(prepared, encoded, heard)
    assert found.settings.precision == chosen
    [note] = [event for event in heard.of("log") if event.code == "training.precision"]
    assert note.params == {"fp32": 1000, "bf16": round(1000 * bf16), "chosen": chosen}
    assert (found.seconds_fp32, found.seconds_bf16) == (1.0, bf16)


def test_a_chosen_precision_is_not_questioned(prepared, encoded, monkeypatch):
    timed(monkeypatch, fp32=1.0, bf16=0.1)
    heard = tiny.Heard()
    found = rehearse(prepared, encoded, heard, auto=False)
    assert (found.settings.precision, found.seconds_bf16) == ("fp32", None)
    assert not heard.codes()
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total


def test_the_estimate_counts_steps_and_validation(prepared, encoded, monkeypatch):
    timed(monkeypatch, fp32=2.0)
    found = rehearse(prepared, encoded, auto=False, epochs=4)
    steps = -(-len(prepared.train) // 12)
    assert found.steps == 4 * steps
    assert 4 * steps * 2.0 <= found.seconds <= 4 * (steps + len(prepared.validation) / 12) * 2.0 * 1.1


def out_of_memory_above(rows):
    def loss(outputs, labels, **_ignored):
        if len(labels) > rows:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return torch.nn.functional.cross_entropy(outputs.logits, labels)

    return loss


def test_a_batch_that_does_not_fit_is_computed_in_parts(prepared, encoded):
    heard = tiny.Heard()
    found = rehearse(prepared, encoded, heard, loss=out_of_memory_above(3))
    assert (found.settings.batch_size, found.settings.accumulate) == (12, 4)
    parts = [event.params["parts"] for event in heard.of("log") if event.code == "training.smaller-batch"]
    assert parts == [2, 4]


def test_not_even_one_row(prepared, encoded):
    with pytest.raises(StudioError) as caught:
        rehearse(prepared, encoded, loss=out_of_memory_above(0))
    assert caught.value.code == "training.no-memory"


def test_other_errors_pass(prepared, encoded):
    def loss(*_args, **_kwargs):
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        rehearse(prepared, encoded, loss=loss)


def test_cancel(prepared, encoded):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        rehearse(prepared, encoded, control=control)


def test_the_longest_and_the_typical_rows(prepared):
    lengths = np.asarray(prepared.train["length"])
    longest = [len(row["input_ids"]) for row in rehearsal._longest(prepared, 5)]
    assert longest == sorted(lengths)[::-1][:5]
    typical = [len(row["input_ids"]) for row in rehearsal._typical(prepared, 6)]
    assert abs(np.mean(typical) - lengths.mean()) <= 1
    assert len(rehearsal._typical(prepared, 10_000)) == len(lengths)
