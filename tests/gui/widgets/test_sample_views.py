"""Samples of every kind of task: what stands on a card, what is wrong, and what pages."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest

from tests.gui import task_runs
from tlstudio.gui import theme
from tlstudio.gui.widgets import sample_views
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.tags import Segment, TagFlow, scheme_of, segments

CARDS = ("spans", "answers", "generations", "masked", "neighbours", "labels")


@pytest.fixture
def view(keep, tmp_path, qapp):
    def make(kind: str):
        results = task_runs.make(kind, tmp_path)
        widget = keep(sample_views.make(results["test"]["samples"]["kind"]))
        widget.set_items(results["test"]["samples"]["items"], results["unit"])
        qapp.processEvents()
        return widget

    return make


@pytest.mark.parametrize("kind", CARDS)
def test_only_wrong_ones(view, kind) -> None:
    widget = view(kind)
    everything = widget.shown()
    assert widget.count.text() == f"{len(everything)} of {len(everything)} samples"
    if kind == "generations":
        assert not widget.wrong_only.isVisible(), "a translation is no matter of right or wrong"
        return
    widget.wrong_only.setChecked(True)
    assert 0 < len(widget.shown()) < len(everything)
    assert all(widget.is_wrong(item) for item in widget.model.items)


@pytest.mark.parametrize("kind", CARDS)
def test_cards_are_painted_in_both_schemes_and_copied(view, kind, qapp) -> None:
    widget = view(kind)
    light = widget.grab().toImage()
    theme.apply(qapp, "dark")
    qapp.processEvents()
    assert widget.grab().toImage() != light
    widget.cards.setCurrentIndex(widget.model.index(0, 0))
    QTest.keyClick(widget.cards, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("Row ")


def test_cards_follow_the_width(view) -> None:
    widget = view("answers")
    height = widget.cards.sizeHintForRow(0)
    widget.resize(420, 600)
    QTest.qWait(50)
    assert widget.cards.sizeHintForRow(0) > height


def test_entities_in_every_scheme() -> None:
    bio = ["B-PER", "I-PER", "O", "B-PER", "B-PER", "I-LOC"]
    assert segments(bio, True) == [
        Segment(0, 2, "PER"), Segment(3, 4, "PER"), Segment(4, 5, "PER"), Segment(5, 6, "LOC")
    ]  # fmt: skip
    assert segments(["B-A", "L-A", "U-A"], True) == [Segment(0, 2, "A"), Segment(2, 3, "A")]
    assert scheme_of(bio) and not scheme_of(["NN", "VB", "NN-TL"])
    assert segments(["NN", "NN"], False) == [Segment(0, 1, "NN"), Segment(1, 2, "NN")]


def test_words_with_tags_are_read_aloud(view) -> None:
    text = view("spans").shown()[1]
    assert "Model: Central Bank = ORG, Christine Lagarde = PER, Frankfurt = LOC" in text
    assert "Truth: European Central Bank = ORG, Christine Lagarde = PER, Frankfurt am Main = LOC" in text


def test_a_long_sentence_wraps_and_is_cut(qapp) -> None:
    flow = TagFlow(["word"] * 5000, [Segment(0, 2, "A")], [Segment(1, 2, "A")], QFont())
    assert flow.height(300) > flow.height(900) > 0
    assert flow.height(300) < 8000


def test_the_answer_and_the_truth_are_marked_in_their_place() -> None:
    html = markup.passage("a <b> c d", [(2, 5)], [(6, 7)])
    assert "&lt;b&gt;" in html and "<u>c</u>" in html and "background-color" in html
    long = markup.passage("x" * 5000 + "here" + "y" * 5000, [(5000, 5004)], [])
    assert long.startswith("… x") and long.endswith("y …") and len(long) < 1000
    assert markup.passage("no marks", [], []) == "no marks"


def test_long_texts_are_cut() -> None:
    assert len(markup.text("x" * 100_000)) < 1300


def test_points_and_rows_of_numbers_go_together(view, qtbot) -> None:
    widget = view("numbers")
    assert widget.scatter is not None
    worst = widget._items[0]
    widget.choose_point(0)
    assert widget.table.current() == worst
    assert widget.detail.text().startswith(f"Row {worst['row']}: true")
    box = widget.scatter.getPlotItem().getViewBox()
    spot = widget.scatter.mapFromScene(box.mapViewToScene(QPointF(worst["label"], worst["predicted"])))
    assert widget.scatter.nearest(spot.toPointF()) is not None
    with qtbot.waitSignal(widget.scatter.clicked, timeout=1000):
        QTest.mouseClick(widget.scatter.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_images_with_boxes_page(view, qtbot) -> None:
    widget = view("boxes")
    qtbot.waitUntil(lambda: widget.canvas.ready, timeout=10_000)
    assert widget.caption.text() == "1 of 5: row 0, street.png · 2 true and 2 predicted boxes"
    assert not widget.before.isEnabled()
    QTest.mouseClick(widget.next, Qt.MouseButton.LeftButton)
    assert widget.caption.text().startswith("2 of 5") and widget.before.isEnabled()
    assert "Predicted: car 94 %" in widget.canvas.accessibleDescription()
    widget.predicted.setChecked(False)
    assert "Predicted" not in widget.canvas.accessibleDescription()


def test_a_missing_image_is_explained(view, qtbot, tmp_path) -> None:
    widget = view("boxes")
    item = {"row": 1, "image": str(tmp_path / "gone.png"), "truth": [], "predicted": []}
    widget.set_items([item], "images")
    qtbot.waitUntil(lambda: widget.canvas.ready, timeout=10_000)
    assert "gone.png" in widget.canvas._problem
    widget.grab()


def test_a_kind_of_a_newer_version_shows_nothing() -> None:
    assert sample_views.make("holograms") is None


def test_a_label_has_the_same_colour_in_all_sentences(view) -> None:
    items = [
        {"row": 1, "tokens": ["Rome", "Anna"], "labels": ["B-LOC", "B-PER"], "predicted": ["B-LOC", "B-PER"]},
        {"row": 2, "tokens": ["Anna"], "labels": ["B-PER"], "predicted": ["B-PER"]},
    ]
    shown = view("spans")
    shown.set_items(items, "sentences")
    first, second = (shown.drawing(item)._colours["PER"] for item in items)
    assert first == second
