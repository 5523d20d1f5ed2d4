"""Further tasks in a run: opened for a strategy, and afterwards tested, saved and exported like the task of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Event, Progress, log
from tlstudio.core.files import expand, read_json, write_json
from tlstudio.core.paths import runs_folder
from tlstudio.core.recipe import Choice, Recipe
from tlstudio.metrics.names import about
from tlstudio.models import earlier
from tlstudio.models.transfer import Sibling
from tlstudio.pipeline import backbones
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.context import Context
from tlstudio.strategies import inherited
from tlstudio.strategies.base import OtherTask

if TYPE_CHECKING:
    import torch

    from tlstudio.pipeline.stages import Stages

FOLDER = "tasks"  # of a run; holds a run folder for each further task
_WHERE = "strategy.others"
_STAGES = ("evaluate", "export", "report")


class Others:
    """The further tasks of a run, each opened once.

    Args:
        first: the run.
    """

    def __init__(self, first: Stages) -> None:
        self._first = first
        self._stages: dict[str, Stages] = {}  # by name
        self._tasks: dict[str, OtherTask] = {}  # by place

    def open(self, place: str) -> OtherTask:
        """The task that a recipe names.

        Raises:
            StudioError: no such run or recipe, its data cannot be read, or the backbone cannot learn it.
        """
        if place not in self._tasks:
            self._tasks[place] = self._opened(place)
        return self._tasks[place]

    def _opened(self, place: str) -> OtherTask:
        from tlstudio.pipeline.stages import Stages

        first = self._first
        name, recipe = _recipe_of(place, first.context.recipe)
        name = _unique(name, self._stages)
        checked = check(recipe)
        backbones.require(first.backbone, recipe.model.source, checked.task.plugin)
        context = Context(recipe, first.context.folder / FOLDER / name, self._hear, first.context.control, _STAGES)
        stages = Stages(context, checked)
        stages.backbone, stages.settings = first.backbone, first.settings
        stages.rows = stages.labelled(self._hear)
        stages.encoded = stages.encode(self._hear)
        self._stages[name] = stages
        return _as_other(name, place, stages)

    def _hear(self, event: Event) -> None:
        """Only what shows that something goes on: curves, notes and results are those of the run itself."""
        if isinstance(event, Progress):
            self._first.context.emit(replace(event, stage=self._first.context.stage))

    def finish(self, siblings: Sequence[Sibling]) -> list[dict[str, Any]]:
        """Tests the models of further tasks, and saves and exports those that are kept.

        Returns:
            ``results["tasks"]``: ``name``, ``task``, ``title``, ``path`` in the run folder, ``place``, ``rows``,
            ``headline``, ``metrics``, ``baseline``, and ``alone``, the metrics that an earlier run has reached.
        """
        return [self._finished(self._stages[sibling.name], sibling) for sibling in siblings]

    def _finished(self, stages: Stages, sibling: Sibling) -> dict[str, Any]:
        context, task = stages.context, stages.checked.task.plugin
        stages.model = task.finish(sibling.model.cpu().eval(), stages.encoded)
        stages.tune()
        context.results |= {"task": task.NAME, "labels": stages.encoded.labels}
        recipes.save(context.recipe, context.folder / "recipe.yaml")
        if sibling.keep:
            task.save(stages.model, stages.encoded, stages.backbone.path, context.folder / "model", stages.head)
        with context.running("evaluate"):
            stages.evaluate()
        if sibling.keep:
            for stage in ("export", "report"):
                with context.running(stage):
                    getattr(stages, stage)()
        context.results["outcome"] = "completed"
        write_json(context.folder / "results.json", context.results)
        entry = self._entry(stages, sibling.name)
        self._tell(entry)
        return entry

    def _entry(self, stages: Stages, name: str) -> dict[str, Any]:
        place = next(place for place, task in self._tasks.items() if task.name == name)
        results, plugin = stages.context.results, stages.checked.task.plugin
        return {
            "name": name,
            "task": plugin.NAME,
            "title": plugin.TITLE,
            "path": f"{FOLDER}/{name}",
            "place": place,
            "rows": results["test"]["rows"],
            "headline": results["headline"],
            "metrics": results["test"]["metrics"],
            "baseline": results["baselines"][-1],
            "alone": _alone(place),
        }

    def _tell(self, entry: dict[str, Any]) -> None:
        metric = entry["headline"]
        log(self._first.context.emit, "others.tested", "{name}: {metric} {value} (95 % interval {low} to {high}).",
            name=entry["name"], metric=about(metric).title,
            **{key: round(entry["metrics"][metric][key], 4) for key in ("value", "low", "high")})  # fmt: skip

    def close(self) -> None:
        """Frees the folders of the tasks."""
        for stages in self._stages.values():
            stages.context.close()


def _recipe_of(place: str, own: Recipe) -> tuple[str, Recipe]:
    """Name and recipe of a further task, to be learnt with the model and the training of this run."""
    path = expand(place)
    if path.suffix in (".yaml", ".yml"):
        name, recipe = path.stem, recipes.load(path)
    else:
        folder = path if path.name != place or path.is_dir() else runs_folder() / place
        if not (folder / "recipe.yaml").is_file():
            raise StudioError(
                "strategy.no-other", "There is no run or recipe {place}.", "Choose one of the list that 'tlstudio runs "
                "list' prints, the folder of a run, or a recipe file.", where=_WHERE, place=place,
            )  # fmt: skip
        name, recipe = folder.name, recipes.load(folder / "recipe.yaml")
    changes = {"model": own.model, "training": own.training, "evaluate": own.evaluate, "export": own.export,
               "strategy": Choice(name="full-fine-tuning"), "regularise": (), "adapt": (), "compress": ()}  # fmt: skip
    return name, recipe.model_copy(update=changes)


def _unique(name: str, known: Any) -> str:
    number, found = 2, name
    while found in known:
        found, number = f"{name}-{number}", number + 1
    return found


def _as_other(name: str, place: str, stages: Stages) -> OtherTask:
    task, config, encoded = stages.checked.task.plugin, stages.checked.task.config, stages.encoded
    folder = _model_of(place)

    def build(**overrides: Any) -> torch.nn.Module:
        model: torch.nn.Module = task.build(stages.backbone.path, encoded, **overrides)
        return model

    return OtherTask(name, place, encoded, task.collator(config, encoded), stages.loss(), stages.head, build,
                     None if folder is None else partial(_trained, folder, stages), folder)  # fmt: skip


def _model_of(place: str) -> Path | None:
    try:
        return None if expand(place).suffix in (".yaml", ".yml") else earlier.model_folder(place, _WHERE)
    except StudioError:
        return None  # a run without a model still names a task


def _trained(folder: Path, stages: Stages) -> torch.nn.Module:
    """The model of an earlier run, ready to learn on."""
    task, encoded = stages.checked.task.plugin, stages.encoded
    inherited.decide("keep", folder, task, encoded)  # refuses a head that answers something else
    model: torch.nn.Module = task.build(folder, encoded)
    inherited.apply(model, "keep", encoded)
    return model


def _alone(place: str) -> dict[str, Any] | None:
    """What an earlier run has reached at its own task."""
    if (folder := _model_of(place)) is None or not (folder.parent / "results.json").is_file():
        return None
    found = read_json(folder.parent / "results.json").get("test") or {}
    metrics = found.get("metrics")
    return metrics if isinstance(metrics, dict) else None
