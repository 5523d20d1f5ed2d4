"""What every check promises: it runs on every kind of data, finds nothing in healthy data, and mends what it finds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.data import patients
from tlstudio.core import options
from tlstudio.core.control import Control
from tlstudio.core.errors import fill
from tlstudio.core.plugins import configure, find, get
from tlstudio.core.progress import silent
from tlstudio.data.doctor.base import CheckOptions
from tlstudio.data.doctor.run import examine

CHECKS = find("tlstudio.data.doctor")
KINDS = ("text", "files", "pairs", "several", "number", "tokens", "questions", "translation", "images", "audio",
         "boxes", "prompts", "messages", "triplets")  # fmt: skip
TOOLS: dict[str, Any] = {
    "count_tokens": patients.count_tokens, "max_length": 64, "embed": patients.features, "deep": True,
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_it_describes_itself(name):
    plugin = CHECKS[name]
    assert name == plugin.NAME
    assert issubclass(plugin.Config, CheckOptions)
    assert plugin.COST > 0
    assert isinstance(plugin.ROLES, tuple)
    assert not (plugin.EMBEDS and not plugin.USES_MODEL)
    described = {option.name for option in options.describe(plugin.Config)}
    assert described == set(plugin.Config.model_fields), "every option has a form"
    json.dumps(plugin.Config().model_dump())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_in_healthy_data_of_any_kind(kind, tmp_path):
    data = patients.kinds(tmp_path)[kind]
    reply = examine(patients.read(data), data, Control(), silent, **TOOLS)
    assert [finding["code"] for finding in reply["findings"]] == []
    assert [item["name"] for item in reply["checks"]] == list(CHECKS)
    assert any(not item["skipped"] for item in reply["checks"])


def sick(folder) -> Any:
    """Every flaw of texts at once."""
    rows = patients.healthy(240)
    text = rows[3][0]
    words = rows[6][0].split()
    rows += [
        ("", "class a"),
        ("lost", ""),
        rows[0],
        (rows[1][0], "class c"),
        (" ".join([*words[:-1], "otherwise"]), "class a"),
    ]
    rows += [(f"{text} one{index}", "Class A") for index in range(2)]
    rows += [
        (f"{rows[9][0]} schÃ¶n", "class a"),
        (f"{rows[12][0]} wr\ufffdng", "class a"),
        (f"{rows[13][0]} be\x07ll", "class b"),
    ]
    rows += [
        (f"{rows[15][0]} &amp; more", "class a"),
        (f"{rows[16][0]} write to jane@example.com", "class b"),
        ("ok", "class b"),
    ]
    rows += [("Esta es una frase en español que no tiene nada que ver con las demás", "class b")] * 1
    rows += [("También hoy tenemos otra frase española que habla de los derechos humanos", "class b")]
    rows += [(f"{row[0]} zzxq", "class b") if row[1] == "class b" else row for row in patients.healthy(180, seed=9)]
    rows += [
        (patients.healthy(3, seed=77)[0][0], "lonely"),
        *[(row[0], "scarce") for row in patients.healthy(9, seed=78)[::3]],
    ]
    rows += [(f"{patients.healthy(30, seed=41 + index)[index][0]}", "scarcee") for index in range(2)]
    wrong = [(text, "class b" if label == "class a" else "class a") for text, label in patients.healthy(30, seed=66)]
    test = [
        *patients.healthy(60, seed=5),
        rows[20],
        (rows[21][0] + " again", rows[21][1]),
        (rows[22][0][::-1], "alien"),
    ]
    template = [(*row, f"{row[1]}-{index}") for index, row in enumerate([*rows, *wrong])]
    path = patients.write(folder / "sick.csv", template, ("text", "label", "source"))
    other = patients.write(folder / "test.csv", [(*row, "none") for row in test], ("text", "label", "source"))
    return patients.DataSection(path=path, test=other, roles={"text": "text", "label": "label"})


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    from tests import tiny

    folder = tmp_path_factory.mktemp("sick")
    with tiny.own_home(folder / "home"):
        data = sick(folder)
        return data, patients.look(data, **{**TOOLS, "max_length": 14})


CODES = {
    "empty-texts", "no-label", "duplicates-within", "duplicates-across", "conflicts", "near-duplicates-across",
    "near-duplicates-within", "similar-labels", "misspelt-labels", "single-classes", "rare-classes", "imbalance",
    "truncated",
    "other-languages", "garbled", "lost-characters", "control-characters", "html-entities", "leaking-words",
    "leaking-column", "personal-data", "short-texts", "wrong-labels", "outliers",
}  # fmt: skip


def test_every_flaw_is_found(looked):
    _data, found = looked
    assert CODES - set(found) == set()
    for finding in found.values():
        assert finding["count"] >= 1
        for template in ("message", "effect"):
            told = fill(finding[template], finding["params"])
            assert told[0].isupper() or told[0] in "'0123456789"
            assert told.endswith(".")
            assert "{" not in told
        assert {"emit", "code", "message", "level"}.isdisjoint(finding["params"])
        assert len(finding["samples"]) <= 100
        assert all(len(sample["id"]) == 16 and sample["row"] >= 1 for sample in finding["samples"])
    json.dumps(found)


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_is_found_is_mended(code, looked):
    data, found = looked
    finding = found[code]
    for fix in finding["fixes"]:
        assert bool(fix["step"]) != bool(fix["changes"])
        if fix["step"]:
            step = get("tlstudio.data.steps", fix["step"]["name"], "data.steps")
            configure(step, {key: value for key, value in fix["step"].items() if key != "name"}, "data.steps")
        again = patients.look(patients.mended(data, fix), finding["check"], **{**TOOLS, "max_length": 14})
        left = again.get(code, {"count": 0})["count"]
        assert left < finding["count"], fix["title"]


def test_a_second_look_is_the_same(looked, tmp_path):
    data, found = looked
    assert patients.look(data, **{**TOOLS, "max_length": 14}) == found
