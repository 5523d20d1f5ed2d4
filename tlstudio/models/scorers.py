"""Scores token sequences with a model in its own runtime: PyTorch or ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json

if TYPE_CHECKING:
    import torch


class Scorer(Protocol):
    """A model that turns token ids into logits."""

    name: str
    format: str

    def logits(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        """Scores B sequences of different lengths; returns float32 logits [B, C]."""
        ...


def pad(batch: Sequence[Sequence[int]], pad_id: int, length: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask, int64 [B, T], padded on the right to the longest of the batch, or to ``length``."""
    longest = max(length, *(len(ids) for ids in batch))
    ids = np.full((len(batch), longest), pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


class TorchScorer:
    """PyTorch in fp32 (or as the model is), evaluation mode, no gradients."""

    format = "pytorch"

    def __init__(self, model: torch.nn.Module | Path, name: str = "PyTorch fp32") -> None:
        self.name = name
        loaded: Any = _load(model) if isinstance(model, Path) else model
        self.model = loaded.eval()
        self._pad_id: int = loaded.config.pad_token_id or 0
        self._device = next(self.model.parameters()).device

    def logits(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        import torch

        ids, mask = pad(batch, self._pad_id)
        with torch.inference_mode():
            output = self.model(
                input_ids=torch.from_numpy(ids).to(self._device),
                attention_mask=torch.from_numpy(mask).to(self._device),
            )
        return output.logits.float().cpu().numpy()


def _load(folder: Path) -> torch.nn.Module:
    import torch
    from transformers import AutoModelForSequenceClassification

    model: torch.nn.Module = AutoModelForSequenceClassification.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    return model


class OnnxScorer:
    """ONNX Runtime on the CPU; ``pad_token_id`` comes from the ``config.json`` beside the file."""

    format = "onnx"

    def __init__(self, path: Path, name: str = "ONNX", threads: int | None = None) -> None:
        import onnxruntime

        path = Path(path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads or usable_cores()
        # idle threads of ONNX Runtime spin otherwise, and slow down PyTorch in the same process several times
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise StudioError(
                "model.bad-onnx",
                "{path} cannot be loaded by ONNX Runtime: {reason}",
                "Export the model again; the file is damaged or incomplete.",
                where=str(path),
                path=str(path),
                reason=str(error).splitlines()[0][:200],
            ) from error
        self.name = name
        config = path.parent / "config.json"
        self._pad_id = (read_json(config).get("pad_token_id") or 0) if config.is_file() else 0

    def logits(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        ids, mask = pad(batch, self._pad_id)
        return self._session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0].astype(np.float32)


def usable_cores() -> int:
    """Physical cores that this process may use."""
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def score(
    scorer: Scorer,
    encoded: Sequence[Sequence[int]],
    batch_size: int = 32,
    tick: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Logits [N, C] for all sequences, in their order; batches hold texts of similar length.

    ``tick`` is called with the number of texts after each batch; it may raise to cancel.
    """
    order = sorted(range(len(encoded)), key=lambda index: -len(encoded[index]))
    rows: list[np.ndarray | None] = [None] * len(encoded)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        for index, row in zip(chosen, scorer.logits([encoded[i] for i in chosen]), strict=True):
            rows[index] = row
        if tick:
            tick(len(chosen))
    return np.stack([row for row in rows if row is not None]) if rows else np.zeros((0, 0), np.float32)
