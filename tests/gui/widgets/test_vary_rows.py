"""Fields that are to be varied, a line each."""

from __future__ import annotations

import pytest

from tlstudio.gui.fields import VariedField, Wish
from tlstudio.gui.widgets.vary_rows import VaryRows, numbers

RATE = VariedField("training.learning_rate", "Training", "Learning rate", "float", 1e-4,
                   Wish("training.learning_rate", 1e-5, 1e-3, True), 0.0, 1.0)  # fmt: skip
EPOCHS = VariedField("training.epochs", "Training", "Epochs", "int", 3, Wish("training.epochs", 2, 6), 1, 1000)
KIND = VariedField("strategy.name", "", "Strategy", "choice", "a", Wish("strategy.name", values=("a", "b")),
                   choices=(("a", "A"), ("b", "B")))  # fmt: skip
ALL = [RATE, EPOCHS, KIND]


@pytest.fixture
def rows(keep):
    made = keep(VaryRows("Add", ranges=True))
    made.set_fields(ALL, [])
    return made


def test_fields_are_added_from_groups_and_removed(rows):
    heard = []
    rows.changed.connect(lambda: heard.append(rows.wishes()))
    training = next(action.menu() for action in rows.add_menu.actions() if action.menu())
    assert [action.text() for action in training.actions()] == ["Learning rate", "Epochs"]
    training.actions()[1].trigger()
    assert rows.wishes() == [EPOCHS.usual] and len(heard) == 1
    training = next(action.menu() for action in rows.add_menu.actions() if action.menu())
    assert [action.text() for action in training.actions()] == ["Learning rate"], "each once"
    rows.rows["training.epochs"]._high.setValue(9)
    assert heard[-1] == [Wish("training.epochs", 2, 9)]
    rows.rows["training.epochs"]._remove()
    assert rows.wishes() == [] and not rows.isVisible()


def test_setting_emits_nothing_and_keeps_rows(rows):
    heard = []
    rows.changed.connect(lambda: heard.append(1))
    rows.set_fields(ALL, [RATE.usual, KIND.usual])
    row = rows.rows["training.learning_rate"]
    rows.set_fields(ALL, [Wish("training.learning_rate", 1e-4, 1e-2), KIND.usual])
    assert rows.rows["training.learning_rate"] is row, "a focus stays"
    assert rows.wishes()[0] == Wish("training.learning_rate", 1e-4, 1e-2)
    rows.set_fields([KIND], [RATE.usual, KIND.usual])
    assert list(rows.rows) == ["strategy.name"], "the other field is gone"
    assert heard == []


def test_values_are_typed_or_ticked(keep):
    rows = keep(VaryRows("Add", ranges=False))
    rows.set_fields(ALL, [])
    rows.add("strategy.name")
    assert rows.wishes() == [Wish("strategy.name", values=("b",))], "the other one than now"
    rows.add("training.epochs")
    rows.rows["training.epochs"].set_wish(Wish("training.epochs", values=(2, 5)))
    assert rows.wishes()[1].values == (2, 5)


def test_numbers_of_a_line():
    assert numbers(" 1e-5  0,1;0.1 x", whole=False) == (1e-5, 0.1, "x")
    assert numbers("2 3 2", whole=True) == (2, 3)
    assert numbers("", whole=True) == ()
