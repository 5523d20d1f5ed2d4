"""What recovers a network that was cut: only where it is asked for, and there are rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from tlstudio.compression.recovering import Options, recover
from tlstudio.core.errors import StudioError
from tlstudio.core.options import describe, relevant


class Job:
    def __init__(self, train=True, rows=True):
        self.asked, self._rows = [], rows
        self.train = (lambda *given: self.asked.append(given)) if train else None

    @property
    def rows(self):
        if not self._rows:
            raise StudioError("compress.no-rows", "none", "give some")
        return SimpleNamespace()


def test_it_trains_as_the_options_say():
    job = Job()
    recover("model", Options(epochs=2, learning_rate=3e-4, teacher=0.5, hidden=1.0), job, ("callback",))
    [(model, recovery, callbacks)] = job.asked
    assert (model, callbacks) == ("model", ("callback",))
    assert (recovery.epochs, recovery.learning_rate, recovery.teacher, recovery.hidden) == (2, 3e-4, 0.5, 1.0)


def test_without_epochs_or_without_a_trainer_nothing_is_trained():
    job = Job()
    recover("model", Options(epochs=0), job)
    recover("model", Options(), Job(train=False, rows=False))
    assert job.asked == []


def test_without_rows_it_says_so_before_it_trains():
    job = Job(rows=False)
    with pytest.raises(StudioError):
        recover("model", Options(), job)
    assert job.asked == []


def test_rate_and_teacher_matter_only_where_something_is_trained():
    options = describe(Options)
    assert relevant(options, {"epochs": 0}) == {"epochs"}
    assert relevant(options, {"epochs": 1}) == {"epochs", "learning_rate", "teacher", "hidden"}


@pytest.mark.parametrize("wrong", [{"epochs": -1}, {"teacher": 1.1}, {"learning_rate": 0}, {"temperature": 2}])
def test_what_is_no_recovery(wrong):
    with pytest.raises(ValidationError):
        Options(**wrong)
