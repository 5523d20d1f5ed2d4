"""Magnitude pruning: the smallest weights become zero, anywhere or a fixed number of each few (N of M).

Sources: Han et al., 2015; Zhu & Gupta, 2017 (gradually, while training); Mishra et al., 2021 (2 of 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.compression import networks, recovering, sparsity
from tlstudio.compression.base import CompressJob, Format
from tlstudio.compression.sparsity import Spread, ranked, share_of_zeros
from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from tlstudio.models.scorers import Scorer


class Options(recovering.Options):
    """Choices of magnitude pruning."""

    pattern: Literal["free", "2:4", "1:4", "4:8"] = Field(
        "free", title="Pattern",
        description="Zeros anywhere; or N of any M neighbours stay, as sparse kernels of some accelerators need it.",
    )  # fmt: skip
    sparsity: float = share_of_zeros({"only": {"pattern": ["free"]}})
    spread: Spread = ranked({"only": {"pattern": ["free"]}})
    gradual: bool = Field(
        False, title="Gradually",
        description="The zeros grow during the recovery, fast at first (cubic), and are done after two thirds of it.",
        json_schema_extra={"only": {"pattern": ["free"], "epochs": {"above": 0}}},
    )  # fmt: skip


class MagnitudePruning:
    """Zeros compress well on disk; dense kernels gain nothing."""

    NAME = "magnitude-pruning"
    TITLE = "Magnitude pruning"
    SUMMARY = "Sets the smallest weights to zero: the file compresses better, but answers take as long as before."
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    KEEPS_SIZE = True
    LEAVES = "zeros"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        model = networks.load(job.source)
        names = sparsity.matrices(model)
        masks = masks_of(model, config)
        job.control.check()
        if not all(mask.all() for mask in masks.values()):
            gradual = config.gradual and config.pattern == "free" and bool(config.epochs) and job.train is not None
            if not gradual:
                sparsity.apply(model, masks)
            recovering.recover(model, config, job, [Growing(config) if gradual else Staying(masks)])
            networks.save(model, job.source, folder)
            sparsity.tell(model, names, job, folder)
            return
        raise StudioError(
            "compress.pattern", "No layer of this network has a number of inputs that the pattern {pattern} divides, "
            "or no weights would become zero.", "Choose another pattern, or zeros anywhere.",
            where="compress.magnitude-pruning", pattern=config.pattern,
        )  # fmt: skip

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = MagnitudePruning()


def masks_of(model: Any, config: Options, share: float | None = None) -> dict[str, torch.Tensor]:
    """Which weights stay, by their size now; ``share`` of zeros, if not that of the options."""
    weights = {name: weight.detach() for name, weight in sparsity.matrices(model).items()}
    if config.pattern != "free":
        return sparsity.n_of_m(model, weights, config.pattern)
    sizes = {name: weight.abs() for name, weight in weights.items()}
    return sparsity.largest(sizes, config.sparsity if share is None else share, config.spread == "layer")


class Staying(sparsity.Sparse):
    """Zeros that are there from the beginning."""

    def __init__(self, masks: dict[str, torch.Tensor]) -> None:
        self._masks = masks

    def stepped(self, number: int) -> None:
        sparsity.apply(self.model, self._masks)

    def masks(self) -> dict[str, torch.Tensor]:
        return self._masks


class Growing(sparsity.Sparse):
    """Zeros that become more; the smallest weights at the time."""

    def __init__(self, config: Options) -> None:
        self._config = config
        self._now: dict[str, torch.Tensor] = {}

    def stepped(self, number: int) -> None:
        if number % sparsity.every(self.steps) == 0 or number == self.steps:
            share = sparsity.growing(number, self.steps, self._config.sparsity)
            self._now = masks_of(self.model, self._config, share)
        sparsity.apply(self.model, self._now)

    def masks(self) -> dict[str, torch.Tensor]:
        return masks_of(self.model, self._config)
