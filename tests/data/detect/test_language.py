"""A language is said only where it is nearly sure."""

from __future__ import annotations

import csv

import pytest

from tlstudio.data.detect.language import language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The question in this election is who can put the plans into action", "en"),
        ("Die Katze sitzt auf dem Sofa und schläft, während draußen der Regen fällt", "de"),
        ("Les enfants jouent dans le jardin avec une balle rouge et sont contents", "fr"),
        ("No todas las heridas son visibles y los veteranos merecen el mejor cuidado", "es"),
        ("Сегодня вечером мы пойдём в театр смотреть новую постановку", "ru"),
        ("我们今天去图书馆", "zh"),
        ("今日は図書館に行きます", "ja"),
        ("오늘 도서관에 갑니다", "ko"),
        ("", ""), ("ok", ""), ("taco sushi", ""), ("12345 67890 !!!", ""), ("https://example.com/der/die/das @und", ""),
        ("旗:", ""),
    ],
)  # fmt: skip
def test_languages(text, code):
    assert language(text) == code


def test_no_tweet_is_said_to_be_in_a_wrong_language(assets):
    with open(assets / "data" / "text" / "election_tweets.csv", encoding="utf-8", newline="") as stream:
        rows = [(row["Content"], row["Language"]) for row in csv.DictReader(stream)]
    said = [(language(text), stated) for text, stated in rows[::3]]
    wrong = [pair for pair in said if pair[0] and pair[1] in ("en", "es", "fr", "de") and pair[0] != pair[1]]
    assert len(wrong) <= 2
    assert sum(bool(code) for code, _ in said) > 0.75 * len(said)
