"""The try-it box: what is asked for each task, and how each kind of answer is shown."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from tests.gui import hands, task_runs
from tlstudio.gui import theme
from tlstudio.gui.widgets.answer_view import AnswerView
from tlstudio.gui.widgets.try_box import TryBox


@pytest.fixture
def box(keep) -> TryBox:
    return keep(TryBox())


@pytest.fixture
def answers(tmp_path):
    return task_runs.asked(tmp_path)


def test_two_texts_are_asked_for(box, qtbot) -> None:
    box.set_asks(("question", "context"))
    assert [field.title for field in box.inputs.values()] == ["Question", "Context"]
    QTest.keyClicks(box.inputs["question"].editor, "who?")
    assert not box.button.isEnabled(), "the context is missing"
    QTest.keyClicks(box.inputs["context"].editor, "Ada.")
    with qtbot.waitSignal(box.asked, timeout=1000) as caught:
        QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    assert caught.args == [{"question": "who?", "context": "Ada."}]
    box.set_asks(("question", "context"))
    assert box.inputs["question"].value() == "who?", "the same inputs keep what stands in them"


def test_a_second_text_may_be_left_out(box, qtbot) -> None:
    box.set_asks(("text", "text_b"), optional=("text_b",))
    assert "Optional" in box.inputs["text_b"].editor.placeholderText()
    QTest.keyClicks(box.inputs["text"].editor, "a dog")
    assert box.button.isEnabled()
    with qtbot.waitSignal(box.asked, timeout=1000) as caught:
        QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    assert caught.args == [{"text": "a dog"}]
    box.set_reply([{"kind": "embedding", "embedding": [0.6, 0.8]}], None)
    assert box.answer.heading.text() == "2 numbers, length 1.000"
    QTest.keyClicks(box.inputs["text_b"].editor, "ein hund")
    with qtbot.waitSignal(box.asked, timeout=1000) as caught:
        QTest.mouseClick(box.button, Qt.MouseButton.LeftButton)
    assert caught.args == [{"text": "a dog", "text_b": "ein hund"}]


def test_an_image_is_dropped_pasted_and_shown(box, qtbot, tmp_path) -> None:
    box.set_asks(("image",))
    field = box.inputs["image"]
    place = task_runs.picture(tmp_path / "a.png")
    hands.drop(field, place)
    qtbot.waitUntil(lambda: field.ready, timeout=10_000)
    assert field.value() == str(place) and box.button.isEnabled()
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(image)
    QTest.mouseClick(field.paste_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: field.ready, timeout=10_000)
    assert field.value().endswith("pasted-1.png")


def test_a_broken_image_is_explained(box, qtbot, tmp_path) -> None:
    box.set_asks(("image",))
    (tmp_path / "no.png").write_bytes(b"nothing")
    box.inputs["image"].set_path(str(tmp_path / "no.png"))
    qtbot.waitUntil(lambda: "cannot be used" in box.inputs["image"].preview.text(), timeout=10_000)
    assert not box.button.isEnabled()


def test_a_recording_is_shown_as_its_spectrogram(box, qtbot, tmp_path) -> None:
    pytest.importorskip("tlstudio.data.audio")
    box.set_asks(("audio",))
    box.inputs["audio"].set_path(str(task_runs.recording(tmp_path / "a.wav")))
    qtbot.waitUntil(lambda: box.inputs["audio"].ready, timeout=20_000)
    assert box.button.isEnabled()


SHOWN = {
    "label": lambda view: view.heading.text() == "delivery · 90.0 %",
    "labels": lambda view: [view.bars.given(row) for row in range(5)] == [True, True, True, False, False],
    "number": lambda view: view.heading.text() == "3.714",
    "spans": lambda view: view.note.text().startswith("Angela Merkel = PER (94 %)"),
    "answer": lambda view: view.heading.text() == "4 March 1890 · 91.3 %" and "background" in view.text.text(),
    "no-answer": lambda view: view.heading.text() == "No answer in the text · 70.0 %",
    "generation": lambda view: view.text.text() == "The bridge was opened in 1890.",
    "fill": lambda view: "held" in view.text.text() and view.more_bars[1].bars()[0] == ("ended", 0.44),
    "boxes": lambda view: view.note.text() == "2 found: car 94 %, person 88 %",
    "similarity": lambda view: "0.830" in view.scale.accessibleDescription(),
    "embedding": lambda view: view.heading.text() == "384 numbers, length 0.729" and view.note.text().endswith("…"),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_every_kind_of_answer(keep, answers, kind, qapp) -> None:
    view = keep(AnswerView())
    asked, answer = answers[kind]
    view.set_answer(answer, asked)
    assert SHOWN[kind](view)
    theme.apply(qapp, "dark")
    qapp.processEvents()
    view.grab()
    assert SHOWN[kind](view)


def test_an_answer_of_a_newer_version_is_shown_as_it_is(keep) -> None:
    view = keep(AnswerView())
    view.set_answer({"kind": "hologram", "depth": 3}, {})
    assert "depth: 3" in view.note.text()


def test_a_model_that_writes_markup_writes_text(keep) -> None:
    view = keep(AnswerView())
    view.set_answer({"kind": "generation", "output": "<b>bold</b>"}, {})
    assert view.text.text() == "&lt;b&gt;bold&lt;/b&gt;"


def test_the_answer_stands_beside_the_question_where_there_is_room(box, qtbot) -> None:
    box.show()
    box.set_asks(("text", "text_b"))
    card, text = box.answer.parentWidget(), box.inputs["text"]

    box.resize(1300, 800)
    qtbot.waitUntil(lambda: card.mapTo(box, card.rect().topLeft()).x() > text.geometry().right() > 400)
    qtbot.waitUntil(lambda: text.editor.height() > 110)
    box.resize(700, 800)
    qtbot.waitUntil(lambda: card.mapTo(box, card.rect().topLeft()).y() > text.geometry().bottom())
    qtbot.waitUntil(lambda: text.editor.height() <= 110)


def test_a_picture_takes_the_height_that_there_is(box, qtbot, tmp_path) -> None:
    box.show()
    box.set_asks(("image",))
    box.inputs["image"].set_path(str(task_runs.picture(tmp_path / "a.png")))
    box.resize(1300, 900)
    qtbot.waitUntil(lambda: box.inputs["image"].height() > 700)
    box.set_asks(("text",))
    qtbot.waitUntil(lambda: 0 < box.inputs["text"].height() < 400)
