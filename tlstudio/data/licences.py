"""Under which terms data may be used, as far as somebody has said so."""

from __future__ import annotations

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import DataSection
from tlstudio.data import hub

USUAL = ("cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "odc-by", "odbl", "pddl",
         "apache-2.0", "mit")  # fmt: skip


def licence_of(data: DataSection) -> tuple[str, str]:
    """The licence of the data and who says so: ``stated`` by the user, the ``hub``; two empty texts where nobody does.

    The hub is believed where all rows are its own: what it says of one dataset does not hold for files beside it.
    """
    if stated := " ".join(data.licence.split()):
        return stated, "stated"
    places = [place for given in data.files.values() for place in given]
    found = [_of_hub(place, str(data.options.get("revision") or "")) for place in places]
    if not found or not all(found):
        return "", ""
    return ", ".join(dict.fromkeys(found)), "hub"


def _of_hub(place: str, revision: str) -> str:
    """As the card of a dataset that was downloaded states it; empty for all other places."""
    if not place.startswith("hub:"):
        return ""
    try:
        address = hub.parse(place)
        snapshot = hub.find_snapshot(address.name, address.revision or ("" if revision == "auto" else revision))
    except StudioError:
        return ""  # what is wrong with the place, the reading of the data says
    return snapshot.licence if snapshot else ""
