"""What the doctor's and the augmentations' jobs answer, and plug-ins like the real ones."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core import plugins
from tlstudio.data.doctor.base import CheckOptions


class NearOptions(CheckOptions):
    likeness: float = Field(0.9, ge=0.5, le=1, title="Least likeness", description="Of two texts that count as alike.")


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaskOptions(Empty):
    kinds: Literal["all", "mail"] = Field("all", title="Kinds", description="What is masked.")


class SwapOptions(Empty):
    share: float = Field(0.1, gt=0, le=1, title="Share of words", description="Words that change places.")


def plugin(name: str, title: str, config: type[BaseModel], **more: Any) -> SimpleNamespace:
    return SimpleNamespace(NAME=name, TITLE=title, SUMMARY=f"{title} in one sentence.", Config=config, **more)


CHECKS = [
    plugin("empty-texts", "Empty texts", CheckOptions, EMBEDS=False),
    plugin("near-duplicates", "Near duplicates", NearOptions, EMBEDS=False),
    plugin("wrong-labels", "Probable wrong labels", CheckOptions, EMBEDS=True),
]
STEPS = [
    plugin("drop-empty", "Leave out empty rows", Empty),
    plugin("mask-personal", "Mask personal data", MaskOptions),
]
AUGMENTATIONS = [
    plugin("random-swap", "Random swap", SwapOptions, KIND="text"),
    plugin("random-deletion", "Random deletion", SwapOptions, KIND="text"),
    plugin("flip", "Flip", Empty, KIND="image"),
    plugin("mixup", "MixUp", Empty, KIND="batch"),
]
_FAKES = {"tlstudio.data.doctor": CHECKS, "tlstudio.data.steps": STEPS, "tlstudio.augmentation": AUGMENTATIONS}


def replace_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts these plug-ins in place of the real ones."""
    real = plugins.find

    def find(package: str) -> dict[str, Any]:
        fakes = _FAKES.get(package)
        return real(package) if fakes is None else {item.NAME: item for item in fakes}

    monkeypatch.setattr(plugins, "find", find)


def sample(row: int, text: str, label: str = "login", split: str = "train", detail: str = "") -> dict[str, Any]:
    place = {"split": split, "path": "/data/tickets.csv", "row": row, "id": f"{row:016x}"}
    return {**place, "text": text, "label": label, "detail": detail}


def finding(check: str, severity: str, count: int, message: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"check": check, "code": check, "severity": severity, "count": count, "message": message}
    return base | {"effect": "", "params": {}, "samples": [], "fixes": []} | more


def empty_rows() -> dict[str, Any]:
    fixes = [
        {"title": "Leave them out", "step": {"name": "drop-empty"}, "changes": {}},
        {"title": "Split by group", "step": None, "changes": {"split.method": "grouped", "split.by": "author"}},
    ]
    effect = "The model learns that nothing means {label}."
    samples = [sample(12, "", detail="no text"), sample(40, "   ", "delivery", "test", detail="only spaces")]
    more = {"effect": effect, "params": {"label": "login"}, "samples": samples, "fixes": fixes}
    return finding("empty-texts", "error", 2, "2 rows have no text.", **more)


def near_duplicates() -> dict[str, Any]:
    text = "Where is my parcel? It should have been here on Monday."
    samples = [sample(7, text, "delivery", "test", "0.97 alike: train, row 3")]
    return finding(
        "near-duplicates",
        "warning",
        31,
        "{share} of the test rows have a near twin among the training rows.",
        params={"share": "15 %"},
        effect="The test accuracy looks better than it is, because the model has seen these texts.",
        samples=samples,
    )


def mail_addresses() -> dict[str, Any]:
    fix = {"title": "Mask them", "step": {"name": "mask-personal", "kinds": "mail"}, "changes": {}}
    message, samples = "9 texts hold e-mail addresses.", [sample(3, "write to a.b@example.org please")]
    return finding("personal-data", "notice", 9, message, samples=samples, fixes=[fix])


def examination(*findings: dict[str, Any], deep: bool = False) -> dict[str, Any]:
    checks = [
        {"name": "empty-texts", "seconds": 0.1, "skipped": ""},
        {"name": "near-duplicates", "seconds": 1.4, "skipped": ""},
    ]
    if deep:
        checks.append({"name": "wrong-labels", "seconds": 63.0, "skipped": ""})
    rows = {"train": 390, "validation": 40, "test": 130}
    return {"findings": list(findings), "checks": checks, "rows": rows, "sampled": None}


def preview_rows() -> dict[str, Any]:
    place = {"path": "/data/tickets.csv", "label_before": "login", "label_after": "login"}
    rows = [
        {**place, "row": 3, "before": "write to a.b@example.org please", "after": "write to <mail> please"},
        {**place, "row": 12, "before": "  <b>hi</b>", "after": "", "label_after": "", "dropped": True},
    ]
    return {"changed": 1, "dropped": 1, "total": 560, "rows": [{"dropped": False, **row} for row in rows]}


def examples(args: dict[str, Any]) -> list[dict[str, Any]]:
    before = "Where is my parcel?"
    titles = {item.NAME: item.TITLE for item in AUGMENTATIONS}
    return [
        {
            "augmentation": choice["name"],
            "title": titles[choice["name"]],
            "before": before,
            "after": f"Where my is parcel? {args['seed']}",
            "kind": "text",
        }
        for choice in args["recipe"]["data"]["augment"][args["index"] :][:1]
    ]


def answers() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """The jobs of the doctor and the augmentations."""
    found = (mail_addresses(), near_duplicates(), empty_rows())
    return {
        "examine-data": lambda args: examination(*found, deep=args["deep"]),
        "preview-step": lambda _args: preview_rows(),
        "preview-augment": examples,
    }
