"""Locks: one holder, who is named; one that was left behind is known as such."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest

from tlstudio.core import locks
from tlstudio.core.errors import StudioError
from tlstudio.core.locks import Lock, Owner, guarded, holder

_HOLD = """
import sys, time
from pathlib import Path
from tlstudio.core.locks import Lock
lock = Lock(Path(sys.argv[1]), "run")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.lock"


@pytest.fixture
def other(path):
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_has_it(path, other):
    owner = holder(path)
    assert (owner.pid, owner.program, owner.here, owner.orphan) == (other.pid, "run", True, False)
    with pytest.raises(StudioError) as caught:
        Lock(path).acquire()
    assert caught.value.code == "lock.taken"
    assert str(other.pid) in caught.value.message
    assert owner.host in caught.value.message


def test_a_killed_holder_leaves_nothing_that_counts(path, other):
    other.kill()
    other.wait()
    assert path.exists()
    assert holder(path) is None
    lock = Lock(path)
    lock.acquire()
    assert holder(path).pid == os.getpid()
    lock.release()
    lock.release()
    assert not list(path.parent.iterdir())


def test_a_look_at_a_lock_that_is_just_freed_leaves_no_file(path):
    assert not locks._kernel_held(path)
    assert list(path.parent.iterdir()) == []


def test_a_number_that_was_given_anew_is_no_holder(path, other):
    """The owner's file names a live process, ours; but the kernel has freed the lock."""
    other.kill()
    other.wait()
    path.write_text(json.dumps(asdict(Owner.me())))
    assert holder(path) is None


def test_a_clock_that_was_set_changes_nothing(path, other):
    os.utime(path, (1_000_000_000, 1_000_000_000))
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": 5.0, "since": 5.0}))
    assert holder(path).pid == other.pid


def test_the_word_of_another_computer_counts_while_it_gives_signs_of_life(path):
    path.write_text(json.dumps(asdict(replace(Owner.me(), host="elsewhere", pid=2**22))))
    path.with_name(".run.lock.held").touch()
    assert holder(path).host == "elsewhere"
    assert not holder(path).orphan
    os.utime(path, (time.time() - 1000,) * 2)
    assert holder(path) is None
    path.touch()
    with pytest.raises(StudioError):
        Lock(path).acquire()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": -1}', "null"])
def test_a_damaged_file_is_nobody(path, text):
    path.write_text(text)
    assert holder(path) is None
    lock = Lock(path)
    lock.acquire()
    lock.release()


def test_an_older_version_wrote_only_a_number(path):
    path.write_text(str(os.getpid()))
    assert holder(path).pid == os.getpid()
    os.utime(path, (1_000_000_000, 1_000_000_000))  # the process is younger than the lock
    assert holder(path) is None


def test_an_orphan_has_another_parent_than_it_began_with():
    me = Owner.me()
    assert not me.orphan
    assert replace(me, parent=me.parent + 1).orphan
    assert me.alive
    assert not replace(me, started=me.started - 100).alive


def test_changes_wait_for_each_other_but_not_for_ever(path):
    with guarded(path), pytest.raises(StudioError) as caught, guarded(path, 0.1):
        pass
    assert caught.value.code == "lock.busy"
    with guarded(path, 0.1):
        pass
