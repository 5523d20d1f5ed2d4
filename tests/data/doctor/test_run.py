"""The examination as a whole: what is kept, how far it is, how it ends early, and what is left out."""

from __future__ import annotations

import threading
import time

import pytest

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.doctor.run import OTHER_DATA, SWITCHED_OFF, examine


def sick(folder, **more):
    rows = patients.healthy(90)
    return patients.section(folder, [*rows, rows[0], ("", "class a"), ("ok", "class b")], **more)


def test_errors_come_first_and_rows_are_counted(tmp_path):
    data = sick(tmp_path)
    reply = examine(patients.read(data), data, Control(), silent)
    ranks = [("error", "warning", "notice").index(finding["severity"]) for finding in reply["findings"]]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert sum(reply["rows"].values()) == 93
    assert reply["sampled"] is None
    assert set(reply) == {"findings", "checks", "rows", "sampled"}


def test_a_second_look_is_immediate_and_equal(tmp_path, monkeypatch):
    data = sick(tmp_path)
    first = examine(patients.read(data), data, Control(), silent)
    for plugin in find("tlstudio.data.doctor").values():
        monkeypatch.setattr(plugin, "find", None)  # would raise if it were called
    assert examine(patients.read(data), data, Control(), silent) == first


def test_an_option_makes_only_its_check_again(tmp_path, monkeypatch):
    data = sick(tmp_path)
    examine(patients.read(data), data, Control(), silent)
    made = []
    for name, plugin in find("tlstudio.data.doctor").items():
        monkeypatch.setattr(plugin, "find", lambda _config, _examined, name=name: made.append(name) or [])
    section = DataSection.model_validate({**data.model_dump(), "checks": [{"name": "short-texts", "letters": 5}]})
    examine(patients.read(section), section, Control(), silent)
    assert made == ["short-texts"]


@pytest.mark.parametrize("change", [{"steps": [{"name": "drop-empty"}]}, {"split": {"seed": 8}}])
def test_other_rows_are_looked_at_anew(change, tmp_path):
    data = sick(tmp_path)
    before = patients.look(data)
    other = DataSection.model_validate({**data.model_dump(), **change})
    assert patients.look(other) != before


def test_a_damaged_memory_is_made_again(tmp_path):
    data = sick(tmp_path)
    first = patients.look(data)
    for path in cache_folder("examinations").rglob("*.json"):
        path.write_text("{", encoding="utf-8")
    assert patients.look(data) == first


def test_checks_that_do_not_fit_or_are_off_say_so(tmp_path):
    data = sick(tmp_path, checks=[{"name": "empty", "enabled": False}])
    reply = examine(patients.read(data), data, Control(), silent)
    why = {item["name"]: item["skipped"] for item in reply["checks"]}
    assert why["empty"] == SWITCHED_OFF
    assert why["images"] == OTHER_DATA
    assert why["outliers"] == "only when you look deeper"
    assert "no model" in why["truncation"]
    assert why["duplicates"] == ""
    assert all(item["seconds"] == 0 for item in reply["checks"] if item["name"] in ("empty", "images"))
    assert "empty-texts" not in [finding["code"] for finding in reply["findings"]]


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([{"name": "no-such-check"}], "recipe.unknown-plugin"),
        ([{"name": "empty", "speed": 1}], "recipe.unknown-field"),
        ([{"name": "near-duplicates", "threshold": 2}], "recipe.bad-value"),
    ],
)
def test_wrong_options_are_named(checks, code, tmp_path):
    data = sick(tmp_path, checks=checks)
    with pytest.raises(StudioError) as caught:
        examine(patients.read(data), data, Control(), silent)
    assert caught.value.code == code
    assert caught.value.where.startswith("data.checks")


def test_progress_ends_full_and_names_the_check(tmp_path):
    data = sick(tmp_path)
    events = []
    examine(patients.read(data), data, Control(), events.append)
    steps = [event for event in events if event.kind == "progress"]
    assert {event.stage for event in steps} == {"examine"}
    assert steps[-1].done == pytest.approx(steps[-1].total)
    assert [event.done for event in steps] == sorted(event.done for event in steps)
    assert {event.detail["check"] for event in steps} <= set(find("tlstudio.data.doctor"))


def test_only_a_draw_of_many_rows_is_looked_at(tmp_path):
    data = patients.section(tmp_path, [*patients.healthy(300), ("ok", "class a")])
    reply = examine(patients.read(data), data, Control(), silent, most=100)
    assert 90 <= reply["sampled"] <= 110
    assert reply == examine(patients.read(data), data, Control(), silent, most=100)
    everything = examine(patients.read(data), data, Control(), silent)
    assert everything["sampled"] is None


def test_a_cancel_is_heard_at_once(tmp_path):
    data = patients.section(tmp_path, patients.healthy(3000))
    labelled, control = patients.read(data), Control()
    timer = threading.Timer(0.3, control.cancel)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        while True:  # the machine may be quick
            examine(labelled, data, control, silent, most=2999)
            for path in cache_folder("examinations").rglob("*.json"):
                path.unlink()
    assert time.monotonic() - begin < 0.3 + 0.5 + 0.5  # half a second, and as much for a busy machine
    timer.join()
