"""What a trained model is beside its weights: the class that loads it, what it takes, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models.folders import SETTINGS_FILE

if TYPE_CHECKING:
    import torch

Kind = Literal["classes", "places", "signs", "values", "vectors", "boxes", "text"]
_NEAR = 0.02  # of the spread of the values: two answers this close are the same to a user
_SAME_WAY = 0.99  # cosine of two vectors that mean the same


@dataclass(frozen=True)
class Head:
    """How a task's model is loaded and read.

    Attributes:
        auto: class of transformers that loads it.
        outputs: names of its outputs, joined along the last axis.
        kind: what the answers are: ``classes`` (scores, the largest wins), ``places`` (scores of each token, the
            largest of each column wins), ``signs`` (scores, each above 0 counts), ``values`` (numbers), ``vectors``
            (directions), ``boxes`` (class scores and four coordinates) or ``text`` (token ids that were generated).
        per_token: the answer has one row for each token; padding is cut off.
        pool: how the last hidden states become one unit vector: mean, first or last; empty for other models.
        offset: what is added to the outputs, where a network has no place for it.
        probe: how a linear probe reads the backbone: ``pooled``, or the name of the module whose inputs are features
            (several with ``|`` between, of which a model has one); empty where there is none.
        onnx: whether it can be written as an ONNX graph that answers in one step.
        generate: settings of ``model.generate``, for the kind text.
        losses: of a language model, whose answer to a row with labels is how likely they are: the sum of their losses,
            how many there are, and how many were guessed. ``next``: the scores at a place are for the token that
            follows; ``same``: for the token there.
    """

    auto: str = "AutoModelForSequenceClassification"
    outputs: tuple[str, ...] = ("logits",)
    kind: Kind = "classes"
    per_token: bool = False
    pool: str = ""
    offset: float = 0.0
    probe: str = ""
    onnx: bool = True
    generate: dict[str, Any] = field(default_factory=dict)
    losses: Literal["", "next", "same"] = ""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Head:
        """From the settings file of a model folder; a classifier of texts where it says nothing."""
        known = {item.name for item in fields(cls)}
        given = {name: value for name, value in (settings.get("head") or {}).items() if name in known}
        return cls(**{**given, "outputs": tuple(given.get("outputs", ("logits",)))})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def knows(self, model_type: str) -> bool:
        """Whether transformers has a model with this head for the architecture."""
        import transformers

        return model_type in getattr(transformers, self.auto)._model_mapping._model_mapping

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the outputs of an exported graph."""
        return ("sentence_embedding",) if self.pool else self.outputs

    def parts(self, output: Any, inputs: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The tensors of a model's output that make the answer, in the order of ``names``."""
        if self.pool:
            return (pooled(output.last_hidden_state, inputs["attention_mask"], self.pool),)
        parts = tuple(getattr(output, name) for name in self.outputs)
        return tuple(part + self.offset for part in parts) if self.offset else parts

    def read(self, output: Any, inputs: Mapping[str, torch.Tensor]) -> np.ndarray:
        """The answer in a model's output, float32 [B, …]."""
        return joined([part.detach().float().cpu().numpy() for part in self.parts(output, inputs)])

    def rows(self, answer: np.ndarray, batch: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """An array for each row; where there is one answer a token, those of the padding are cut off."""
        if not self.per_token:
            return list(answer)
        lengths = batch["attention_mask"].sum(1)
        return [row[: int(length)] for row, length in zip(answer, lengths, strict=True)]

    def agreement(self, answers: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> float:
        """Share of answers that mean the same to a user as those of the reference.

        An answer of another shape than that of the reference counts as another one.
        """
        if not len(reference):
            return 1.0
        near = _NEAR * spread(reference) if self.kind == "values" else 0.0
        found = []
        for answer, other in zip(answers, reference, strict=True):
            a, b = np.asarray(answer), np.asarray(other)
            found.append(_AGREE[self.kind](a, b, near) if a.shape == b.shape else 0.0)
        return float(np.mean(found))


def spread(reference: Sequence[np.ndarray]) -> float:
    """What a difference of numbers is compared with: how far the answers lie apart.

    They may all be alike, or be a single one: then rounding to float32 must not count either.
    """
    whole = np.concatenate([np.ravel(answer) for answer in reference]).astype(np.float64)
    if not whole.size:
        return 1e-9
    return max(float(np.ptp(whole)), 1e-3 * float(np.abs(whole).max()), 1e-9)


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Several outputs as one array: side by side, or stacked on a new last axis where each is one score a token."""
    if len(parts) == 1:
        return parts[0]
    if max(part.ndim for part in parts) == 2:  # such as the start and the end of an answer
        return np.stack(parts, axis=-1)
    return np.concatenate(parts, axis=-1)


def _classes(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float((answer.argmax(-1) == other.argmax(-1)).mean())


def _places(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float((answer.argmax(0) == other.argmax(0)).all())


def _signs(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float(((answer > 0) == (other > 0)).all())


def _values(answer: np.ndarray, other: np.ndarray, near: float) -> float:
    return float(np.abs(answer.astype(np.float64) - other).max(initial=0.0) <= near)


def _vectors(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float(answer @ other >= _SAME_WAY * np.linalg.norm(answer) * np.linalg.norm(other))


def _boxes(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float((answer[:, :-4].argmax(-1) == other[:, :-4].argmax(-1)).mean())


def _text(answer: np.ndarray, other: np.ndarray, _near: float) -> float:
    return float(answer.tolist() == other.tolist())


_AGREE = {
    "classes": _classes,
    "places": _places,
    "signs": _signs,
    "values": _values,
    "vectors": _vectors,
    "boxes": _boxes,
    "text": _text,
}


def pooled(hidden: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """Unit vectors [B, H] from hidden states [B, T, H] (Reimers & Gurevych, 2019, Sentence-BERT, section 3).

    Args:
        hidden: last hidden states.
        mask: 1 where a token is, 0 for padding, [B, T].
        how: mean over the tokens, or the first or last token.
    """
    import torch

    if how == "first":
        vector = hidden[:, 0]
    elif how == "last":
        vector = hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1]
    else:
        weight = mask[..., None].to(hidden.dtype)
        vector = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
    return torch.nn.functional.normalize(vector.float(), dim=-1)


def read_settings(folder: Path) -> dict[str, Any]:
    """What the task wrote beside ``config.json``; empty for a model that is not ours."""
    path = Path(folder) / SETTINGS_FILE
    found = read_json(path) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def inputs_of(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Type and shape of each input, see :func:`tlstudio.models.batches.describe`."""
    ids = {"dtype": "int64", "shape": [None]}
    given = settings.get("inputs")
    return dict(given) if isinstance(given, dict) and given else {"input_ids": ids, "attention_mask": ids}


def load(folder: Path, head: Head | None = None, **overrides: Any) -> torch.nn.Module:
    """A trained model in fp32, from its folder alone.

    Raises:
        StudioError: config and weights do not belong together.
    """
    import torch
    import transformers

    settings = read_settings(folder)
    head = head or Head.of(settings)
    options = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32, **overrides}
    try:
        if settings.get("parts"):
            return _with_parts(folder, options)
        model: torch.nn.Module = getattr(transformers, head.auto).from_pretrained(folder, **options)
    except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        raise unloadable(folder, str(error) or type(error).__name__) from error
    return model.eval()


def _with_parts(folder: Path, options: dict[str, Any]) -> torch.nn.Module:
    from tlstudio.models import parts

    model: torch.nn.Module = parts.load(folder, **options)
    return model


def no_graph(task: Any, where: str) -> StudioError | None:
    """Why a task's models are not written as ONNX graphs; None where they are."""
    if task.HEAD.onnx:
        return None
    if task.HEAD.losses == "same":
        return StudioError(
            "export.no-graph-of-backbone", "ONNX is not offered for the task {task}: its result is a backbone that "
            "other tasks learn with.", "Use the safetensors export, and train another task on it.",
            where=where, task=task.TITLE,
        )  # fmt: skip
    return StudioError(
        "export.no-graph", "ONNX is not offered for the task {task}: its models do not answer in a single step.",
        "Use the safetensors export.", where=where, task=task.TITLE,
    )  # fmt: skip


def unloadable(folder: Path, reason: str) -> StudioError:
    return StudioError(
        "model.cannot-load", "The model in {path} cannot be loaded: {reason}",
        "Config and weights do not belong together; download or copy the model again.",
        where="model.name", path=str(folder), reason=reason.splitlines()[0][:200],
    )  # fmt: skip


def pad_id_of(config: Any) -> int:
    """The padding token of a model's config (an object or a dict); 0 where it has none."""
    found = config.get("pad_token_id") if isinstance(config, dict) else getattr(config, "pad_token_id", None)
    return max(int(found or 0), 0)  # some decoders state -1 for none
