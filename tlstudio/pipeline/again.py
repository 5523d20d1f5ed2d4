"""Other compression steps for a run that is finished: its rows are read again, its model is not trained anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tlstudio.core import recipe as recipes
from tlstudio.core.errors import StudioError
from tlstudio.data.fingerprints import fingerprint
from tlstudio.data.labelled import Labelled
from tlstudio.models import heads, loading
from tlstudio.models.scorers import score
from tlstudio.pipeline import compressing
from tlstudio.pipeline.checks import Checked
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.stages import Chain, Stages

_NEW, _OLD = f".{compressing.FOLDER}-new", f".{compressing.FOLDER}-old"


def compress_again(context: Context, checked: Checked, chain: Chain = compressing.chain) -> None:
    """Replaces the compressed forms of a run, and the exports that were made of them.

    The forms that were there before stay until the new ones are complete.

    Args:
        context: of the run.
        checked: its recipe with the new steps.
        chain: makes the new forms.
    """
    folder = context.folder
    with context.running("tokenise"):
        stages = reopened(context, checked)
        stages.answers = score(stages.scorer(), stages.encoded.examples("test"),
                               tick=lambda _rows: context.control.check())  # fmt: skip
    with context.running("compress"):
        shutil.rmtree(folder / _NEW, ignore_errors=True)
        try:
            stages.compress(folder / _NEW, chain)
            take_over(folder, folder / _NEW)
        finally:
            shutil.rmtree(folder / _NEW, ignore_errors=True)
        stages.forms = [compressing.moved(form, folder) for form in stages.forms]
        recipes.save(checked.recipe, folder / "recipe.yaml")
        drop_exports(context)  # before they are made anew: a break must not leave them as proven
    if "export" in context.stages:
        with context.running("export"):
            stages.export()
    with context.running("report"):
        stages.report()


def drop_exports(context: Context) -> None:
    """Removes the exports of forms that are no longer there: they would be taken for those of the new ones."""
    for entry in context.results.get("exports") or []:
        if entry["path"]:
            shutil.rmtree(context.folder / entry["path"], ignore_errors=True)
    context.result("exports", [])


def reopened(context: Context, checked: Checked, choose: Callable[[Labelled], Labelled] | None = None) -> Stages:
    """A finished run, ready for other compression steps.

    Args:
        context: of the run, with its results.
        checked: its recipe.
        choose: gives the rows that are wanted, where not all are.

    Raises:
        StudioError: it has no model, or its data is no longer there, or no longer the same.
    """
    folder, known = context.folder / "model", context.results
    if not (folder / "config.json").is_file():
        raise StudioError(
            "export.no-model", "The run {run} has no trained model.", "Choose a run that was completed.",
            run=context.folder.name,
        )  # fmt: skip
    stages = Stages(context, checked)
    stages.backbone = loading.anywhere(str(folder), "model.name")
    stages.rows = stages.labelled(context.emit)
    rows = {split: len(rows) for split, rows in stages.rows.splits.items()}
    if rows != known["data"]["rows"]:
        raise StudioError(
            "compress.data-changed", "The data of the run {run} is no longer the same: it had {before} rows, and now "
            "has {after}.", "Put the files back as they were, or train again.", where="data.path",
            run=context.folder.name, before=sum(known["data"]["rows"].values()), after=sum(rows.values()),
        )  # fmt: skip
    # a run of an earlier version has none
    if known["data"].get("fingerprint") not in (None, fingerprint(stages.rows, context.control)):
        raise StudioError(
            "compress.rows-changed", "The data of the run {run} is no longer the same: it has as many rows as before, "
            "but other texts or labels, or in another order.", "Put the files back as they were, or train again.",
            where="data.path", run=context.folder.name,
        )  # fmt: skip
    stages.rows = choose(stages.rows) if choose else stages.rows
    stages.encoded = stages.encode(context.emit, folder)
    stages.settle()
    stages.model = heads.load(folder)
    stages.tune()
    return stages


def take_over(folder: Path, new: Path) -> None:
    """Puts new compressed forms in the place of those of a run."""
    target, old = folder / compressing.FOLDER, folder / _OLD
    shutil.rmtree(old, ignore_errors=True)
    if target.is_dir():
        target.rename(old)
    if new.is_dir():  # no steps leave no folder
        new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
