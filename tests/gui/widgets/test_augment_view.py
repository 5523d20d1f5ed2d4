"""The augmentation's view: cards that keep their place and focus, examples as texts and pictures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel

from tests.gui import fake_doctor
from tlstudio.core.options import describe
from tlstudio.gui.widgets.augment_card import Augmentation
from tlstudio.gui.widgets.augment_view import AugmentView

OPTIONS = tuple(describe(fake_doctor.SwapOptions))


@pytest.fixture
def view(keep):
    return keep(AugmentView())


def item(name: str, place: int | None = None, last: bool = True, **more) -> Augmentation:
    return Augmentation(name, name.title(), "Does it.", OPTIONS, more.pop("values", {}), place, last, **more)


def order(view) -> list[str]:
    """The cards from the top, as they are laid out."""
    cards = sorted(view.cards, key=view._list.indexOf)
    return [card.shown.name for card in cards]


def test_cards_move_and_keep_the_focus(view):
    view.set_augmentations([item("a", 0, False), item("b", 1), item("c")])
    field = view.cards[1].form.fields["share"].editor
    field.setFocus()
    second = view.cards[1]
    view.set_augmentations([item("b", 0, False), item("a", 1), item("c")])
    assert order(view) == ["b", "a", "c"]
    assert view.cards[0] is second and field.hasFocus()
    assert second.tick.text() == "1.  B" and not second.earlier.isEnabled() and second.later.isEnabled()


def test_no_form_is_cut_off_where_there_is_little_room(view, qapp):
    view.resize(752, 400)
    view.set_augmentations([item("a", 0, False), item("b", 1)])
    qapp.processEvents()
    shown = view._area.viewport().width()
    assert all(card.minimumSizeHint().width() <= shown for card in view.cards)
    assert not view._area.horizontalScrollBar().isVisible()


def test_the_same_augmentation_twice_has_two_cards(view):
    view.set_augmentations([item("a", 0, False, values={"share": 0.2}), item("a", 1, values={"share": 0.4})])
    shares = [card.form.fields["share"].value() for card in view.cards]
    assert shares == [0.2, 0.4]
    removed = []
    view.removed.connect(removed.append)
    view.cards[1].tick.click()
    assert removed == [1]


def test_cards_that_go_are_deleted(view):
    view.set_augmentations([item("a"), item("b")])
    view.set_augmentations([item("b")])
    assert order(view) == ["b"]
    assert view._list.count() == 3, "sampling, one card, the stretch"


def test_a_reason_is_said_to_screen_readers(view):
    view.set_augmentations([item("a", reason="For images.")])
    assert not view.cards[0].tick.isEnabled()
    assert view.cards[0].tick.accessibleDescription() == "Does it. For images."


def test_options_carry_their_place(view):
    made = []
    view.option_changed.connect(lambda *args: made.append(args))
    view.set_augmentations([item("a", 0, False), item("b", 1)])
    assert made == []
    view.cards[1].form.fields["share"].editor.setValue(0.5)
    assert made == [(1, "share", 0.5)]


def test_pictures_before_and_after_are_read_anew(view, tmp_path):
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    images = []
    for colour in (Qt.GlobalColor.red, Qt.GlobalColor.blue):
        for path in (before, after):
            image = QImage(64, 64, QImage.Format.Format_RGB32)
            image.fill(colour)
            image.save(str(path))
        shown = {"augmentation": "flip", "title": "Flip", "before": str(before), "after": str(after), "kind": "image"}
        view.examples.set_examples([shown | {"targets": ["71 % cat, 29 % dog"]}], "")
        labels = [one for one in view.examples.pictures.findChildren(QLabel) if not one.pixmap().isNull()]
        images.append([one.pixmap().toImage().pixelColor(5, 5) for one in labels[-2:]])
    assert images == [[Qt.GlobalColor.red] * 2, [Qt.GlobalColor.blue] * 2]
    texts = [one.text() for one in view.examples.pictures.findChildren(QLabel)]
    assert "Flip  ·  71 % cat, 29 % dog" in texts


def test_a_picture_that_is_gone_is_a_sign(view, tmp_path):
    missing = str(tmp_path / "gone.png")
    view.examples.set_examples(
        [{"augmentation": "flip", "title": "Flip", "before": missing, "after": missing, "kind": "image"}], ""
    )
    assert "✕" in [one.text() for one in view.examples.pictures.findChildren(QLabel)]


def test_a_text_that_stays_says_so(view):
    view.examples.set_examples(
        [{"augmentation": "swap", "title": "Swap", "before": "word", "after": "word", "kind": "text"}], ""
    )
    assert "Swap: this text stays as it is" in view.examples.texts.toPlainText()


def test_measuring_shows_progress_and_cancel(view, qtbot):
    view.set_can_measure(True, "Takes long.")
    assert view.measure_button.isEnabled() and view.measure_note.text() == "Takes long."
    view.set_measuring(True, "Run 1 of 2", 0.25)
    assert view.measure_bar.value() == 250 and view.measure_note.text() == "Run 1 of 2"
    with qtbot.waitSignal(view.measure_cancelled):
        view.measure_cancel.click()
    view.set_measuring(False, "", None)
    assert view.measure_button.isVisible() and not view.measure_bar.isVisible()
