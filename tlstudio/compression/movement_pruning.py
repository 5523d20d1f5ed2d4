"""Movement pruning: while the network is trained again it learns which weights it needs; the others become zero.

Source: Sanh, Wolf & Rush, 2020, "Movement pruning: adaptive sparsity by fine-tuning", § 3 (hard, first order): weights
that move away from zero are kept, whatever their size. The scores descend by Adam along ∂L/∂S = ∂L/∂W' · W, with
W' = W ⊙ M and M the largest scores. There they start equal, before a network is fine-tuned for long. Here it is
fine-tuned already and gradients are small: in some hundred steps equal scores become noise, and the network forgets
everything. So they start as the sizes of the weights, in units of the mean of their matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.compression import networks, recovering, sparsity
from tlstudio.compression.base import CompressJob, Format
from tlstudio.compression.sparsity import Spread, ranked, share_of_zeros
from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Loop, Pass

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from tlstudio.models.scorers import Scorer

_RATE = 0.01  # learning rate of the scores, as in the paper
_BEFORE = 0.1  # of the steps, in which scores are gathered and nothing is pruned


class Options(recovering.Options):
    """Choices of movement pruning."""

    epochs: int = Field(
        6, ge=1, le=100, title="Epochs", description="Passes over the training rows in which the zeros are learnt."
    )
    sparsity: float = share_of_zeros()
    spread: Spread = ranked()


class MovementPruning:
    """Better than magnitude at high sparsity, since the training says what the task needs."""

    NAME = "movement-pruning"
    TITLE = "Movement pruning"
    SUMMARY = "Learns while training which weights the task needs, and sets the others to zero: best for many zeros."
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    KEEPS_SIZE = True
    LEAVES = "zeros"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        job.rows  # noqa: B018 - tells where there are none
        model = networks.load(job.source)
        names = sparsity.matrices(model)
        recovering.recover(model, config, job, [Moving(config)])
        networks.save(model, job.source, folder)
        sparsity.tell(model, names, job, folder)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = MovementPruning()


class Moving(sparsity.Sparse):
    """Learns scores beside the weights, and prunes by them.

    Between the steps the model holds all weights; for a step it gets those of the mask alone. Weights that are masked
    wait unchanged, and may come back.
    """

    def __init__(self, config: Options) -> None:
        self._config = config
        self._scores: dict[str, torch.Tensor] = {}
        self._now: dict[str, torch.Tensor] = {}
        self._dense: dict[str, torch.Tensor] = {}

    def begin(self, loop: Loop) -> None:
        import torch

        super().begin(loop)
        self._scores = {name: weight.detach().abs() / weight.detach().abs().mean().clamp(min=1e-12)
                        for name, weight in sparsity.matrices(self.model).items()}  # fmt: skip
        self._descent = torch.optim.Adam(list(self._scores.values()), lr=_RATE)

    def step(self, number: int) -> None:
        share = sparsity.growing(number, self.steps, self._config.sparsity, _BEFORE)
        if share and (not self._now or number % sparsity.every(self.steps) == 0):
            self._now = self._masks(share)
        self._dense = {name: self.model.get_parameter(name).detach().clone() for name in self._now}
        sparsity.apply(self.model, self._now)

    def backward(self, given: Pass) -> None:
        import torch

        if not given.last:  # the gradients of a batch in parts are summed until then
            return
        with torch.no_grad():
            for name, score in self._scores.items():
                parameter = self.model.get_parameter(name)
                if parameter.grad is None:
                    continue
                # straight through the mask: weights that are masked now are judged as well
                score.grad = parameter.grad * self._dense.get(name, parameter)
                if name in self._now:
                    parameter.grad.mul_(self._now[name])
            self._descent.step()
            self._descent.zero_grad()

    def stepped(self, number: int) -> None:
        import torch

        with torch.no_grad():
            for name, dense in self._dense.items():
                parameter = self.model.get_parameter(name)
                parameter.copy_(torch.where(self._now[name], parameter, dense))
        self._dense = {}

    def masks(self) -> dict[str, torch.Tensor]:
        return self._masks(self._config.sparsity)

    def _masks(self, share: float) -> dict[str, torch.Tensor]:
        return sparsity.largest(self._scores, share, self._config.spread == "layer")

    def end(self) -> None:
        if self._dense:  # ended within a step
            self.stepped(self.steps)
        super().end()
