"""A backbone seen with the tasks in mind: which of them it can learn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import read_json
from tlstudio.core.memo import remembered
from tlstudio.core.plugins import find
from tlstudio.core.recipe import DataSection, ModelSection, Recipe
from tlstudio.models import catalog, earlier, loading, onnx_graph, tokenizers
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import quiet_loading
from tlstudio.pipeline.checks import missing_runs
from tlstudio.tasks.building import fresh_head

if TYPE_CHECKING:
    import torch


def inspect(model: ModelSection, task: str | None = None) -> dict[str, Any]:
    """Facts of :func:`tlstudio.models.loading.inspect`, and more.

    ``tasks`` and ``adaptations``: for each why it cannot be learnt, or None. ``no_graph``: why ONNX graphs of models
    that read texts would be of no use, or None. ``fresh_head``: what to tell where the task would have to begin with
    random numbers for what should come with the model, or None.

    Raises:
        StudioError: the backbone is not here or not sound.
    """
    tasks = find("tlstudio.tasks")
    head = tasks[task].HEAD if task in tasks else Head()
    facts = loading.inspect(model, head)
    exports: StudioError | None = None
    refused = unfit(facts["path"])
    if facts["modality"] == "text":
        try:
            exports = tokenizers.no_file(Path(facts["path"]))
        except StudioError as error:  # then no task of texts can read them
            texts = [name for name, plugin in tasks.items() if plugin.LEARNS == "text"]
            refused |= {name: refused[name] or error.to_dict() for name in texts}
    fresh = fresh_head(tasks[task], Path(facts["path"])) if task in tasks and not refused[task] else None
    facts["adaptations"] = unfit(facts["path"], "adaptation")
    return {**facts, "tasks": refused, "no_graph": _plain(exports), "fresh_head": _plain(fresh)}


def _plain(error: StudioError | None) -> dict[str, Any] | None:
    return error.to_dict() if error else None


def refused_of_catalogue(check: Callable[[], None] = lambda: None) -> dict[str, dict[str, Any]]:
    """For each model of the catalogue the tasks that its kind cannot learn, and why; nothing is downloaded for it.

    Importing the kinds takes seconds, so that the answer is kept.
    """
    kinds = sorted({entry.kind for entry in catalog.entries()})
    by_kind = remembered("catalogue", [version("transformers"), kinds], lambda: _refused(kinds, check))
    return {entry.name: by_kind[entry.kind] for entry in catalog.entries()}


def _refused(kinds: list[str], check: Callable[[], None]) -> dict[str, dict[str, Any]]:
    from transformers import AutoConfig

    found = {}
    for kind in kinds:
        check()
        with quiet_loading():
            config = AutoConfig.for_model(kind).to_dict()  # what the kind is does not depend on the numbers in it
        problems = {name: task.fits(config) for name, task in find("tlstudio.tasks").items()}
        found[kind] = {name: problem.to_dict() for name, problem in problems.items() if problem}
    return found


def unfit(folder: str, package: str = "tasks") -> dict[str, dict[str, Any] | None]:
    """For each task, or adaptation, why the model in ``folder`` cannot learn it, or None where it can."""
    config = read_json(Path(folder) / "config.json")
    problems = {name: plugin.fits(config) for name, plugin in find(f"tlstudio.{package}").items()}
    return {name: problem.to_dict() if problem else None for name, problem in problems.items()}


def found(recipe: Recipe, task: Any, emit: Emit, control: Control) -> loading.Backbone:
    """The backbone of a recipe, which can learn its task.

    Raises:
        StudioError: it is not here, not sound, or of another kind; or the recipe names a run that is not there.
    """
    for problem in missing_runs(recipe):
        raise problem
    backbone = loading.resolve(recipe.model, control.check)
    require(backbone, recipe.model.source, task)
    require_exports(recipe, task, backbone.path)
    warn_of_seen_rows(recipe, emit)
    return backbone


def require(backbone: loading.Backbone, source: str, task: Any) -> None:
    """Refuses a backbone that cannot learn a task; ``source`` is where the user has chosen it."""
    config = read_json(backbone.path / "config.json")
    problem: StudioError | None = task.fits(config)
    if problem is None:
        return
    if source != "run":
        raise problem
    raise StudioError(
        "model.run-of-other-kind", "The run {run} has trained a network of the type '{kind}', which cannot learn the "
        "task {task}.", "Choose another run, or a backbone for this task.", where="model.name", run=backbone.name,
        kind=str(config.get("model_type") or ""), task=task.TITLE,
    )  # fmt: skip


def require_exports(recipe: Recipe, task: Any, folder: Path) -> None:
    """Refuses graphs that could read no texts without the backbone's tokenizer, before anything is trained for them.

    Raises:
        StudioError: naming the tokenizer.
    """
    if task.LEARNS == "text" and graphs(recipe):
        tokenizers.require_file(folder)


def graphs(recipe: Recipe) -> bool:
    """Whether a compression step or an export of the recipe makes an ONNX graph."""
    steps, exports = find("tlstudio.compression"), find("tlstudio.export")
    return any(steps[choice.name].GIVES != "transformers" for choice in recipe.compress) or any(
        exports[choice.name].RUNTIME == "onnx" for choice in recipe.export
    )


def require_small(recipe: Recipe, model: torch.nn.Module) -> None:
    """Refuses what is too large to become ONNX before it is trained; a step may yet make it small enough.

    Raises:
        StudioError: saying how large it is.
    """
    steps, exports = find("tlstudio.compression"), find("tlstudio.export")
    gives = [steps[choice.name].GIVES for choice in recipe.compress]
    # other graphs than ONNX name the library that loads them
    graphs_ = [getattr(exports[choice.name], "LIBRARY", exports[choice.name].RUNTIME) for choice in recipe.export]
    if "transformers" not in gives and (gives or {"onnx", "openvino"} & set(graphs_)):
        onnx_graph.require_small(model)


def key(backbone: loading.Backbone, fate: str = "") -> str:
    """Names the weights: size and time of each file stand for its content where no revision is known.

    ``fate`` is what became of the head that came with them, whose lower layers features may have passed.
    """
    parts = [backbone.name, backbone.revision or "", *([fate] if fate else [])]
    for path in loading.weight_files(backbone.path):
        state = path.stat()
        parts.append(f"{path.name}:{state.st_size}:{state.st_mtime_ns}")
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def warn_of_seen_rows(recipe: Recipe, emit: Emit) -> None:
    """Says so where an earlier run, as (second) backbone or as teacher, has divided the same data in another way.

    It may have been trained on rows that are tested here.
    """
    model, teacher = recipe.model, str(recipe.strategy.options.get("teacher") or "")
    folders = {earlier.model_folder(place) for place in {model.name if model.source == "run" else "", teacher} - {""}}
    if second := str(recipe.strategy.options.get("second") or ""):
        folders.add(loading.anywhere(second, "strategy.second").path)
    for folder in sorted(folders):
        if _divided_otherwise(folder.parent / "recipe.yaml", recipe.data):
            log(emit, "model.other-split", "The run {run} divided the same data in another way: it may have learnt "
                "rows that are tested here, and the result may look too good.", "warning",
                run=earlier.name_of(folder))  # fmt: skip


def _divided_otherwise(path: Path, now: DataSection) -> bool:
    try:
        before = recipes.load(path).data
    except StudioError:
        return False  # none, or of another version: nothing is known
    shared = {name for names in before.files.values() for name in names} & set(now.files.get("train", ()))
    return bool(shared) and (before.files, before.split, before.steps) != (now.files, now.split, now.steps)
