"""ONNX in int8 or int4: the result of a step that quantises the graph, as it was measured."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.models import heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import OnnxScorer, Scorer
from tlstudio.models.tokenizers import require_file

_STEPS = ("dynamic-int8", "static-int8", "weight-only")


class OnnxInt8:
    NAME = "onnx-int8"
    TITLE = "ONNX int8"
    SUMMARY = "A quarter of the size and faster on a CPU, at nearly the same accuracy. Needs an int8 step."
    Config = NoOptions
    TOLERANCE = Tolerance("agreement", 0.97)
    RUNTIME = "onnx"

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "export")

    def check(self, recipe: Recipe) -> StudioError | None:
        return None if any(step.name in _STEPS for step in recipe.compress) else _step_missing()

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        source = job.compressed[self.stage(job)]
        if "input_ids" in heads.inputs_of(heads.read_settings(source)):
            require_file(source)
        with explain_os_errors(folder):
            for pattern in ("model.onnx", "*.onnx.data", "*.onnx_data", "config.json"):
                for item in sorted(source.glob(pattern)):
                    job.control.check()
                    shutil.copyfile(item, folder / item.name)
        copy_tokenizer(source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx")

    def stage(self, job: ExportJob) -> str:
        """The last step that quantises.

        Raises:
            StudioError: the run has none.
        """
        steps = [name for name in job.compressed if name.split("-", 1)[-1] in _STEPS]
        if not steps:
            raise _step_missing()
        return steps[-1]


def _step_missing() -> StudioError:
    return StudioError(
        "export.needs-step",
        "The export '{export}' needs a compression step such as '{step}', which this recipe does not have.",
        "Add the step '{step}' under Compress, or leave this export out.",
        where="export",
        export="onnx-int8",
        step=_STEPS[0],
    )


PLUGIN = OnnxInt8()
