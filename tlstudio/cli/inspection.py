"""``inspect``, ``models``, ``options``, ``doctor`` and ``runs list``: facts, as JSON or for the eye."""

from __future__ import annotations

import dataclasses
from typing import Any

import yaml

from tlstudio.cli import show
from tlstudio.cli.overrides import parse
from tlstudio.core import numbers, options, plugins
from tlstudio.core.control import Control
from tlstudio.core.errors import fill
from tlstudio.core.files import expand
from tlstudio.core.recipe import ModelSection, Recipe, TrainingSection
from tlstudio.tasks.suggest import in_order, suggest

_KINDS = {
    "task": "tlstudio.tasks",
    "strategy": "tlstudio.strategies",
    "regularise": "tlstudio.regularisation",
    "adapt": "tlstudio.adaptation",
    "compress": "tlstudio.compression",
    "export": "tlstudio.export",
    "data": "tlstudio.data.sources",
    "data step": "tlstudio.data.steps",
    "data check": "tlstudio.data.doctor",
    "augment": "tlstudio.augmentation",
}
_FIX_SHOWN = 200  # characters


def as_dict(item: Any) -> dict[str, Any]:
    return dataclasses.asdict(item)


def data(
    places: list[str], overrides: list[str], model: str, deep: bool, emit: Any, control: Control
) -> dict[str, Any]:
    """What :func:`tlstudio.data.inspection.inspect` and the data doctor find in labelled data.

    Args:
        places: files, folders or names that are read as one.
        overrides: fields of the data section, such as ``roles.text=body``.
        model: folder or name of a backbone, for the checks that need one; may be empty.
        deep: with the checks that compute features.
    """
    from tlstudio.data.inspection import inspect
    from tlstudio.pipeline.examine import examine

    recipe = Recipe().changed("data.path", places[0] if len(places) == 1 else places)
    for text in overrides:
        field, value = parse(text)
        recipe = recipe.changed(f"data.{field.removeprefix('data.')}", value)
    if model:
        source = "folder" if expand(model).is_dir() else "hub"
        recipe = recipe.changed("model", {"source": source, "name": model})
    found = inspect(recipe.data, emit, control)
    if not found["split_rows"]:
        return found  # it could be looked at, but not divided
    doctor = examine(recipe, deep, emit, control)
    return {**found, **{name: doctor[name] for name in ("findings", "checks", "sampled")}}


def show_data(found: dict[str, Any]) -> None:
    settings = ", ".join(f"{name} {value!r}" for name, value in found["options"].items())
    show.out.print(f"made for: {suggest(found['roles'])}", highlight=False)
    if others := in_order(found["roles"], [label for label, _count in found["labels"]]):
        show.out.print(f"if the labels have an order: {', '.join(others)}", highlight=False)
    rows = found["rows"]["train"] if isinstance(found["rows"], dict) else 0
    show.out.print(f"{found['source']} ({settings}), {rows} rows", highlight=False)
    for role, columns in found["roles"].items():
        for column in [columns] if isinstance(columns, str) else columns:
            reason = found["reasons"].get(column, "")
            show.out.print(f"  {role}: column '{column}', because {reason}", highlight=False, markup=False)
    _show_splits(found)
    for problem in found["problems"]:
        _show_problem(problem["severity"], fill(problem["message"], problem["params"]),
                      fill(problem["remedy"], problem["params"]))  # fmt: skip
    for finding in found.get("findings", []):
        _show_finding(finding)
    if "findings" in found and not found["findings"]:
        show.out.print("The data doctor found nothing wrong.", highlight=False)


def _show_splits(found: dict[str, Any]) -> None:
    splits = list(found["splits"])
    totals = [("all", sum(found["split_rows"].values()), *(found["split_rows"][split] for split in splits))]
    rows = [(label, count, *(found["splits"][split].get(label, 0) for split in splits))
            for label, count in found["labels"][:50]]  # fmt: skip
    if splits:
        show.table(f"{len(found['labels'])} labels", ("label", "rows", *splits), [*rows, *totals])


def _show_problem(severity: str, message: str, remedy: str) -> None:
    style = {"error": "bold red", "warning": "yellow"}.get(severity, "cyan")
    show.out.print(f"[{style}]{severity}[/]", end=" ")
    show.out.print(message, highlight=False, markup=False)
    show.out.print(f"  → {remedy}", highlight=False, markup=False)


def _show_finding(finding: dict[str, Any]) -> None:
    """A finding of the doctor with its effect, the fixes as they would stand in a recipe, and three rows."""
    _show_problem(finding["severity"], fill(finding["message"], finding["params"]),
                  fill(finding["effect"], finding["params"]))  # fmt: skip
    for fix in finding["fixes"]:
        written = fix["step"] or fix["changes"]
        text = yaml.safe_dump(written, default_flow_style=True, allow_unicode=True, width=10_000).strip()
        shown = text if len(text) < _FIX_SHOWN else text[:_FIX_SHOWN] + " …}"
        show.out.print(f"  fix: {fix['title']}: {shown}", highlight=False, markup=False, soft_wrap=True)
    for sample in finding["samples"][:3]:
        text = " ".join(sample["text"].split())[:90]
        show.out.print(f"    {sample['split']} row {sample['row']}: {text}  {sample['detail']}", highlight=False,
                       markup=False, style="dim")  # fmt: skip


def model(name: str) -> dict[str, Any]:
    """Facts about a model folder or a model of the catalogue or hub cache."""
    from tlstudio.pipeline.backbones import inspect

    return inspect(ModelSection(source="folder" if expand(name).is_dir() else "hub", name=name))


def show_model(facts: dict[str, Any]) -> None:
    for field in ("name", "path", "revision", "architecture", "licence", "max_length", "hidden_size", "vocabulary"):
        show.out.print(f"{field:<13} {facts[field]}", highlight=False, markup=False, soft_wrap=True)
    show.out.print(f"{'size':<13} {numbers.size(facts['bytes'])}, {numbers.count(facts['parameters'])} parameters")
    show.table(
        "Layers", ("group", "parameters"), [(g["name"], numbers.count(g["parameters"])) for g in facts["groups"]]
    )


def show_catalogue(rows: list[dict[str, Any]]) -> None:
    show.table(
        "Backbones",
        ("name", "size", "languages", "licence", "here"),
        [
            (row["name"], numbers.size(row["bytes"]), ", ".join(row["languages"][:4]), row["licence"],
             "yes" if row["present"] else "no")
            for row in rows
        ],
    )  # fmt: skip


def plugins_with_options() -> dict[str, list[dict[str, Any]]]:
    """Every plug-in by kind, with the options that its Config describes, and the fields of training."""
    found = {
        kind: [
            {
                "name": plugin.NAME,
                "title": plugin.TITLE,
                "summary": plugin.SUMMARY,
                "options": [dataclasses.asdict(option) for option in options.describe(plugin.Config)],
            }
            for plugin in plugins.find(package).values()
        ]
        for kind, package in _KINDS.items()
    }
    training = [dataclasses.asdict(option) for option in options.describe(TrainingSection)]
    found["training"] = [{"name": "training", "title": "Training", "summary": "Of every strategy.",
                          "options": training}]  # fmt: skip
    return found


def show_plugins(found: dict[str, list[dict[str, Any]]]) -> None:
    for kind, entries in found.items():
        for entry in entries:
            show.out.print(f"[bold]{kind}: {entry['name']}[/]  {entry['summary']}", highlight=False)
            for option in entry["options"]:
                show.out.print(f"    {option['name']}: {_allowed(option)} ({option['default']!r})  {option['help']}",
                               highlight=False, markup=False)  # fmt: skip


def _allowed(option: dict[str, Any]) -> str:
    if option["choices"]:
        return " | ".join(option["choices"])
    low, high = option["minimum"], option["maximum"]
    limits = (
        f" {low if low is not None else ''}…{high if high is not None else ''}" if (low, high) != (None, None) else ""
    )
    return ("auto | " if option["auto"] else "") + option["kind"] + limits


def show_doctor(report: dict[str, Any]) -> None:
    for name, version in report["versions"].items():
        show.out.print(f"{name:<20} {version or '[red]missing[/]'}", highlight=False)
    facts = {
        "system": report["system"],
        "processor": report["processor"],
        "devices": ", ".join(report["devices"]),
        "cores": report["cores"],
        "memory": f"{numbers.size(report['free_memory_bytes'])} free of {numbers.size(report['memory_bytes'])}",
        "disk": f"{numbers.size(report['free_disk_bytes'])} free",
        "starter model": "installed" if report["starter_model"] else "not installed",
    }
    for name, value in facts.items():
        show.out.print(f"{name:<20} {value}", highlight=False, markup=False)
    for name, folder in report["folders"].items():
        show.out.print(f"{name:<20} {folder['path']}  ({numbers.size(folder['bytes'])})", highlight=False, markup=False,
                       soft_wrap=True)  # fmt: skip
    for hint in report["hints"]:
        show.out.print(f"→ {hint}", style="yellow", highlight=False, markup=False)
