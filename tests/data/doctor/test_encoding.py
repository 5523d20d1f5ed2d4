"""Broken characters."""

from __future__ import annotations

from tests.data import patients


def test_each_kind_is_a_finding_of_its_own(tmp_path):
    extra = [
        "schÃ¶n gemacht",
        "l’été",
        "wr\ufffdng",
        "be\x07ll",
        "salt &amp; pepper &#39;",
        "AT&T; and R&D",
        "naïve café",
    ]
    data = patients.section(tmp_path, [*patients.healthy(60), *[(text, "class a") for text in extra]])
    found = patients.look(data, "encoding")
    rows = {code: [sample["row"] for sample in finding["samples"]] for code, finding in found.items()}
    assert rows == {"garbled": [61], "lost-characters": [63], "control-characters": [64], "html-entities": [65]}
    assert found["garbled"]["samples"][0]["detail"] == "schÃ¶n gemacht → schön gemacht"
    assert found["control-characters"]["samples"][0]["detail"] == "U+0007"
    assert found["lost-characters"]["fixes"] == [], "it is a test row: the test must not be made easier"
    learnt = data.model_copy(update={"split": data.split.model_copy(update={"seed": 1})})
    [fix] = patients.look(learnt, "encoding")["lost-characters"]["fixes"]
    assert "lost-characters" not in patients.look(patients.mended(learnt, fix), "encoding")
    for code in ("garbled", "control-characters", "html-entities"):
        assert code not in patients.look(patients.mended(data, found[code]["fixes"][0]), "encoding")


def test_a_context_is_looked_at_as_well(tmp_path):
    rows = [{"question": f"which {index}", "context": f"context {index}", "answers": ["c"], "answer_starts": ["0"]}
            for index in range(20)]  # fmt: skip
    rows[7]["context"] = "schÃ¶n"
    data = patients.DataSection(path=patients._lines(tmp_path / "q.jsonl", rows))
    [sample] = patients.look(data, "encoding")["garbled"]["samples"]
    assert sample["row"] == 8
