"""Image classification with models of images and texts (CLIP, SigLIP), beside what they know without training.

Radford et al., 2021, "Learning transferable visual models from natural language supervision", section 3.1: the class
whose name, put into a sentence, has the text vector nearest to the vector of the image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.metrics import baselines
from tlstudio.models.folders import read_json
from tlstudio.models.pixels import stated_size
from tlstudio.models.tokenizers import load_tokenizer, quiet_loading
from tlstudio.tasks.base import Encoded, TestJob
from tlstudio.tasks.image_classes import ImageClasses, ImageClassOptions, pixels_of

if TYPE_CHECKING:
    import numpy as np

_BATCH = 32
_BLANK = "{label}"


class Options(ImageClassOptions):
    """Choices of the task."""

    template: str = Field(
        "a photo of a {label}",
        min_length=7,
        max_length=200,
        pattern=r"\{label\}",
        title="Sentence",
        description="Around each class name, for the answer without training; {label} stands for the name.",
    )


class ImageTextClassification(ImageClasses):
    """The image tower with a head; the text tower only for the comparison with zero examples."""

    NAME = "image-text-classification"
    TITLE = "Image classification with CLIP"
    SUMMARY = (
        "Image classes with a model of images and texts. It is also asked without any training, by the names of the "
        "classes alone."
    )
    ROLES = ("image", "label")
    SUGGESTED = False
    Config = Options

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        if "text_config" in config and "vision_config" in config:
            return super().fits(config)
        return StudioError(
            "task.one-tower", "A backbone of the type '{kind}' does not know images and texts together.",
            "Choose a model such as CLIP or SigLIP, or the task Image classification.",
            where="model.name", kind=str(config.get("model_type") or ""),
        )  # fmt: skip

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        folder = job.encoded.backbone
        assert folder is not None  # images.encode names it
        found = _answers(folder, job)
        if found is None:
            log(job.emit, "task.no-text-tower",
                "The backbone has lost its text tower, so it is not asked without training.", "warning")  # fmt: skip
            return super().baselines(job)
        zero = baselines.given("zero-shot", "Without training (zero-shot)", found, job.targets, job.encoded.labels,
                               control=job.control, bootstrap=job.bootstrap, seed=job.seed)  # fmt: skip
        return [*super().baselines(job), zero]


PLUGIN = ImageTextClassification()


def _answers(folder: Path, job: TestJob) -> np.ndarray | None:
    """The class [N] of each row by the names of the classes alone; None where the text tower is not there."""
    import numpy as np

    model = _towers(folder)
    if model is None:
        return None
    texts = text_vectors(model, folder, [sentence(job.config.template, name) for name in job.encoded.labels])
    return np.concatenate([image @ texts.T for image in _image_vectors(model, folder, job.encoded, job)]).argmax(1)


def sentence(template: str, name: str) -> str:
    """A class name in its sentence; names of folders are often written with underscores."""
    return template.replace(_BLANK, " ".join(name.replace("_", " ").split()))


def _towers(folder: Path) -> Any:
    """Both towers in fp32; None where the weights lack some of them, as after a training of the image tower."""
    import torch
    from transformers import AutoModel

    with quiet_loading():
        model, found = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    return None if found["missing_keys"] else model.eval()


def text_vectors(model: Any, folder: Path, texts: Sequence[str]) -> np.ndarray:
    """Unit vectors [C, D] of sentences, padded as the model was trained: SigLIP to its full length."""
    import torch

    tokenizer, config = load_tokenizer(folder), model.config.text_config
    whole = "siglip" in model.config.model_type
    names = [name for name in tokenizer.model_input_names if name in ("input_ids", "attention_mask")]
    tokens = tokenizer(list(texts), padding="max_length" if whole else True, truncation=True,
                       max_length=config.max_position_embeddings, return_tensors="pt")  # fmt: skip
    given = {name: tokens[name] for name in names if name == "input_ids" or not whole}
    with torch.inference_mode():
        return _unit(model.get_text_features(**given))


def _image_vectors(model: Any, folder: Path, encoded: Encoded, job: TestJob) -> list[np.ndarray]:
    """Unit vectors of the rows, in batches [B, D]."""
    import numpy as np
    import torch

    rows = encoded.splits[job.split]
    other = pixels_of(encoded).size != stated_size(read_json(folder / "config.json"))
    found = []
    for start in range(0, len(rows), _BATCH):
        job.control.check()
        values = np.stack([rows.values(index) for index in range(start, min(start + _BATCH, len(rows)))])
        with torch.inference_mode():
            found.append(_unit(model.get_image_features(torch.from_numpy(values), interpolate_pos_encoding=other)))
    return found


def _unit(output: Any) -> np.ndarray:
    from tlstudio.models.embedding import unit

    return unit(getattr(output, "pooler_output", output))
