"""Rows whose parts do not fit together are found with their reason, left out with one click, and come back."""

from __future__ import annotations

import json

import pytest

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.control import Control
from tlstudio.core.errors import fill
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.inspection import preview_step
from tlstudio.data.labelled import read_labelled


def lines(folder, rows):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def questions(bad):
    return [{"question": f"why {index}", "context": "in the very end", "answers": ["end"],
             "answer_starts": ["6" if index in bad else "12"]} for index in range(30)]  # fmt: skip


def tagged(bad):
    return [{"tokens": ["ab", f"c{index}"], "tags": ["O"] * (1 if index in bad else 2)} for index in range(30)]


def boxed(bad):
    return [{"image": f"{index}.png", "boxes": ["9 2 3 4" if index in bad else "1 2 3 4"], "box_labels": ["cat"]}
            for index in range(30)]  # fmt: skip


def chats(bad):
    roles = [("user",) if index in bad else ("user", "assistant") for index in range(30)]
    return [{"messages": [{"role": role, "content": f"hello {index}"} for role in roles[index]]} for index in range(30)]


@pytest.mark.parametrize(
    ("make", "code", "detail"),
    [
        (questions, "misplaced-answers", "end (6)"),
        (tagged, "uneven-tags", "2 / 1"),
        (boxed, "bad-boxes", "9 2 3 4"),
        (chats, "bad-messages", "user"),
    ],
)
def test_found_previewed_left_out_and_back(make, code, detail, tmp_path):
    bad = {3, 17, 29}
    data = DataSection(path=lines(tmp_path, make(bad)))
    before = (tmp_path / "rows.jsonl").read_bytes()
    found = patients.look(data, "flawed")
    assert set(found) == {code}
    finding = found[code]
    assert (finding["count"], finding["severity"]) == (3, "error")
    assert {(sample["row"], sample["detail"]) for sample in finding["samples"]} == {(row + 1, detail) for row in bad}
    assert fill(finding["message"], finding["params"]).startswith("In 3 rows ")
    [fix] = finding["fixes"]
    preview = preview_step(data, Choice(name="drop-flawed"), silent, Control())
    assert (preview["dropped"], preview["changed"], preview["total"]) == (3, 0, 30)
    assert [row["row"] for row in preview["rows"]] == [4, 18, 30]
    mended = patients.mended(data, fix)
    assert patients.look(mended, "flawed") == {}
    labelled, problems = read_labelled(mended, silent, Control(), ())
    assert [problem.code for problem in problems] == []
    assert labelled.dropped == {"drop-flawed": 3}
    assert len(left(data)["train"]) == 30, "without the step all rows are there again"
    assert (tmp_path / "rows.jsonl").read_bytes() == before


def test_answers_of_squad_that_were_let_through(tmp_path):
    answer = {"text": "words", "answer_start": 3}
    asked = [{"id": str(index), "question": f"What {index}?", "answers": [answer]} for index in range(12)]
    asked += [{"id": "good", "question": "Which?", "answers": [{"text": "more", "answer_start": 5}]}]
    document = {"data": [{"title": "t", "paragraphs": [{"context": "Some more words in it.", "qas": asked}]}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    data = DataSection(path=str(path), check_answers=False)
    finding = patients.look(data, "flawed")["misplaced-answers"]
    assert (finding["count"], finding["severity"]) == (12, "warning")
    assert "nearest place" in finding["effect"]
    mended = patients.mended(data, finding["fixes"][0])
    assert [text for text, _ in left(mended)["train"]] == ["Which?"]
