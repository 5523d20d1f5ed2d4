"""Averages of the weights over the steps: stochastic weight averaging (Izmailov et al., 2018), or an exponential moving
average (Polyak & Juditsky, 1992; Tarvainen & Valpola, 2017, § 2)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Callback, Loop
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of weight averaging."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["ema", "swa"] = Field(
        "ema",
        title="Kind",
        description="EMA forgets old weights exponentially; SWA is the plain mean of all steps after its start.",
    )
    decay: float = Field(
        0.999, ge=0, lt=1, title="Decay", json_schema_extra={"only": {"kind": ["ema"]}},
        description="Share of the average that a step keeps (EMA); less at the start.",
    )  # fmt: skip
    start: float = Field(
        0.25, ge=0, lt=1, title="Start", json_schema_extra={"only": {"kind": ["swa"]}},
        description="Share of the training after which averaging begins (SWA).",
    )  # fmt: skip


class WeightAveraging:
    """The averaged weights are validated and kept."""

    NAME = "weight-averaging"
    TITLE = "Weight averaging"
    SUMMARY = "The result is an average of the weights over many steps, which generalises better than the last step's."
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def callback(self, config: Options, head: Head) -> Callback:
        return _Average(config)


PLUGIN = WeightAveraging()


class _Average(Callback):
    def __init__(self, config: Options) -> None:
        self._config = config
        self._count = 0
        self._average: dict[str, torch.Tensor] = {}

    def begin(self, loop: Loop) -> None:
        self._from = self._config.start * loop.steps if self._config.kind == "swa" else 0
        self._parameters = {name: value for name, value in loop.model.named_parameters() if value.requires_grad}

    def stepped(self, number: int) -> None:
        if number <= self._from:
            return
        self._count += 1
        share = 1 / self._count
        if self._config.kind == "ema":  # the first steps weigh less than they would in a plain mean
            share = max(1 - self._config.decay, 1 / (1 + self._count))
        for name, parameter in self._parameters.items():
            value = parameter.detach()
            if name not in self._average:
                self._average[name] = value.clone()
            else:
                self._average[name].lerp_(value, share)

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """With the averages in place of the weights."""
        own = {name: self._parameters[name].data for name in self._average}
        try:
            for name, value in self._average.items():
                self._parameters[name].data = value
            yield
        finally:
            for name, value in own.items():
                self._parameters[name].data = value

    def end(self) -> None:
        for name, value in self._average.items():
            self._parameters[name].data.copy_(value)

    def state(self) -> dict[str, Any]:
        import torch

        return {"count": torch.tensor(self._count), **{f"average.{name}": v for name, v in self._average.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        self._count = int(state["count"])
        self._average = {
            name.removeprefix("average."): value.to(self._parameters[name.removeprefix("average.")].device)
            for name, value in state.items()
            if name.startswith("average.")
        }
