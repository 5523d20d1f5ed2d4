"""Training on some languages, and on a few rows of the others."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.data.test_languages import ENGLISH, GERMAN, rows, write
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.inspection import preview_step
from tlstudio.data.labelled import read_labelled, require


@pytest.fixture
def section(tmp_path):
    """40 rows in each of three languages."""
    words = {"en": "one", "de": "eins", "fr": "un"}
    paths = tuple(write(tmp_path, f"{code}.csv", rows(word, 40)) for code, word in words.items())

    def make(**step):
        return DataSection(path=paths, steps=({"name": "limit-languages", **step},))

    return make


def languages(labelled, split):
    return Counter(labelled.spoken.of(labelled.splits[split], Control()).tolist())


def test_zero_shot_and_few_rows(section):
    whole = require(section().model_copy(update={"steps": ()}), silent, Control())
    zero = require(section(languages=["en"]), silent, Control())
    assert set(languages(zero, "train")) == set(languages(zero, "validation")) == {"en"}
    assert languages(zero, "train")["en"] == languages(whole, "train")["en"], "all rows of the source stay"
    assert list(zero.splits["test"].ids) == list(whole.splits["test"].ids), "and so do all test rows"
    assert set(languages(zero, "test")) == {"en", "de", "fr"}
    few = require(section(languages=["en"], rows=3), silent, Control())
    counts = languages(few, "train")
    assert (counts["de"], counts["fr"]) == (6, 6)
    german = few.splits["train"].codes[few.spoken.of(few.splits["train"], Control()) == "de"]
    assert Counter(german.tolist()) == {0: 3, 1: 3}
    assert set(languages(few, "validation")) == {"en"}
    assert few.dropped["limit-languages"] == sum(
        len(whole.splits[split]) - len(few.splits[split]) for split in ("train", "validation")
    )
    more = require(section(languages=["en"], rows=5), silent, Control())
    assert set(few.splits["train"].ids) < set(more.splits["train"].ids)
    other = require(section(languages=["en"], rows=3, seed=8), silent, Control())
    assert set(few.splits["train"].ids) != set(other.splits["train"].ids)


def test_in_all_and_validation_and_several_sources(section):
    found = require(section(languages=["en", "de"], rows=4, per="language", validation="learnt"), silent, Control())
    assert languages(found, "train")["fr"] == 4
    assert languages(found, "train")["de"] > 20
    same = require(section(languages="en , de", rows=4, per="language", validation="learnt"), silent, Control())
    assert same.splits["train"].ids.tolist() == found.splits["train"].ids.tolist()
    assert set(languages(found, "validation")) <= {"en", "de", "fr"}


def test_the_most_frequent_language_is_the_source(tmp_path):
    paths = (write(tmp_path, "en.csv", rows("one", 20)), write(tmp_path, "de.csv", rows("eins", 40)))
    found = require(DataSection(path=paths, steps=("limit-languages",)), silent, Control())
    assert set(languages(found, "train")) == {"de"}


def test_recognised_texts(tmp_path):
    texts = [f"{GERMAN} {at},{'ab'[at % 2]}" for at in range(20)]
    texts += [f"{ENGLISH} {at},{'ab'[at % 2]}" for at in range(30)] + ["ok,a", "hm,b", "na,a", "so,b"]
    data = DataSection(path=write(tmp_path, "mixed.csv", texts), steps=("limit-languages",))
    found = require(data, silent, Control())
    assert set(languages(found, "train")) == {"en"}, "neither the others nor those that nobody can tell"
    assert {"en", "de"} <= set(languages(found, "test"))


def test_places_of_their_own(tmp_path):
    files = {split: tuple(write(tmp_path, f"{split}.{code}.csv", rows(f"{split} {code}"))
                          for code in codes) for split, codes in (("train", ("en", "de")), ("validation", ("de",)),
                                                                  ("test", ("en", "de")))}  # fmt: skip
    path = files.pop("train")
    step = {"name": "limit-languages", "languages": ["en"]}
    found = require(DataSection(path=path, **files, steps=(step,)), silent, Control())
    assert "validation" not in found.splits, "none of its rows is in a language that is learnt"
    assert languages(found, "test") == {"en": 12, "de": 12}
    assert languages(found, "train") == {"en": 12}


def test_wrong_languages_are_told(section, tmp_path):
    _data, found = read_labelled(section(languages=["it"]), silent, Control())
    assert [problem.code for problem in found] == ["data.no-such-language"]
    assert "'it'" in found[0].message
    short = write(tmp_path, "short.csv", rows("x"))
    _data, found = read_labelled(DataSection(path=short, steps=("limit-languages",)), silent, Control())
    assert [problem.code for problem in found] == ["data.no-such-language"]


def test_the_preview_shows_what_goes(section):
    data = section()
    step = Choice.model_validate(data.steps[0].model_dump() | {"languages": ["en"]})
    shown = preview_step(data.model_copy(update={"steps": ()}), step, silent, Control())
    labelled = require(section(languages=["en"]), silent, Control())
    assert shown["dropped"] == labelled.dropped["limit-languages"]
    assert all(not row["before"].startswith("one") for row in shown["rows"])
