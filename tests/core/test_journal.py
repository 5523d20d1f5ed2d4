"""Events of a run that is resumed, or whose process died at the very end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlstudio.core import journal

END = {"event": "finished", "outcome": "completed", "seconds": 3.0}


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    said = [{"event": "stage-started", "stage": "train"}, *({"event": "metric", "step": step} for step in (1, 2, 3))]
    path.write_text("".join(json.dumps(line) + "\n" for line in said))
    return path


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def append(path: Path, text: str) -> None:
    with open(path, "a", encoding="utf-8") as stream:
        stream.write(text)


def test_half_a_line_and_the_old_end_are_taken_out(events):
    before = lines(events)
    append(events, json.dumps(END) + '\n{"event": "met')
    journal.mend(events)
    assert lines(events) == before


def test_points_beyond_a_step_are_taken_out(events):
    journal.rewind(events, "train", 2)
    assert [line.get("step") for line in lines(events)] == [None, 1, 2]
    journal.rewind(events, "adapt", 0)
    assert len(lines(events)) == 3


def test_an_end_that_was_not_said_is_said_once(events):
    append(events, '{"event": "fin')
    for _ in range(2):
        journal.finish(events, END)
    assert lines(events)[-1] == END
    assert [line["event"] for line in lines(events)].count("finished") == 1


def test_an_end_that_was_said_stays(events):
    append(events, json.dumps(END) + "\n")
    journal.finish(events, {**END, "seconds": 9.0})
    assert lines(events)[-1] == END
