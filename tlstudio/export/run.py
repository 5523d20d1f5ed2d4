"""Writes exports, proves each, and keeps only those that answer like the trained model."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core import events, files, paths, plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import Meter
from tlstudio.core.recipe import Choice
from tlstudio.export import adapters, card, openvino, parity
from tlstudio.export.base import Exporter, ExportJob
from tlstudio.models.batches import Example
from tlstudio.models.folders import SETTINGS_FILE, max_length, second_reader

FOLDER = "exports"
_STEPS = 2  # of each export: writing, checking
_FATAL = ("files.disk-full",)  # what the next format would meet as well


class _Failed(Exception):
    """Makes atomic_folder throw the files away; never leaves this module."""


def export_all(
    job: ExportJob,
    choices: Sequence[Choice],
    examples: Sequence[Example],
    reference: Sequence[np.ndarray],
    measure: parity.Measure | None = None,
) -> list[dict[str, Any]]:
    """Writes each export to ``exports/<name>/`` and checks it against the trained model.

    Args:
        job: what to export.
        choices: which formats; a name given twice is written once.
        examples: model inputs of the test rows.
        reference: answers to them of the model that the exports are made of.
        measure: the task's metric of answers to some of the rows; None where their labels are not at hand.

    Returns:
        Entries of ``results["exports"]``. One that failed its check has no files and an empty ``path``, and so has one
        that could not be written, whose ``error`` says why: the others are made nevertheless.

    Raises:
        StudioError: an unknown format or option, a missing step, or the disk is full.
        Cancelled: the user has cancelled.
    """
    chosen = [_prepare(job, choice) for choice in {choice.name: choice for choice in choices}.values()]
    meter = Meter(job.emit, job.control, "export", _STEPS * len(chosen), "steps")
    return [_tried(job, exporter, config, examples, reference, measure=measure, meter=meter)
            for exporter, config in chosen]  # fmt: skip


def _prepare(job: ExportJob, choice: Choice) -> tuple[Exporter, Any]:
    exporter: Exporter = plugins.get("tlstudio.export", choice.name, "export")
    config = plugins.configure(exporter, choice.options, f"export.{choice.name}")
    if problem := exporter.check(job.recipe):
        raise problem
    return exporter, config


def _tried(
    job: ExportJob, exporter: Exporter, config: Any, examples: Sequence[Example], reference: Sequence[np.ndarray], *,
    measure: parity.Measure | None, meter: Meter,
) -> dict[str, Any]:  # fmt: skip
    """The entry of an export, or why there is none: one format must not cost the others, and the report."""
    try:
        return _export(job, exporter, config, examples, reference, measure=measure, meter=meter)
    except StudioError as problem:
        if problem.code in _FATAL:
            raise
        shutil.rmtree(job.run_folder / FOLDER / exporter.NAME, ignore_errors=True)  # an older one would be taken for it
        events.log(job.emit, "export.not-written", "{title} could not be written: {problem} {remedy}", "error",
                   title=exporter.TITLE, problem=problem.message, remedy=problem.remedy)  # fmt: skip
        return {"name": exporter.NAME, "title": exporter.TITLE, "path": "", "bytes": 0, "files": [],
                "parity": parity.not_written(exporter.TOLERANCE, problem), "error": problem.to_dict()}  # fmt: skip


def _export(
    job: ExportJob,
    exporter: Exporter,
    config: Any,
    examples: Sequence[Example],
    reference: Sequence[np.ndarray],
    *,
    measure: parity.Measure | None,
    meter: Meter,
) -> dict[str, Any]:
    target = job.run_folder / FOLDER / exporter.NAME
    verdict: parity.Parity = {}
    try:
        with files.atomic_folder(target) as folder:
            _write(job, exporter, config, folder)
            if pack := getattr(exporter, "pack", None):  # of the files one; it is what is proven
                pack(job, folder)
            meter.advance(export=exporter.NAME)
            verdict = parity.check(exporter, folder, examples, reference, job.control, measure=measure)
            card.write(job, exporter, folder, verdict)
            if seal := getattr(exporter, "seal", None):
                seal(job, folder)
            meter.advance(export=exporter.NAME)
            if verdict["status"] == "failed":
                raise _Failed
    except _Failed:
        # an older export of this name would be taken for the one that has just failed
        shutil.rmtree(target, ignore_errors=True)
    entry = _entry(job, exporter, target, verdict)
    _tell(job, entry)
    return entry


def _write(job: ExportJob, exporter: Exporter, config: Any, folder: Path) -> None:
    job.control.check()
    exporter.write(job, folder, config)
    with files.explain_os_errors(folder):
        task = plugins.get("tlstudio.tasks", job.recipe.task.name, "task.name")
        script = paths.resource(_script(task, exporter, folder)).read_text(encoding="utf-8")
        if (folder / "adapters.py").is_file():  # see models/adapters.py
            script = adapters.script(script)
        elif (folder / "runtime.py").is_file():  # see openvino.py
            script = openvino.script(script)
        elif (folder / "network.py").is_file():  # see models/parts.py
            script = _with_parts(script)
        if change := getattr(exporter, "script", None):
            script = change(script)
        files.write_text(folder / "predict.py", script)
    settings = folder / SETTINGS_FILE
    if not settings.is_file():  # predict.py reads the length from it
        files.write_json(settings, {"max_length": max_length(job.source)})


def _script(task: Any, exporter: Exporter, folder: Path) -> str:
    """The resource that becomes predict.py."""
    two = second_reader(folder) is not None  # of whole texts alone; one script answers for all tasks with these
    return f"export/predict_two_{exporter.RUNTIME}.py" if two else str(task.SCRIPTS[exporter.RUNTIME])


def _with_parts(script: str) -> str:
    """The script for a network that transformers alone cannot load."""
    script = re.sub(r"\w+\.from_pretrained\(HERE\)\.eval\(\)", "load(HERE)", script)
    return re.sub(r"^(from transformers import .*)$", r"\1\n\nfrom network import load", script, flags=re.MULTILINE)


def _entry(job: ExportJob, exporter: Exporter, target: Path, verdict: parity.Parity) -> dict[str, Any]:
    written = sorted(item.relative_to(target).as_posix() for item in target.rglob("*") if item.is_file())
    return {
        "name": exporter.NAME,
        "title": exporter.TITLE,
        "path": target.relative_to(job.run_folder).as_posix() if written else "",
        "bytes": files.size_of(target),
        "files": written,
        "parity": verdict,
        **card.beside_trained(job, exporter),
    }


_LEVELS = {"passed": "info", "warned": "warning", "failed": "error"}


def _tell(job: ExportJob, entry: dict[str, Any]) -> None:
    verdict = entry["parity"]
    level = _LEVELS[verdict["status"]]
    events.log(job.emit, f"export.{verdict['status']}", verdict["message"], level, **verdict["params"])
    if entry["files"]:
        job.emit(events.Artifact(name=f"export {entry['name']}", path=entry["path"], bytes=entry["bytes"]))
