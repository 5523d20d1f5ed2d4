"""The worker process: jobs in, events out, one JSON object a line.

Standard output belongs to chatty libraries, so the pipe that it was is kept for us alone and standard output is
pointed at standard error. The main thread works; a second thread reads control lines, so that pause and cancel are
heard in the middle of a job.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tlstudio.core import paths
from tlstudio.core import recipe as recipes
from tlstudio.core.attending import Line, Send, Worker, private_pipe, turn_away
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Event, Finished
from tlstudio.core.files import expand
from tlstudio.core.plugins import invalid

Job = Callable[[dict[str, Any], Emit, Control], Any]


RUNS = ("run", "resume", "export", "compress", "frontier-choose")  # these jobs end with 'finished'


# --- jobs: heavy imports stay inside, so that a job pays only for what it uses


def _run(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio import pipeline

    return pipeline.run(recipes.from_dict(args["recipe"]), Path(args["folder"]), emit, control)


def _resume(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio import pipeline

    return pipeline.resume(Path(args["folder"]), emit, control)


def _export(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio import pipeline

    choices = [recipes.Choice.model_validate(item) for item in args["export"]]
    return pipeline.export(Path(args["folder"]), choices, emit, control)


def _compress(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio import pipeline

    choices = [recipes.Choice.model_validate(item) for item in args["compress"]]
    return pipeline.compress(Path(args["folder"]), choices, emit, control)


def _frontier(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.budget import Budget
    from tlstudio.pipeline.frontier import explore

    chains = [[recipes.Choice.model_validate(step) for step in chain] for chain in args.get("chains") or ()]
    budget = Budget.model_validate(args.get("budget") or {})
    return explore(Path(args["folder"]), budget, emit, control, chains or None, **_given(args, "minutes"))


def _frontier_choose(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio.pipeline.frontier import choose

    return choose(Path(args["folder"]), str(args["key"]), emit, control)


def _inspect_data(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.data.inspection import inspect
    from tlstudio.data.scan import forget

    data = recipes.DataSection.model_validate(args["data"])
    if args.get("fresh"):  # the user says that a file has changed, whatever its size and time say
        for place in itertools.chain.from_iterable(data.files.values()):
            forget(expand(place))
    return inspect(data, emit, control, tuple(args.get("roles") or ()), bool(args.get("fresh")))


def _examine_data(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.examine import examine

    return examine(recipes.from_dict(args["recipe"]), bool(args.get("deep")), emit, control)


def _preview_step(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.data.inspection import preview_step

    data = recipes.DataSection.model_validate(args["data"])
    return preview_step(data, recipes.Choice.model_validate(args["step"]), emit, control)


def _preview_augment(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.augmenting import preview

    recipe = recipes.from_dict(args["recipe"])
    return preview(recipe, args.get("index"), int(args.get("seed") or 0), emit, control)


def _inspect_model(args: dict[str, Any], _emit: Emit, _control: Control) -> Any:
    from tlstudio.pipeline.backbones import inspect

    return inspect(recipes.ModelSection.model_validate(args["model"]), args.get("task"))


def _catalogue(_args: dict[str, Any], _emit: Emit, _control: Control) -> Any:
    from tlstudio.models.catalog import listing

    return listing()


def _catalogue_tasks(_args: dict[str, Any], _emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.backbones import refused_of_catalogue

    return refused_of_catalogue(control.check)


def _download(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.models.hub import download

    return download(args["name"], args.get("revision"), emit, control)


def _dataset_info(args: dict[str, Any], _emit: Emit, _control: Control) -> Any:
    from tlstudio.data.hub import dataset_info

    return dataset_info(args["name"], args.get("revision"))


def _download_data(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.data.hub import download_dataset

    return download_dataset(args["name"], args.get("configuration"), args.get("revision"), emit, control)


_predictors: dict[str, Any] = {}


def _predict(args: dict[str, Any], _emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.predict import Predictor

    target = str(args["target"])
    if target not in _predictors:
        _predictors.clear()  # one model in memory is enough
        _predictors[target] = Predictor(Path(target))
    return list(_predictors[target].stream(args["rows"], control))


def _estimate(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.estimate import estimate

    return estimate(recipes.from_dict(args["recipe"]), emit, control)


def _recipe(args: dict[str, Any]) -> recipes.Recipe:
    """The recipe of a job; earlier runs that it names lie in the folder ``runs``, if one is given."""
    from tlstudio.core.places import resolve_runs

    recipe = recipes.from_dict(args["recipe"])
    return resolve_runs(recipe, Path(args["runs"])) if args.get("runs") else recipe


def _given(args: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those of the options that the job states; the others have their usual values."""
    return {name: args[name] for name in names if args.get(name) is not None}


def _rank(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.ranking import rank

    models = [recipes.ModelSection.model_validate(item) for item in args.get("models") or ()]
    return rank(_recipe(args), emit, control, models, **_given(args, "only", "rows"))


def _advise(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.advising import advise

    return advise(_recipe(args), emit, control, **_given(args, "strategies", "rungs", "most"))


def _curve(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.learning_curve import curve

    return curve(_recipe(args), emit, control, **_given(args, "repeats", "sizes", "minutes", "per_class"))


def _rate(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.rates import find_rate

    return find_rate(_recipe(args), emit, control, **_given(args, "lowest", "highest", "steps"))


def _search(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.searching import place, search

    recipe, options = _recipe(args), _given(args, "minutes", "trials", "rows")
    folder = Path(args["folder"]) if args.get("folder") else place(recipe, args["vary"], options.get("rows", 0))
    return search(recipe, args["vary"], folder, emit, control, **options)


def _ablate(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.pipeline.ablating import ablate

    return ablate(_recipe(args), Path(args["folder"]), emit, control, **_given(args, "without", "vary", "seeds"))


def _doctor(args: dict[str, Any], _emit: Emit, _control: Control) -> Any:
    from tlstudio.pipeline.environment import diagnosis

    return diagnosis(Path(args["runs"]))


def _warm(_args: dict[str, Any], _emit: Emit, _control: Control) -> Any:
    import transformers.trainer  # noqa: F401 - imported early, while the user still reads

    import tlstudio.pipeline.stages  # noqa: F401

    return {}


JOBS: dict[str, Job] = {
    "run": _run,
    "resume": _resume,
    "export": _export,
    "compress": _compress,
    "frontier": _frontier,
    "frontier-choose": _frontier_choose,
    "inspect-data": _inspect_data,
    "examine-data": _examine_data,
    "preview-step": _preview_step,
    "preview-augment": _preview_augment,
    "inspect-model": _inspect_model,
    "catalogue": _catalogue,
    "catalogue-tasks": _catalogue_tasks,
    "download": _download,
    "dataset-info": _dataset_info,
    "download-data": _download_data,
    "predict": _predict,
    "estimate": _estimate,
    "rank": _rank,
    "advise": _advise,
    "curve": _curve,
    "lr": _rate,
    "search": _search,
    "ablate": _ablate,
    "doctor": _doctor,
    "warm": _warm,
}


def work(request: Line, send: Send, control: Control) -> None:
    """Does one job; the last line it sends is the terminal one, whatever happens."""
    number, name = request.get("id"), str(request.get("job"))

    def emit(event: Event) -> None:
        send({**event.to_dict(), "id": number})

    try:
        # a run decides for itself where it may be broken off; it must always reach its terminal event
        control.interruptible = name not in RUNS
        if name not in JOBS:
            raise StudioError("worker.unknown-job", "The worker knows no job '{name}'.", "Update TLStudio.", name=name)
        paths.use_moved_models()
        answer = JOBS[name](request.get("args") or {}, emit, control)
        control.interruptible = False
        if not isinstance(answer, Finished):  # which has been emitted already
            send({"event": "reply", "id": number, "data": answer})
    except Cancelled:
        send({"event": "cancelled", "id": number})
    except Exception as problem:
        error = explained(problem).to_dict()
        if control.cancelled and name not in RUNS:  # a library has turned the interruption into something else
            send({"event": "cancelled", "id": number})
        elif name in RUNS:
            emit(Finished(outcome="failed", seconds=0.0, error=error))
        else:
            send({"event": "error", "id": number, "error": error})


def explained(problem: Exception) -> StudioError:
    """Any exception as an error that a user can read."""
    from pydantic import ValidationError

    from tlstudio.pipeline.run import explained as explain  # the package's own ``run`` is the function

    return invalid(problem) if isinstance(problem, ValidationError) else explain(problem)


# --- the process


def quiet_libraries() -> None:
    """Offline, no telemetry, no bars: to be called before the libraries are imported."""
    for name, value in {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "TOKENIZERS_PARALLELISM": "true",
    }.items():
        os.environ.setdefault(name, value)


def main() -> int:
    """Entry point of ``python -m tlstudio.worker``."""
    quiet_libraries()
    pipe = private_pipe()
    # a byte that is no UTF-8 must not end the listening; the stream lives as long as the process
    lines = open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    Worker(lines, pipe, work, partial(turn_away, pipe)).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
