"""int8 for OpenVINO, an extra: usually the fastest form on an Intel or AMD processor.

Sources: OpenVINO and NNCF, post-training quantisation (``nncf.quantize``) and ``nncf.compress_weights``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import explain_os_errors, size_of
from tlstudio.core.progress import Meter
from tlstudio.models import heads, openvino_scorer
from tlstudio.models.onnx_graph import quiet
from tlstudio.models.openvino_scorer import FILE, OpenVinoScorer

_WHERE = "compress.openvino-int8"


class Options(BaseModel):
    """Choices of int8 for OpenVINO."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["static", "weights"] = Field(
        "static",
        title="What is in int8",
        description="Weights and activations, calibrated on training rows: fastest; or the weights alone, which is "
        "nearer to the trained model and needs no rows.",
    )
    rows: int = Field(
        128, ge=1, le=5000, title="Calibration rows", description="Training rows on which the ranges are found.",
        json_schema_extra={"only": {"method": ["static"]}},
    )  # fmt: skip


class OpenVinoInt8:
    """A model that only OpenVINO runs."""

    NAME = "openvino-int8"
    TITLE = "OpenVINO int8"
    SUMMARY = "8-bit integers for OpenVINO, an extra: a quarter of the size, and often faster than ONNX Runtime."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "openvino"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress") or openvino_scorer.missing("compress")

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        if problem := openvino_scorer.missing(_WHERE):
            raise problem
        source = graphs.full(job, folder / "full.onnx")
        model = openvino_scorer.read(source, _WHERE)
        import nncf
        import openvino

        if config.method == "weights":
            meter = Meter(job.emit, job.control, "compress", 1, "steps")
            with quiet():
                model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
            meter.advance()
        else:
            model = calibrated(model, list(graphs.feeds(job, config.rows)), job)
        with explain_os_errors(folder):
            openvino.save_model(model, str(folder / FILE), compress_to_fp16=False)
        log(job.emit, "compress.openvino", "{before} MB became {after} MB for OpenVINO.",
            before=round(size_of(source) / 1e6, 1),
            after=round(size_of((folder / FILE).with_suffix(".bin")) / 1e6, 1))  # fmt: skip
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)

    def scorer(self, folder: Path) -> OpenVinoScorer:
        return OpenVinoScorer(folder, "OpenVINO int8")


PLUGIN = OpenVinoInt8()


def calibrated(model: Any, feeds: list[graphs.Feed], job: CompressJob) -> Any:
    """The model with weights and activations in int8."""
    import nncf

    known = {one.get_any_name() for one in model.inputs}
    meter = Meter(job.emit, job.control, "compress", len(feeds), "steps")
    seen = 0

    def batches() -> Iterator[graphs.Feed]:
        nonlocal seen
        for place, feed in enumerate(feeds):
            job.control.check()
            if place >= seen:  # the rows are gone through several times
                seen = place + 1
                meter.advance()
            yield {name: value for name, value in feed.items() if name in known}

    class Rows:
        def __iter__(self) -> Iterator[graphs.Feed]:
            return batches()

        def __len__(self) -> int:
            return len(feeds)

    attends = any(one.get_type_name() in ("Softmax", "ScaledDotProductAttention") for one in model.get_ops())
    with quiet():
        return nncf.quantize(model, nncf.Dataset(Rows()), preset=nncf.QuantizationPreset.MIXED,
                             subset_size=len(feeds),
                             model_type=nncf.ModelType.TRANSFORMER if attends else None)  # fmt: skip
