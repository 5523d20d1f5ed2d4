"""Texts that differ by a few words."""

from __future__ import annotations

from tests.data import patients


def edited(text):
    """Another word at the end, and another form."""
    return " ".join([*text.split()[:-1], "otherwise"]).upper() + "!"


def test_within_across_and_with_another_label(tmp_path):
    rows, test = patients.healthy(120), patients.healthy(30, seed=3)
    train = [*rows, (edited(rows[0][0]), rows[0][1]), (edited(rows[1][0]), "class c"), rows[5]]
    found = patients.look(
        patients.section(tmp_path, train, test=[*test, (edited(rows[2][0]), "class c")], split={"validation": 0}),
        "near-duplicates",
    )
    within, across, other = (
        found[f"near-{end}"] for end in ("duplicates-within", "duplicates-across", "contradictions")
    )
    assert [sample["row"] for sample in within["samples"]] == [121]
    assert within["samples"][0]["detail"].startswith("≈ train 1 (0.8")
    assert [sample["row"] for sample in across["samples"]] == [31]
    assert other["count"] == 1
    assert other["samples"][0]["detail"].startswith("class b: ≈ train 2")
    data = patients.section(tmp_path, train, split={"validation": 0})
    assert "near-contradictions" not in patients.look(patients.mended(data, other["fixes"][0]), "near-duplicates")


def test_the_threshold_is_an_option_and_goes_into_the_fix(tmp_path):
    rows = patients.healthy(60)
    half = " ".join([*rows[0][0].split()[:12], "entirely", "different", "words"])
    data = patients.section(tmp_path, [*rows, (half, rows[0][1])])
    assert patients.look(data, "near-duplicates") == {}
    looser = patients.DataSection.model_validate(
        {**data.model_dump(), "checks": [{"name": "near-duplicates", "threshold": 0.5}]}
    )
    found = patients.look(looser, "near-duplicates")
    assert found["near-duplicates-within"]["fixes"][0]["step"] == {"name": "drop-near-duplicates", "threshold": 0.5}


def test_numbered_templates_and_signs_are_different(tmp_path):
    rows = [(f"ticket number {index} please", f"class {'ab'[index % 2]}") for index in range(60)]
    rows += [("keycap: #", "class a"), ("keycap: *", "class a"), ("great 😀", "class a"), ("great 😡", "class a")]
    assert patients.look(patients.section(tmp_path, rows), "near-duplicates") == {}


def test_a_pair_is_alike_only_as_a_whole(tmp_path):
    rows, others = patients.healthy(60), patients.healthy(60, seed=9)
    pairs = [(rows[index // 3][0], other, "class a") for index, (other, _) in enumerate(others)]
    data = patients.DataSection(path=patients.write(tmp_path / "a.csv", pairs, ("premise", "hypothesis", "label")))
    assert patients.look(data, "near-duplicates") == {}
    pairs.append((edited(pairs[0][0]), pairs[0][1], "class a"))
    data = patients.DataSection(path=patients.write(tmp_path / "b.csv", pairs, ("premise", "hypothesis", "label")))
    found = patients.look(data, "near-duplicates")["near-duplicates-within"]
    assert found["count"] == 1
    assert "near-duplicates-within" not in patients.look(patients.mended(data, found["fixes"][0]), "near-duplicates")
