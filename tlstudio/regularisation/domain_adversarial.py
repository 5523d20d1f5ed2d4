"""Domain-adversarial training: features from which nobody can tell the domain work in both (Ganin et al., 2016,
"Domain-adversarial training of neural networks", § 3).

A small network guesses from the features whether a text is one of the labelled ones or of the target domain; its
gradient goes into the backbone reversed (eq. 18), with a weight that rises from 0 to 1 (§ 5.2.2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.inputs import needs_input_layer
from tlstudio.regularisation.target import Options as TargetOptions
from tlstudio.regularisation.target import Target, rows_of

if TYPE_CHECKING:
    import torch

_STEEPNESS = 10.0  # of the weight's rise, as in the paper
_WIDTH = 128  # of the guessing network
_RATE = 1e-3  # of its optimiser


class Options(TargetOptions):
    """Choices of domain-adversarial training."""

    weight: float = Field(
        0.1, gt=0, le=100, title="Weight", description="Of the reversed gradient when it has risen to its height."
    )


class DomainAdversarial:
    """Draws the features of two domains together."""

    NAME = "domain-adversarial"
    TITLE = "Domain-adversarial (DANN)"
    SUMMARY = (
        "Unlabelled texts of another domain take part, and the backbone learns features that do not tell the domains "
        "apart. For a model that is to work where nobody has labelled anything."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return needs_input_layer(self.TITLE, task)

    def callback(self, config: Options, head: Head) -> Callback:
        return _Reversal(config)


PLUGIN = DomainAdversarial()


class _Reversal(Callback):
    PASSES = 1.0

    def __init__(self, config: Options) -> None:
        self._config = config
        self._hook: Any = None
        self._right: list[float] = []

    def begin(self, loop: Loop) -> None:
        import torch

        self._loop, self._target = loop, Target(self._config, loop)
        backbone: Any = loop.model.base_model
        self._backbone = backbone
        self._heard: list[torch.Tensor] = []
        self._hook = backbone.register_forward_hook(lambda _m, _i, output: self._heard.append(output[0]))
        device = next(backbone.parameters()).device
        with torch.random.fork_rng(devices=[]):  # the guesser is no part of the run's own draws
            torch.manual_seed(loop.seed)
            self._guesser = torch.nn.Sequential(
                torch.nn.Linear(backbone.config.hidden_size, _WIDTH), torch.nn.ReLU(), torch.nn.Linear(_WIDTH, 1)
            ).to(device)
        self._optimiser = torch.optim.AdamW(self._guesser.parameters(), _RATE)
        self._number = 0

    def step(self, number: int) -> None:
        self._number = number
        self._heard.clear()

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        import torch

        shape = given.inputs["input_ids"].shape  # other callbacks may have asked the backbone for something else
        latest = next(hidden for hidden in reversed(self._heard) if hidden.shape[:2] == shape)
        source = mean(latest, given.inputs["attention_mask"])
        batch = self._target.batch(self._target.draw(self._number, rows_of(given)))
        self._backbone(**batch)
        target = mean(self._heard[-1], batch["attention_mask"])
        self._heard.clear()
        features = torch.cat([source, target]).float()
        truth = torch.cat([torch.ones(len(source)), torch.zeros(len(target))]).to(features.device)
        guesses = self._guesser(reversed_gradient(features, self._strength())).squeeze(-1)
        self._right.append(float(((guesses > 0) == (truth > 0)).float().mean()))
        return value + torch.nn.functional.binary_cross_entropy_with_logits(guesses, truth)

    def _strength(self) -> float:
        past = self._number / max(self._loop.steps, 1)
        return self._config.weight * (2 / (1 + math.exp(-_STEEPNESS * past)) - 1)

    def stepped(self, number: int) -> None:
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)

    def end(self) -> None:
        if self._hook is None:
            return
        self._hook.remove()
        if late := self._right[-max(1, len(self._right) // 10) :]:
            log(self._loop.emit, "regularise.domains",
                "In the end {percent} % of the texts could be put into their domain from the features; 50 % is chance.",
                percent=round(100 * sum(late) / len(late)))  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {"guesser": self._guesser.state_dict(), "optimiser": self._optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        self._guesser.load_state_dict(state["guesser"])
        self._optimiser.load_state_dict(state["optimiser"])


def mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens [B, H] of hidden states [B, T, H] with a mask [B, T]."""
    weights = mask[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def reversed_gradient(values: torch.Tensor, strength: float) -> torch.Tensor:
    """The same values; the gradient that comes back through them is turned round and scaled (eq. 18)."""
    return values.detach() * (1 + strength) - values * strength
