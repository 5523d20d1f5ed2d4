"""Which column is what: names first, then values; the user's word above all."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.data import roles
from tlstudio.data.roles import assign


def table(**columns):
    return pa.table(columns)


LONG = [f"a rather long sentence number {index}" for index in range(20)]
CLASS = ["x", "y"] * 10
NUMBERS = [str(index) for index in range(20)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": NUMBERS, "label": CLASS}, ("text", "label")),
        ({"Intent": CLASS, "Message": LONG}, ("Message", "Intent")),
        ({"id": NUMBERS, "a": LONG, "b": CLASS}, ("a", "b")),
        ({"标签": CLASS, "文本": LONG}, ("文本", "标签")),
        ({"constant": ["k"] * 20, "b": CLASS, "a": LONG}, ("a", "b")),
        ({"a": LONG, "b": ["only"] * 20}, ("a", "b")),
    ],
)
def test_guesses(columns, expected):
    found = assign(table(**columns), {})
    assert (found.one("text"), found.one("label")) == expected
    assert set(found.reasons) == set(expected)


def test_reasons():
    found = assign(table(label=CLASS, a=LONG, n=NUMBERS), {})
    assert found.reasons == {"label": roles.NAMED, "a": roles.LONGEST}
    found = assign(table(a=LONG, b=CLASS, c=CLASS), {"label": "c"})
    assert found.plain() == {"label": "c", "text": "a"}
    assert found.reasons["c"] == roles.CHOSEN


@pytest.mark.parametrize(
    ("chosen", "code", "where"),
    [
        ({"text": "gone"}, "data.no-column", "data.roles.text"),
        ({"label": "gone"}, "data.no-column", "data.roles.label"),
        ({"colour": "a"}, "data.unknown-role", "data.roles.colour"),
        ({"text": "a", "label": "a"}, "data.same-column", "data.roles"),
    ],
)
def test_wrong_choices(chosen, code, where):
    with pytest.raises(StudioError) as caught:
        assign(table(a=LONG, b=CLASS), chosen)
    assert (caught.value.code, caught.value.where) == (code, where)
    if code == "data.no-column":
        assert "a, b" in caught.value.message


def test_one_column_is_too_few_for_labels():
    with pytest.raises(StudioError) as caught:
        assign(table(text=LONG), {}, ("text", "label"))
    assert caught.value.code == "data.no-column-left"
    assert assign(table(text=LONG), {}).plain() == {"text": "text"}


def test_columns_of_zero_and_one_are_several_labels():
    hot = {name: [str(int(index % step == 0)) for index in range(20)] for name, step in (("a", 2), ("b", 3), ("c", 4))}
    found = assign(table(text=LONG, **hot), {})
    assert found.plain() == {"text": "text", "labels": ["a", "b", "c"]}
    assert found.reasons["b"] == roles.YES_NO
    assert assign(table(text=LONG, **hot), {}, ("text", "labels")).plain() == found.plain()
    assert assign(table(text=LONG, label=CLASS, **hot), {}).plain() == {"text": "text", "label": "label"}
    two = {name: hot[name] for name in "ab"}
    assert assign(table(text=LONG, **two), {}).plain() == {"text": "text", "label": "a"}
    assert assign(table(text=LONG, **hot), {}, ("text", "label")).plain() == {"text": "text", "label": "a"}


def test_lists_are_tokens_and_tags():
    lists = [["a", "b"]] * 20
    found = assign(table(tokens=lists, tags=lists, id=NUMBERS), {})
    assert found.plain() == {"tokens": "tokens", "tags": "tags"}
    found = assign(table(words=lists, kinds=lists), {"tokens": "words"})
    assert found.plain() == {"tokens": "words", "tags": "kinds"}
    assert found.reasons["kinds"] == roles.LISTS
    with pytest.raises(StudioError) as caught:
        assign(table(a=LONG, tags=lists), {"text": "tags"})
    assert caught.value.code == "data.wrong-kind"


def test_questions_images_pairs_and_helpers():
    answers = [["x"]] * 20
    found = assign(table(question=LONG, context=LONG, answers=answers, answer_starts=answers, id=NUMBERS), {})
    assert set(found.columns) == {"question", "context", "answers", "answer_starts"}
    found = assign(table(picture=[f"/x/{i}.PNG" for i in range(20)], label=CLASS), {})
    assert found.plain() == {"image": "picture", "label": "label"}
    assert found.reasons["picture"] == roles.IMAGES
    found = assign(table(text=LONG, label=CLASS, author=CLASS, lang=CLASS, date=NUMBERS), {})
    assert (found.one("group"), found.one("language"), found.one("time")) == ("author", "lang", "date")
    found = assign(table(text=LONG, labels=CLASS), {})
    assert set(found.columns) == {"text", "labels"}


def test_several_columns_only_where_allowed():
    found = assign(table(a=LONG, b=CLASS, c=CLASS), {"labels": ("b", "c")})
    assert found.plain() == {"labels": ["b", "c"], "text": "a"}
    with pytest.raises(StudioError) as caught:
        assign(table(a=LONG, b=CLASS, c=CLASS), {"label": ("b", "c")})
    assert caught.value.code == "data.one-column"
    # a group may be the label too: rows of one author are kept together although the author is what is learnt
    assert assign(table(a=LONG, b=CLASS), {"label": "b", "group": "b"}).one("group") == "b"


def test_the_path_of_an_image_is_no_text():
    pictures = table(image=[f"/x/{i}.png" for i in range(20)], file=[f"{i}.png" for i in range(20)], label=CLASS)
    with pytest.raises(StudioError) as caught:
        assign(pictures, {}, ("text", "label"))
    assert caught.value.where == "data.roles.text"


@pytest.mark.parametrize(("columns", "role"), [
    ({"negative": ["x", "y", "z"]}, "negative"), ({"score": ["1", "2.5", "3"]}, "number"),
    ({"label": ["1", "2.5", "3"]}, "number"), ({"label": ["yes", "no", "yes"]}, "label"),
    ({"label": ["a", "b", "c"]}, ""), ({"other": ["a", "b", "a"]}, ""),
    ({"label": ["yes", "no", "yes"], "negative": ["x", "y", "z"]}, "negative"),
])  # fmt: skip
def test_what_says_how_pairs_belong_together(columns, role):
    table = pa.table({"sentence1": ["a b", "c d", "e f"], "sentence2": ["g h", "i j", "k l"], **columns})
    found = assign(table, {}, ("text", "text_b")).plain()
    assert set(found) == {"text", "text_b", *([role] if role else [])}
    both = assign(table, {}, ("text", "text_b", "negative")) if "negative" in columns else None
    assert both is None or "label" not in both.columns


TEXT = [f"a rather long sentence number {index}" for index in range(600)]
TURNED = TEXT[::-1]


def column(*values, count=600):
    """The values over and over, as the texts that a file holds."""
    return [str(values[index % len(values)]) for index in range(count)]


@pytest.mark.parametrize(("columns", "role", "name"), [
    ({"text": TEXT, "stars": column(*range(1, 6))}, "label", "stars"),
    ({"text": TEXT, "score": column("0.0", "1.0")}, "label", "score"),
    ({"essay": TEXT, "grade": column(*range(1, 11))}, "label", "grade"),
    ({"text": TEXT, "stars": column(0.5, 1, 1.5, 2)}, "number", "stars"),
    ({"text": TEXT, "score": column(*range(101))}, "number", "score"),
    ({"comment": TEXT, "price": column(*(index / 4 for index in range(90)))}, "number", "price"),
    ({"text": TEXT, "price": column(0.5, 1.25, 3), "kind": column("a", "b")}, "label", "kind"),
    ({"review": TEXT, "verified": column("yes", "no"), "rating": column(*range(1, 6))}, "label", "rating"),
    ({"text": TEXT, "label": column(*range(77))}, "label", "label"),
    ({"text": TEXT, "intent": column(*range(1, 61))}, "label", "intent"),
    ({"text": TEXT, "label": column(*range(18, 78))}, "number", "label"),
    ({"text": TEXT, "target": column(*range(60))}, "number", "target"),
    ({"sentence1": TEXT, "sentence2": TURNED, "score": column(*range(6))}, "number", "score"),
    ({"sentence1": TEXT, "sentence2": TURNED, "similarity": column(0, 1)}, "label", "similarity"),
    ({"premise": TEXT, "hypothesis": TURNED, "label": column(0, 1, 2)}, "label", "label"),
])  # fmt: skip
def test_whole_numbers_of_which_there_are_few_are_labels(columns, role, name):
    """And others are numbers to predict; but class numbers are labels however many there are."""
    found = assign(table(**columns), {}).columns
    assert {*found} & {"label", "labels", "number"} == {role}
    assert found[role] == (name,)


def test_a_number_of_the_row_is_no_label():
    assert assign(table(id=[str(index) for index in range(600)], text=TEXT), {}).plain() == {"text": "text"}
    found = assign(table(id=column(0, 1, 2), text=TEXT, kind=column(*"abcd")), {})
    assert found.plain() == {"text": "text", "label": "kind"}
