"""The list of earlier runs and recipes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tlstudio.gui.widgets.run_list import ListedRun, RunList


class Made(list):
    """Shows at once what was changed, as the presenter does."""

    def __init__(self, view):
        super().__init__()
        self.view = view
        view.changed.connect(self.take)

    def take(self, places):
        self.append(places)
        self.view.set_chosen([ListedRun(place, place) for place in places])


@pytest.fixture
def view(qtbot):
    widget = RunList()
    qtbot.addWidget(widget)
    widget.set_texts("Other tasks", "Learnt together.")
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def texts(view):
    return [view.list.item(row).text() for row in range(view.list.count())]


def test_empty_it_says_so(view):
    assert view.empty.isVisible() and not view.list.isVisible() and not view.remove_button.isVisible()
    assert not view.add_button.isEnabled() and "no other completed run" in view.add_button.toolTip()


def test_runs_are_added_from_the_menu(view):
    made = Made(view)
    view.set_offered([ListedRun("b", "b", "Text classification"), ListedRun("a", "a")])
    assert [action.text() for action in view.menu.actions()] == ["b  ·  Text classification", "a"]
    view.menu.actions()[1].trigger()
    assert made == [["a"]]
    view.add(["a", "b", "b"])
    assert made[-1] == ["a", "b"]
    view.add(["a"])
    assert len(made) == 2, "it is there already"
    assert view.list.currentRow() == 1


def test_moved_and_removed_with_buttons_and_keys(view):
    made = Made(view)
    view.set_chosen([ListedRun(name, name) for name in "abc"])
    assert made == []
    view.list.setCurrentRow(0)
    assert not view.up_button.isEnabled()
    view.down_button.click()
    assert made[-1] == ["b", "a", "c"] and view.list.currentRow() == 1
    view.list.setFocus()
    QTest.keyClick(view.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert made[-1] == ["a", "b", "c"] and view.list.currentRow() == 0
    QTest.keyClick(view.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert len(made) == 2, "nothing is above the first"
    QTest.keyClick(view.list, Qt.Key.Key_Delete)
    assert made[-1] == ["b", "c"] and view.list.currentRow() == 0
    view.remove_button.click()
    view.remove_button.click()
    assert made[-1] == [] and view.empty.isVisible()


def test_what_is_gone_is_marked_in_words(view):
    view.set_chosen(
        [ListedRun("/x/old", "old", "Regression", missing=True), ListedRun("/x/b.yaml", "b.yaml", "recipe")]
    )
    assert texts(view) == ["old  ·  not found", "b.yaml  ·  recipe"]
    assert view.list.item(0).toolTip() == "/x/old"
