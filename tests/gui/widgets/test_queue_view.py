"""The list of recipes that wait."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from tlstudio.gui.widgets.queue_view import QueueView
from tlstudio.session.recipe_queue import Item


def item(name, state="waiting", **more):
    return Item(name, f"tickets · {name}", {}, 1.0, state, **more)


@pytest.fixture
def view(keep):
    return keep(QueueView())


def tools(view, text):
    return [found for found in view.findChildren(QPushButton) if found.accessibleName().startswith(text)]


def test_what_can_be_done_depends_on_the_state(view):
    error = {"code": "x", "message": "No {thing}.", "params": {"thing": "room"}}
    view.set_items([item("a", "running"), item("b"), item("c"), item("d", "failed", error=error)], going=True)
    assert len(tools(view, "Earlier")) == len(tools(view, "Later")) == 2
    assert [tool.accessibleName() for tool in tools(view, "Run again")] == ["Run again: tickets · d"]
    assert len(tools(view, "Remove")) == 3
    assert view.hold_button.isVisible()
    assert not view.start_button.isVisible()
    texts = [label.text() for label in view.findChildren(QLabel)]
    assert "tickets · d — No room." in texts


def test_the_wishes_name_the_recipe(view):
    view.set_items([item("a"), item("b")], going=False)
    moved, removed = [], []
    view.move_requested.connect(lambda *given: moved.append(given))
    view.remove_requested.connect(removed.append)
    first, second = tools(view, "Earlier")
    assert not first.isEnabled()
    second.click()
    tools(view, "Remove")[0].click()
    assert (moved, removed) == ([("b", 0)], ["a"])


def test_an_empty_queue_takes_no_room(view):
    view.set_items([item("a")], going=False)
    view.set_items([], going=False)
    assert not view.isVisible()


def test_one_that_was_broken_off_says_so(view):
    view.set_items([item("a", run="20260101-x")], going=False)
    assert "⚠ to be resumed" in [label.text() for label in view.findChildren(QLabel)]
