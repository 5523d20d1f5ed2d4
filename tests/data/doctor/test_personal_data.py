"""Personal data in texts."""

from __future__ import annotations

from tests.data import patients


def test_it_is_counted_by_kind_and_not_repeated(tmp_path):
    rows = [
        *patients.healthy(40),
        ("write to jane@example.com or +44 20 7946 0958", "class a"),
        ("jo@example.org", "class b"),
    ]
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "personal-data")["personal-data"]
    assert (finding["count"], finding["params"]["kinds"]) == (2, "email 2, phone 1")
    shown = {sample["text"]: sample["detail"] for sample in finding["samples"]}
    assert shown == {"write to [EMAIL] or [PHONE]": "email phone", "[EMAIL]": "email"}
    assert patients.look(patients.mended(data, finding["fixes"][0]), "personal-data") == {}


def test_a_country_is_handed_on_to_the_fix(tmp_path):
    data = patients.section(tmp_path, [*patients.healthy(40), ("Tel. 030 1234567", "class a")])
    assert patients.look(data, "personal-data") == {}
    german = patients.DataSection.model_validate(
        {**data.model_dump(), "checks": [{"name": "personal-data", "country": "DE"}]}
    )
    finding = patients.look(german, "personal-data")["personal-data"]
    assert finding["fixes"][0]["step"] == {"name": "mask-personal-data", "country": "DE"}
