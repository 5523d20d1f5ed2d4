"""Vocabularies as ``tokenizer.json`` holds them: which tokens hang together, and how a file is written with fewer.

What is left reads texts that need only kept tokens just as before:

- WordPiece takes the longest token that fits; the tokens that it did take are still there, and no longer ones are new.
- BPE joins the pair with the lowest rank. All joins on the way to a kept token stay, so that each step finds the same
  pair first (Sennrich et al., 2016, "Neural machine translation of rare words with subword units", algorithm 1).
- Unigram takes the path with the highest sum of scores; it is still there, and no other has become better (Kudo, 2018,
  "Subword regularization", eq. 3). The lowest score of all decides what an unknown character costs, so it stays.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

KINDS = ("WordPiece", "WordLevel", "BPE", "Unigram")
_BYTE = re.compile(r"^<0x[0-9A-Fa-f]{2}>$")
_UNUSED = re.compile(r"^[\[<]unused_?\d+[\]>]$")
_SPACE = "▁"


def vocabulary(content: Mapping[str, Any]) -> dict[str, int]:
    """Number of each token of the model of a ``tokenizer.json``, without those that were added beside it."""
    known = content["model"]["vocab"]
    return dict(known) if isinstance(known, dict) else {piece: at for at, (piece, _score) in enumerate(known)}


def needed(content: Mapping[str, Any], used: Iterable[int], general: int) -> set[int]:
    """Numbers of the tokens that stay: used ones, and what a vocabulary cannot do without.

    Args:
        content: of ``tokenizer.json``.
        used: numbers of tokens that texts need.
        general: how many stay for texts to come, the first ones of the vocabulary: tokens are numbered by how frequent
            they were where the vocabulary was learnt.
    """
    known, model = vocabulary(content), content["model"]
    special = {token["id"] for token in content.get("added_tokens") or ()}
    special |= {known[token] for token in (model.get("unk_token"),) if token in known}
    kept = set(used) | special | set(_of_templates(content.get("post_processor")))
    kept |= {number for token, number in known.items() if _is_single(token, model)}
    kept |= {model["unk_id"]} if model.get("unk_id") is not None else set()
    others = sorted(number for token, number in known.items() if number not in special
                    and not _is_single(token, model) and not _UNUSED.match(token))  # fmt: skip
    kept |= set(others[:general])
    if model["type"] == "Unigram" and model["vocab"]:
        kept.add(min(range(len(model["vocab"])), key=lambda at: model["vocab"][at][1]))
    if model["type"] == "BPE":
        kept |= _on_the_way(model, known, kept)
    return kept


def order(content: Mapping[str, Any], kept: Iterable[int]) -> list[int]:
    """The former number of each new one: tokens of the model first, then added ones, then numbers without a token."""
    inside = set(vocabulary(content).values())
    added = {token["id"] for token in content.get("added_tokens") or ()}
    return sorted(kept, key=lambda number: (number not in inside, number not in added, number))


def rewritten(content: Mapping[str, Any], places: list[int]) -> dict[str, Any]:
    """A ``tokenizer.json`` with the tokens whose former numbers are ``places``, in this order."""
    numbers = {old: new for new, old in enumerate(places)}
    found = copy.deepcopy(dict(content))
    model, known = found["model"], vocabulary(content)
    if isinstance(model["vocab"], dict):
        pairs = sorted((numbers[old], token) for token, old in known.items() if old in numbers)
        model["vocab"] = {token: new for new, token in pairs}
    else:
        model["vocab"] = [model["vocab"][old] for old in places if old < len(model["vocab"])]
    if model.get("unk_id") is not None:
        model["unk_id"] = numbers[model["unk_id"]]
    if model["type"] == "BPE":
        tokens = set(model["vocab"])
        model["merges"] = [
            merge for merge in model["merges"] if {*_pair(merge), _joined(model, *_pair(merge))} <= tokens
        ]
    for token in found.get("added_tokens") or ():
        token["id"] = numbers[token["id"]]
    if found.get("padding"):
        found["padding"]["pad_id"] = numbers.get(found["padding"]["pad_id"], 0)
    _renumber(found.get("post_processor"), numbers)
    return found


def _is_single(token: str, model: Mapping[str, Any]) -> bool:
    """Whether a token is one character or byte, of which any text can be put together."""
    if _BYTE.match(token):
        return True
    bare = token.removeprefix(model.get("continuing_subword_prefix") or "")
    bare = bare.removesuffix(model.get("end_of_word_suffix") or "")
    return len(bare.removeprefix(_SPACE)) <= 1 if model["type"] == "Unigram" else len(bare) <= 1


# --- joins of BPE


def _pair(merge: Any) -> tuple[str, str]:
    first, second = merge.split(" ") if isinstance(merge, str) else merge
    return first, second


def _joined(model: Mapping[str, Any], first: str, second: str) -> str:
    return first + second.removeprefix(model.get("continuing_subword_prefix") or "")


def _on_the_way(model: Mapping[str, Any], known: Mapping[str, int], kept: Iterable[int]) -> set[int]:
    """Numbers of the tokens that BPE makes before it makes the kept ones."""
    ranks = {_pair(merge): rank for rank, merge in enumerate(model["merges"])}
    wanted, found = set(kept), set()
    for token, number in known.items():
        if number in wanted:
            found |= {known[part] for part in _built(token, model, ranks) if part in known}
    return found


def _built(token: str, model: Mapping[str, Any], ranks: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """All symbols that occur while a token is put together from its characters."""
    prefix, suffix = model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or ""
    inside = bool(prefix) and token.startswith(prefix)
    ends = bool(suffix) and token.endswith(suffix)
    signs = token.removeprefix(prefix).removesuffix(suffix) if ends else token.removeprefix(prefix)
    symbols = [sign if at == 0 and not inside else prefix + sign for at, sign in enumerate(signs)]
    if ends and symbols:
        symbols[-1] += suffix
    yield from symbols
    while len(symbols) > 1:
        ranked = [(ranks.get(pair), at) for at, pair in enumerate(itertools.pairwise(symbols))]
        possible = [(rank, at) for rank, at in ranked if rank is not None]
        if not possible:
            return
        _rank, at = min(possible)
        symbols[at : at + 2] = [_joined(model, symbols[at], symbols[at + 1])]
        yield symbols[at]


# --- what surrounds a text


def _of_templates(part: Any) -> Iterator[int]:
    """Numbers of the tokens that a post-processor sets around texts."""
    for value in _stated(part):
        yield from value


def _renumber(part: Any, numbers: Mapping[int, int]) -> None:
    for value in _stated(part):
        value[:] = [numbers[old] for old in value]
    for one in _processors(part):
        for name in ("sep", "cls"):
            if isinstance(one.get(name), list):
                one[name] = [one[name][0], numbers[one[name][1]]]


def _stated(part: Any) -> Iterator[list[int]]:
    """Lists of numbers within a post-processor; those of templates are the ones in it, others are copies."""
    for one in _processors(part):
        special = one.get("special_tokens")
        for token in special.values() if isinstance(special, dict) else ():
            yield token["ids"]
        for name in ("sep", "cls"):
            if isinstance(one.get(name), list):
                yield [one[name][1]]


def _processors(part: Any) -> Iterator[dict[str, Any]]:
    """A post-processor, and those that it is made of."""
    if isinstance(part, dict):
        yield part
        for inner in part.get("processors") or ():
            yield from _processors(inner)
