"""An auxiliary loss: the backbone goes on with its pretraining while it learns the task, so that it forgets less.

Rei, 2017, "Semi-supervised multitask learning for sequence labeling"; Chronopoulou et al., 2019, "An embarrassingly
simple approach for transfer learning from pretrained language models", § 3, with a weight that falls. The objectives
are those of :mod:`tlstudio.adaptation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.models.callbacks import Callback, Loop, Pass
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import torch

_AUTO = {"input_ids": "masked-lm", "pixel_values": "masked-images"}  # by what a network reads


class Options(BaseModel):
    """Choices of the auxiliary loss."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    objective: Literal["auto", "masked-lm", "denoising", "simcse", "masked-images"] = Field(
        "auto",
        title="Objective",
        description="What is learnt beside the task; auto takes masked words for texts and masked images for images.",
    )
    weight: float = Field(0.2, gt=0, le=100, title="Weight", description="Of its loss, beside that of the task.")
    schedule: Literal["constant", "falling"] = Field(
        "falling", title="Schedule", description="Falling takes the weight to 0 at the end of the training."
    )
    learning_rate: float = Field(
        1e-4, gt=0, le=1, title="Rate of its head", description="Learning rate of the head that is thrown away after."
    )


class Auxiliary:
    """A second loss on the same inputs."""

    NAME = "auxiliary"
    TITLE = "Auxiliary pretraining loss"
    SUMMARY = (
        "Beside the task the backbone goes on learning from its inputs alone, as in its pretraining. "
        "Keeps what it knows, which helps with few rows."
    )
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.LEARNS in ("text", "image"):
            return None
        return StudioError(
            "regularise.no-objective", "There is no auxiliary loss for the task {task}: none learns from sounds.",
            "Remove it in the Strategy step.", where="regularise", task=task.TITLE,
        )  # fmt: skip

    def callback(self, config: Options, head: Head) -> Callback:
        return _Beside(config)


PLUGIN = Auxiliary()


class _Beside(Callback):
    """value + w · loss of the objective. Its head has an optimiser of its own: it is no part of the model."""

    def __init__(self, config: Options) -> None:
        self._config, self._share = config, 1.0
        chosen = find("tlstudio.adaptation").get(config.objective)
        self.PASSES = 1.0 if chosen is None else chosen.PASSES

    def begin(self, loop: Loop) -> None:
        import torch

        model: Any = loop.model
        folder, plugin = _found(model, self._config.objective)
        options = plugin.Config()
        with torch.random.fork_rng(devices=[]):  # the head is no part of the run's own draws
            torch.manual_seed(loop.seed)
            self._network = plugin.network(options, model.base_model, folder).to(model.device).train()
        shared = {id(parameter) for parameter in model.base_model.parameters()}
        self._head = {name: part for name, part in self._network.named_parameters() if id(part) not in shared}
        self._optimiser = torch.optim.AdamW(self._head.values(), self._config.learning_rate) if self._head else None
        self._collate, self._loss = plugin.collator(options, folder), plugin.loss(options)
        self._special = _special_tokens(folder) if plugin.LEARNS == "text" else frozenset()
        self._loop = loop

    def step(self, number: int) -> None:
        if self._config.schedule == "falling":
            self._share = 1 - number / max(self._loop.steps, 1)

    def loss(self, given: Pass, outputs: Any, value: torch.Tensor) -> torch.Tensor:
        batch = self._collate(_rows(given.inputs, self._special))
        batch = {name: part.to(value.device) for name, part in batch.items()}
        labels = batch.pop("labels")
        return value + self._config.weight * self._share * self._loss(self._network(**batch), labels)

    def stepped(self, number: int) -> None:
        import torch

        if self._optimiser is None:
            return
        torch.nn.utils.clip_grad_norm_(list(self._head.values()), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)

    def end(self) -> None:
        self._network, self._head, self._optimiser = None, {}, None  # frees the memory

    def state(self) -> dict[str, Any]:
        if self._optimiser is None:
            return {}
        head = {name: parameter.detach() for name, parameter in self._head.items()}
        return {"head": head, "optimiser": self._optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        import torch

        if self._optimiser is None:
            return
        with torch.no_grad():
            for name, value in state["head"].items():
                self._head[name].copy_(value)
        self._optimiser.load_state_dict(state["optimiser"])


def _found(model: Any, wish: str) -> tuple[Path, Any]:
    """Where the backbone of a model was loaded from, and the objective.

    Raises:
        StudioError: the backbone cannot learn it.
    """
    reads = str(getattr(model, "main_input_name", ""))
    name = _AUTO.get(reads, "") if wish == "auto" else wish
    plugin = find("tlstudio.adaptation").get(name)
    folder = Path(str(getattr(model, "name_or_path", "")))
    if plugin is None or (plugin.LEARNS == "image") != (reads == "pixel_values"):
        raise StudioError(
            "regularise.other-objective", "The auxiliary objective {name} does not fit a network that reads {reads}.",
            "Choose another objective, or remove it in the Strategy step.", where="regularise", name=wish, reads=reads,
        )  # fmt: skip
    config: Mapping[str, Any] = read_json(folder / "config.json")
    if problem := plugin.fits(config):
        raise problem
    return folder, plugin


def _special_tokens(folder: Path) -> frozenset[int]:
    from tlstudio.models.tokenizers import load_tokenizer

    return frozenset(load_tokenizer(folder).all_special_ids)


def _rows(inputs: Mapping[str, torch.Tensor], special: frozenset[int]) -> list[dict[str, Any]]:
    """The rows of a batch as an objective takes them."""
    if "pixel_values" in inputs:
        return [{"pixel_values": image} for image in inputs["pixel_values"].float().cpu().numpy()]
    rows = []
    for ids, mask in zip(inputs["input_ids"].tolist(), inputs["attention_mask"].bool().tolist(), strict=True):
        tokens = [token for token, there in zip(ids, mask, strict=True) if there]
        rows.append({"input_ids": tokens, "words": [-1 if token in special else at for at, token in enumerate(tokens)]})
    return rows
