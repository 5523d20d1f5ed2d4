"""What runs take on the disk, and cleaning up."""

from __future__ import annotations

import os

import pytest

from tests.session.test_runs import make_run
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.session import run_disk
from tlstudio.session.runs import RunIndex

PARTS = ("checkpoints", "compressed", "exports")


def filled(base, name: str, parts=PARTS) -> None:
    folder = make_run(base, name)
    for at, part in enumerate((*parts, "model"), 1):
        (folder / part / "inner").mkdir(parents=True)
        (folder / part / "inner" / "file").write_bytes(b"x" * 1000 * at)


@pytest.fixture
def index(tmp_path) -> RunIndex:
    filled(tmp_path, "20261101-100000-a")
    filled(tmp_path, "20261102-100000-b")
    return RunIndex(tmp_path)


def test_usage(index, tmp_path) -> None:
    used = run_disk.usage(tmp_path / "20261101-100000-a")
    assert used.parts == {"checkpoints": 1000, "compressed": 2000, "exports": 3000, "model": 4000}
    assert used.rest == (tmp_path / "20261101-100000-a/results.json").stat().st_size


def test_links_count_once_and_are_not_followed(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_bytes(b"x" * 500)
    os.link(tmp_path / "a/file", tmp_path / "a/again")
    (tmp_path / "big").write_bytes(b"x" * 5000)
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert run_disk.measure(tmp_path / "a") < 700
    assert run_disk.measure(tmp_path / "absent") == 0


def test_clean_says_what_goes_and_moves_it_to_the_trash(index, tmp_path) -> None:
    wanted = run_disk.removals(index.list(), ["checkpoints", "exports"])
    assert {(item.run.id[16:], item.part, item.bytes) for item in wanted} == {
        ("a", "checkpoints", 1000), ("a", "exports", 3000), ("b", "checkpoints", 1000), ("b", "exports", 3000),
    }  # fmt: skip
    assert run_disk.remove(wanted, tmp_path) == 8000
    assert run_disk.usage(tmp_path / "20261101-100000-a").parts["exports"] == 0
    assert (tmp_path / "20261101-100000-a/model/inner/file").is_file()
    assert run_disk.removals(index.list(), ["checkpoints", "exports"]) == []
    for entry in index.trash.entries():
        index.trash.restore(entry)
    assert run_disk.usage(tmp_path / "20261101-100000-a").parts["exports"] == 3000


def test_for_good_leaves_no_trash(index, tmp_path) -> None:
    wanted = run_disk.removals(index.list(), [run_disk.WHOLE])
    assert run_disk.remove(wanted, tmp_path, for_good=True) == sum(item.bytes for item in wanted) > 20_000
    assert index.list() == [] and index.trash.entries() == []


def test_what_is_needed_to_go_on_stays(index, tmp_path) -> None:
    (tmp_path / "20261101-100000-a/run.lock").write_text(str(os.getpid()))
    (tmp_path / "20261102-100000-b/results.json").unlink()
    (tmp_path / "20261102-100000-b/recipe.yaml").write_text("schema: 1\n")
    found = run_disk.removals(index.list(), PARTS)
    assert [(item.run.id[16:], item.part) for item in found] == [("b", "compressed"), ("b", "exports")]


def test_a_run_that_starts_meanwhile_is_left_alone(index, tmp_path) -> None:
    wanted = run_disk.removals(index.list(), ["exports"])
    (tmp_path / wanted[0].run.id / "run.lock").write_text(str(os.getpid()))
    with pytest.raises(StudioError) as caught:
        run_disk.remove(wanted, tmp_path)
    assert caught.value.code == "runs.running"
    assert (tmp_path / wanted[0].run.id / "exports").is_dir()


def test_unknown_part_and_cancel(index, tmp_path) -> None:
    with pytest.raises(StudioError) as caught:
        run_disk.removals(index.list(), ["model"])
    assert "checkpoints" in caught.value.remedy

    def cancel() -> None:
        raise Cancelled

    wanted = run_disk.removals(index.list(), ["exports"])
    with pytest.raises(Cancelled):
        run_disk.remove(wanted, tmp_path, check=cancel)
    assert index.trash.entries() == []
