"""OpenVINO's own format: the result of an OpenVINO step, or the network in fp16 or fp32."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, Tolerance
from tlstudio.export.sources import prepared
from tlstudio.models import heads, openvino_scorer
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.openvino_scorer import FILE, OpenVinoScorer
from tlstudio.models.scorers import Scorer

_STEP = "openvino-int8"


class Options(BaseModel):
    """How the weights are stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Literal["fp16", "fp32"] = Field(
        "fp16", title="Weights", description="Where no OpenVINO step has made int8 of them; fp16 is half the size."
    )


# how a graph says that weights are less than fp32
_SMALLER = re.compile(r'element_type="(?:f16|bf16|[iu]8|[iu]4|nf4)"')


class OpenVino:
    NAME = "openvino"
    TITLE = "OpenVINO"
    SUMMARY = "For OpenVINO, an extra: fast on processors of Intel and AMD. In int8 after the OpenVINO step."
    Config = Options
    TOLERANCE = Tolerance("agreement", 0.97)
    RUNTIME = "onnx"  # the scripts are those of ONNX Runtime, with another session; see script()
    LIBRARY = "openvino"

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "export")

    def check(self, recipe: Recipe) -> StudioError | None:
        return openvino_scorer.missing("export", ("openvino",))

    def write(self, job: ExportJob, folder: Path, config: Options) -> None:
        made = job.compressed.get(self.stage(job), Path())
        if (made / FILE).is_file():
            with explain_os_errors(folder):
                for item in (made / FILE, (made / FILE).with_suffix(".bin"), made / "config.json"):
                    job.control.check()
                    shutil.copyfile(item, folder / item.name)
            copy_tokenizer(made, folder)
        else:
            _convert(job, folder, config.weights == "fp16")
        with explain_os_errors(folder):
            shutil.copyfile(paths.resource("export/openvino_runtime.py"), folder / "runtime.py")

    def tolerance(self, folder: Path) -> Tolerance:
        """Weights in fp32 must give the same numbers."""
        text = (folder / FILE).read_text(encoding="utf-8") if (folder / FILE).is_file() else ""
        return Tolerance("logits", 1e-3) if text and not _SMALLER.search(text) else self.TOLERANCE

    def scorer(self, folder: Path) -> Scorer:
        return OpenVinoScorer(folder)

    def stage(self, job: ExportJob) -> str:
        """The last OpenVINO step; the network where there is none."""
        steps = [name for name in job.compressed if name.split("-", 1)[-1] == _STEP]
        return steps[-1] if steps else job.network


PLUGIN = OpenVino()


def _convert(job: ExportJob, folder: Path, half: bool) -> None:
    from tlstudio.models.onnx_graph import to_onnx

    source = prepared(job, folder)
    with tempfile.TemporaryDirectory(prefix="tlstudio-openvino-") as place:
        graph = Path(place) / "model.onnx"
        to_onnx(source.model, graph, source.head, source.inputs)
        job.control.check()
        made = openvino_scorer.read(graph, "export.openvino")
        import openvino

        with explain_os_errors(folder):
            openvino.save_model(made, str(folder / FILE), compress_to_fp16=half)


def script(text: str) -> str:
    """The script of a task for ONNX Runtime, with the session that runtime.py has."""
    text = text.replace("\nimport onnxruntime\n", "\nfrom runtime import Session\n", 1)
    text = text.replace('onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])',
                        "Session(HERE)")  # fmt: skip
    return text.replace("pip install onnxruntime", "pip install openvino", 1)
