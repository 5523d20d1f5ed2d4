"""A run's curves and results for other programs: TensorBoard and MLflow, from ``events.jsonl`` after the fact.

Both are extras that are imported only here; they pull in torch, and so the window has them work in a process of their
own. Nothing goes over the network but to an MLflow server that the user names.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Metric, from_dict
from tlstudio.core.files import expand, explain_os_errors, read_json
from tlstudio.core.processes import run_module
from tlstudio.session.run_compare import flat
from tlstudio.session.run_summary import RunSummary, summarise

Check = Callable[[], None]
_LONGEST = 500  # characters of a value that MLflow takes
_AT_ONCE = 1000  # metrics in one call to MLflow, its limit


@dataclass(frozen=True)
class Point:
    """A value of a curve; ``time`` in seconds since 1970."""

    name: str
    value: float
    step: int
    time: float


@dataclass(frozen=True)
class Tracker:
    """One program: ``package`` is what must be there, ``extra`` what brings it."""

    title: str
    package: str
    extra: str
    place: str  # what is asked for, such as a folder
    write: Callable[[RunSummary, str, Check], str]

    @property
    def here(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


def track(run: RunSummary, name: str, place: str, check: Check = lambda: None) -> str:
    """Writes a run for a tracker; returns where it is.

    Args:
        run: whose curves and results are written.
        name: of the tracker, one of ``TRACKERS``.
        place: folder for TensorBoard; for MLflow a folder or file of its database, or the address of a server.
        check: is called for each point, and may raise Cancelled.

    Raises:
        StudioError: there is no such tracker, its extra is not installed, or the place cannot be written to.
    """
    tracker = TRACKERS.get(name)
    if tracker is None:
        raise StudioError("track.unknown", "There is no tracker '{name}'.", "Use one of: {known}.", where=name,
                          name=name, known=", ".join(TRACKERS))  # fmt: skip
    if not tracker.here:
        raise StudioError("track.not-installed", "{title} needs {package}, which is not installed.",
                          'Install it with: pip install "tlstudio[{extra}]"', where=name, title=tracker.title,
                          package=tracker.package, extra=tracker.extra)  # fmt: skip
    return tracker.write(run, place, check)


def track_apart(folder: Path, name: str, place: str, control: Control) -> None:
    """As :func:`track`, in a fresh process that ends when the user cancels.

    Raises:
        StudioError: as :func:`track`.
        Cancelled: the user has cancelled.
    """
    ended = run_module("tlstudio.session.trackers", [str(folder), name, place], control)
    if not ended.code:
        return
    try:
        error = StudioError.from_dict(json.loads(ended.stderr.strip().splitlines()[-1]))
    except (ValueError, LookupError, TypeError):
        error = StudioError("track.failed", "The run could not be written for {name}: {reason}",
                            'Install the extra again: pip install "tlstudio[{name}]"', where=name, name=name,
                            reason=ended.reason)  # fmt: skip
    raise error


def points(run: RunSummary) -> Iterator[Point]:
    """The curves of a run in the order in which they were measured, named ``split/metric``; damaged lines are skipped.

    Raises:
        StudioError: the run has no events.
    """
    path = Path(run.folder) / "events.jsonl"
    with explain_os_errors(path), open(path, "rb") as stream:
        for line in stream:
            try:
                event = from_dict(json.loads(line))
            except (ValueError, TypeError, AttributeError):
                continue
            if isinstance(event, Metric):
                for name, value in event.values.items():
                    if isinstance(value, (int, float)) and not isinstance(value, bool):
                        yield Point(f"{event.split}/{name}", float(value), int(event.step), float(event.time))


def settings(run: RunSummary) -> dict[str, str]:
    """The recipe as dotted fields."""
    import yaml

    from tlstudio.core.plain_yaml import plain_yaml

    try:
        data = plain_yaml((Path(run.folder) / "recipe.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {name: value for name, value in flat(data).items() if name} if isinstance(data, dict) else {}


def results(run: RunSummary) -> dict[str, float]:
    """The metrics on the test rows, sizes and times of each form, as numbers."""
    try:
        data = read_json(Path(run.folder) / "results.json")
    except StudioError:
        return {}
    test = (data.get("test") or {}).get("metrics") or {}
    found = {f"test/{name}": metric.get("value") for name, metric in test.items() if isinstance(metric, dict)}
    for stage in data.get("stages") or []:
        found[f"{stage.get('name')}/bytes"] = stage.get("bytes")
        for batch, times in (stage.get("latency") or {}).items():
            found[f"{stage.get('name')}/latency_{batch}_ms"] = (times or {}).get("median_ms")
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float))}


def _tensorboard(run: RunSummary, place: str, check: Check) -> str:
    """An events file in a folder with the name of the run, so that several runs lie beside each other."""
    from tensorboardX import SummaryWriter

    folder = expand(place).absolute() / run.id
    with explain_os_errors(folder):
        for old in folder.glob("events.out.tfevents.*"):  # the same run again: not every curve twice
            old.unlink()
        writer = SummaryWriter(str(folder), write_to_disk=True)
        try:
            step = 0
            for point in points(run):
                check()
                step = max(step, point.step)
                writer.add_scalar(point.name, point.value, point.step, walltime=point.time)
            for name, value in results(run).items():
                writer.add_scalar(name, value, step)
            rows = "\n".join(f"    {name}: {value}" for name, value in settings(run).items())
            writer.add_text("recipe", rows or "    -")
        finally:
            writer.close()
    return str(folder)


def _mlflow(run: RunSummary, place: str, check: Check) -> str:
    """A run in the experiment ``tlstudio`` of a server, or of a database file."""
    from mlflow.entities import Metric as Value
    from mlflow.entities import Param, RunTag
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    address = place if "://" in place else _database(place)
    try:
        client = MlflowClient(tracking_uri=address)
        known = client.get_experiment_by_name("tlstudio")
        experiment = known.experiment_id if known else client.create_experiment("tlstudio")
        made = client.create_run(experiment, run_name=run.id, start_time=_started(run)).info.run_id
        client.log_batch(
            made, params=[Param(_name(key), value[:_LONGEST]) for key, value in settings(run).items()][:100]
        )
        tags = {"model": run.model, "data": run.title, "strategy": run.strategy, "task": run.task, "note": run.note}
        client.log_batch(made, tags=[RunTag(f"tlstudio.{key}", value[:_LONGEST]) for key, value in tags.items()])
        waiting: list[Any] = []
        step = 0
        for point in points(run):
            check()
            step = max(step, point.step)
            waiting.append(Value(_name(point.name), point.value, round(point.time * 1000), point.step))
            if len(waiting) == _AT_ONCE:
                client.log_batch(made, metrics=waiting)
                waiting = []
        end = waiting[-1].timestamp if waiting else _started(run)
        waiting += [Value(_name(name), value, end, step) for name, value in results(run).items()]
        for begin in range(0, len(waiting), _AT_ONCE):
            client.log_batch(made, metrics=waiting[begin : begin + _AT_ONCE])
        client.set_terminated(made, "FINISHED" if run.outcome in ("completed", "stopped") else "FAILED", end)
    except MlflowException as error:
        raise StudioError("track.refused", "MLflow at {place} could not be written to: {reason}",
                          "Check the address, or name a folder for its database.", where=place, place=place,
                          reason=" ".join(str(error).split())[:200]) from error  # fmt: skip
    return f"{address} ({made})"


def _database(place: str) -> str:
    """The address of a database file: the one that is named, or one in a folder."""
    path = expand(place).absolute()
    if path.suffix not in (".db", ".sqlite"):
        path = path / "mlflow.db"
    with explain_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path.as_posix()}"


def _name(name: str) -> str:
    """MLflow takes letters, digits, and a few signs in names."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in name)


def _started(run: RunSummary) -> int:
    from datetime import datetime

    try:
        return round(datetime.fromisoformat(run.created).timestamp() * 1000)
    except ValueError:
        return 0


TRACKERS = {
    "tensorboard": Tracker("TensorBoard", "tensorboardX", "tensorboard", "folder", _tensorboard),
    "mlflow": Tracker("MLflow", "mlflow", "mlflow", "folder or address", _mlflow),
}


def _main(folder: str, name: str, place: str) -> int:
    try:
        track(summarise(Path(folder)), name, place)
    except StudioError as error:
        print(json.dumps(error.to_dict()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:4]))
