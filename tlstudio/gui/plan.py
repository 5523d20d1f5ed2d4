"""The plan in plain words, from the recipe and from what is known about its parts."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.gui import automatic, fit, formats, i18n, words
from tlstudio.gui.facts import Facts
from tlstudio.gui.widgets.network import Block
from tlstudio.gui.widgets.plan_panel import PlanItem
from tlstudio.training import schedules

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_UNITS = (
    ("image", "images"), ("audio", "recordings"), ("tokens", "sentences"), ("question", "questions"),
    ("text_b", "pairs"), ("source_text", "pairs"), ("prompt", "prompts"), ("messages", "conversations"),
)  # fmt: skip
_USUAL_EPOCHS = 4.0  # for the drawing, until the data is known
_POINTS = 48  # of the learning rate over the training


def items(recipe: Recipe, facts: Facts) -> list[PlanItem]:
    """The lines of the plan, in the order of the work."""
    return [
        _model(recipe, facts),
        _data(recipe, facts),
        _strategy(recipe, facts),
        _compress(recipe),
        _export(recipe),
    ]


def title(package: str, name: str) -> str:
    """The translated title of a plug-in, or its name if there is no such plug-in."""
    plugin = plugins.find(f"tlstudio.{package}").get(name)
    return i18n.engine(plugin.TITLE) if plugin is not None else name


def _model(recipe: Recipe, facts: Facts) -> PlanItem:
    name = recipe.model.name
    if not name:
        return PlanItem("model", "model", translate("plan", "No model chosen yet"))
    entry = facts.catalogue_entry(name) or {}
    shown = i18n.engine(entry.get("title", "")) or name.replace("\\", "/").rstrip("/").split("/")[-1]
    known = facts.model.data or entry
    if (unfit := fit.unfit_backbone(recipe, facts)) is not None:
        return PlanItem("model", "model", shown, i18n.message(unfit))
    if not known.get("parameters"):
        return PlanItem("model", "model", shown)
    text = translate("plan", "{n} parameters, {size}")
    size = formats.size(known.get("bytes") or 0)
    return PlanItem("model", "model", shown, text.format(n=formats.parameters(known["parameters"]), size=size))


def _data(recipe: Recipe, facts: Facts) -> PlanItem:
    if not recipe.data.files:
        return PlanItem("data", "data", translate("plan", "No data chosen yet"))
    if facts.data.state == "busy":
        return PlanItem("data", "data", translate("plan", "Reading the data…"))
    known = facts.data.data or {}
    totals = known.get("split_rows") or {split: sum(counts.values()) for split, counts in _splits(facts).items()}
    if (unfit := fit.misfit(recipe, facts)) is not None:
        return PlanItem("data", "data", recipe.data.title, i18n.message(unfit))
    if not totals:
        return PlanItem("data", "data", recipe.data.title)
    parts = [f"{words.split(split)}\u00a0{formats.count(total)}" for split, total in totals.items() if total]
    return PlanItem("data", "data", _amount(facts, sum(totals.values())), "  ·  ".join(parts))


def _amount(facts: Facts, rows: int) -> str:
    """How much of what the data holds."""
    roles = set((facts.data.data or {}).get("roles") or {})
    unit = next((unit for role, unit in _UNITS if role in roles), "texts")
    if unit == "sentences":
        text = translate("plan", "{rows} sentences with tags")
    elif _classes(facts):
        text = translate("plan", "{rows} {unit}, {classes} labels")
    else:
        text = translate("plan", "{rows} {unit}")
    counts = {"rows": formats.count(rows), "classes": formats.count(_classes(facts))}
    return i18n.filled(text, **counts, unit=words.unit_name(unit))


def _splits(facts: Facts) -> dict[str, dict[str, int]]:
    return (facts.data.data or {}).get("splits") or {}


def _strategy(recipe: Recipe, facts: Facts) -> PlanItem:
    training = recipe.training
    number = automatic.training(recipe, facts).get("epochs") if training.epochs == "auto" else training.epochs
    if number is None:
        epochs = translate("plan", "number of epochs chosen automatically")
    else:
        epochs = i18n.filled(translate("plan", "at most {n} epochs"), n=number)
    lines = [epochs]
    states = blocks(recipe, facts)
    if states:
        total = sum(block.parameters for block in states)
        trained = sum(block.trained for block in states)
        text = translate("plan", "trains {part} of {all} parameters")
        lines.insert(0, text.format(part=formats.parameters(trained), all=formats.parameters(total)))
    if recipe.adapt:
        names = words.listing(title("adaptation", choice.name) for choice in recipe.adapt)
        lines.insert(0, translate("plan", "adapts the model first ({names})").format(names=names))
    if recipe.regularise:
        lines += [title("regularisation", choice.name) for choice in recipe.regularise]
    if training.patience:
        lines.append(translate("plan", "the best epoch is kept"))
    return PlanItem("strategy", "strategy", title("strategies", recipe.strategy.name), words.clauses(lines))


def _compress(recipe: Recipe) -> PlanItem:
    if not recipe.compress:
        return PlanItem("compress", "compress", translate("plan", "No compression"))
    names = [title("compression", choice.name) for choice in recipe.compress]
    text = translate("plan", "size, speed and score are measured before and after")
    return PlanItem("compress", "compress", translate("plan", "Then {steps}").format(steps=" → ".join(names)), text)


def _export(recipe: Recipe) -> PlanItem:
    if not recipe.export:
        return PlanItem("export", "export", translate("plan", "No export"))
    names = [title("export", choice.name) for choice in recipe.export]
    text = translate("plan", "each file is loaded again and compared")
    heading = translate("plan", "Export as {formats}").format(formats=words.listing(names))
    return PlanItem("export", "export", heading, text)


def estimate(known: dict[str, Any]) -> str:
    """Time and memory of a measured estimate, in one sentence."""
    text = translate("plan", "About {time}, {memory} of memory (measured on this computer)")
    return text.format(
        time=formats.duration(known.get("seconds") or 0), memory=formats.size(known.get("memory_bytes") or 0)
    )


def blocks(recipe: Recipe, facts: Facts) -> list[Block]:
    """The network's blocks with what the strategy trains; empty where the model is not known yet."""
    groups = layer_groups(facts)
    if not groups:
        return []
    try:
        plugin = plugins.get("tlstudio.strategies", recipe.strategy.name, "strategy.name")
        config = plugins.configure(plugin, recipe.strategy.options, "strategy")
    except StudioError:
        return [Block(group.name, group.parameters) for group in groups]  # the problem is shown by the step itself
    states = plugin.plan(config, groups, epochs(recipe, facts))
    factors = _factors(recipe, facts)
    highest = max((state.rate for state in states), default=1.0) or 1.0
    return [
        Block(
            group.name,
            group.parameters,
            "trains" if state.trains else "frozen",
            rate=state.rate,
            opens=state.opens,
            part=state.part,
            trained=state.trained(group),
            curve=tuple(state.rate / highest * factor for factor in factors) if state.trains else (),
        )
        for group, state in zip(groups, states, strict=True)
    ]


def epochs(recipe: Recipe, facts: Facts) -> float:
    """How long the training is at most, for the drawing of what opens when."""
    if recipe.training.epochs != "auto":
        return float(recipe.training.epochs)
    return float(automatic.training(recipe, facts).get("epochs") or _USUAL_EPOCHS)


def _factors(recipe: Recipe, facts: Facts) -> list[float]:
    """The learning rate over the training, as shares of its peak."""
    name = recipe.training.schedule
    if name == "auto":
        name = automatic.training(recipe, facts).get("schedule") or "linear"
    warmup = round(recipe.training.warmup * _POINTS)
    return [schedules.factor(name, point, _POINTS, warmup) for point in range(_POINTS + 1)]


def layer_groups(facts: Facts) -> list[Any]:
    """The inspected model's layer groups, with a head even if the file has none: the new one for the data's labels."""
    from tlstudio.models.anatomy import LayerGroup

    known = facts.model.data or {}
    more = _classes(facts) - known["labels"] if known.get("labels") and _classes(facts) else 0
    head = more * (known.get("hidden_size", 0) + 1)  # the last layer of a head is linear: a row and a bias each
    return [
        LayerGroup(**{**group, "parameters": group["parameters"] + head * (group["kind"] == "head")})
        for group in known.get("groups", [])
    ]


def _classes(facts: Facts) -> int:
    """How many labels the data has; 0 where that is not known."""
    return len({label for counts in _splits(facts).values() for label in counts})
