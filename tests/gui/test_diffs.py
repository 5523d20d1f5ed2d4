"""What has changed between two texts, and how it is shown."""

from __future__ import annotations

import time

import pytest

from tlstudio.gui import diffs, theme
from tlstudio.gui.diffs import Piece


def joined(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def changed(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.changed]


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("write to a@b.org please", "write to <mail> please", ["a@b.org"], ["<mail>"]),
        ("a b c", "a c", ["b "], []),
        ("", "now there", [], ["now there"]),
        ("same", "same", [], []),
        ("CafÃ© au lait", "Café au lait", ["CafÃ©"], ["Café"]),
        ("你好吗", "你好", ["你好吗"], ["你好"]),
    ],
)
def test_changed_words(before, after, gone, new):
    left, right = diffs.compare(before, after)
    assert (joined(left), joined(right)) == (before, after)
    assert "".join(changed(left)) == "".join(gone)
    assert "".join(changed(right)) == "".join(new)


def test_long_texts_without_anything_in_common_are_quick():
    before, after = " ".join(map(str, range(50_000))), " ".join(map(str, range(90_000, 140_000)))
    begin = time.perf_counter()
    left, right = diffs.compare(before, after)
    assert time.perf_counter() - begin < 2
    assert (joined(left), joined(right)) == (before, after)


def test_invisible_changes_become_signs():
    assert diffs.visible("  ") == "␣␣"
    assert diffs.visible("a\u00a0b\tc\n") == "a⍽b⇥c⏎"
    assert diffs.visible("a\u200bb\ufeff") == "a‹U+200B›b‹U+FEFF›"
    assert diffs.visible("two words") == "two words"
    assert diffs.visible("two  spaces") == "two␣␣spaces"
    assert diffs.visible("👨\u200d👩") == "👨\u200d👩", "an emoji stays whole"


def test_markup_escapes_the_data_and_marks_without_colour_alone():
    left, right = diffs.compare("<b>x</b> one", "<b>x</b> two")
    gone = diffs.markup(left, True, theme.LIGHT)
    new = diffs.markup(right, False, theme.LIGHT)
    assert "<b>" not in gone and "&lt;b&gt;" in gone
    assert "line-through" in gone and "underline" in new
    assert "background-color:#" in gone


def test_a_long_text_is_cut_far_from_its_change():
    words = " ".join(["word"] * 200)
    left, _right = diffs.compare(f"{words} old {words}", f"{words} new {words}")
    shown = diffs.markup(left, True, theme.DARK)
    assert shown.startswith("…") and shown.endswith("…")
    assert "old" in shown and len(shown) < 400
