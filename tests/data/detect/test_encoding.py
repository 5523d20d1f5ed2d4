"""Texts that were read in a wrong encoding."""

from __future__ import annotations

import csv

import pytest

from tlstudio.data.detect.encoding import CONTROL, garbled, has_entities, mended


@pytest.mark.parametrize("text", ["schön gemacht", "l’été déjà", "naïve café “quoted”", "价格是一百元", "Größe 10 €"])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_misread_texts_are_mended(text, encoding):
    try:
        wrong = text.encode().decode(encoding)
    except UnicodeDecodeError:
        pytest.skip("these bytes have no meaning in that encoding")
    assert garbled(wrong)
    assert mended(wrong) == text


def test_only_one_part_is_wrong():
    assert mended("schön\nschÃ¶n wie “nie”") == "schön\nschön wie “nie”"


@pytest.mark.parametrize("language", ["de", "fr", "zh", "en"])
def test_right_texts_stay(language, assets):
    with open(assets / "data" / "text" / "emoji_names" / f"{language}.csv", encoding="utf-8", newline="") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    assert [text for text in texts if garbled(text)] == []


def test_entities_and_controls():
    assert has_entities("salt &amp; pepper")
    assert has_entities("&#39;&#x27;")
    assert not has_entities("AT&T; R&D &nonsense; & so on")
    assert CONTROL.sub("", "a\x07b\ufeffc\td\n") == "abc\td\n"
