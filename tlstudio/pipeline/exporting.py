"""Exports and the report of a run: at its end, and later for one that is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Artifact
from tlstudio.core.files import size_of, write_json
from tlstudio.core.progress import Meter
from tlstudio.evaluation import report
from tlstudio.export.base import ExportJob
from tlstudio.export.parity import Measure
from tlstudio.export.run import export_all
from tlstudio.models.batches import Example
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.pipeline import compressing
from tlstudio.pipeline.checks import Checked
from tlstudio.pipeline.context import Context
from tlstudio.tasks.base import Outputs


def export_and_note(
    context: Context,
    compressed: dict[str, Path],
    examples: Sequence[Example],
    answers: Outputs,
    measure: Measure | None = None,
) -> None:
    """Writes the exports of the recipe; entries of other formats in the results stay.

    Args:
        context: of the run.
        compressed: see :class:`ExportJob`.
        examples: the test rows as the last network among the forms of the model reads them.
        answers: of that network to them.
        measure: the task's metric of answers to them; None where their labels are not at hand.
    """
    before = context.results.get("exports", [])
    entries = export_all(_job(context, compressed), context.recipe.export, examples, answers, measure)
    names = {entry["name"] for entry in entries}
    context.result("exports", [entry for entry in before if entry["name"] not in names] + entries)


def _job(context: Context, compressed: dict[str, Path]) -> ExportJob:
    return ExportJob(context.folder, context.folder / "model", compressed, context.results, context.recipe,
                     context.emit, context.control)  # fmt: skip


def write_report(context: Context) -> None:
    """The page is drawn from the files of the run, so they must be complete first."""
    write_json(context.folder / "results.json", context.results)
    path = report.write_report(context.folder)
    context.emit(Artifact(name="report", path="report.html", bytes=size_of(path)))


def export_again(context: Context, checked: Checked) -> None:
    """Exports a finished run: its test texts come from its own predictions.

    Raises:
        StudioError: the run has no model, or nothing of what was asked for could be written.
    """
    import pyarrow.parquet as pq

    model, predictions = context.folder / "model", context.folder / "predictions.parquet"
    if not model.is_dir() or not predictions.is_file():
        raise StudioError(
            "export.no-model", "The run {run} has no trained model.", "Choose a run that was completed.",
            run=context.folder.name,
        )  # fmt: skip
    compressed = {
        folder.name: folder for folder in sorted((context.folder / compressing.FOLDER).glob("[0-9]*-*"), key=_number)
    }
    with context.running("export"):
        task, source = checked.task.plugin, _job(context, compressed).source
        table = pq.read_table(predictions)
        asked = dict.fromkeys((*task.ASKS, *task.ROLES))
        rows = table.select([role for role in asked if role in table.column_names]).to_pylist()
        examples = task.proofs(source, rows)
        meter = Meter(context.emit, context.control, "export", len(examples), task.UNIT)
        answers = score(TorchScorer(source), examples, tick=meter.advance)
        export_and_note(context, compressed, examples, answers)
    with context.running("report"):
        write_report(context)
    wished = {choice.name for choice in context.recipe.export}
    made = [entry for entry in context.results["exports"] if entry["name"] in wished]
    if made and all("error" in entry for entry in made):  # nothing of what was asked for
        raise StudioError.from_dict(made[0]["error"])


def _number(folder: Path) -> int:
    return int(folder.name.split("-")[0]) if folder.name.split("-")[0].isdigit() else 0
