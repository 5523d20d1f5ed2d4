"""Is a recipe complete and sensible? Read without torch, quickly enough for every keystroke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tlstudio.compression.base import out_of_order, undone
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, is_name
from tlstudio.core.plugins import configure, get
from tlstudio.core.recipe import Choice, Recipe
from tlstudio.models import earlier, loading

_PACKAGES = {"task": "tlstudio.tasks", "strategy": "tlstudio.strategies",
             "regularise": "tlstudio.regularisation", "adapt": "tlstudio.adaptation",
             "compress": "tlstudio.compression", "export": "tlstudio.export"}  # fmt: skip


@dataclass(frozen=True)
class Configured:
    """A plug-in with its validated options."""

    plugin: Any
    config: Any

    @property
    def once(self) -> bool:
        """Whether the backbone of a strategy sees the rows only once, before the training."""
        return bool(self.plugin.ONCE or getattr(self.config, "once", False))


@dataclass(frozen=True)
class Checked:
    """A recipe whose plug-ins exist and whose options are valid."""

    recipe: Recipe
    task: Configured
    strategy: Configured
    regularise: tuple[Configured, ...]
    adapt: tuple[Configured, ...]
    compress: tuple[Configured, ...]
    export: tuple[Configured, ...]


def check(recipe: Recipe) -> Checked:
    """Resolves every plug-in of the recipe.

    Raises:
        StudioError: the first thing that is wrong; ``where`` names the field.
    """
    checked = Checked(
        recipe=recipe,
        task=_configured("task", recipe.task),
        strategy=_configured("strategy", recipe.strategy),
        regularise=tuple(_configured("regularise", choice) for choice in recipe.regularise),
        adapt=tuple(_configured("adapt", choice) for choice in recipe.adapt),
        compress=tuple(_configured("compress", choice) for choice in recipe.compress),
        export=tuple(_configured("export", choice) for choice in recipe.export),
    )
    _check_data(recipe)
    _check_augmentations(recipe, checked)
    _check_fit(checked)
    _check_adaptation(checked)
    _check_best_metric(recipe, checked.task.plugin)
    _check_folds(recipe, checked.task.plugin)
    _check_chain(checked)
    for exporter in checked.export:
        if problem := exporter.plugin.check(recipe):
            raise problem
    return checked


def _configured(section: str, choice: Choice) -> Configured:
    plugin = get(_PACKAGES[section], choice.name, section)
    where = section if section in ("task", "strategy") else f"{section}.{choice.name}"
    return Configured(plugin, configure(plugin, choice.options, where))


def _check_data(recipe: Recipe) -> None:
    """Options of the source (where it is named; else when it is known), the data steps, checks and augmentations."""
    data = recipe.data
    if data.source != "auto":
        configure(get("tlstudio.data.sources", data.source, "data.source"), data.options, "data")
    lists = {"steps": "tlstudio.data.steps", "checks": "tlstudio.data.doctor", "augment": "tlstudio.augmentation"}
    for section, package in lists.items():
        for choice in getattr(data, section):
            configure(get(package, choice.name, f"data.{section}"), choice.options, f"data.{section}.{choice.name}")


def _check_augmentations(recipe: Recipe, checked: Checked) -> None:
    """A text cannot be rotated: augmentations must be of the kind that the task learns from."""
    task, strategy = checked.task.plugin, checked.strategy.plugin
    kinds = task.AUGMENTS
    for choice in recipe.data.augment:
        plugin = get("tlstudio.augmentation", choice.name, "data.augment")
        if plugin.KIND not in kinds:
            raise StudioError(
                "augment.other-kind", "The augmentation '{name}' does not fit the task: {task} learns from {kind}.",
                "Remove it in the Data step.", where="data.augment", name=plugin.TITLE, task=task.TITLE,
                kind={"text": "texts", "image": "images", "audio": "sounds"}[task.LEARNS],
            )  # fmt: skip
        if plugin.NAME in task.MISFITS:
            raise StudioError(
                "augment.misfit", "'{name}' moves parts of the image, but would leave what the task {task} learns "
                "where it was.", "Remove it in the Data step; the task's own options can mirror images.",
                where="data.augment", name=plugin.TITLE, task=task.TITLE,
            )  # fmt: skip
        if plugin.KIND == "batch" and checked.strategy.once:
            raise StudioError(
                "augment.batches-once", "'{name}' mixes the images of each batch, but with the strategy {strategy} the "
                "backbone sees each image only once.", "Remove it in the Data step, or choose full fine-tuning.",
                where="data.augment", name=plugin.TITLE, strategy=strategy.TITLE,
            )  # fmt: skip


def _check_fit(checked: Checked) -> None:
    """Strategies, compression steps and exports that make no sense for the task."""
    for part in (checked.strategy, *checked.regularise, *checked.compress, *checked.export):
        if problem := part.plugin.fits(checked.task.plugin):
            raise problem
    strategy = checked.strategy.plugin
    if checked.regularise and checked.strategy.once:
        raise StudioError(
            "regularise.once", "'{name}' changes how the backbone trains, but with the strategy {strategy} only the "
            "head does.", "Remove it in the Strategy step, or choose another strategy.", where="regularise",
            name=checked.regularise[0].plugin.TITLE, strategy=strategy.TITLE,
        )  # fmt: skip


def _check_adaptation(checked: Checked) -> None:
    """Objectives for other inputs than the task's; and rows that must stay unseen."""
    for part in checked.adapt:
        if part.plugin.LEARNS != checked.task.plugin.LEARNS:
            raise StudioError(
                "adapt.other-kind", "The adaptation '{name}' does not fit the task: {task} learns from {kind}.",
                "Remove it in the Strategy step.", where="adapt", name=part.plugin.TITLE,
                task=checked.task.plugin.TITLE,
                kind={"text": "texts", "image": "images", "audio": "sounds"}[checked.task.plugin.LEARNS],
            )  # fmt: skip
        if part.config.data == "train" and checked.recipe.data.split.method == "k-fold":
            raise StudioError(
                "adapt.no-folds", "With k-fold every row is tested once, so the backbone must not be adapted to them.",
                "Choose another way to split, or other data for the adaptation.", where="adapt",
            )  # fmt: skip


def _check_best_metric(recipe: Recipe, task: Any) -> None:
    if recipe.training.best_metric != "auto":
        require_metric(recipe.training.best_metric, task, task.QUICK)


def require_metric(metric: str, task: Any, known: Sequence[str]) -> None:
    """Raises a StudioError where a task does not measure ``metric``."""
    if metric in known:
        return
    raise StudioError(
        "training.unknown-metric", "{task} has no validation metric '{metric}'.", "Choose auto or one of: {known}.",
        where="training.best_metric", task=task.TITLE, metric=metric, known=", ".join(known),
    )  # fmt: skip


def _check_folds(recipe: Recipe, task: Any) -> None:
    """What only the answers of a forward pass can measure needs them in each fold."""
    if recipe.data.split.method != "k-fold" or (task.GATHERS and not task.HEAD.generate):
        return
    raise StudioError(
        "split.no-folds", "Cross-validation is not offered for the task {task}: each fold would have to generate or "
        "keep too much.", "Choose another way to split.", where="data.split.method", task=task.TITLE,
    )  # fmt: skip


def _check_chain(checked: Checked) -> None:
    steps = [step.plugin for step in checked.compress]
    if (wrong := out_of_order(steps)) is None:
        return
    raise StudioError(
        "compress.order", "The step '{name}' cannot follow here: it cannot read what '{before}' gives.",
        "Change the order of the steps, or remove one.", where="compress", name=steps[wrong].TITLE,
        before=steps[wrong - 1].TITLE,
    )  # fmt: skip


def chain_notes(steps: Sequence[Configured]) -> list[StudioError]:
    """Warnings of compression steps whose effect does not last to the end of the chain."""
    found = []
    for place, after in undone([(step.plugin, step.config) for step in steps]):
        name, other = steps[place].plugin.TITLE, steps[after].plugin.TITLE
        if steps[place].plugin.LEAVES == "bf16":
            found.append(StudioError(
                "compress.undone-bf16", "'{name}' brings nothing here: '{other}', which follows it, reads the weights "
                "as 32 bits and writes its own.", "Put '{name}' at the end of the chain, or leave it out.",
                where="compress", name=name, other=other,
            ))  # fmt: skip
        else:
            found.append(StudioError(
                "compress.undone", "'{other}' follows '{name}' and changes the weights again: what was set to zero or "
                "rounded does not stay so.", "Put '{name}' after it, or leave it out.", where="compress",
                name=name, other=other,
            ))  # fmt: skip
    return found


def compression_notes(recipe: Recipe) -> list[StudioError]:
    """The same of a recipe; none while it has steps or options that do not exist, which :func:`problems` tells."""
    try:
        return chain_notes([_configured("compress", choice) for choice in recipe.compress])
    except StudioError:
        return []


def problems(recipe: Recipe) -> list[StudioError]:
    """Everything that can be seen at once to keep the recipe from running, in the order of the steps."""
    found: list[StudioError] = []
    if not recipe.model.name:
        found.append(StudioError("model.none", "No model is chosen.", "Choose one in the Model step.", "model.name"))
    if "train" not in recipe.data.files:
        found.append(
            StudioError("data.none", "No data is chosen.", "Choose a labelled file in the Data step.", "data.path")
        )
    for split, places in recipe.data.files.items():
        where = "data.path" if split == "train" else f"data.{split}"
        found += [_missing(place, where) for place in places if not is_name(place) and not expand(place).exists()]
    corpora = [(str(choice.options.get("data", "train")), "adapt") for choice in recipe.adapt]
    corpora.append((str(recipe.strategy.options.get("unlabelled") or "train"), "strategy.unlabelled"))
    found += [_missing(place, where) for place, where in corpora
              if place != "train" and not is_name(place) and not expand(place).exists()]  # fmt: skip
    found += missing_runs(recipe)
    try:
        check(recipe)
    except StudioError as error:
        found.append(error)
    return found


def missing_runs(recipe: Recipe) -> list[StudioError]:
    """Earlier runs that the recipe names and that are not there, or that its strategy lacks."""
    options = recipe.strategy.options
    named: list[tuple[str, str, Callable[[str, str], object]]] = []
    if recipe.model.source == "run":
        named.append((recipe.model.name, "model.name", earlier.model_folder))
    named.append((str(options.get("teacher") or ""), "strategy.teacher", earlier.model_folder))
    named.append((str(options.get("second") or ""), "strategy.second", loading.anywhere))
    named += [(str(place), "strategy.others", earlier.recipe_file) for place in options.get("others") or ()]
    found = []
    for place, where, find_it in named:
        try:
            if place:
                find_it(place, where)
        except StudioError as error:
            found.append(error)
    if problem := _lacking(recipe):
        found.append(problem)
    return found


def _lacking(recipe: Recipe) -> StudioError | None:
    """What the strategy needs beside its options, such as a teacher."""
    try:
        strategy = _configured("strategy", recipe.strategy)
    except StudioError:
        return None  # said by check()
    lacks = getattr(strategy.plugin, "lacks", None)
    problem: StudioError | None = lacks(strategy.config, recipe) if lacks else None
    return problem


def _missing(place: str, where: str) -> StudioError:
    return StudioError(
        "files.missing", "{path} does not exist.", "Check the path, or choose the file again.", where, path=place
    )
