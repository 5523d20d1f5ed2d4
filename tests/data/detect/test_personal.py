"""Personal data: found with its check digits, and nothing else."""

from __future__ import annotations

import time

import pytest

from tlstudio.data.detect.personal import find, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail jane.doe+x@mail.example.co.uk.", "mail [EMAIL]."),
        ("<li@example.com>", "<[EMAIL]>"),
        ("+44 20 7946 0958, (212) 555-0187 or 415-555-2671", "[PHONE], [PHONE] or [PHONE]"),
        ("手机 13812345678", "手机 [PHONE]"),
        ("IBAN DE89 3704 0044 0532 0130 00 thanks", "IBAN [IBAN] thanks"),
        ("GB29NWBK60161331926819.", "[IBAN]."),
        ("4111 1111 1111 1111 / 378282246310005", "[CARD] / [CARD]"),
        ("SSN 123-45-6789", "SSN [ID]"),
        ("NINO AB 12 34 56 C", "NINO [ID]"),
        ("身份证 11010519491231002X", "身份证 [ID]"),
        ("NIR 1 84 12 76 451 089 46", "NIR [ID]"),
    ],
)
def test_found(text, expected):
    assert masked(text) == expected
    assert masked(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "110105194912310021", "NIR 1 84 12 76 451 089 47",
        "2016-09-28 00:22:34", "1,234,567.89", "780925634159796224", "https://t.co/1234567890", "192.168.100.200",
        "3.14159265358979", "ISBN 978-3-16-148410-0", "@realDonaldTrump a@b", "000-12-3456", "order 2023-11-22-1234",
        "13812345678", "v1.2.3-456", "1234567890123456",
    ],
)  # fmt: skip
def test_left_alone(text):
    assert masked(text) == text


def test_a_country_and_kinds():
    text = "Tel. 030 1234567, jane@example.com"
    assert masked(text, country="DE") == "Tel. [PHONE], [EMAIL]"
    assert masked(text, kinds=("phone",), country="DE") == "Tel. [PHONE], jane@example.com"
    assert [(text[item.start : item.end], item.kind) for item in find(text)] == [("jane@example.com", "email")]


@pytest.mark.parametrize(
    "text", ["1 " * 50_000, "a@" * 50_000, "-" * 100_000, "GB29" + "A1B2 " * 20_000, "a" * 90_000 + "@"]
)
def test_hostile_texts_take_no_time(text):
    begin = time.perf_counter()
    masked(text, country="US")
    assert time.perf_counter() - begin < 3
