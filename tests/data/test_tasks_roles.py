"""Every set of roles that a task may need: guessed from a small file, divided, checked, and refused with the reason."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from tests.data import patients
from tests.data.samples import CHATS
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.inspection import inspect
from tlstudio.data.labelled import read_labelled, read_more, require

TEXTS = [text for text, _ in patients.healthy(60)]
OTHERS = [text for text, _ in patients.healthy(60, seed=4)]
KINDS = ["yes", "no", "maybe"] * 20
ANSWERS = [{"text": [text.split()[2]], "answer_start": [text.index(text.split()[2])]} for text in TEXTS]


def table(**columns):
    """Columns as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return stream.getvalue()


def lines(**columns):
    """Columns as JSON Lines."""
    rows = (dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    return "".join(json.dumps(row) + "\n" for row in rows)


SCORES = [str(index / 7) for index in range(60)]
CASES = {
    "texts": (("text", "label"), table(text=TEXTS, label=KINDS), {}),
    "several": (("text", "labels"), table(text=TEXTS, labels=["a|b", "b", ""] * 20), {}),
    "several in lists": (("text", "labels"), lines(text=TEXTS, label=[["a", "b"], ["b"], []] * 20),
                         {"labels": "label"}),
    "entailment": (
        ("text", "text_b", "label"), table(gold=KINDS, premise=TEXTS, hypothesis=OTHERS),
        {"text": "premise", "text_b": "hypothesis", "label": "gold"},
    ),
    "numbered pair": (
        ("text", "text_b", "label"), table(id=range(60), question1=TEXTS, question2=OTHERS, same=["0", "1"] * 30),
        {"text": "question1", "text_b": "question2", "label": "same"},
    ),
    "pair without names": (
        ("text", "text_b", "label"), table(a=TEXTS, b=OTHERS, c=KINDS), {"text": "a", "text_b": "b", "label": "c"}
    ),
    "similarity": (
        ("text", "text_b", "number"), table(sentence1=TEXTS, sentence2=OTHERS, label=SCORES),
        {"text": "sentence1", "text_b": "sentence2", "number": "label"},
    ),
    "regression": (("text", "number"), table(id=range(60), review=TEXTS, grade=SCORES), {"number": "grade"}),
    "tags": (
        ("tokens", "tags"), lines(words=[text.split() for text in TEXTS], ner=[["O"] * len(t.split()) for t in TEXTS]),
        {"tokens": "words", "tags": "ner"},
    ),
    "questions": (
        ("question", "context", "answers", "answer_starts"), lines(context=TEXTS, question=OTHERS, answers=ANSWERS),
        {"answers": "answers.text", "answer_starts": "answers.answer_start"},
    ),
    "summaries": (
        ("source_text", "target_text"), table(highlights=OTHERS, article=TEXTS),
        {"source_text": "article", "target_text": "highlights"},
    ),
    "translations": (
        ("source_text", "target_text"), lines(
            id=range(60), translation=[{"en": a, "de": b} for a, b in zip(TEXTS, OTHERS, strict=True)]),
        {"source_text": "translation.en", "target_text": "translation.de"},
    ),
    "instructions": (
        ("prompt", "response"), table(instruction=TEXTS, output=OTHERS), {"prompt": "instruction", "response": "output"}
    ),
    "messages": (("messages",), "".join(json.dumps(row) + "\n" for row in CHATS), {"messages": "messages"}),
    "plain": (("text",), table(body=TEXTS), {"text": "body"}),
    "pairs": (("text", "text_b"), table(query=TEXTS, positive=OTHERS), {"text": "query", "text_b": "positive"}),
    "triplets": (
        ("text", "text_b", "negative"), table(anchor=TEXTS, positive=OTHERS, negative=TEXTS[::-1]),
        {"text": "anchor", "text_b": "positive", "negative": "negative"},
    ),
}  # fmt: skip


@pytest.fixture
def place(request, written):
    roles, content, expected = CASES[request.param]
    return roles, written("a.jsonl" if content.startswith("{") else "a.csv", content), expected


every_case = pytest.mark.parametrize("place", CASES, indirect=True)


@every_case
def test_the_roles_are_guessed_divided_and_read(place):
    roles, path, expected = place
    data = DataSection(path=str(path))
    found = inspect(data, silent, Control(), roles)
    assert (found["problems"], found["missing"]) == ([], [])
    assert set(found["roles"]) == set(roles)
    assert expected.items() <= found["roles"].items()
    labelled = require(data, silent, Control(), roles=roles)
    assert {split: len(rows) for split, rows in labelled.splits.items()} == found["split_rows"]
    assert set(found["split_rows"]) == {"train", "validation", "test"}
    assert min(found["split_rows"].values()) > 0
    columns = labelled.splits["test"].dataset(labelled.roles).column_names
    assert set(roles) <= set(columns)
    if "number" in roles:
        assert labelled.splits["train"].numbers(labelled.roles.one("number")).std() > 0


@every_case
def test_the_data_says_itself_what_it_is(place):
    roles, path, _ = place
    found = inspect(DataSection(path=str(path)), silent, Control())
    named = not {"pair without names", "numbered pair", "entailment"} & {case for case, (_, content, _) in CASES.items()
                                                      if content == path.read_text()}  # fmt: skip
    if named:
        assert {*found["roles"]} == {*roles}


@every_case
def test_another_task_is_told_what_is_missing(place):
    _, path, _ = place
    found = inspect(DataSection(path=str(path)), silent, Control(), ("image", "boxes", "box_labels"))
    assert found["missing"] == ["image", "boxes", "box_labels"]
    assert found["roles"] == inspect(DataSection(path=str(path)), silent, Control())["roles"]


@pytest.mark.parametrize(
    ("case", "roles", "missing"),
    [
        ("texts", ("text", "text_b", "label"), ["text_b"]),
        ("texts", ("text", "number"), ["number"]),
        ("texts", ("tokens", "tags"), ["tokens", "tags"]),
        ("texts", ("question", "context", "answers", "answer_starts"), ["context", "answers", "answer_starts"]),
        ("texts", ("source_text", "target_text"), ["target_text"]),
        ("texts", ("prompt", "response"), ["response"]),
        ("texts", ("messages",), ["messages"]),
        ("texts", ("audio", "label"), ["audio"]),
        ("pairs", ("text", "text_b", "negative"), ["negative"]),
        ("plain", ("text", "label"), ["label"]),
        ("messages", ("text", "label"), ["text", "label"]),
        ("tags", ("messages",), ["messages"]),
    ],
)
def test_roles_that_cannot_be_filled(case, roles, missing, written):
    content = CASES[case][1]
    path = written("a.jsonl" if content.startswith("{") else "a.csv", content)
    assert inspect(DataSection(path=str(path)), silent, Control(), roles)["missing"] == missing
    with pytest.raises(StudioError) as caught:
        require(DataSection(path=str(path)), silent, Control(), roles)
    assert caught.value.code == "data.no-column-left"
    assert caught.value.where == f"data.roles.{missing[0]}"


def chat(*roles):
    return [{"role": role, "content": "x"} for role in roles]


@pytest.mark.parametrize(
    ("content", "roles", "code", "value"),
    [
        (table(text=TEXTS[:9], score=[*"12", "n/a", "4", "nan", *"6789"]), ("text", "number"),
         "data.bad-numbers", "n/a"),
        (table(text=TEXTS[:9], score=[*"12", "", "4", " ", *"6789"]), ("text", "number"), "data.empty-rows", None),
        (table(a=TEXTS[:9], text_b=[*"ab", "", "d", " ", *"efgh"], label=[*"xyxyxyxyx"]), ("text", "text_b", "label"),
         "data.empty-rows", None),
        (lines(tokens=[["a", "b"]] * 9, tags=[["O", "O"]] * 2 + [["O"], ["O", "O"], ["O"]] + [["O", "O"]] * 4),
         ("tokens", "tags"), "data.uneven-tags", "2 / 1"),
        (lines(question=["why"] * 9, context=["in the end"] * 9, answers=[["end"]] * 9,
               answer_starts=[["7"]] * 2 + [["6"], ["7"], ["x"]] + [["7"]] * 4),
         ("question", "context", "answers", "answer_starts"), "data.misplaced-answers", "end (6)"),
        (lines(image=[f"{i}.png" for i in range(9)], boxes=[["1 2 3 4"]] * 2 + [["5 2 3 4"], [], ["1 2"]] + [[]] * 4,
               box_labels=[["cat"]] * 3 + [[], ["dog"]] + [[]] * 4),
         ("image", "boxes", "box_labels"), "data.bad-boxes", "5 2 3 4"),
        (lines(messages=[chat("user", "assistant")] * 2 + [chat("user"), chat("assistant"), chat("system", "user")]
               + [chat("user", "assistant")] * 4), ("messages",), "data.bad-messages", "user"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_learnt_from_are_named(content, roles, code, value, written):
    path = written("a.jsonl" if content.startswith("{") else "a.csv", content)
    given = {"boxes": "boxes"} if "boxes" in roles else {}
    _, found = read_labelled(DataSection(path=str(path), roles=given), silent, Control(), roles)
    assert [problem.code for problem in found] == [code]
    assert (found[0].params["count"], found[0].params["rows"]) == (2, [3, 5])
    assert value is None or found[0].params["value"] == value
    with pytest.raises(StudioError):
        require(DataSection(path=str(path), roles=given), silent, Control(), roles)


def test_rows_without_a_number_are_left_out_on_request(written):
    path = written("a.csv", table(text=TEXTS[:9], score=[*"12", "n/a", "4", "", *"6789"]))
    data = DataSection(path=str(path), steps=["drop-empty"])
    labelled = require(data, silent, Control(), ("text", "number"))
    assert sum(len(rows) for rows in labelled.splits.values()) == 7
    assert labelled.labels == []


def test_several_labels_one_by_one(written):
    path = written("a.csv", table(text=TEXTS, labels=["a|b", "b|c", ""] * 20))
    labelled = require(DataSection(path=str(path)), silent, Control(), ("text", "labels"))
    assert labelled.labels == ["a|b", "b|c"]
    assert labelled.classes == ["a", "b", "c"]
    rows = labelled.splits["train"]
    expected = [[label in cell.split("|") for label in "abc"] for cell in rows.labels]
    assert np.array_equal(labelled.several("train"), expected)
    # a combination that was not learnt is no new label
    more = written("b.csv", table(text=OTHERS[:3], labels=["a|c", "c", ""]))
    found = read_more(DataSection(path=str(path)), str(more), labelled, silent, Control())
    assert found.labels == ["a|c", "c", ""]
    more = written("c.csv", table(text=OTHERS[:3], labels=["a|new", "c", ""]))
    with pytest.raises(StudioError) as caught:
        read_more(DataSection(path=str(path)), str(more), labelled, silent, Control())
    assert caught.value.params["label"] == "new"


def test_a_test_file_with_other_combinations_of_labels(written):
    files = {"path": str(written("a.csv", table(text=TEXTS, labels=["a|b", "b|c"] * 30))),
             "test": str(written("b.csv", table(text=OTHERS[:2], labels=["a|c", "b"])))}  # fmt: skip
    assert require(DataSection(**files), silent, Control(), ("text", "labels")).several("test").tolist() == [
        [1, 0, 1],
        [0, 1, 0],
    ]
    files["test"] = str(written("c.csv", table(text=OTHERS[:2], labels=["a|d", "b"])))
    _, found = read_labelled(DataSection(**files), silent, Control(), ("text", "labels"))
    assert [(problem.code, problem.params["label"]) for problem in found] == [("data.unseen-class", "d")]


def test_no_row_has_a_label(written):
    path = written("a.csv", table(text=TEXTS, labels=[""] * 60))
    _, found = read_labelled(DataSection(path=str(path)), silent, Control(), ("text", "labels"))
    assert [problem.code for problem in found] == ["data.no-labels"]


def test_a_template_makes_the_prompt_or_the_source(written):
    path = written("a.csv", table(instruction=TEXTS, input=OTHERS, output=KINDS))
    data = DataSection(path=str(path), template="{instruction}\n\n{input}", roles={"response": "output"})
    for roles in (("prompt", "response"), ()):
        labelled = require(data, silent, Control(), roles)
        assert set(labelled.roles.columns) == {"prompt", "response"}
        rows = labelled.splits["train"]
        assert next(rows.texts(labelled.roles.one("prompt"))) in {
            f"{a}\n\n{b}" for a, b in zip(TEXTS, OTHERS, strict=True)
        }
    data = DataSection(path=str(path), template="{instruction} {input}", roles={"target_text": "output"})
    assert set(require(data, silent, Control(), ("source_text", "target_text")).roles.columns) == {
        "source_text",
        "target_text",
    }
    passages = [f"It is {text}." for text in TEXTS]
    path = written("b.csv", table(subject=TEXTS, asked=OTHERS, passage=passages))
    data = DataSection(path=str(path), template="{subject}: {asked}", roles={"context": "passage"})
    labelled = require(data, silent, Control(), ("question", "context"))
    assert set(labelled.roles.columns) == {"question", "context"}


def test_steps_repair_what_is_said_in_messages(written):
    answer = {"role": "assistant", "content": "ja\nja"}
    said = [{"messages": [{"role": "user", "content": f'schÃ¶n "{index}"'}, answer]} for index in range(20)]
    path = written("a.jsonl", "".join(json.dumps(row) + "\n" for row in said))
    data = DataSection(path=str(path), steps=["repair-encoding"])
    rows = require(data, silent, Control(), ("messages",)).splits["train"]
    first = [json.loads(item) for item in next(rows.lists("messages"))]
    assert first[0]["content"].startswith('schön "')
    assert first[1] == {"role": "assistant", "content": "ja\nja"}


def test_folds_keep_groups_together(written):
    groups = [f"g{index % 11}" for index in range(60)]
    path = written("a.csv", table(text=TEXTS, label=["x", "y"] * 30, author=groups))
    tested = []
    for fold in range(4):
        data = DataSection(path=str(path), split={"method": "k-fold", "folds": 4})
        labelled = require(data, silent, Control(), ("text", "label"), fold)
        found = {split: set(rows.texts("author")) for split, rows in labelled.splits.items()}
        assert found["test"].isdisjoint(found["train"] | found["validation"])
        assert found["train"].isdisjoint(found["validation"])
        assert 10 <= len(labelled.splits["test"]) <= 18
        tested += labelled.splits["test"].indices.tolist()
    assert sorted(tested) == list(range(60))
    few = DataSection(path=str(path), split={"method": "k-fold", "folds": 12})
    with pytest.raises(StudioError) as caught:
        require(few, silent, Control(), ("text", "label"))
    assert caught.value.code == "data.too-few-to-divide"


def test_recordings_and_boxes(tmp_path):
    kinds = patients.kinds(tmp_path)
    found = inspect(kinds["audio"], silent, Control(), ("audio", "label"))
    assert (found["missing"], found["problems"], found["roles"]) == ([], [], {"label": "label", "audio": "audio"})
    assert found["lengths"]["unit"] == ""
    assert inspect(kinds["audio"], silent, Control())["roles"] == found["roles"]
    assert inspect(kinds["audio"], silent, Control(), ("image", "label"))["missing"] == ["image"]
    roles = ("image", "boxes", "box_labels")
    found = inspect(kinds["boxes"], silent, Control(), roles)
    assert (found["missing"], found["problems"]) == ([], [])
    assert set(found["roles"]) == set(roles) == set(inspect(kinds["boxes"], silent, Control())["roles"])
    assert dict(found["labels"]) == {"cat": 12, "dog": 12}
    rows = require(kinds["boxes"], silent, Control(), roles).splits["train"]
    assert next(rows.lists("boxes")) == [f"{rows.indices[0]} 3 {rows.indices[0] + 12} 23"]
