"""Low-rank factorisation: large matrices become products of two small ones, and the network learns to answer as before.

Activation-aware: of W [out, in] the product that is nearest to W on the inputs X [N, in] of training rows. With
XᵀX = S Sᵀ (Cholesky) it is U Σ Vᵀ S⁻¹ of the truncated SVD of W S (Wang et al., 2024, "SVD-LLM", § 3.1): each dropped
singular value is the error that it costs. Of embeddings, tokens count as often as they occur (Chen et al., 2018,
"GroupReduce", eq. 3).
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.compression import networks, recovering, rows
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.progress import Meter
from tlstudio.models.anatomy import backbone_of, group_name
from tlstudio.models.batches import split_batch

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from tlstudio.models.scorers import Scorer

_MEMORY = 512 << 20  # bytes for the products XᵀX of layers that are looked at together
_STEADY = 1e-6  # of the mean of the diagonal, added to it: some inputs are always 0
_HALVINGS, _TIMES, _TIMED = 5, 7, 8  # of the search for a share by time; forward passes each; rows a pass
_WIDE = 4  # from this ratio of columns to rows on, squares are quicker to take apart, and need a fraction of the memory


class Options(recovering.Options):
    """Choices of the factorisation."""

    by: Literal["energy", "share", "latency"] = Field(
        "energy", title="Rank by",
        description="What a layer's matrix keeps of its effect; the share of its numbers that is left; or the time "
        "that an answer takes, measured on this machine.",
    )  # fmt: skip
    energy: float = Field(
        0.9, gt=0, le=1, title="Energy", description="Share of the squared singular values that every layer keeps.",
        json_schema_extra={"only": {"by": ["energy"]}},
    )  # fmt: skip
    share: float = Field(
        0.5, gt=0, lt=1, title="Share of the parameters", description="Of every factorised layer that is left.",
        json_schema_extra={"only": {"by": ["share"]}},
    )  # fmt: skip
    latency: float = Field(
        0.7, gt=0, lt=1, title="Share of the time",
        description="That an answer may take at most, of that of the trained model. The largest rank is looked for.",
        json_schema_extra={"only": {"by": ["latency"]}},
    )  # fmt: skip
    attention: bool = Field(True, title="Attention layers", description="Factorises queries, keys, values and outputs.")
    ffn: bool = Field(True, title="Feed-forward layers", description="Factorises those between the attention layers.")
    embeddings: bool = Field(True, title="Embeddings", description="Factorises the vectors of tokens, as ALBERT does.")
    aware: bool = Field(
        True, title="Activation-aware",
        description="Keeps what matters for the inputs that training rows give a layer, not for all that there may be.",
    )  # fmt: skip
    rows: int = Field(
        128, ge=1, le=10_000, title="Rows", description="Training rows that are looked at.",
        json_schema_extra={"only": {"aware": [True]}},
    )  # fmt: skip


@dataclass(frozen=True)
class Spectrum:
    """A layer taken apart: its matrix W [out, in] is ``left`` diag(``values``) ``right``, [out, k], [k] and [k, in]."""

    left: torch.Tensor
    values: torch.Tensor
    right: torch.Tensor

    def rank(self, energy: float) -> int:
        """The smallest rank with this share of the squared singular values."""
        kept = self.values.square().cumsum(0)
        return min(int((kept < energy * kept[-1] * (1 - 1e-12)).sum()) + 1, len(self.values))


class LowRank:
    """Fewer parameters and less time, without an odd shape that a runtime would not know."""

    NAME = "low-rank"
    TITLE = "Low-rank factorisation"
    SUMMARY = "Writes large matrices as products of two small ones, and lets the trained model teach what is left."
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    REMAKES = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        model: Any = networks.load(job.source)
        names = layers_of(model, config)
        before = networks.parameters(model)
        shares = config.share if config.by == "share" else None
        if config.by == "latency":
            shares = share_by_latency(model, names, job, config.latency)
        grams = dict(products(model, names, job, config.rows)) if config.aware else {}
        found: dict[str, tuple[Spectrum, int]] = {}
        meter = Meter(job.emit, job.control, "compress", max(len(names), 1), "layers")
        for name in names:
            spectrum = spectrum_of(model.get_submodule(name), grams.pop(name, None))
            sides = matrix(model.get_submodule(name)).shape
            rank = spectrum.rank(config.energy) if shares is None else rank_of(sides, shares)
            if worth(sides, rank):
                found[name] = (spectrum, rank)
            meter.advance()
        if not found:
            raise _nothing()
        factorise(model, found)
        _tell(job, found, before, networks.parameters(model))
        recovering.recover(model, config, job)
        networks.save(model, job.source, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = LowRank()


def _nothing() -> StudioError:
    return StudioError(
        "compress.low-rank", "No layer would become smaller: a matrix that is written as two has fewer numbers only "
        "at a low rank.", "Lower the energy or the share, choose more kinds of layers, or leave the step out.",
        where="compress.low-rank",
    )  # fmt: skip


def _tell(job: CompressJob, found: Mapping[str, tuple[Spectrum, int]], before: int, after: int) -> None:
    ranks = sorted(rank for _spectrum, rank in found.values())
    log(job.emit, "compress.ranks", "Factorised {count} layers, at ranks {lowest} to {highest}: {before} million "
        "parameters became {after} million.", count=len(found), lowest=ranks[0], highest=ranks[-1],
        before=round(before / 1e6, 2), after=round(after / 1e6, 2))  # fmt: skip


# --- which layers, and how small


def layers_of(model: Any, config: Options) -> list[str]:
    """Names of the layers that may be factorised."""
    import torch
    from transformers.pytorch_utils import Conv1D

    from tlstudio.models.parts import Factors

    done = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, Factors))
    prefix = backbone_of(model)
    found = _embeddings(model) if config.embeddings else []
    for name, module in model.named_modules():
        if type(module) not in (torch.nn.Linear, Conv1D) or name.startswith(done):
            continue
        if not group_name(f"{name}.weight", prefix)[0].startswith("block "):
            continue
        if config.attention if _attends(name) else config.ffn:
            found.append(name)
    return found


def _attends(name: str) -> bool:
    """Whether a layer belongs to the attention of its block."""
    parts = name.lower().split(".")
    return any("attention" in part or "attn" in part for part in parts)


def _embeddings(model: Any) -> list[str]:
    """The name of the layer of token vectors; none where they are shared with other layers, which score tokens."""
    import torch

    try:
        layer = model.get_input_embeddings()
    except (NotImplementedError, AttributeError):
        return []
    names = [name for name, module in model.named_modules(remove_duplicate=False) if module is layer]
    weight = getattr(layer, "weight", None)
    shared = [name for name, parameter in model.named_parameters(remove_duplicate=False) if parameter is weight]
    return names if type(layer) is torch.nn.Embedding and len(names) == len(shared) == 1 else []


def matrix(layer: Any) -> torch.Tensor:
    """The matrix [out, in] of a layer; of embeddings [H, V]."""
    import torch

    weight: torch.Tensor = layer.weight.detach()
    return weight if type(layer) is torch.nn.Linear else weight.T


def worth(sides: Sequence[int], rank: int) -> bool:
    """Whether two matrices of a rank have fewer numbers than one."""
    return rank * (sides[0] + sides[1]) < sides[0] * sides[1]


def rank_of(sides: Sequence[int], share: float) -> int:
    """The largest rank that leaves at most a share of the numbers; at least 1."""
    return max(1, int(share * sides[0] * sides[1] / (sides[0] + sides[1])))


def share_by_latency(model: Any, names: Sequence[str], job: CompressJob, wish: float) -> float:
    """The largest share of the parameters of all layers with which a forward pass takes at most ``wish`` of the time.

    Raises:
        StudioError: even the smallest takes longer.
    """
    from tlstudio.models import parts

    inputs = next(_inputs(job, _TIMED))
    whole = {name: matrix(model.get_submodule(name)).shape for name in names}

    def ratio(share: float) -> float:
        job.control.check()
        smaller = copy.deepcopy(model)
        parts.factors(smaller, layers=[(name, rank_of(sides, share)) for name, sides in whole.items()
                                       if worth(sides, rank_of(sides, share))])  # fmt: skip
        return _ratio(smaller, model, inputs, job)

    low, high, fastest = 0.0, 1.0, float("inf")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = ratio(middle)
        fastest = min(fastest, found)
        low, high = (middle, high) if found <= wish else (low, middle)
    if low:
        return low
    raise StudioError(
        "compress.too-slow", "No rank makes the network so fast: the smallest one that was tried takes {percent} % of "
        "the time.", "Raise the share of the time, choose more kinds of layers, or remove whole layers.",
        where="compress.low-rank", percent=round(100 * fastest),
    )  # fmt: skip


def _ratio(one: Any, other: Any, inputs: dict[str, Any], job: CompressJob) -> float:
    """Median time of a forward pass of one network as a share of that of another; both in turn."""
    import torch

    taken: tuple[list[float], list[float]] = ([], [])
    with torch.inference_mode():
        for _ in range(_TIMES + 1):
            for network, times in zip((one, other), taken, strict=True):
                job.control.check()
                begin = time.perf_counter()
                network(**inputs)
                times.append(time.perf_counter() - begin)
    return statistics.median(taken[0][1:]) / statistics.median(taken[1][1:])  # the first ones warm up


# --- what the layers are given


def _inputs(job: CompressJob, count: int) -> Iterator[dict[str, Any]]:
    """What the network takes of training rows, with what a decoder reads."""
    for batch in rows.labelled(job, count):
        split_batch(batch)
        yield batch


def products(model: Any, names: Sequence[str], job: CompressJob, count: int) -> Iterator[tuple[str, torch.Tensor]]:
    """For each layer XᵀX [in, in] of its inputs on training rows; of embeddings how often tokens occur, [V]."""
    groups: list[list[str]] = [[]]
    taken = 0
    for name in names:
        layer = model.get_submodule(name)
        size = 4 * (layer.num_embeddings if hasattr(layer, "num_embeddings") else matrix(layer).shape[1] ** 2)
        if taken and taken + size > _MEMORY:
            groups.append([])
            taken = 0
        groups[-1].append(name)
        taken += size
    for group in groups:
        yield from _of_group(model, group, job, count).items()


def _of_group(model: Any, names: Sequence[str], job: CompressJob, count: int) -> dict[str, torch.Tensor]:
    import torch

    found: dict[str, torch.Tensor] = {}
    batch: dict[str, Any] = {}  # that the network is given now

    def listen(name: str) -> Any:
        layer = model.get_submodule(name)

        def heard(_layer: Any, given: tuple[Any, ...]) -> None:
            table = isinstance(layer, torch.nn.Embedding)
            values = _unpadded(given[0].detach(), _mask_of(name, batch), 0 if table else 1)
            if table:
                new = torch.bincount(values.flatten(), minlength=layer.num_embeddings).float()
            else:
                states = values.reshape(-1, values.shape[-1]).float()
                new = states.T @ states
            found[name] = found[name] + new if name in found else new

        return layer.register_forward_pre_hook(heard)

    hooks = [listen(name) for name in names]
    try:
        with torch.no_grad():
            for inputs in _inputs(job, count):
                batch.clear()
                batch.update(inputs)
                model(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _mask_of(name: str, batch: Mapping[str, Any]) -> torch.Tensor | None:
    """Where a batch has tokens, for a layer: a decoder has places of its own, which often come without a mask."""
    decodes = "decoder_input_ids" in batch and "decoder" in name.split(".")
    return batch.get("decoder_attention_mask" if decodes else "attention_mask")


def _unpadded(values: torch.Tensor, mask: torch.Tensor | None, inner: int) -> torch.Tensor:
    """Token ids [B, T] or states [B, T, H] (``inner`` is 0 or 1) without those of the padding.

    Other shapes, such as those of layers that see a row as a whole, have no padding that is known.
    """
    if mask is None or values.ndim != mask.ndim + inner or values.shape[: mask.ndim] != mask.shape:
        return values
    return values[mask.bool()]


# --- the factors


def spectrum_of(layer: Any, given: torch.Tensor | None = None) -> Spectrum:
    """The singular value decomposition of a layer's matrix W [out, in], as its inputs weight it.

    Args:
        layer: linear, or embeddings.
        given: XᵀX [in, in] of its inputs, or how often tokens occur [V]; None for no weights.
    """
    import torch

    weight = matrix(layer).double()
    if given is None:
        return Spectrum(*_svd(weight))
    if given.ndim == 1:
        scale = (given.double() + 1).sqrt()  # tokens that these rows lack may come
        left, values, right = _svd(weight * scale)
        return Spectrum(left, values, right / scale)
    root = _root(given.double())
    left, values, right = _svd(weight @ root)
    return Spectrum(left, values, torch.linalg.solve_triangular(root, right, upper=False, left=False))


def _svd(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """U [out, k], the singular values [k] and Vᵀ [k, in]."""
    import torch

    if weight.shape[1] < _WIDE * weight.shape[0]:
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        return left, values, right
    squares, left = torch.linalg.eigh(weight @ weight.T)
    left, values = left.flip(1), squares.flip(0).clamp(min=0).sqrt()
    return left, values, (left.T @ weight) / values.clamp(min=1e-9)[:, None]


def _root(product: torch.Tensor) -> torch.Tensor:
    """The lower triangular S of product = S Sᵀ, of a product that is made steady enough."""
    import torch

    mean = product.diagonal().mean().clamp(min=1e-12)
    for more in (_STEADY, 1e-4, 1e-2):
        found, failed = torch.linalg.cholesky_ex(product + more * mean * torch.eye(len(product), dtype=product.dtype))
        if not int(failed):
            return found
    return (product.diagonal() + mean).sqrt().diag()  # at least the scale of each input, as in ASVD


def factorise(model: Any, found: Mapping[str, tuple[Spectrum, int]]) -> None:
    """Puts the factors in place of the layers; the singular values are shared out to both."""
    import torch

    from tlstudio.models import parts

    biases = {name: getattr(model.get_submodule(name), "bias", None) for name in found}
    parts.add(model, {"part": "factors", "layers": [[name, rank] for name, (_spectrum, rank) in found.items()]})
    with torch.no_grad():
        for name, (spectrum, rank) in found.items():
            first, second = model.get_submodule(name)
            root = spectrum.values[:rank].sqrt()
            inner = root[:, None] * spectrum.right[:rank]  # [r, in]
            first.weight.copy_(inner.T if isinstance(first, torch.nn.Embedding) else inner)
            second.weight.copy_(spectrum.left[:, :rank] * root)
            if biases[name] is not None:
                second.bias.copy_(biases[name])
    model.eval()
