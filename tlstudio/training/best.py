"""The best weights so far, on disk while training and put back at its end."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tlstudio.core.files import explain_os_errors, sha256, sync
from tlstudio.metrics.names import about

if TYPE_CHECKING:
    import torch


class BestWeights:
    """Keeps the trained parameters of the evaluation with the best score.

    Only parameters that train are written; the file is complete or absent.
    """

    def __init__(self, model: torch.nn.Module, path: Path, metric: str) -> None:
        self._model, self.path, self._metric = model, path, metric
        # noted before the first step: a callback may freeze for a while what trains later
        self.trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        self.digest = ""  # SHA-256 of the file, once there is one
        self.score: float | None = None
        self.epoch: float | None = None
        self.loss = math.inf
        self.gained = False  # whether the last evaluation was a gain, for patience
        self.risen = False  # whether the score has ever become better than its first value

    @property
    def found(self) -> bool:
        return self.score is not None

    def offer(self, values: dict[str, float], epoch: float) -> bool:
        """Keeps the current weights if ``values`` has a better score; says whether they are kept.

        Of weights with the same score those with the lower loss are kept: with few validation rows many epochs tie, and
        the first of them has hardly begun to learn.
        """
        score, loss = values[self._metric], values.get("loss", math.inf)
        better = math.isfinite(score) and (self.score is None or self._better(score, self.score))
        if not better and not (score == self.score and loss < self.loss):
            self.gained = False
            return False
        # a score that has not moved yet, such as that of the largest class, does not say that learning has ended
        self.gained = better or not self.risen
        self.risen = self.risen or (better and self.score is not None)
        self._save()
        self.score, self.loss, self.epoch = score, loss, round(epoch, 2)
        return True

    def _better(self, score: float, than: float) -> bool:
        return score < than if about(self._metric).lower else score > than

    def _save(self) -> None:
        from safetensors.torch import save_file

        parameters = dict(self._model.named_parameters())
        tensors = {name: parameters[name].detach().cpu().contiguous() for name in self.trained}
        part = self.path.with_suffix(".part")
        with explain_os_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                save_file(tensors, part)
                sync(part)
                os.replace(part, self.path)
                sync(self.path.parent)
            finally:
                part.unlink(missing_ok=True)
        self.digest = sha256(self.path)

    def take(self, kept: Path) -> None:
        """Goes on with the best weights that a checkpoint holds; a file that is here may be of a later step."""
        self.path.unlink(missing_ok=True)
        if kept.is_file():
            with explain_os_errors(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(kept, self.path)
            self.digest = sha256(self.path)

    def restore(self) -> None:
        """Puts the best weights back into the model; without an evaluation the last ones stay."""
        if not self.found:
            return
        import torch
        from safetensors.torch import load_file

        tensors = load_file(self.path)
        parameters = dict(self._model.named_parameters())
        with torch.no_grad():
            for name, value in tensors.items():
                parameters[name].copy_(value)
