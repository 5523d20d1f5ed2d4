"""Models that answer rows of inputs in their own runtime: PyTorch or ONNX Runtime."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models import heads, language
from tlstudio.models.batches import Example, Examples, collate, lengths_of, tensors
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import torch

_BATCH = 32


class Scorer(Protocol):
    """A model that turns rows of inputs into answers."""

    name: str
    format: str
    head: Head

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        """An array for each of B rows of different lengths, such as logits [C] or [T, C]; see ``head``."""
        ...


class TorchScorer:
    """PyTorch in fp32 (or as the model is), evaluation mode, no gradients."""

    format = "pytorch"

    def __init__(
        self,
        model: torch.nn.Module | Path,
        name: str = "PyTorch fp32",
        head: Head | None = None,
        inputs: Sequence[str] = (),
        check: Callable[[], None] | None = None,
    ) -> None:
        """``model`` is a model, or a folder; of a folder, ``head`` and ``inputs`` are read from its settings.

        ``check`` is called before each token that is generated; it may raise to cancel.
        """
        settings = heads.read_settings(model) if isinstance(model, Path) else {}
        self.name = name
        self.head = head or Head.of(settings)
        loaded: Any = heads.load(model, self.head) if isinstance(model, Path) else model
        self.model = loaded.eval()
        self._inputs = tuple(inputs) or tuple(heads.inputs_of(settings))
        self._pad_id = heads.pad_id_of(loaded.config)
        self._device = next(self.model.parameters()).device
        self._check = check

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        import torch

        names = taken(batch[0], self._inputs)
        with torch.inference_mode():
            if self.head.losses and "labels" in batch[0]:
                return language.row_losses(self.model, batch, names, self.head.losses == "next")
            if self.head.losses and "places" in batch[0]:
                return language.at_places(self.model, batch, names)
            if self.head.generate:
                return language.written(self.model, batch, names, self.head.generate, self._check)
            arrays = collate(batch, names, self._pad_id)
            given = tensors(arrays, self._device)
            answer = self.head.read(self.model(**given), given)
        return self.head.rows(answer, arrays)


class OnnxScorer:
    """ONNX Runtime on the CPU; the padding token comes from the ``config.json`` beside the file."""

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
        self.head = Head.of(heads.read_settings(path.parent))
        self._inputs = tuple(item.name for item in self._session.get_inputs())
        config = path.parent / "config.json"
        self._pad_id = heads.pad_id_of(read_json(config)) if config.is_file() else 0

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        arrays = collate(batch, taken(batch[0], self._inputs), self._pad_id)
        answers = self._session.run(list(self.head.names), {name: arrays[name] for name in self._inputs})
        return self.head.rows(heads.joined([answer.astype(np.float32) for answer in answers]), arrays)


def taken(example: Example, inputs: Sequence[str]) -> list[str]:
    """The inputs that a row brings; the attention mask is made while padding where it is missing."""
    return [name for name in inputs if name in example or name != "attention_mask"]


_limit: list[int] = []  # threads of models that are loaded within :func:`limited`; the last one counts


@contextlib.contextmanager
def limited(threads: int) -> Iterator[None]:
    """PyTorch computes with so many threads meanwhile, and so do models of other runtimes that are loaded here."""
    import torch

    before = torch.get_num_threads()
    _limit.append(threads)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        _limit.pop()
        torch.set_num_threads(before)


def usable_cores() -> int:
    """Physical cores that this process may use; fewer where ``OMP_NUM_THREADS`` says so, as on shared machines."""
    import psutil

    if _limit:
        return _limit[-1]
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if (wish := os.environ.get("OMP_NUM_THREADS", "")).isdecimal() and int(wish):
        allowed = min(allowed, int(wish))
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def score(
    scorer: Scorer,
    examples: Sequence[Example],
    batch_size: int = _BATCH,
    tick: Callable[[int], None] | None = None,
) -> list[np.ndarray]:
    """The answer to each row, in their order; batches hold rows of similar length.

    ``tick`` is called with the number of rows after each batch; it may raise to cancel.
    """
    lengths = examples.lengths() if isinstance(examples, Examples) else lengths_of(examples)
    order = sorted(range(len(examples)), key=lambda index: -lengths[index])
    answers: list[Any] = [None] * len(examples)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        found = scorer.outputs([examples[index] for index in chosen])
        for index, answer in zip(chosen, found, strict=True):
            answers[index] = answer
        if tick:
            tick(len(chosen))
    return answers
