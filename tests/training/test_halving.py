"""Memory that runs out: the batches go on in parts, and come to the same weights."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.training.halving import Halving, in_smaller_batches
from tlstudio.training.trainer import fit

NO_ROOM = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    """70 rows: 50 to train on, so that the last batch of twelve is a small one."""
    folder = tmp_path_factory.mktemp("halving")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(70)))


def trained(model, encoded, folder, emit=silent, rows=1000, since=0, control=None, accumulate=1, hungry=0):
    """The weights after two epochs; from the ``since``-th call on the loss has no room for more than ``rows``.

    ``hungry``: bytes that it really takes for each row, for a moment.
    """
    prepared = tiny.transfer("full-fine-tuning", model, encoded, hidden_dropout=0.0)
    usual, calls = tiny.task().loss(tiny.task().Config(), encoded), []

    def loss(outputs, labels, **options):
        calls.append(len(labels))
        if len(labels) > rows and len(calls) > since:
            raise NO_ROOM
        if hungry:
            torch.ones(len(labels) * hungry // 4).sum()
        return usual(outputs, labels, **options)

    settings = replace(tiny.SETTINGS, epochs=2, accumulate=accumulate)
    fit(prepared, loss, tiny.judge(encoded), settings, folder, emit, control or Control())
    return dict(prepared.model.named_parameters()), calls


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_weights_are_those_of_a_training_with_room(tiny_model, encoded, tmp_path, accumulate):
    """In the middle of a step, whose earlier part has left its gradient already, where it has several."""
    heard = tiny.Heard()
    whole, once = trained(tiny_model, encoded, tmp_path / "a", accumulate=accumulate)
    parted, more = trained(tiny_model, encoded, tmp_path / "b", heard, rows=4, since=3, accumulate=accumulate)
    assert len(more) > len(once)
    for name, value in whole.items():
        assert torch.allclose(value, parted[name], atol=2e-4), name
    notes = [event.params for event in heard.of("log") if event.code == "training.smaller-batch"]
    assert notes[0] == {"batch": 12, "parts": 2 * accumulate}
    assert [event.step for event in heard.of("metric") if event.split == "train"] == list(range(1, 11))


def test_not_even_single_rows_fit(tiny_model, encoded, tmp_path):
    with pytest.raises(StudioError) as caught:
        trained(tiny_model, encoded, tmp_path, rows=0, since=2)
    assert caught.value.code == "training.no-memory"


def test_a_cancel_is_heard_between_the_parts(tiny_model, encoded, tmp_path):
    control, seen = Control(), []

    def emit(event):
        if event.kind == "log" and event.code == "training.smaller-batch":
            seen.append(event)
            control.cancel()

    with pytest.raises(Cancelled):
        trained(tiny_model, encoded, tmp_path, emit, rows=3, since=1, control=control)
    assert len(seen) == 1


class Trial:
    """A batch of numbers whose gradient is their sum."""

    def __init__(self, room):
        self.room, self.gradient, self.lasts = room, 0, []
        self.halving = Halving(lambda rows: {"rows": list(rows)}, 8, silent, lambda: None)

    def run(self, inputs):
        self.lasts.append(self.halving.last)
        self.gradient += sum(inputs["rows"][: self.room])
        if len(inputs["rows"]) > self.room:
            raise MemoryError
        return sum(inputs["rows"])

    def forget(self):
        self.gradient = 0

    def step(self, rows, ends=True):
        return self.halving.step(self.halving.collate(rows), self.run, self.forget, 1, ends)


def test_a_part_that_failed_leaves_nothing():
    trial = Trial(room=3)
    assert trial.step([1, 2, 3, 4, 5, 6, 7, 8], ends=False) == 36
    assert trial.halving.parts == 4
    assert trial.step([10], ends=True) == 10
    assert trial.gradient == 46
    assert trial.lasts[-1]
    assert not any(trial.lasts[1:-1])


def test_the_earlier_batches_of_a_step_are_computed_anew():
    trial = Trial(room=4)
    trial.step([1, 2, 3], ends=False)
    assert trial.step([4, 5, 6, 7, 8, 9], ends=True) == 39
    assert trial.gradient == 45
    trial.gradient = 0
    trial.step([1, 2, 3, 4], ends=True)
    assert trial.gradient == 10, "a new step begins with nothing"


def test_validation_in_smaller_batches():
    def work(size):
        if size > 10:
            raise MemoryError
        return "done"

    assert in_smaller_batches(work, 64) == ("done", 8)
    with pytest.raises(StudioError):
        in_smaller_batches(lambda _size: work(99), 64)
    with pytest.raises(ValueError, match="other"):
        in_smaller_batches(lambda _size: int("other"), 64)


_LIMITED = """
import resource, sys
from pathlib import Path
import torch
from tests import tiny
from tests.training import test_halving as given
from tlstudio.core import memory
torch.set_num_threads(1)
model, data, out = map(Path, sys.argv[1:4])
encoded = tiny.encode(model, data)
heard = tiny.Heard()
def emit(event):
    heard(event)
    if event.kind == "metric" and event.split == "train" and event.step == 2:  # now memory becomes short
        size = memory.psutil.Process().memory_info().vms + int(sys.argv[4])
        resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
given.trained(model, encoded, out, emit, hungry=int(sys.argv[5]))
print(len([1 for event in heard.of("metric") if event.split == "train"]),
      max([event.params["parts"] for event in heard.of("log") if event.code == "training.smaller-batch"], default=1))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_real_limit_of_the_system(tiny_model, tmp_path):
    """RLIMIT_AS: the allocator of torch really fails, in the middle of a training whose loss takes 32 MB a row."""
    data = tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(70))
    arguments = [str(tiny_model), str(data), str(tmp_path / "out"), str(200 << 20), str(32 << 20)]
    said = subprocess.run([sys.executable, "-c", _LIMITED, *arguments], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr[-3000:]
    steps, parts = map(int, said.stdout.split()[-2:])
    assert steps == 10
    assert parts >= 2
