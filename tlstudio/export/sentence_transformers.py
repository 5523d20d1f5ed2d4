"""The layout of sentence-transformers: ``SentenceTransformer(folder).encode(texts)`` gives the vectors of the model.

Source of the layout: Reimers & Gurevych, 2019, "Sentence-BERT", and the library sentence-transformers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.export.safetensors import Safetensors
from tlstudio.models import heads
from tlstudio.models.batches import Example, collate, tensors
from tlstudio.models.heads import Head
from tlstudio.models.scorers import Scorer, TorchScorer, taken


class SentenceTransformers(Safetensors):
    NAME = "sentence-transformers"
    TITLE = "sentence-transformers"
    SUMMARY = "For the library sentence-transformers: search, clustering and comparison of texts in a few lines."
    RUNTIME = "sentence-transformers"

    def fits(self, task: Any) -> StudioError | None:
        if self.RUNTIME in task.SCRIPTS:
            return None
        return StudioError(
            "export.no-vectors", "The format sentence-transformers is for models that turn texts into vectors; those "
            "of the task {task} do not.", "Use the safetensors export.", where="export", task=task.TITLE,
        )  # fmt: skip

    def scorer(self, folder: Path) -> Scorer:
        """The library itself where it is installed; else transformers, and the pooling of the model's settings."""
        return LibraryScorer(folder) if importlib.util.find_spec("sentence_transformers") else TorchScorer(folder)


class LibraryScorer:
    """The modules of sentence-transformers, on token ids."""

    name = "sentence-transformers"
    format = "pytorch"

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        settings = heads.read_settings(folder)
        self.head = Head.of(settings)
        self._inputs = tuple(heads.inputs_of(settings))
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)
        self._pad_id = heads.pad_id_of(read_json(folder / "config.json"))

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        import torch

        given = tensors(collate(batch, taken(batch[0], self._inputs), self._pad_id))
        with torch.inference_mode():
            found = self._model(given)["sentence_embedding"]
        return list(found.float().numpy())


PLUGIN = SentenceTransformers()
