"""SQuAD 1.1 and 2.0: one row a question, answers that stand where they say."""

from __future__ import annotations

import json

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.sources.squad import PLUGIN
from tlstudio.data.tables import read_table

CONTEXT = "Größe is a German word. It means size — 😀 or greatness."


def question(name="q1", answers=(("size", 33),), **more):
    given = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": name, "question": "What does it mean?", "answers": given, **more}


def document(*questions, **more):
    paragraph = {"context": CONTEXT, "qas": list(questions)}
    return {"version": "v2.0", "data": [{"title": "Words", "paragraphs": [paragraph]}], **more}


@pytest.fixture
def refused(written):
    def refused(content, code, **options):
        path = written("a.json", content if isinstance(content, str) else json.dumps(content))
        with pytest.raises(StudioError) as caught:
            read_table(path, "squad", options, silent, Control())
        assert caught.value.code == code
        assert caught.value.where == str(path)
        assert caught.value.remedy
        return caught.value

    return refused


@pytest.mark.parametrize("indent", [None, 2])
def test_rows(read, indent):
    content = document(
        question(answers=[("size", 33), ("greatness", 45)]),
        question("q2", [], is_impossible=True, plausible_answers=[{"text": "word", "answer_start": 18}]),
        {"id": 3, "question": "Unanswered?"},
    )
    table = read("a.json", json.dumps(content, ensure_ascii=False, indent=indent))
    assert table.source == "squad"
    assert list(table.columns) == ["id", "title", "context", "question", "answers", "answer_starts", "impossible"]
    assert [name for name, kind in table.columns.items() if kind == "list"] == ["answers", "answer_starts"]
    assert table.open().to_pylist() == [
        {"id": "q1", "title": "Words", "context": CONTEXT, "question": "What does it mean?",
         "answers": ["size", "greatness"], "answer_starts": ["33", "45"], "impossible": "false"},
        {"id": "q2", "title": "Words", "context": CONTEXT, "question": "What does it mean?",
         "answers": [], "answer_starts": [], "impossible": "true"},
        {"id": "3", "title": "Words", "context": CONTEXT, "question": "Unanswered?",
         "answers": [], "answer_starts": [], "impossible": "false"},
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.json", "a.txt", "data"])
def test_it_is_recognised_by_its_content(read, name):
    assert read(name, json.dumps(document(question()))).source == "squad"


@pytest.mark.parametrize(
    "content", ['{"data": [{"text": "a", "label": "b"}]}', '[{"data": [{"paragraphs": []}]}]', "data,paragraphs\na,b\n"]
)
def test_other_files_are_not(written, content):
    assert not PLUGIN.recognises(scan(written("a.json", content)))


def test_a_title_is_not_needed(read):
    content = document(question())
    del content["data"][0]["title"]
    assert read("a.json", json.dumps(content)).open()["title"].to_pylist() == [""]


@pytest.mark.parametrize(("text", "start"), [("size", 34), ("size", -5), ("size", 9999), ("Size", 33)])
def test_an_answer_that_stands_elsewhere(refused, read, text, start):
    wrong = document(question("q0"), question("q7", [(text, start)]))
    error = refused(wrong, "data.misplaced-answer")
    assert (error.params["id"], error.params["start"], error.params["expected"]) == ("q7", start, text)
    assert error.params["found"] == CONTEXT[max(start, 0) :][: len(text)]
    assert read("a.json", json.dumps(wrong), check_answers=False).rows == 2


def test_characters_not_bytes(read):
    assert read("a.json", json.dumps(document(question(answers=[("😀", 40), ("or", 42)])))).rows == 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda content: content.update(data={}), "data"),
        (lambda content: content["data"].append(3), "data[1]"),
        (lambda content: content["data"][0].pop("paragraphs"), "data[0].paragraphs"),
        (lambda content: content["data"][0]["paragraphs"][0].pop("context"), "data[0].paragraphs[0].context"),
        (lambda content: content["data"][0]["paragraphs"][0].update(qas=None), "data[0].paragraphs[0].qas"),
        (lambda content: content["data"][0].update(title=3), "data[0].title"),
        (lambda content: content["data"][0]["paragraphs"][0]["qas"][0].pop("question"),
         "data[0].paragraphs[0].qas[0].question"),
        (lambda content: content["data"][0]["paragraphs"][0]["qas"][0]["answers"][0].update(answer_start="33"),
         "data[0].paragraphs[0].qas[0].answers[0].answer_start"),
        (lambda content: content["data"][0]["paragraphs"][0]["qas"][0].update(answers=None),
         "data[0].paragraphs[0].qas[0].answers"),
        (lambda content: content["data"][0]["paragraphs"][0]["qas"][0].update(is_impossible="false"),
         "data[0].paragraphs[0].qas[0].is_impossible"),
    ],
)  # fmt: skip
def test_wrong_documents_name_the_place(refused, change, place):
    content = document(question())
    change(content)
    assert refused(content, "data.bad-squad").params["place"] == place


@pytest.mark.parametrize("content", ["[]x", '{"data": [', '{"data": 1, "data": 2}', '{"data": ' + "[" * 100_000])
def test_damaged_json(refused, content):
    assert refused(content, "data.bad-json-document").params["line"] == 1


def test_half_a_surrogate_pair(read):
    content = document({"id": "\ud800", "question": "\ud83d?"})
    assert read("a.json", json.dumps(content)).open()["question"].to_pylist() == ["??"]


def test_more_than_a_batch(read):
    content = document(*(question(f"q{number}") for number in range(2_300)))
    assert read("a.json", json.dumps(content)).rows == 2_300
