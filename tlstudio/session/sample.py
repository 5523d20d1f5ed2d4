"""The sample project: support messages in eight intents, ready to train."""

from __future__ import annotations

from tlstudio.core import paths
from tlstudio.core.recipe import DataSection, EvaluateSection, Recipe, from_dict

MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def recipe() -> Recipe:
    """The recipe over the sample files that ship with the program.

    Raises:
        StudioError: the installation is incomplete.
    """
    files = {split: str(paths.resource(f"samples/support_{split}.csv")) for split in ("train", "validation", "test")}
    return from_dict(
        {
            "model": {"source": "hub", "name": MODEL},
            "data": {
                "source": "csv",
                "path": files["train"],
                "validation": files["validation"],
                "test": files["test"],
                "roles": {"text": "text", "label": "label"},
            },
            "evaluate": {"extra_sets": [str(paths.resource("samples/support_zh.csv"))]},
            "compress": ["dynamic-int8"],
            "export": ["safetensors", "onnx", "onnx-int8"],
        }
    )


def starting_point(place: str) -> Recipe:
    """The usual choices for labelled data: MiniLM, full fine-tuning, int8, every export."""
    return recipe().model_copy(update={"data": DataSection(path=place), "evaluate": EvaluateSection()})
