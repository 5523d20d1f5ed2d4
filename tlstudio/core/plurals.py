"""English sentences that count: "1 rows are" becomes "1 row is".

Only the words of a template are looked at, and never the values that fill it, which may be names of the user's.
Templates in other languages have no such words, and pass as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NOUNS = (
    "answers|blocks|boxes|cells|changes|characters|checks|classes|columns|contexts|copies|databases|documents|epochs|"
    "errors|examples|fields|files|folds|groups|images|keys|labels|languages|layers|lines|messages|minutes|models|names|"
    "numbers|pairs|parameters|parts|passages|pixels|places|points|questions|recordings|rows|runs|samples|seconds|"
    "seeds|sentences|splits|steps|tables|tags|targets|tensors|texts|times|tokens|trainings|trials|values|words"
)
_BETWEEN = "changed|different|fewer|more|other|predicted|rare|same|target|test|ticked|training|validation"
_VERBS = {"are": "is", "were": "was", "have": "has", "do": "does"}
_COUNTED = re.compile(
    rf"\{{(?P<count>\w+)\}} (?P<between>(?:{_BETWEEN}) )?"
    rf"(?:(?P<noun>{_NOUNS})\b|\{{(?P<unit>\w+)\}})(?: (?P<verb>{'|'.join(_VERBS)})\b)?"
)
_KNOWN = frozenset(_NOUNS.split("|"))


def one(noun: str) -> str:
    """The singular of a regular plural, such as row for rows."""
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-2] if noun.endswith(("sses", "xes", "ches")) else noun.removesuffix("s")


def agreed(template: str, params: Mapping[str, Any]) -> str:
    """The template with the singular behind each blank that is filled with 1."""
    return _COUNTED.sub(lambda found: _singular(found, params), template)


def _singular(found: re.Match[str], params: Mapping[str, Any]) -> str:
    value, noun = params.get(found["count"]), found["noun"] or params.get(found["unit"])
    counted = isinstance(value, (int, str)) and value is not True and value in (1, "1")
    if not counted or not isinstance(noun, str) or noun not in _KNOWN:
        return found[0]
    verb = f" {_VERBS[found['verb']]}" if found["verb"] else ""
    return f"{{{found['count']}}} {found['between'] or ''}{one(noun)}{verb}"
