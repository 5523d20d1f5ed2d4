"""A run that was broken off goes on: what is complete stays, the training continues, and the rest is done.

Model and rows are read again, which the caches make quick. The settings are those that were found before; nothing is
measured a second time. A training in phases, or of several tasks, goes on where its own phase was; what comes before
the first step, such as the means of classes or the answers of a teacher, is computed again. Cross-validation, the tests
of further tasks, trainings within a compression, and exports start anew where they had begun.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json
from tlstudio.core.progress import Meter
from tlstudio.models.scorers import Scorer, score
from tlstudio.pipeline import adapting, compressing, environment, fitting, others
from tlstudio.pipeline.checks import Checked
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.forms import last_network
from tlstudio.pipeline.stages import Stages
from tlstudio.tasks.base import Outputs

_QUICK = 0.5  # seconds that a stage takes that had ended
_DECISIVE = ("torch", "transformers", "numpy", "tokenizers")  # with others of these the numbers differ


class Resumed(Stages):
    """The stages of a run, of which some had ended."""

    again = "resumed"

    def __init__(self, context: Context, checked: Checked) -> None:
        super().__init__(context, checked)
        self._done = frozenset(context.before)
        self._rows = (context.results.get("data") or {}).get("rows")
        for stage in self._done & set(context.stages) - {"prepare", "tokenise", "train", "report"}:
            context.expected[stage] = _QUICK
        tidy(context.folder, "others" in self._done)
        log(context.emit, "run.resumed", "The run goes on. Complete so far: {stages}.",
            stages=", ".join(stage for stage in context.stages if stage in self._done) or "–")  # fmt: skip

    def prepare(self) -> None:
        before = _versions(self.context.folder)
        super().prepare()
        now = environment.versions()
        for name in _DECISIVE:
            if before.get(name) not in (None, now.get(name)):
                log(self.context.emit, "resume.other-version", "{name} was {before} and is {now}: the numbers may "
                    "differ from those of an unbroken run.", "warning", name=name, before=before[name],
                    now=now[name])  # fmt: skip
        if self._rows is not None and self.context.results["data"]["rows"] != self._rows:
            raise StudioError(
                "resume.changed", "The data or the model of the run {run} is no longer the same.",
                "Put the files back as they were, or train again.", where="data.path", run=self.context.folder.name,
            )  # fmt: skip

    def adapt(self) -> None:
        folder = self.context.folder / adapting.FOLDER
        if "adapt" in self._done and (folder / "config.json").is_file():
            self.backbone = replace(self.backbone, path=folder)
        else:
            super().adapt()

    def rehearse(self) -> None:
        if (known := fitting.noted(self)) is None:
            super().rehearse()
            return
        self.settings = known
        found = self.context.results.get("rehearsal") or {}
        self.context.expected["train"] = float(found.get("seconds") or self.context.expected["train"])

    def train(self) -> None:
        if not hasattr(self, "settings") and (known := fitting.noted(self)) is not None:
            self.settings = known
        super().train()

    def evaluate(self) -> None:
        if "evaluate" not in self._done:
            super().evaluate()
        elif {"compress", "export"} & set(self.context.stages):
            self.answers = self._answers(self.scorer(), self.encoded.examples("test"))

    def others(self) -> None:
        if "others" not in self._done:
            super().others()

    def cross_validate(self) -> None:
        if "cross_validate" not in self._done:
            super().cross_validate()

    def compress(self, base: Path | None = None, chain: Any = compressing.kept) -> None:
        if "compress" not in self._done:
            super().compress(base, chain)
            return
        self.forms = chain(self, base)
        last = last_network(self.forms)
        self.answers = self._answers(last.scorer, last.examples())

    def export(self) -> None:
        if "export" not in self._done:
            super().export()

    def _answers(self, scorer: Scorer, examples: Sequence[Any]) -> Outputs:
        meter = Meter(self.context.emit, self.context.control, self.context.stage, len(examples), "rows")
        return score(scorer, examples, tick=meter.advance)


def tidy(folder: Path, others_done: bool) -> None:
    """Removes what a killed process has left half written."""
    for part in sorted(folder.rglob(".*.part")):
        shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
    if not others_done:
        shutil.rmtree(folder / others.FOLDER, ignore_errors=True)


def _versions(folder: Path) -> dict[str, Any]:
    try:
        found = read_json(folder / "environment.json").get("versions")
    except StudioError:
        return {}
    return found if isinstance(found, dict) else {}
