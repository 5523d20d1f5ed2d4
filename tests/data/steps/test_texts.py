"""The steps that change texts: mask-personal-data, repair-encoding, normalise-text, remove-tokens."""

from __future__ import annotations

import pytest

from tests.data.steps.conftest import changed
from tlstudio.core.errors import StudioError


def test_masks():
    text = "jane@example.com, +44 20 7946 0958, 4111 1111 1111 1111, 123-45-6789, GB29NWBK60161331926819"
    assert changed("mask-personal-data", [text]) == ["[EMAIL], [PHONE], [CARD], [ID], [IBAN]"]
    some = changed("mask-personal-data", [text], email=False, card=False)[0]
    assert "jane@example.com" in some
    assert "4111 1111 1111 1111" in some
    assert "[PHONE]" in some
    assert changed("mask-personal-data", ["030 1234567"], country="DE") == ["[PHONE]"]
    with pytest.raises(StudioError):
        changed("mask-personal-data", [""], country="Germany")


def test_encodings():
    texts = ["schÃ¶n", "schön", "be\x07ll", "plain"]
    assert changed("repair-encoding", texts) == ["schön", "schön", "bell", "plain"]
    assert changed("repair-encoding", texts, controls=False)[2] == "be\x07ll"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "RT @bob: salt & pepper\nhttps://t.co/x @ann"),
        ({"spaces": False, "entities": False}, "  RT @bob: salt &amp;  pepper \n\n\n https://t.co/x @ann"),
        ({"urls": True}, "RT @bob: salt & pepper\n@ann"),
        ({"mentions": True}, "RT : salt & pepper\nhttps://t.co/x"),
        ({"retweets": True, "urls": True, "mentions": True}, "salt & pepper"),
    ],
)
def test_forms(options, expected):
    assert changed("normalise-text", ["  RT @bob: salt &amp;  pepper \n\n\n https://t.co/x @ann"], **options) == [
        expected
    ]


def test_unicode_forms():
    assert changed("normalise-text", ["e\u0301"]) == ["é"]
    assert changed("normalise-text", ["e\u0301"], unicode=False) == ["e\u0301"]
    assert changed("normalise-text", ["jane@example.com"], mentions=True) == ["jane@example.com"]


def test_words_are_taken_out_whole():
    texts = ["art of the party, art!", "#maga Maga", "— and —x"]
    assert changed("remove-tokens", texts, tokens=["art", "#maga", "—"]) == ["of the party, !", "Maga", "and x"]
    assert changed("remove-tokens", texts, tokens=["MAGA"], ignore_case=True)[1] == "#"
    assert changed("remove-tokens", texts) == texts
