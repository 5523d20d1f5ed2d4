"""Summarisation: BART learns by heart; headlines and leads as baselines."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.tasks import rewriting, whole
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.tasks.base import Encoded, TestJob
from tlstudio.tasks.summarisation import PLUGIN


def test_a_whole_run(tmp_path):
    options = {"max_target_length": 12, "beams": 1, "label_smoothing": 0.05}
    found = whole.good(rewriting.run(PLUGIN.NAME, "bart", tmp_path, options=options))
    assert found.results["headline"] == "rouge_l"
    assert found.results["test"]["metrics"]["rouge_l"]["value"] == pytest.approx(1)
    assert found.results["exports"][0]["parity"]["status"] == "passed"
    assert found.settings["head"]["generate"]["no_repeat_ngram_size"] == 3
    assert [entry["name"] for entry in found.results["baselines"]][-1] == "untrained"


def test_the_better_lead_is_a_baseline(tmp_path):
    first = "Rain fell all day. It was cold. Nobody went out. The end."
    path = whole.write(tmp_path / "d.csv", ["article", "summary"], [(f"{first} {at}", "Rain fell all day.")
                                                                    for at in range(20)])  # fmt: skip
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    job = TestJob(PLUGIN.Config(), Encoded({}, []), rows, "test", [], 100, 7, silent, Control())
    copy, lead = PLUGIN.baselines(job)
    assert (copy["name"], lead["name"]) == ("copy", "lead")
    assert lead["metrics"]["rouge_l"]["value"] == 1
    assert 0 < copy["metrics"]["rouge_l"]["value"] < 1


def test_the_prefix_of_t5():
    stated = {"task_specific_params": {"summarization": {"prefix": "summarize: "}}}
    assert PLUGIN.prefix(None, stated, ("", "")) == "summarize: "
    assert PLUGIN.prefix(None, {"task_specific_params": None}, ("", "")) == ""
    assert PLUGIN.languages(PLUGIN.Config(language=" en_XX ")) == ("en_XX", "en_XX")


def test_options_reach_the_writing():
    greedy = PLUGIN.head(PLUGIN.Config(beams=1, length_penalty=2)).generate
    assert (greedy["num_beams"], greedy["length_penalty"], greedy["early_stopping"]) == (1, 1.0, False)
    beams = PLUGIN.head(PLUGIN.Config(beams=5, length_penalty=2, no_repeat_ngram=0)).generate
    assert (beams["num_beams"], beams["length_penalty"], beams["no_repeat_ngram_size"]) == (5, 2, 0)


@pytest.fixture(autouse=True)
def own(tmp_path):
    with tiny.own_home(tmp_path / "home"):
        yield
