"""Texts in other languages than most."""

from __future__ import annotations

from tests.data import patients

SPANISH = [
    "No todas las heridas son visibles y los veteranos merecen el mejor cuidado de salud",
    "Al igual que ella he luchado toda mi vida por los derechos humanos de los trabajadores",
    "Este mes honremos las contribuciones que los latinos han hecho a este país",
]


def test_a_few_texts_in_another_language(tmp_path):
    rows = [*patients.healthy(60), *[(text, "class a") for text in SPANISH], ("Bonjour", "class b")]
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "languages")["other-languages"]
    assert (finding["count"], finding["params"]["main"], finding["params"]["others"]) == (3, "en", "es 3")
    assert {sample["detail"] for sample in finding["samples"]} == {"es"}
    [fix] = finding["fixes"]
    assert fix["step"] == {"name": "keep-languages", "languages": ["en"]}
    assert patients.look(patients.mended(data, fix), "languages") == {}


def test_several_languages_may_be_intended(tmp_path):
    chinese = [(f"我们今天去图书馆看第{index}本书因为明天有考试", "class a") for index in range(30)]
    found = patients.look(patients.section(tmp_path, [*patients.healthy(60), *chinese]), "languages")
    assert found["several-languages"]["severity"] == "notice"
    assert found["several-languages"]["params"]["others"] == "zh 30"


def test_short_texts_have_no_language(tmp_path):
    rows = [
        (f"{word} {index}", f"class {'ab'[index % 2]}") for index, word in enumerate(["taco", "sushi", "Wurst"] * 20)
    ]
    assert patients.look(patients.section(tmp_path, rows), "languages") == {}
