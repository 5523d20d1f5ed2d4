"""Zeros in weight matrices: which, how many, and that they stay while the network is trained again.

Sources: Han et al., 2015, "Learning both weights and connections for efficient neural networks" (magnitude); Zhu &
Gupta, 2017, "To prune, or not to prune", eq. 1 (cubic schedule); Mishra et al., 2021, "Accelerating sparse deep neural
networks" (N of M).
"""

from __future__ import annotations

import contextlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from tlstudio.compression.base import CompressJob
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import explain_os_errors
from tlstudio.models.anatomy import parameter_groups
from tlstudio.models.callbacks import Callback, Loop

if TYPE_CHECKING:
    import torch

_UPDATES = 50  # of the masks over the time in which the sparsity grows
_GROWS = 2 / 3  # of the training; in the rest the network gets used to the zeros
_CHUNK = 4 << 20
Spread = Literal["network", "layer"]
PATTERNS = {"2:4": (2, 4), "1:4": (1, 4), "4:8": (4, 8)}


def share_of_zeros(only: JsonDict | None = None) -> Any:
    """The option of how many weights become zero; ``only``: where it means something."""
    return Field(0.5, gt=0, lt=1, title="Share of zeros", description="Of the weights of all blocks.",
                 json_schema_extra=only)  # fmt: skip


def ranked(only: JsonDict | None = None) -> Any:
    """The option of which weights are compared with each other."""
    return Field(
        "network", title="Ranked within",
        description="The whole network, so that some layers lose more; or each layer, which loses the same share.",
        json_schema_extra=only,
    )  # fmt: skip


def matrices(model: Any) -> dict[str, torch.nn.Parameter]:
    """The weights of linear layers and convolutions in the blocks of a network, by their names.

    Embeddings and heads stay dense, as is usual: they are read row by row, or small.

    Raises:
        StudioError: there are none.
    """
    inside = {name for group, (_kind, names) in parameter_groups(model).items() if group.startswith("block ")
              for name in names}  # fmt: skip
    layers = {name for name, module in model.named_modules()
              if type(module).__name__ in ("Linear", "Conv1D", "Conv2d")}  # fmt: skip
    found = {name: parameter for name, parameter in model.named_parameters()
             if name in inside and name.endswith(".weight") and name.removesuffix(".weight") in layers}  # fmt: skip
    if found:
        return found
    raise StudioError(
        "compress.no-matrices", "In a network of type {kind} no weights were found that could be set to zero.",
        "Choose another compression step.", where="compress", kind=model.config.model_type,
    )  # fmt: skip


def largest(scores: Mapping[str, torch.Tensor], sparsity: float, by_layer: bool) -> dict[str, torch.Tensor]:
    """Masks that keep the largest scores: those of the network, or the same share of each layer."""
    import torch

    if by_layer:
        return {name: values > _threshold(values.flatten(), sparsity) for name, values in scores.items()}
    level = _threshold(torch.cat([values.flatten() for values in scores.values()]), sparsity)
    return {name: values > level for name, values in scores.items()}


def _threshold(values: torch.Tensor, sparsity: float) -> float:
    """The largest of the ``sparsity`` smallest numbers."""
    gone = round(sparsity * values.numel())
    return float(values.kthvalue(gone).values) if gone else float("-inf")


def n_of_m(model: Any, weights: Mapping[str, torch.Tensor], pattern: str) -> dict[str, torch.Tensor]:
    """Masks that keep the N largest of any M weights that follow each other along the inputs of a layer.

    Layers whose inputs are no multiple of M stay dense.
    """
    import torch

    keep, of = PATTERNS[pattern]
    masks = {}
    for name, weight in weights.items():
        turned = type(model.get_submodule(name.removesuffix(".weight"))).__name__ == "Conv1D"
        rows = weight.T if turned else weight.flatten(1)  # [out, in]
        if rows.shape[1] % of:
            masks[name] = torch.ones_like(weight, dtype=torch.bool)
            continue
        groups = rows.abs().unflatten(1, (-1, of))
        mask = torch.zeros_like(groups, dtype=torch.bool).scatter_(-1, groups.topk(keep, dim=-1).indices, True)
        mask = mask.flatten(1)
        masks[name] = mask.T.contiguous() if turned else mask.view_as(weight)
    return masks


def growing(number: int, steps: int, target: float, start: float = 0.0) -> float:
    """The sparsity after a step: cubic from 0 at the share ``start`` of the steps to ``target`` at two thirds.

    Zhu & Gupta, eq. 1 with s_i = 0.
    """
    begin, end = start * steps, max(_GROWS * steps, start * steps + 1)
    done = min(max((number - begin) / (end - begin), 0.0), 1.0)
    return target * (1 - (1 - done) ** 3)


def every(steps: int) -> int:
    """After how many steps masks are made anew."""
    return max(1, round(_GROWS * steps / _UPDATES))


def apply(model: Any, masks: Mapping[str, torch.Tensor]) -> None:
    """Sets weights to zero where a mask is 0."""
    import torch

    with torch.no_grad():
        for name, mask in masks.items():
            parameter = model.get_parameter(name)
            parameter.mul_(mask.to(parameter.device))


def zeros(model: Any, names: Mapping[str, Any]) -> float:
    """Share of zeros in some weights."""
    found = [model.get_parameter(name) for name in names]
    return sum(int((value == 0).sum()) for value in found) / max(sum(value.numel() for value in found), 1)


class Sparse(Callback, ABC):
    """Keeps zeros while training, and lets the weights be judged as sparse as they will be.

    Subclasses say which weights are kept, see :meth:`masks`.
    """

    model: Any
    steps = 1

    def begin(self, loop: Loop) -> None:
        self.model, self.steps = loop.model, max(loop.steps, 1)

    @abstractmethod
    def masks(self) -> dict[str, torch.Tensor]:
        """Those of the end, by what is known now."""

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        masks = self.masks()
        dense = {name: self.model.get_parameter(name).detach().clone() for name in masks}
        apply(self.model, masks)
        yield
        for name, weight in dense.items():
            self.model.get_parameter(name).data.copy_(weight)

    def end(self) -> None:
        if hasattr(self, "model"):
            apply(self.model, self.masks())


def squeezed(folder: Path, job: CompressJob) -> float:
    """Megabytes of the weights in a folder once they are compressed (zlib, level 6)."""
    total = 0
    for path in sorted(folder.glob("*.safetensors")):
        packer = zlib.compressobj(6)
        with explain_os_errors(path), open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                job.control.check()
                total += len(packer.compress(chunk))
        total += len(packer.flush())
    return total / 1e6


def tell(model: Any, names: Mapping[str, Any], job: CompressJob, folder: Path) -> None:
    """How sparse the network became, and that only its compressed file is smaller."""
    log(job.emit, "compress.sparse", "{percent} % of {count} million weights of the blocks are zero. The model file "
        "keeps its size; compressed (zip) it takes {after} MB instead of {before} MB. Usual kernels compute zeros like "
        "other numbers: this network is not faster.", percent=round(100 * zeros(model, names), 1),
        count=round(sum(model.get_parameter(name).numel() for name in names) / 1e6, 3),
        before=round(squeezed(job.source, job), 2), after=round(squeezed(folder, job), 2))  # fmt: skip
