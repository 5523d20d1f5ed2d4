"""Tags, notes and the star of a run, kept in its folder."""

from __future__ import annotations

import pytest

from tests.session.test_runs import make_run
from tlstudio.core.errors import StudioError
from tlstudio.session import run_notes
from tlstudio.session.run_notes import FILE, RunNotes
from tlstudio.session.runs import INDEX, RunIndex


def test_notes_are_written_and_read(tmp_path) -> None:
    assert run_notes.read(tmp_path) == RunNotes()
    wanted = RunNotes(("paper", "Größe"), "kept for\nthe paper", True)
    assert run_notes.write(tmp_path, wanted) == wanted == run_notes.read(tmp_path)


def test_tags_are_words_without_commas_each_once() -> None:
    notes = RunNotes().tagged(["a, b ", "A", "two  words", "", ","])
    assert notes.tags == ("a", "b", "two words")
    assert notes.tagged(["c"], ["B"]).tags == ("a", "two words", "c")
    assert len(RunNotes().tagged(["x" * 500]).tags[0]) == 40


@pytest.mark.parametrize("text", ["", "[]", "null", '{"tags": 5}', '{"tags": [1, null], "star": "yes"', "\x00"])
def test_a_damaged_file_is_no_notes(tmp_path, text) -> None:
    (tmp_path / FILE).write_text(text)
    assert not run_notes.read(tmp_path).star


def test_a_run_that_is_gone_is_told(tmp_path) -> None:
    with pytest.raises(StudioError) as caught:
        run_notes.write(tmp_path / "gone", RunNotes(star=True))
    assert caught.value.code == "files.missing" and not (tmp_path / "gone").exists()


def test_notes_outlive_the_index(tmp_path) -> None:
    make_run(tmp_path, "20261101-100000-a")
    index = RunIndex(tmp_path)
    index.list()
    index.annotate("20261101-100000-a", RunNotes(("paper",), "good", True))
    for _ in range(2):
        (run,) = index.list()
        assert (run.tags, run.note, run.star) == (("paper",), "good", True)
        for file in tmp_path.glob(f"{INDEX}*"):
            file.unlink()
