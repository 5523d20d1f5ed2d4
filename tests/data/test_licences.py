"""The licence of the data: as the user states it, or as the hub does."""

from __future__ import annotations

import pytest

from tlstudio.core.files import write_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.recipe import DataSection
from tlstudio.data.licences import licence_of

COMMIT = "a" * 40


@pytest.fixture
def downloaded():
    """A dataset of the hub as a download leaves it."""
    folder = cache_folder("hub-datasets") / "org--one" / COMMIT
    record = {"name": "org/one", "revision": COMMIT, "licence": "cc-by-sa-4.0", "default": "default", "files": {},
              "sizes": {}}  # fmt: skip
    write_json(folder / "snapshot.json", record)
    return "hub:org/one"


def test_what_the_user_states_counts_most(downloaded):
    assert licence_of(DataSection(path=downloaded, licence=" odbl\n1.0 ")) == ("odbl 1.0", "stated")


def test_the_hub_is_asked_for_its_own(downloaded):
    assert licence_of(DataSection(path=downloaded)) == ("cc-by-sa-4.0", "hub")
    assert licence_of(DataSection(path=f"{downloaded}@{COMMIT}#default/train")) == ("cc-by-sa-4.0", "hub")
    assert licence_of(DataSection(path=(downloaded, downloaded), test=downloaded)) == ("cc-by-sa-4.0", "hub")


def test_nothing_is_claimed_of_other_data(downloaded, tmp_path):
    assert licence_of(DataSection()) == ("", "")
    assert licence_of(DataSection(path=str(tmp_path / "a.csv"))) == ("", "")
    assert licence_of(DataSection(path=(downloaded, "a.csv"))) == ("", ""), "half of it is somebody's own file"
    assert licence_of(DataSection(path="hub:org/absent")) == ("", "")
    assert licence_of(DataSection(path="hub:///")) == ("", "")
