"""A training kept on disk, complete or not at all, from which it goes on exactly as if it had never stopped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_folder, read_json, sha256, write_json

if TYPE_CHECKING:
    import torch

_SECONDS = 60.0  # between two checkpoints
_SHARE = 50.0  # 2 % of the time at most is spent on writing
_FILES = ("weights.safetensors", "optimiser.pt", "trainer_state.json", "watch.json")


class Checkpoints:
    """Keeps the last state of a training in a folder.

    Args:
        folder: of the checkpoint; replaced as a whole by each newer one.
        seconds: between two checkpoints, at least.
        share: and so many times as long as the last one took to write.
    """

    def __init__(self, folder: Path, seconds: float = _SECONDS, share: float = _SHARE) -> None:
        self.folder, self._seconds, self._share = folder, seconds, share
        self._next = time.monotonic() + seconds

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next

    def save(self, trainer: Any, watch: dict[str, Any]) -> None:
        """Writes everything that the next step depends on."""
        import torch
        from safetensors.torch import save_file

        begin = time.monotonic()
        with atomic_folder(self.folder) as part:
            save_file(_tensors(trainer.model), part / "weights.safetensors")
            states = {
                "optimiser": trainer.optimizer.state_dict(),
                "schedule": trainer.lr_scheduler.state_dict(),
                "random": _random_state(),
                "callbacks": [callback.state() for callback in trainer.studio.transfer.callbacks],
                "loss": trainer._tr_loss,
            }
            torch.save(states, part / "optimiser.pt")
            trainer.state.save_to_json(str(part / "trainer_state.json"))
            write_json(part / "watch.json", watch)
            write_json(part / "hashes.json", {name: sha256(part / name) for name in _FILES})
        self._next = time.monotonic() + max(self._seconds, self._share * (time.monotonic() - begin))


def verify(folder: Path) -> None:
    """Raises a StudioError if a checkpoint is not what was written."""
    try:
        hashes = read_json(folder / "hashes.json")
        sound = all(hashes.get(name) == sha256(folder / name) for name in _FILES)
    except StudioError:
        sound = False
    if not sound:
        raise StudioError(
            "training.checkpoint-damaged", "The checkpoint {path} is damaged.", "Start the run again.",
            path=str(folder),
        )  # fmt: skip


def load_weights(model: torch.nn.Module, folder: Path) -> None:
    """Puts the weights of a checkpoint into a model."""
    import torch
    from safetensors.torch import load_file

    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    with torch.no_grad():
        for name, value in load_file(folder / "weights.safetensors").items():
            own[name].copy_(value)


def load_states(folder: Path) -> dict[str, Any]:
    """Optimiser, schedule, random states and callbacks of a checkpoint."""
    import torch

    states: dict[str, Any] = torch.load(folder / "optimiser.pt", map_location="cpu", weights_only=True)
    return states


def restore_random_state(state: dict[str, Any]) -> None:
    """Puts the generators of torch, numpy and Python back to where they were."""
    import random

    import numpy as np
    import torch

    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype("uint32"), position, has_gauss, cached))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))


def _random_state() -> dict[str, Any]:
    """As plain values and tensors, which can be loaded without unpickling code."""
    import random

    import numpy as np
    import torch

    state: Any = np.random.get_state()
    name, keys, position, has_gauss, cached = state
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": (name, torch.from_numpy(keys.astype("int64")), position, has_gauss, cached),
        "python": (version, list(internal), gauss),
    }


def _tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Everything that a step may change. A callback may have frozen what trains later, so all of it is kept."""
    tensors: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if value.data_ptr() not in seen or not value.numel():
            tensors[name] = value.detach().cpu().contiguous()
            seen.add(value.data_ptr())
    return tensors
