"""Wishes about the data as changes of the recipe."""

from __future__ import annotations

import pytest

from tlstudio.core.recipe import DataSection, Recipe
from tlstudio.gui.presenters import data_edits as edits

GUESSED = {"text": "message", "label": "intent", "group": "author"}


def after(data, changes):
    recipe = Recipe(data=data)
    for path, value in changes.items():
        recipe = recipe.changed(path, value)
    return recipe.data


@pytest.mark.parametrize(
    ("chosen", "column", "role", "expected"),
    [
        ({}, "topic", "label", {"label": "topic"}),
        ({"label": "intent"}, "topic", "label", {"label": "topic"}),  # taken from the former column
        ({"text": "message"}, "message", "label", {"label": "message"}),  # a column has one role
        ({}, "message", "", {"ignore": "message"}),  # a guess can only be ignored
        ({"label": "topic"}, "topic", "", {"label": "", "ignore": "topic"}),
        ({"ignore": ("a", "b")}, "a", "", {"ignore": "b"}),  # back to what is guessed
        ({"ignore": "a"}, "b", "ignore", {"ignore": ("a", "b")}),
        ({"labels": "x"}, "y", "labels", {"labels": ("x", "y")}),
        ({"label": "intent"}, "x", "labels", {"labels": "x"}),  # one thing is learnt
        ({"labels": ("x", "y")}, "stars", "number", {"number": "stars"}),
        ({"label": "intent"}, "author", "language", {"label": "intent", "language": "author"}),
    ],
)
def test_roles(chosen, column, role, expected):
    data = DataSection(path="a.csv", roles=chosen)
    assigned = edits.shown_roles(data, GUESSED)
    new = after(data, edits.with_role(data, assigned, column, role)).roles
    assert new == {name: given for name, given in expected.items() if given}


def test_several_guessed_labels_are_kept_when_one_is_added():
    data = DataSection(path="a.csv")
    changes = edits.with_role(data, {"labels": "topics"}, "more", "labels")
    assert after(data, changes).roles == {"labels": ("topics", "more")}


def test_a_text_column_takes_the_place_of_a_template():
    data = DataSection(path="a.csv", template="{title}: {body}")
    assert after(data, edits.with_role(data, {}, "body", "text")).template == ""
    assert after(data, edits.with_role(data, {}, "topic", "label")).template == "{title}: {body}"


def test_an_edit_shows_before_the_data_is_read_anew():
    data = DataSection(path="a.csv", roles={"label": "message"})
    assert edits.shown_roles(data, GUESSED) == {"label": ["message"], "group": ["author"]}


def test_no_column_is_the_text_beside_a_template():
    data = DataSection(path="a.csv", roles={"text": "body"}, template="{title}: {body}")
    assert edits.shown_roles(data, {"text": "text (template)"}) == {"text": ["text (template)"]}


@pytest.mark.parametrize("role", ["prompt", "source_text", "question"])
def test_a_template_may_make_something_else_than_the_text(role):
    data = DataSection(path="a.csv", roles={role: "body", "response": "answer"}, template="{title}: {body}")
    found = {role: "text (template)", "response": "answer"}
    assigned = edits.shown_roles(data, found)
    assert assigned == {"response": ["answer"], role: ["text (template)"]}
    assert after(data, edits.with_role(data, assigned, "body", role)).template == ""
    assert after(data, edits.with_role(data, assigned, "body", "group")).template == "{title}: {body}"
    assert after(data, edits.with_role(data, assigned, "body", "text")).template == "{title}: {body}"


def test_labels_are_one_step_that_keeps_its_place():
    data = DataSection(path="a.csv", steps=[{"name": "drop-empty"}])
    data = after(data, edits.with_labels(data, {"Login": "login"}))
    assert edits.plain_steps(data) == [{"name": "rename-labels", "labels": {"Login": "login"}}, {"name": "drop-empty"}]
    data = after(data, edits.moved_step(data, 0, 1))
    data = after(data, edits.with_labels(data, {"spam": None, "a": "b", "c": "b"}))
    assert [step.name for step in data.steps] == ["drop-empty", "rename-labels"]
    assert edits.renamed_labels(data) == {"Login": "login", "spam": None, "a": "b", "c": "b"}


def test_the_last_reset_takes_the_step_away():
    data = DataSection(path="a.csv", steps=[{"name": "rename-labels", "labels": {"a": "b", "c": None}}])
    data = after(data, edits.with_labels(data, {"a": ""}))
    assert edits.renamed_labels(data) == {"c": None}
    assert after(data, edits.with_labels(data, {"c": "c"})).steps == ()


def test_steps_are_added_set_moved_and_removed():
    data = DataSection(path="a.csv")
    data = after(data, edits.with_step(data, "drop-empty"))
    data = after(data, edits.with_step(data, "drop-rare-classes", least=3))
    data = after(data, edits.step_option(data, 1, "least", 5))
    data = after(data, edits.moved_step(data, 1, -1))
    assert edits.plain_steps(data) == [{"name": "drop-rare-classes", "least": 5}, {"name": "drop-empty"}]
    assert edits.plain_steps(after(data, edits.without_step(data, 0))) == [{"name": "drop-empty"}]


def test_another_source_forgets_the_options_of_the_old():
    data = DataSection(path="a.csv", source="csv", roles={"text": "x"}, delimiter=";")
    data = after(data, edits.other_source(data, "jsonl"))
    assert (data.source, data.options, data.roles) == ("jsonl", {}, {"text": "x"})


def test_another_method_forgets_the_column():
    data = DataSection(path="a.csv", split={"method": "held-out", "by": "lang", "test_values": ("de",), "test": 0.3})
    split = after(data, edits.other_method("grouped")).split
    assert (split.method, split.by, split.test_values, split.test) == ("grouped", "", (), 0.3)


def test_places_come_and_go():
    data = DataSection(path="a.csv", test="t.csv")
    data = after(data, edits.with_places(data, "train", ["b.csv", "a.csv"]))
    data = after(data, edits.with_places(data, "validation", ["v.csv"]))
    assert data.files == {"train": ("a.csv", "b.csv"), "validation": ("v.csv",), "test": ("t.csv",)}
    data = after(data, edits.without_place(data, "train", "a.csv"))
    data = after(data, edits.without_place(data, "test", ""))
    assert data.files == {"train": ("b.csv",), "validation": ("v.csv",)}
    assert after(data, edits.without_place(data, "train", "")).files == {"validation": ("v.csv",)}
