"""Executes a recipe: the stages in order, and exactly one terminal event whatever happens."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core import journal, memory
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Finished
from tlstudio.core.files import os_error, read_json, system_error, write_json
from tlstudio.core.locks import Lock
from tlstudio.core.places import resolve_runs
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Choice, Recipe
from tlstudio.pipeline.checks import Checked, check
from tlstudio.pipeline.context import EVENTS, LOCK, Context
from tlstudio.training.checkpoints import FOLDER, has_any

logger = logging.getLogger(__name__)


_ORDER = ("prepare", "adapt", "tokenise", "rehearse", "train", "evaluate", "others", "cross_validate",
          "compress", "export", "report")  # fmt: skip
COMPLETE = ("completed", "stopped")  # outcomes after which nothing is left to resume


def run(recipe: Recipe, folder: Path, emit: Emit, control: Control) -> Finished:
    """Trains, evaluates, compresses, exports and reports into ``folder``.

    Never raises for a problem of the run: the returned event, also the last one emitted, says how it ended.
    """

    def work(context: Context, checked: Checked) -> str:
        from tlstudio.pipeline.stages import Stages

        return Stages(context, checked).all()

    from tlstudio.models.loading import pinned

    recipe = recipe.model_copy(update={"model": pinned(recipe.model)})
    return _guarded(resolve_runs(recipe, folder.parent), folder, emit, control, work)


def resume(folder: Path, emit: Emit, control: Control) -> Finished:
    """Goes on with a run that was broken off, as if it had never been: see :mod:`tlstudio.pipeline.resuming`."""

    def work(context: Context, checked: Checked) -> str:
        from tlstudio.pipeline.resuming import Resumed

        return Resumed(context, checked).all()

    try:
        recipe = recipes.load(folder / "recipe.yaml")
        known = _known(folder)
    except StudioError as error:
        return _end(emit, "failed", 0.0, error)
    return _guarded(recipe, folder, emit, control, work, known=known)


def _known(folder: Path) -> dict[str, Any]:
    """The results of the stages that had ended.

    Raises:
        StudioError: the run is complete.
    """
    try:
        known = dict(read_json(folder / "results.json"))
    except (StudioError, TypeError, ValueError):
        known = {}  # none yet; or damaged, and then all stages are done again
    if (outcome := known.pop("outcome", "")) in COMPLETE:
        _tidy_end(folder, outcome, known)
        raise StudioError(
            "resume.complete", "The run {run} is complete.", "Nothing is left to do; start a new run instead.",
            run=folder.name,
        )  # fmt: skip
    return known


def _tidy_end(folder: Path, outcome: str, known: dict[str, Any]) -> None:
    """What a process had left to do that was killed when all but the farewell was done."""
    lock = Lock(folder / LOCK, "run")
    seconds = sum((known.get("seconds") or {}).values())
    with contextlib.suppress(StudioError):  # somebody still works in it, or it is only for reading
        lock.acquire()
        journal.finish(folder / EVENTS, Finished(outcome=outcome, seconds=seconds).to_dict())
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
    lock.release()  # and with it what the killed process has left of its own


@dataclass(frozen=True)
class Later:
    """What is done with a finished run: the results so far, the stages, and where the events go."""

    results: dict[str, Any]
    stages: tuple[str, ...]
    events: str


def export(folder: Path, choices: list[Choice], emit: Emit, control: Control) -> Finished:
    """Adds exports to a finished run."""

    def work(context: Context, checked: Checked) -> str:
        from tlstudio.pipeline.exporting import export_again

        export_again(context, checked)
        return str(context.results.get("outcome", "completed"))

    try:
        recipe = recipes.load(folder / "recipe.yaml").model_copy(update={"export": tuple(choices)})
        later = Later(read_json(folder / "results.json"), ("export", "report"), "exports.jsonl")
    except StudioError as error:
        return _end(emit, "failed", 0.0, error)
    return _guarded(recipe, folder, emit, control, work, later)


def compress(
    folder: Path, choices: list[Choice], emit: Emit, control: Control, chain: Callable[..., Any] | None = None
) -> Finished:
    """Compresses the model of a finished run in another way; its exports are made again.

    ``chain`` makes the forms, where that is not done by applying the steps (see :mod:`tlstudio.pipeline.frontier`).
    """

    def work(context: Context, checked: Checked) -> str:
        from tlstudio.pipeline.again import compress_again

        compress_again(context, checked, **({} if chain is None else {"chain": chain}))
        return str(context.results.get("outcome", "completed"))

    try:
        results = read_json(folder / "results.json")
        recipe = recipes.load(folder / "recipe.yaml").model_copy(update={"compress": tuple(choices)})
        recipe = recipe.model_copy(update={"export": tuple(_still_possible(recipe, results))})
    except StudioError as error:
        return _end(emit, "failed", 0.0, error)
    stages = ("tokenise", "compress", *(("export",) if recipe.export else ()), "report")
    return _guarded(recipe, folder, emit, control, work, Later(results, stages, "compressions.jsonl"))


def _still_possible(recipe: Recipe, results: dict[str, Any]) -> list[Choice]:
    """The formats in which a run has been exported that its changed recipe can still give."""
    exporters = find("tlstudio.export")
    names = [entry["name"] for entry in results.get("exports") or [] if entry["name"] in exporters]
    known = {choice.name: choice for choice in recipe.export}  # with their options
    return [known.get(name, Choice(name=name)) for name in names if exporters[name].check(recipe) is None]


def _stages(checked: Checked) -> tuple[str, ...]:
    wanted = {
        "cross_validate": checked.recipe.data.split.method == "k-fold" and not checked.recipe.data.test,
        "adapt": bool(checked.adapt),
        "rehearse": checked.strategy.plugin.REHEARSES,
        "others": "others" in checked.strategy.plugin.Config.model_fields,
        "compress": bool(checked.compress),
        "export": bool(checked.export),
    }
    return tuple(stage for stage in _ORDER if wanted.get(stage, True))


def _guarded(
    recipe: Recipe,
    folder: Path,
    emit: Emit,
    control: Control,
    work: Callable[[Context, Checked], str],
    later: Later | None = None,
    known: dict[str, Any] | None = None,
) -> Finished:
    context = None
    error: StudioError | None = None
    outcome = "failed"
    try:
        memory.ready_for_limits()
        control.interruptible = False  # until a stage begins: the end must always be told
        checked = check(recipe)
        stages, events = (later.stages, later.events) if later else (_stages(checked), EVENTS)
        made = Context(recipe, folder, emit, control, stages, events=events, known=known)
        made.lock()
        context = made  # only now: whoever finds the folder taken leaves no trace in it
        if later:
            context.results = later.results
        else:
            context.start()
        outcome = work(context, checked)
    except Cancelled:
        outcome = "interrupted" if control.leaving else "cancelled"
    except Exception as problem:
        error = explained(problem, folder)
    if control.cancelled and error is not None:
        # broken off in the middle of a library that turned the exception into another one
        outcome, error = "interrupted" if control.leaving else "cancelled", None
    return _close(context, emit, outcome, error, keep_results=later is not None)


def _close(
    context: Context | None, emit: Emit, outcome: str, error: StudioError | None, keep_results: bool
) -> Finished:
    if context is None:
        return _end(emit, outcome, 0.0, error)
    noted = keep_results
    if not keep_results:
        context.results["outcome"] = outcome
        # the reason why the run ended must not be hidden by a disk that is too full to note it
        with contextlib.suppress(StudioError):
            write_json(context.folder / "results.json", context.results)
            noted = True
    if (noted and context.results.get("outcome") in COMPLETE) or not has_any(context.folder):
        shutil.rmtree(context.folder / FOLDER, ignore_errors=True)  # else a resumed run needs them
    try:
        return _end(context.emit, outcome, context.seconds, error)
    except StudioError as full:
        context.close()
        return _end(emit, outcome, context.seconds, error or full)


def _end(emit: Emit, outcome: str, seconds: float, error: StudioError | None) -> Finished:
    logger.info("ended: %s, after %.1f s%s", outcome, seconds, f", {error.code}" if error else "")
    finished = Finished(outcome=outcome, seconds=seconds, error=error.to_dict() if error else None)
    emit(finished)
    return finished


def explained(problem: Exception, place: Path | str = "") -> StudioError:
    """Any exception as an error that a user can read; ``place`` is where it happened, if the exception is silent."""
    if isinstance(problem, StudioError):
        return problem
    if (system := system_error(problem)) is not None:
        return os_error(system, place)
    if isinstance(problem, MemoryError) or _says_no_memory(problem):
        return _no_memory()
    if type(problem).__name__ == "UnpicklingError":  # torch's, where it may only read tensors and plain values
        return StudioError(
            "run.not-only-tensors", "A file of the run holds more than tensors, namely instructions to run code; they "
            "were not run.", "Start the run again, and do not trust the place that the file came from.",
        )  # fmt: skip
    logger.error("an unforeseen error", exc_info=problem)
    return unexpected(problem)


def _says_no_memory(problem: Exception) -> bool:
    if isinstance(problem, (ImportError, OSError)) and "failed to map segment" in str(problem):
        return True  # of a library, into an address space that is full
    if "torch" not in sys.modules:  # only torch says it in a RuntimeError
        return False
    from tlstudio.training.rehearsal import is_out_of_memory

    return is_out_of_memory(problem)


def _no_memory() -> StudioError:
    return StudioError(
        "run.no-memory",
        "There is not enough memory.",
        "Close other programs, lower task.max_length or training.batch_size, or choose a smaller model.",
    )


def unexpected(problem: BaseException) -> StudioError:
    """An error of ours that nobody foresaw: said plainly, with its text, and logged with its traceback."""
    return StudioError(
        "run.unexpected",
        "Something went wrong inside TLStudio: {kind}: {reason}",
        "The log of the run has the details; please report it with them.",
        kind=type(problem).__name__,
        reason=str(problem)[:500],
    )
