"""A data set of the hub: looked up and downloaded on a click, then taken as the places of the splits."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core.errors import StudioError
from tlstudio.data import hub
from tlstudio.gui import i18n, words
from tlstudio.gui.context import Context
from tlstudio.gui.facts import Known
from tlstudio.gui.widgets.hub_card import Configuration, HubCard

_PAGE = re.compile(r"https?://(?:www\.)?huggingface\.co/datasets/([\w.-]+/[\w.-]+)/?")
_WORDS = {"train": ("train", "training"), "validation": ("validation", "valid", "val", "dev"),
          "test": ("test", "testing", "eval")}  # fmt: skip


def is_hub(place: str) -> bool:
    return place.lower().startswith("hub:") or _PAGE.fullmatch(place) is not None


class HubPresenter(QObject):
    """Nothing goes to the network before the user asks for it."""

    def __init__(self, context: Context, card: HubCard) -> None:
        super().__init__(card)
        self.context, self.card = context, card
        self._split = "train"
        self._address: hub.Address | None = None
        self._dismissed: str | None = None  # a place that is missing and need not be offered again
        self._missing = ""  # the place of the recipe that the card is about
        card.look_requested.connect(self.look)
        card.download_requested.connect(self.download)
        card.cancelled.connect(self.cancel)
        card.closed.connect(self.close)
        context.facts.changed.connect(self._on_fact)

    # --- what the user wants

    def open(self, split: str, place: str) -> None:
        """Takes a data set that is on this machine already; else offers to look it up."""
        if page := _PAGE.fullmatch(place):
            place = f"hub:{page[1]}"
        try:
            address = hub.parse(place)
        except StudioError as error:
            self.context.tell(error)
            return
        snapshot = hub.find_snapshot(address.name, address.revision)
        if snapshot is not None and address.configuration in ("", *snapshot.files):
            self.context.set_data_file(split, place)
            self.close()
            return
        self._missing = ""
        self.offer(split, address)

    def offer(self, split: str, address: hub.Address) -> None:
        """Shows the card of a data set that is not on this machine."""
        if (self._split, self._address) == (split, address):
            return
        self._forget()
        self._split, self._address = split, address
        self.card.set_name(address.name, "")
        self.card.set_found((), "", [])
        self.card.show()
        self._show()

    def set_missing(self, split: str, place: str) -> None:
        """A place of the recipe that is not on this machine; empty where all are."""
        if place in (self._missing, self._dismissed):
            return
        if not place:
            self.close()
            self._dismissed = None
            return
        try:
            self.offer(split, hub.parse(place))
        except StudioError:
            return  # the reading of the data says so already
        self._missing = place

    def look(self) -> None:
        if self._address is not None:
            self.context.facts.ask_dataset(self._address.name, self._address.revision or None)

    def download(self, configuration: str) -> None:
        found = self._found()
        if self._address is not None and found:
            self.context.facts.download_data(self._address.name, configuration, found["revision"])

    def cancel(self) -> None:
        busy = [subject for subject in ("dataset", "data-download") if self.context.facts.get(subject).state == "busy"]
        for subject in busy:
            self.context.facts.cancel(subject)

    def close(self) -> None:
        self._forget()
        self._address, self._dismissed, self._missing = None, self._missing or None, ""
        self.card.hide()

    # --- what is known

    def _forget(self) -> None:
        for subject in ("dataset", "data-download"):
            if self.context.facts.get(subject).state != "none":
                self.context.facts.forget(subject)

    def _found(self) -> dict[str, Any]:
        """What the hub has said about the data set of the card."""
        return self.context.facts.get("dataset").data or {}

    def _on_fact(self, subject: str) -> None:
        if self._address is None or subject not in ("dataset", "data-download"):
            return
        known = self.context.facts.get(subject)
        if subject == "data-download" and known.state == "known":
            self._take(known.data)
            return
        self._show()

    def _show(self) -> None:
        asked, loading = (self.context.facts.get(subject) for subject in ("dataset", "data-download"))
        found = self._found()
        if found:
            items = [_configuration(item) for item in found["configurations"]]
            self.card.set_found(items, self._usual(found), self._facts(found))
        self.card.set_state(*self._state(asked, loading))

    def _state(self, asked: Known, loading: Known) -> tuple[str, str, float | None]:
        """State, sentence and fraction for the card."""
        for known, busy in ((loading, "loading"), (asked, "looking")):
            if known.state == "busy":
                progress = known.progress or {}
                total = progress.get("total")
                return busy, words.transfer(progress), progress["done"] / total if total else None
            if known.state == "failed" and known.error is not None:
                return "failed", i18n.both(known.error), None
        if loading.state == "cancelled":
            return "stopped", self.tr("The download was stopped. What has arrived is kept, and it goes on there."), None
        if self._found():
            return "found", self.tr("Once it is downloaded, the data set is read from this machine."), None
        text = self.tr("This data set of the hub is not on this machine. Nothing has been asked of huggingface.co yet.")
        return "asked", text, None

    def _usual(self, found: dict[str, Any]) -> str:
        """The configuration that is meant, or the one that most people take."""
        names = [item["name"] for item in found["configurations"]]
        if self._address is not None and self._address.configuration in names:
            return self._address.configuration
        usual = next((item["name"] for item in found["configurations"] if item.get("default")), "")
        return usual or next(iter(names), "")

    def _facts(self, found: dict[str, Any]) -> list[tuple[str, str]]:
        lines = [
            (self.tr("Licence"), str(found.get("licence") or self.tr("not stated"))),
            (self.tr("Revision"), str(found.get("revision") or "")[:12]),
        ]
        if found.get("gated"):
            lines.append((self.tr("Access"), self.tr("only for people to whom its authors have given it")))
        return lines

    # --- the places

    def _take(self, done: dict[str, Any]) -> None:
        """The splits of what was downloaded become the places of the recipe, with its revision."""
        if self._address is None:
            return
        configuration = done.get("configuration") or self.card.configuration()
        entries = {item["name"]: item for item in self._found()["configurations"]}
        names = [split["name"] for split in entries[configuration]["splits"]]
        base = f"hub:{self._address.name}@{done['revision']}#{configuration}/"
        places = places_of(names, base)
        wanted = self._address.split
        if self._split != "train":
            chosen = wanted if wanted in names else (places.get(self._split) or places["train"])[len(base) :]
            self.context.set_data_file(self._split, base + chosen)
        elif wanted in names:
            self.context.set_data_file("train", base + wanted)
        else:
            self.context.set_data({split: (place,) for split, place in places.items()})
        self.close()
        self.context.facts.inspect_again("data")


def places_of(names: list[str], base: str) -> dict[str, str]:
    """Splits of a data set as the places of train, validation and test; the first is for training if none says so."""
    found = {split: next((name for name in names if name.lower() in known), "") for split, known in _WORDS.items()}
    if not found["train"]:
        found["train"] = next((name for name in (*names, "") if name not in found.values()), names[0])
    first = found["train"]
    return {split: base + name for split, name in found.items() if split == "train" or name not in ("", first)}


def _configuration(item: dict[str, Any]) -> Configuration:
    splits = tuple((split["name"], split.get("rows"), split.get("bytes")) for split in item["splits"])
    return Configuration(item["name"], splits)
