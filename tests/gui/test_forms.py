"""Forms from pydantic models: every kind of field, limits, 'auto', no echo."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel

from tlstudio.core.options import Option, describe
from tlstudio.core.recipe import TrainingSection
from tlstudio.gui import forms
from tlstudio.gui.forms import Form, NumberBox


class Config(BaseModel):
    flag: bool = Field(False, title="A flag", description="On or off.")
    count: int = Field(3, ge=1, le=9, title="Count", description="How many.", json_schema_extra={"unit": "rows"})
    rate: Literal["auto"] | Annotated[float, Field(gt=0, le=1)] = Field("auto", title="Rate", description="Speed.")
    kind: Literal["none", "balanced"] = Field("none", title="Kind", description="Which.")
    name: str = Field("x", title="Name", description="A text.")
    note: str | None = Field(None, title="Note", description="Perhaps a text.")


@pytest.fixture
def form(keep):
    return keep(Form(describe(Config)))


@pytest.fixture
def heard(form):
    result = []
    form.changed.connect(lambda name, value: result.append((name, value)))
    return result


def test_defaults_and_descriptions(form):
    values = {"flag": False, "count": 3, "rate": "auto", "kind": "none", "name": "x", "note": None}
    assert form.values() == values
    editor = form.fields["count"].editor
    assert editor.accessibleName() == "Count"
    assert editor.accessibleDescription() == "How many."
    assert (editor.minimum(), editor.maximum(), editor.suffix()) == (1, 9, " rows")
    labels = [label for label in form.findChildren(QLabel) if label.buddy() is editor]
    assert [label.text() for label in labels] == ["Count"]


def test_setting_values_emits_nothing(form, heard):
    values = {"flag": True, "count": 5, "rate": 0.5, "kind": "balanced", "name": "y", "note": "z"}
    form.set_values(values)
    assert form.values() == values
    assert heard == []
    form.set_values({})
    assert form.values()["count"] == 3


def test_edits_are_told_with_their_name(form, heard):
    form.fields["flag"].editor.click()
    form.fields["count"].editor.setValue(7)
    form.fields["kind"].editor.setCurrentIndex(1)
    line = form.fields["name"].editor
    line.setFocus()
    line.setText("new")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert heard == [("flag", True), ("count", 7), ("kind", "balanced"), ("name", "new")]


def test_text_is_told_once(form, heard):
    line = form.fields["note"].editor
    line.setFocus()
    QTest.keyClicks(line, "hello")
    QTest.keyClick(line, Qt.Key.Key_Return)
    form.fields["name"].editor.setFocus()
    assert heard == [("note", "hello")]


def test_auto_beside_a_number(form, heard):
    field = form.fields["rate"]
    assert not field.editor.isEnabled()
    assert isinstance(field.auto, QCheckBox)
    field.auto.click()
    assert field.editor.isEnabled()
    field.editor.setValue(0.25)
    field.auto.click()
    assert [value for _, value in heard][-2:] == [0.25, "auto"]


def test_training_form_shows_small_rates(keep):
    form = keep(Form(describe(TrainingSection)))
    form.set_values({"learning_rate": 5e-5})
    editor = form.fields["learning_rate"].editor
    assert editor.text() == "5e-05"
    assert form.fields["learning_rate"].value() == 5e-5


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("3e-5", QValidator.State.Acceptable),
        ("0,5", QValidator.State.Acceptable),
        ("3e-", QValidator.State.Intermediate),
        ("7", QValidator.State.Intermediate),
        ("abc", QValidator.State.Invalid),
    ],
)
def test_number_box_reads_scientific_notation(keep, text, state):
    box = keep(NumberBox())
    box.setRange(0, 1)
    assert box.validate(text, 0)[0] == state


def test_number_box_steps_one_two_five(keep):
    box = keep(NumberBox())
    box.setRange(0, 1)
    box.setValue(5e-5)
    seen = []
    for steps in (1, 1, -1, -1, -1):
        box.stepBy(steps)
        seen.append(round(box.value(), 9))
    assert seen == [1e-4, 2e-4, 1e-4, 5e-5, 2e-5]


def test_wheel_over_a_field_without_focus_changes_nothing(form, heard):
    editor = form.fields["count"].editor
    point = QPointF(5, 5)
    event = QWheelEvent(
        point,
        point,
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    editor.wheelEvent(event)
    assert editor.value() == 3
    assert heard == []


class Wishes(BaseModel):
    dropout: float | None = Field(None, ge=0, lt=1, title="Dropout", description="Empty keeps the model's.")
    epochs: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto", title="Epochs", description="Passes.", json_schema_extra={"unit": "rounds"}
    )


@pytest.fixture
def wishes(keep):
    return keep(Form(describe(Wishes)))


def test_a_number_that_may_be_missing_is_empty_not_zero(wishes):
    heard = []
    wishes.changed.connect(lambda name, value: heard.append((name, value)))
    field = wishes.fields["dropout"]
    assert field.value() is None and field.auto.isChecked()
    assert field.editor.text() == "" and not field.editor.isEnabled()
    field.auto.click()
    assert field.editor.isEnabled() and field.editor.text() == "0"
    field.editor.setValue(0.3)
    field.auto.click()
    assert [value for _, value in heard] == [0.0, 0.3, None]
    wishes.set_values({"dropout": 0.2})
    assert field.editor.text() == "0.2" and not field.auto.isChecked()
    wishes.set_values({})
    assert field.value() is None and field.editor.text() == ""
    assert len(heard) == 3


def test_auto_shows_what_will_be_used_where_that_is_known(wishes):
    field = wishes.fields["epochs"]
    assert field.editor.text() == "auto"
    wishes.set_automatic({"epochs": 7})
    assert field.editor.text() == "7 rounds" and field.value() == "auto"
    wishes.set_automatic({})
    assert field.editor.text() == "auto"
    wishes.set_automatic({"epochs": 7})
    field.auto.click()
    assert field.value() == 7, "the user goes on from there"


def test_a_number_being_typed_outlives_what_becomes_known(wishes):
    wishes.set_values({"epochs": 3})
    editor = wishes.fields["epochs"].editor
    editor.setFocus()
    editor.lineEdit().setText("12 rounds")
    wishes.set_automatic({"epochs": 7})
    wishes.set_values({"epochs": 3})
    assert editor.text() == "12 rounds"


def test_a_file_is_chosen_or_typed(qtbot, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    field = forms.Field(Option("dictionary", "Dictionary", "A file.", "str", "", file=True))
    qtbot.addWidget(field)
    heard = []
    field.changed.connect(lambda name, value: heard.append((name, value)))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("/some/words.tsv", ""))
    field.editor.actions()[0].trigger()
    assert (field.value(), heard) == ("/some/words.tsv", [("dictionary", "/some/words.tsv")])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("", ""))
    field.editor.actions()[0].trigger()
    assert len(heard) == 1


# --- options that depend on others, and places


class Moody(BaseModel):
    mode: Literal["none", "balanced"] = Field("none", title="Mode", description="Which.")
    strength: float = Field(
        1.0, title="Strength", description="How.", json_schema_extra={"only": {"mode": ["balanced"]}}
    )
    place: str = Field("train", title="Place", description="Where.",
                       json_schema_extra={"file": True, "folder": True, "free": "train"})  # fmt: skip


@pytest.fixture
def moody(keep):
    return keep(Form(describe(Moody), captions=True))


def test_what_does_not_matter_is_hidden(moody):
    field = moody.fields["strength"]
    shown = [label for label in moody.findChildren(QLabel) if label.isVisible()]
    assert not field.isVisible() and "How." not in [label.text() for label in shown]
    moody.fields["mode"].editor.setCurrentIndex(1)
    assert field.isVisible(), "at once, while the user edits"
    moody.set_values({"mode": "none"})
    assert not field.isVisible()
    moody.show_only(["place"])
    moody.set_values({"mode": "balanced"})
    assert not field.isVisible() and not moody.fields["mode"].isVisible()


def test_a_word_stands_in_place_of_a_place(moody, monkeypatch):
    heard = []
    moody.changed.connect(lambda name, value: heard.append((name, value)))
    field = moody.fields["place"]
    assert field.auto.isChecked() and field.auto.text() == "The training rows" and field.value() == "train"
    assert not field.editor.isEnabled()
    field.auto.click()
    assert heard == [] and field.editor.isEnabled(), "nothing to tell before a place is named"
    monkeypatch.setattr(forms.QFileDialog, "getExistingDirectory", lambda *_args: "/home/me/texts")
    file, folder = field.editor.actions()
    assert (file.text(), folder.text()) == ("Choose a file…", "Choose a folder…")
    folder.trigger()
    assert heard == [("place", "/home/me/texts")]
    field.auto.click()
    assert heard[-1] == ("place", "train")
    monkeypatch.setattr(forms.QFileDialog, "getOpenFileName", lambda *_args: ("", ""))
    file.trigger()
    assert len(heard) == 2, "nothing was chosen"


def test_an_earlier_run_is_chosen_from_a_menu(keep):
    field = keep(forms.Field(Option("teacher", "Teacher", "A run.", "str", "", run=True)))
    heard = []
    field.changed.connect(lambda name, value: heard.append((name, value)))
    assert not field.choose_run.isEnabled() and "no other completed run" in field.choose_run.toolTip()
    field.set_runs([("20261122-one", "20261122-one · Tickets"), ("20261121-two", "20261121-two · Reviews")])
    assert field.choose_run.isEnabled()
    field.runs.actions()[1].trigger()
    assert heard == [("teacher", "20261121-two")]
    assert field.editor.text() == "20261121-two"
