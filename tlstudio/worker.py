"""The worker process: jobs in, events out, one JSON object a line.

Standard output belongs to chatty libraries, so the pipe that it was is kept for us alone and standard output is
pointed at standard error. The main thread works; a second thread reads control lines, so that pause and cancel are
heard in the middle of a job.
"""

from __future__ import annotations

import _thread
import itertools
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio import __version__
from tlstudio.core import logs, network
from tlstudio.core import recipe as recipes
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import PROTOCOL_VERSION, Emit, Event, Finished
from tlstudio.core.files import expand
from tlstudio.core.plugins import invalid

_PATIENCE = 0.5  # seconds that a cancelled job gets to notice by itself

Line = dict[str, Any]
Send = Callable[[Line], None]
Job = Callable[[dict[str, Any], Emit, Control], Any]


RUNS = ("run", "export", "compress", "frontier-choose")  # these jobs end with 'finished'


# --- jobs: heavy imports stay inside, so that a job pays only for what it uses


def _run(args: dict[str, Any], emit: Emit, control: Control) -> Finished:
    from tlstudio import pipeline

    return pipeline.run(recipes.from_dict(args["recipe"]), Path(args["folder"]), emit, control)


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


def _convert(args: dict[str, Any], emit: Emit, control: Control) -> Any:
    from tlstudio.models.converting import convert

    return convert(expand(args["folder"]), None, emit, control)


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
    "convert": _convert,
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
        answer = JOBS[name](request.get("args") or {}, emit, control)
        control.interruptible = False
        if not isinstance(answer, Finished):  # which has been emitted already
            send({"event": "reply", "id": number, "data": answer})
    except Cancelled:
        send({"event": "cancelled", "id": number})
    except Exception as problem:
        error = explained(problem).to_dict()
        if name in RUNS:
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


def _private_pipe() -> Any:
    """Our copy of standard output; what libraries print goes to standard error from now on."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


class Worker:
    """Reads requests on one thread and works on another."""

    def __init__(self, lines: Any, pipe: Any) -> None:
        self._lines, self._pipe = lines, pipe
        self._requests: queue.Queue[Line | None] = queue.Queue()
        self._open: list[Control] = []  # of the job that works and of those that wait
        self._working: Control | None = None
        self._writing = threading.Lock()

    def send(self, line: Line) -> None:
        with self._writing:
            self._pipe.write(json.dumps(line, ensure_ascii=False, allow_nan=True) + "\n")
            self._pipe.flush()

    def serve(self) -> None:
        """Works until the input ends or says quit."""
        self.send({"event": "hello", "protocol": PROTOCOL_VERSION, "version": __version__, "pid": os.getpid()})
        signal.signal(signal.SIGINT, self._interrupted)
        threading.Thread(target=self._listen, name="control", daemon=True).start()
        while (request := self._requests.get()) is not None:
            self._working = request["control"]
            work(request, self.send, request["control"])
            self._working = None
            self._open.remove(request["control"])

    def _listen(self) -> None:
        try:
            for text in self._lines:
                line = _parsed(text)
                if line.get("control") == "quit":
                    break
                self._obey(line)
        finally:
            # the window is gone or wants us gone: end the jobs, then the loop
            self._tell("cancel")
            self._requests.put(None)

    def _obey(self, line: Line) -> None:
        if "job" in line:
            self._open.append(Control())
            self._requests.put({**line, "control": self._open[-1]})
        elif line.get("control") == "ping":
            self.send({"event": "pong"})
        else:
            self._tell(str(line.get("control")))

    def _tell(self, word: str) -> None:
        """To all jobs: one that waits behind a warm-up is meant as well."""
        for control in tuple(self._open):
            control.send(word)
        if word == "cancel":
            self._insist_later(self._working)

    def _insist_later(self, control: Control | None) -> None:
        timer = threading.Timer(_PATIENCE, self._insist, [control])
        timer.daemon = True
        timer.start()

    def _insist(self, control: Control | None) -> None:
        """A cancelled job that reads no control for a while, such as a conversion to ONNX, is interrupted."""
        if control is None or self._working is not control:
            return
        if control.interruptible and not self._writing.locked():
            _thread.interrupt_main()
        self._insist_later(control)  # it was between two stages, or deep in a library that swallowed the exception

    def _interrupted(self, *_signal: Any) -> None:
        """Runs in the main thread, between two steps of whatever it does."""
        working = self._working
        if working is not None and working.cancelled and working.interruptible and not self._writing.locked():
            raise Cancelled


def _parsed(text: str) -> Line:
    """The JSON object of a line; nothing for any other text, such as half a line of a dying parent."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def main() -> int:
    """Entry point of ``python -m tlstudio.worker``."""
    quiet_libraries()
    network.guard()
    logs.begin("worker")
    pipe = _private_pipe()
    # a byte that is no UTF-8 must not end the listening; the stream lives as long as the process
    lines = open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    Worker(lines, pipe).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
