"""Audio classification: each recording belongs to exactly one of two or more classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json
from tlstudio.metrics import baselines
from tlstudio.models.batches import collate, tensors
from tlstudio.models.checks import weight_files
from tlstudio.models.heads import Head
from tlstudio.tasks import recordings, sounds
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Row, Tested, TestJob, row_weights_of
from tlstudio.tasks.classes import ClassOptions, SingleLabel

if TYPE_CHECKING:
    import torch

_STEP = 0.5  # seconds: lengths of training batches are multiples of it, see :func:`tlstudio.models.batches.collate`
_OTHER_FEATURES = ("wav2vec2-bert",)  # reads the features of Seamless, which no other model does


class Options(ClassOptions):
    """Choices of the task."""

    max_seconds: Literal["auto"] | Annotated[float, Field(ge=0.1, le=600)] = Field(
        "auto",
        title="Maximum length",
        description="Seconds that are read of each recording; auto takes 10, or less if the model allows less or no "
        "recording is longer.",
        json_schema_extra={"unit": "seconds"},
    )
    cut: sounds.Cut = Field(
        "random",
        title="Part of longer recordings",
        description="Random reads another part of a longer recording each time while training, and its middle in tests "
        "and predictions; centre and start read the same part everywhere. Whisper reads the middle for random, too.",
    )
    masking: bool = Field(
        True,
        title="Hide short parts",
        description="Short parts of each recording are hidden while training, where the architecture can do so "
        "(SpecAugment, Park et al., 2019) and its own settings say how often.",
    )


class AudioClassification(SingleLabel):
    """One class a recording; networks of waves end in the mean over time, a projection and the classes.

    A fresh projection is the identity, as wide as the backbone: the head then is a linear classifier of the mean hidden
    state, which a linear probe can learn. Random and narrow, as transformers makes it, it would throw features away.
    """

    NAME = "audio-classification"
    TITLE = "Audio classification"
    SUMMARY = "Each recording belongs to one class: sounds, speakers, languages, commands, machine states."
    ROLES = ("audio", "label")
    ASKS = ("audio",)
    LEARNS = "audio"
    UNIT = "recordings"
    HUB_TAG = "audio-classification"
    SHOWS = "audio"
    Config = Options
    HEAD = Head(auto="AutoModelForAudioClassification", probe="classifier")
    SCRIPTS: Mapping[str, str] = {
        "onnx": "export/predict_audio_onnx.py",
        "transformers": "export/predict_audio_transformers.py",
    }

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        kind = str(config.get("model_type") or "")
        if kind in _OTHER_FEATURES or config.get("add_adapter"):
            return StudioError(
                "task.other-sounds", "Backbones of the type '{kind}' with this front end are not supported.",
                "Choose a Wav2Vec2, HuBERT, WavLM, AST or Whisper model in the Model step.",
                where="model.name", kind=kind,
            )  # fmt: skip
        return super().fits(config)

    def encode(self, job: EncodeJob) -> Encoded:
        how = sounds.hearing(job.backbone, job.config.max_seconds, job.config.cut)
        if job.known is not None:
            how = sounds.Hearing(**job.known.facts[sounds.SETTING])
        found, key = recordings.stores(job, how)
        if job.known is None and job.config.max_seconds == "auto":
            how = _shortened(how, found)
        prepare = sounds.extractor(job.backbone)
        splits = {
            split: recordings.Recordings(store, how, prepare, recordings.columns(job, split, store, how),
                                     split == "train" and how.cut == "random")
            for split, store in found.items()
        }  # fmt: skip
        _tell_cut(job, how, found)
        facts = {**sounds.settings(how), "masking": job.config.masking and _long_enough(job.backbone, how, found)}
        return Encoded(splits, job.labelled.labels, how.inputs, key=f"{key}{how.seconds:g}", facts=facts)

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(backbone, local_files_only=True, trust_remote_code=False)
        options: dict[str, Any] = {}
        if hasattr(config, "apply_spec_augment"):
            options["apply_spec_augment"] = bool(config.apply_spec_augment and encoded.facts.get("masking", True))
        fresh = hasattr(config, "classifier_proj_size") and not _has(backbone, "projector.weight")
        if fresh:
            options["classifier_proj_size"] = config.hidden_size
        model = super().build(backbone, encoded, **{**options, **overrides})
        if fresh:
            _identity(model.projector)  # type: ignore[arg-type]
        return model

    def collator(self, config: Any, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        how = sounds.Hearing(**encoded.facts[sounds.SETTING])
        step = max(1, round(_STEP * how.rate)) if how.mask else 1
        return partial(_together, names=[*how.inputs, "labels"], limit=how.steps, step=step)

    def save_processor(self, backbone: Path, folder: Path) -> None:
        sounds.extractor(backbone).save_pretrained(folder)

    def test(self, job: TestJob) -> Tested:
        tested = super().test(job)
        tested.result["errors"] = [_of_recording(entry) for entry in tested.result["errors"]]
        return tested

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        train, test = job.encoded.splits["train"], job.encoded.splits[job.split]
        linear = baselines.linear(
            "mel-bands", "Mean of mel bands", train.bands, train["labels"], test.bands, job.targets,
            job.encoded.labels, control=job.control, bootstrap=job.bootstrap, seed=job.seed,
        )  # fmt: skip
        return [*super().baselines(job), linear]

    def examples(self, folder: Path, rows: Sequence[Row]) -> Sequence[Row]:
        return recordings.examples(folder, [str(row["audio"]) for row in rows])


PLUGIN = AudioClassification()


def _shortened(how: sounds.Hearing, found: Mapping[str, recordings.Store]) -> sounds.Hearing:
    """Networks that are not told what is padding read all in one length: no longer than the longest recording."""
    if how.kind != "wave" or how.mask:
        return how
    longest = max((int(store.lengths.max(initial=0)) for store in found.values()), default=0) / how.rate
    return replace(how, seconds=min(how.seconds, max(math.ceil(100 * longest) / 100, 0.1)))


def _tell_cut(job: EncodeJob, how: sounds.Hearing, found: Mapping[str, recordings.Store]) -> None:
    """Of recordings in validation and test just what is read is stored: those that fill it may have been longer."""
    if how.kind == "whisper":
        return
    count = sum(int((store.lengths > how.steps).sum()) for store in found.values())
    if count:
        log(job.emit, "task.recordings-cut",
            "{count} training recordings are longer than {seconds} seconds; a part of each is read.",
            count=count, seconds=how.seconds)  # fmt: skip


def _long_enough(backbone: Path, how: sounds.Hearing, found: Mapping[str, recordings.Store]) -> bool:
    """transformers cannot hide parts that are longer than the recording."""
    config = read_json(backbone / "config.json")
    shortest = min((int(store.lengths.min(initial=how.steps)) for store in found.values()), default=how.steps)
    steps = shortest if how.mask else how.steps
    return how.kind != "wave" or sounds.frames(config, steps) > int(config.get("mask_time_length", 10))


def _has(backbone: Path, name: str) -> bool:
    """Whether the weights of a folder hold a tensor."""
    from safetensors import safe_open

    for path in weight_files(backbone):
        with safe_open(path, framework="numpy") as stored:
            if name in stored.keys():  # noqa: SIM118 - safe_open cannot be asked otherwise
                return True
    return False


def _identity(layer: torch.nn.Linear) -> None:
    import torch

    with torch.no_grad():
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)


def _together(rows: Sequence[Row], names: Sequence[str], limit: int, step: int) -> Batch:
    return {**tensors(collate(rows, names, limit=limit, step=step)), **row_weights_of(rows)}


def _of_recording(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the list of errors whose text is a path."""
    return {"audio" if name == "text" else name: value for name, value in entry.items()}
