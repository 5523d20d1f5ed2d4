"""Data sets of the hub: offered, looked up and downloaded on clicks only."""

from __future__ import annotations

import json
import socket

import pytest

from tests.gui import fake
from tlstudio.core.paths import cache_folder
from tlstudio.gui.facts import Known
from tlstudio.gui.presenters.hub import HubPresenter, is_hub, places_of
from tlstudio.gui.widgets.hub_card import HubCard

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def split(name, rows, size):
    return {"name": name, "rows": rows, "bytes": size, "files": 1, "partial": False}


def info(args):
    splits = [split("train", 900, 9_000_000), split("validation", 50, 500_000), split("test", 100, 1_000_000)]
    return {
        "name": args["name"], "revision": COMMIT, "bytes": 10_500_000, "licence": "cc-by-4.0", "gated": False,
        "configurations": [
            {"name": "english", "default": False, "downloaded": False, "bytes": 10_500_000, "splits": splits},
            {"name": "default", "default": True, "downloaded": False, "bytes": 10_500_000, "splits": splits},
        ],
    }  # fmt: skip


@pytest.fixture
def card(keep):
    result = keep(HubCard())
    result.hide()
    return result


@pytest.fixture
def hub(context, card, answers, monkeypatch):
    def connect(*_args, **_kwargs):
        raise AssertionError("nobody has asked for the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    answers["dataset-info"] = info
    answers["download-data"] = lambda args: (
        {"path": "/x", "revision": COMMIT, "bytes": 10_500_000} | {"configuration": args["configuration"]}
    )
    return HubPresenter(context, card)


def jobs(runners):
    return [(job, args) for runner in runners for job, args in runner.asked if job in ("dataset-info", "download-data")]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("hub:org/name", True),
        ("HUB:imdb#test", True),
        ("https://huggingface.co/datasets/org/name", True),
        ("https://example.org/datasets/org/name", False),
        ("sqlite:///hub.db", False),
        ("/hub/x.csv", False),
    ],
)
def test_names_of_the_hub(place, expected):
    assert is_hub(place) == expected


def test_a_name_alone_asks_nothing_of_the_network(hub, card, context, runners, qtbot):
    hub.open("train", "hub:org/name")
    qtbot.wait(300)
    assert card.isVisible()
    assert card.title.text() == "org/name"
    assert card.look_button.isVisible()
    assert "Nothing has been asked" in card.text.text()
    assert jobs(runners) == []
    assert context.project.recipe.data.files == {}


def test_looked_up_downloaded_and_taken(hub, card, context, runners, until):
    hub.open("train", "https://huggingface.co/datasets/org/name")
    card.look_button.click()
    until(card.download_button.isVisible)
    assert card.configuration() == "default"
    assert "cc-by-4.0" in card.facts.texts()
    assert "900 rows · 9.0 MB" in card.facts.texts()
    card.choice.setCurrentIndex(card.choice.findData("english"))
    card.download_button.click()
    until(lambda: context.project.recipe.data.files)
    base = f"hub:org/name@{COMMIT}#english/"
    assert context.project.recipe.data.files == {
        "train": (base + "train",), "validation": (base + "validation",), "test": (base + "test",),
    }  # fmt: skip
    assert not card.isVisible()
    assert [job for job, _ in jobs(runners)] == ["dataset-info", "download-data"]
    assert jobs(runners)[1][1] == {"name": "org/name", "configuration": "english", "revision": COMMIT}


def test_a_split_of_another_data_set_is_the_test(hub, card, context, until):
    context.set_data_file("train", "/x/mine.csv")
    hub.open("test", "hub:org/name")
    card.look_button.click()
    until(card.download_button.isVisible)
    card.download_button.click()
    until(lambda: context.project.recipe.data.test)
    assert context.project.recipe.data.test == f"hub:org/name@{COMMIT}#default/test"
    assert context.project.recipe.data.path == "/x/mine.csv"


def test_a_failure_is_told_and_can_be_tried_again(hub, card, context, answers, until):
    error = {"code": "hub.offline", "message": "No network.", "remedy": "Connect.", "where": "", "params": {}}

    def fail(_args):
        raise ValueError(error)

    answers["dataset-info"] = fail
    hub.open("train", "hub:org/name")
    card.look_button.click()
    until(lambda: "No network." in card.text.text())
    assert card.look_button.isVisible()
    answers["dataset-info"] = info
    card.look_button.click()
    until(card.download_button.isVisible)


def test_a_stopped_download_goes_on(hub, card, context, until):
    hub.open("train", "hub:org/name")
    card.look_button.click()
    until(card.download_button.isVisible)
    progress = {"done": 5e6, "total": 10e6, "seconds_left": 100.0}
    context.facts.receive("data-download", Known("busy", progress=progress))
    assert card.bar.value() == 500
    assert card.text.text() == "5.0 MB of 10.0 MB  ·  50.0 kB/s  ·  about 2 min left"
    card.cancel_button.click()
    assert "goes on there" in card.text.text()
    assert card.download_button.text() == "Go on with the download"


def test_what_is_here_already_is_taken_at_once(hub, card, context, runners):
    folder = cache_folder("hub-datasets") / "org--name"
    (folder / COMMIT).mkdir(parents=True)
    record = {
        "name": "org/name",
        "files": {"default": {"train": ["a.csv"]}},
        "sizes": {"a.csv": 1},
        "default": "default",
    }
    (folder / COMMIT / "snapshot.json").write_text(json.dumps(record))
    hub.open("train", "hub:org/name#train")
    assert context.project.recipe.data.path == "hub:org/name#train"
    assert not card.isVisible()
    assert jobs(runners) == []


def test_a_name_that_is_none_is_told(hub, card, told):
    hub.open("train", "hub:../../etc")
    assert "is not the name of a dataset" in told[0]
    assert not card.isVisible()


def test_a_place_that_is_missing_is_offered_once(hub, card):
    hub.set_missing("train", "hub:org/name#train")
    assert card.isVisible()
    card.close_button.click()
    hub.set_missing("train", "hub:org/name#train")
    assert not card.isVisible()
    hub.set_missing("", "")
    hub.set_missing("train", "hub:org/other")
    assert card.title.text() == "org/other"
    hub.set_missing("", "")
    assert not card.isVisible()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["train", "test"], {"train": "train", "test": "test"}),
        (["Training", "dev", "eval"], {"train": "Training", "validation": "dev", "test": "eval"}),
        (["all"], {"train": "all"}),
        (["test"], {"train": "test"}),
        (["test", "en"], {"train": "en", "test": "test"}),
    ],
)
def test_splits_become_places(names, expected):
    assert places_of(names, "") == expected


def test_the_pane_offers_what_the_recipe_is_missing(controller, answers, until):
    error = {"code": "data.not-downloaded", "message": "Not here.", "remedy": "", "where": "data.path"}

    def fail(_args):
        raise ValueError({**error, "params": {"name": "org/name"}})

    answers["inspect-data"] = fail
    controller.show()
    controller.window.go("data")
    pane = controller.window.pane("data")
    controller.context.set_data_file("train", "hub:org/name#train")
    until(pane.hub.isVisible)
    assert pane.hub.look_button.isVisible()
    answers["inspect-data"] = lambda _args: fake.data_facts("")
    controller.context.set_data_file("train", "/x/other.csv")
    until(lambda: not pane.hub.isVisible())
