"""What the scores of backbones say, in words: their order, how sure it is, and what each costs beside the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.core.reasons import Reason, reason
from tlstudio.evaluation import paired
from tlstudio.models import transferability

if TYPE_CHECKING:
    import numpy as np

_DECIDES = ("probe", "neighbours", "logme", "h_score")  # TransRate, which ranks least reliably, is only shown
_FASTER = 1.5
_NEARLY = 0.01


@dataclass
class Candidate:
    """A backbone with what was measured of it.

    Attributes:
        facts: see :func:`tlstudio.pipeline.ranking.rank`.
        right: how good the probe's answer to each row is [N].
        kind: of the targets, see :mod:`tlstudio.pipeline.ranking`.
        chance: what the commonest answer would score; None where there is none.
    """

    facts: dict[str, Any]
    right: np.ndarray
    kind: str
    chance: float | None


def explained(found: list[Candidate]) -> dict[str, Any]:
    """The candidates in order, each with its place and reasons; and what follows from them.

    Returns:
        ``candidates``: the facts of each, with ``rank``, ``mean_rank`` over the scores that decide, ``difference``
        of its linear probe to the best one's with an interval (None for the best itself), and ``reasons``;
        ``best``: name of the first; ``lean``: name of one that is nearly as good and much faster, or None;
        ``clear``: whether the best is surely ahead; ``reasons``: sentences about all of them.
    """
    places = transferability.mean_ranks([item.facts["scores"] for item in found], _DECIDES)
    order = sorted(range(len(found)), key=lambda at: (places[at], -(found[at].facts["scores"]["probe"] or 0.0)))
    best = found[order[0]]
    listed = []
    for number, at in enumerate(order, 1):
        item = found[at]
        gap = None if item is best else paired.difference(best.right, item.right)
        listed.append({**item.facts, "rank": number, "mean_rank": places[at], "difference": gap,
                       "reasons": _reasons(item, best, gap)})  # fmt: skip
    clear = len(listed) > 1 and all(entry["difference"]["high"] < 0 for entry in listed[1:])
    lean = next((entry for entry in sorted(listed[1:], key=lambda entry: entry["cost"]["latency_ms"])
                 if _nearly(entry, best)), None)  # fmt: skip
    return {
        "candidates": listed,
        "best": best.facts["name"],
        "lean": lean["name"] if lean else None,
        "clear": clear,
        "reasons": _verdict(listed, lean, clear),
    }


def _nearly(entry: dict[str, Any], best: Candidate) -> bool:
    gap = entry["difference"]
    faster = best.facts["cost"]["latency_ms"] / max(entry["cost"]["latency_ms"], 1e-9)
    return bool(faster >= _FASTER and gap["high"] >= 0 and gap["value"] >= -_NEARLY)


def _reasons(item: Candidate, best: Candidate, gap: dict[str, float | None] | None) -> list[Reason]:
    score, name = item.facts["scores"]["probe"], best.facts["title"]
    said = [_probe_reason(100 * (score or 0.0), item.kind)]
    if gap is None:
        return said
    points = {key: 100 * (value or 0.0) for key, value in gap.items()}
    if points["high"] < 0:
        said.append(reason("rank.worse", "That is {points:.1f} points less than with {best} (95 % interval {low:.1f} "
                           "to {high:.1f}).", points=-points["value"], low=-points["high"], high=-points["low"],
                           best=name))  # fmt: skip
    elif points["low"] > 0:
        said.append(reason("rank.better-probe", "That is {points:.1f} points more than with {best}, which the other "
                           "scores put first.", points=points["value"], best=name))  # fmt: skip
    else:
        said.append(reason("rank.alike", "The difference of {points:+.1f} points to {best} may be chance.",
                           points=points["value"], best=name))  # fmt: skip
    return [*said, *_costs(item, best)]


def _probe_reason(percent: float, kind: str) -> Reason:
    if kind == "numbers":
        return reason("rank.probe-numbers", "A linear model on its features explains {percent:.1f} % of the "
                      "differences between the numbers.", percent=max(percent, 0.0))  # fmt: skip
    if kind == "labels":
        return reason("rank.probe-labels", "A linear model on its features is right about {percent:.1f} % of the "
                      "single labels.", percent=percent)  # fmt: skip
    if kind == "tokens":
        return reason("rank.probe-tokens", "A linear model on its features gets {percent:.1f} % of the words right.",
                      percent=percent)  # fmt: skip
    return reason("rank.probe", "A linear model on its features gets {percent:.1f} % of the rows right.",
                  percent=percent)  # fmt: skip


def _costs(item: Candidate, best: Candidate) -> list[Reason]:
    said, one, other = [], item.facts["cost"], best.facts["cost"]
    times, sizes = other["latency_ms"] / max(one["latency_ms"], 1e-9), other["parameters"] / max(one["parameters"], 1)
    if times >= _FASTER:
        said.append(reason("rank.faster", "It answers {times:.1f} times as fast.", times=times))
    elif times <= 1 / _FASTER:
        said.append(reason("rank.slower", "It takes {times:.1f} times as long to answer.", times=1 / times))
    if sizes >= _FASTER:
        said.append(reason("rank.smaller", "It has {times:.1f} times fewer parameters.", times=sizes))
    elif sizes <= 1 / _FASTER:
        said.append(reason("rank.larger", "It has {times:.1f} times as many parameters.", times=1 / sizes))
    return said


def _verdict(listed: list[dict[str, Any]], lean: dict[str, Any] | None, clear: bool) -> list[Reason]:
    best = listed[0]
    if len(listed) == 1:
        return [reason("rank.only-one", "Only {best} could be looked at; another backbone on this machine would give "
                       "something to compare with.", best=best["title"])]  # fmt: skip
    if clear:
        said = [reason("rank.clear", "{best} is ahead of all others by more than chance explains.",
                       best=best["title"])]  # fmt: skip
    else:
        alike = [entry["title"] for entry in listed[1:] if entry["difference"]["high"] >= 0]
        said = [reason("rank.open", "{best} comes first, but {others} may be as good: the sample cannot tell them "
                       "apart.", best=best["title"], others=", ".join(alike))]  # fmt: skip
    if lean is not None:
        said.append(reason("rank.lean", "{lean} is nearly as good, and {times:.1f} times as fast.", lean=lean["title"],
                           times=best["cost"]["latency_ms"] / max(lean["cost"]["latency_ms"], 1e-9)))  # fmt: skip
    firsts = {name: max(listed, key=lambda entry: entry["scores"][name] or 0.0)["title"] for name in _DECIDES
              if best["scores"][name] is not None}  # fmt: skip
    if any(title != best["title"] for title in firsts.values()):
        said.append(reason("rank.disagree", "The scores do not agree on the first place, so try the first two in "
                           "short runs."))  # fmt: skip
    return said
