"""Trainings kept on disk, complete or not at all, from which they go on exactly as if they had never stopped.

A training lies in ``checkpoints/`` of its run, that of an adaptation in ``adapt-<n>`` there: for each of its phases a
folder ``phase-<n>`` with some ``step-<n>``, of which each holds everything that the next step depends on, and, when the
phase has ended, ``end`` with its weights.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Checkpoint, Emit, log
from tlstudio.core.files import atomic_folder, read_json, sha256, write_json, write_text
from tlstudio.core.progress import silent
from tlstudio.core.recipe import TrainingSection

if TYPE_CHECKING:
    import torch

    from tlstudio.training.watch import Watch

FOLDER = "checkpoints"  # of a run
BEST = "best.safetensors"
_SHARE = 50.0  # 2 % of the time at most is spent on writing
_WEIGHTS, _STATES, _WATCH, _HASHES = "weights.safetensors", "optimiser.pt", "watch.json", "hashes.json"
_OF_STEP = (_WEIGHTS, _STATES, "trainer_state.json", _WATCH)
_FACTS, _END = "facts.json", "end"
_OF_END = (_WEIGHTS, _FACTS)
# bytes that an optimiser keeps for each byte of a weight
_MOMENTS = {"adamw": 2.0, "radam": 2.0, "nadam": 2.0, "adafactor": 0.1, "sgd": 1.0}


@dataclass(frozen=True)
class Policy:
    """When a training is kept.

    Attributes:
        seconds: between two checkpoints, at least; with 0 there is one after each step.
        kept: the last so many stay; 0 writes none.
        retries: whether a training that has broken down may be tried again from one of them.
    """

    seconds: float = 20.0
    kept: int = 2
    retries: bool = True

    @classmethod
    def of(cls, training: TrainingSection) -> Policy:
        """What a recipe says."""
        return cls(training.checkpoint_seconds, training.checkpoints_kept)


class Checkpoints:
    """Keeps the last states of one phase of a training.

    Args:
        folder: of the phase.
        policy: when, and how many.
        emit: hears of each one, and of those that are damaged or could not be written.
    """

    def __init__(self, folder: Path, policy: Policy | None = None, emit: Emit = silent) -> None:
        self.folder, self.policy, self._emit = folder, policy or Policy(), emit
        self._share = _SHARE if self.policy.seconds else 0.0
        self._next = time.monotonic() + self.policy.seconds

    @property
    def due(self) -> bool:
        return bool(self.policy.kept) and time.monotonic() >= self._next

    def save(self, trainer: Any, watch: Watch) -> None:
        """Writes everything that the next step depends on. Weights that are no numbers are not worth keeping, and a
        disk that is full is told of: the training goes on, and the checkpoints before stay."""
        begin = time.monotonic()
        tensors = _tensors(trainer.model, watch.best.trained)
        if _finite(tensors):
            target = self.folder / f"step-{trainer.state.global_step:09d}"
            try:
                _write(target, tensors, trainer, watch)
            except (StudioError, RuntimeError) as problem:  # torch packs what the system says into its own error
                self._tell_unwritten(problem)
            else:
                self._prune(self.policy.kept)
                self._emit(Checkpoint(step=watch.total, epoch=watch.epoch, path=_shown(target), best=False))
        self._next = time.monotonic() + max(self.policy.seconds, self._share * (time.monotonic() - begin))

    def newest(self, calm: bool = False) -> Path | None:
        """The last checkpoint that is as it was written; what came after it is told of and removed.

        Args:
            calm: whether one is wanted from before the loss began to rise.
        """
        for place in _steps(self.folder):
            if not is_sound(place):
                self._tell_damaged(place)
            elif not calm or read_json(place / _WATCH)["calm"]:
                return place
            shutil.rmtree(place, ignore_errors=True)
        return None

    def end(self, model: torch.nn.Module, trained: Collection[str], facts: dict[str, Any]) -> None:
        """The phase has ended: its weights are kept, and the last step in case they are damaged."""
        from safetensors.torch import save_file

        try:
            with atomic_folder(self.folder / _END) as part:
                save_file(_tensors(model, trained), part / _WEIGHTS)
                write_json(part / _FACTS, facts)
                _seal(part)
        except StudioError as problem:
            self._tell_unwritten(problem)
        else:
            self._prune(1)

    def clear(self) -> None:
        """Nothing stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def ended(self) -> dict[str, Any] | None:
        """What :meth:`end` was told, if the phase has ended."""
        place = self.folder / _END
        if not place.is_dir():
            return None
        if not is_sound(place):
            self._tell_damaged(place)
            shutil.rmtree(place, ignore_errors=True)
            return None
        facts: dict[str, Any] = read_json(place / _FACTS)
        return facts

    def load_end(self, model: torch.nn.Module) -> None:
        """Puts the weights of a phase that has ended into its model."""
        load_weights(model, self.folder / _END)

    def _tell_damaged(self, place: Path) -> None:
        log(self._emit, "training.checkpoint-damaged", "The checkpoint {path} is damaged; the one before it is used.",
            "warning", path=_shown(place))  # fmt: skip

    def _tell_unwritten(self, problem: Exception) -> None:
        log(self._emit, "training.no-checkpoint", "A checkpoint could not be written: {reason}", "warning",
            reason=problem.message if isinstance(problem, StudioError) else str(problem)[:200])  # fmt: skip

    def _prune(self, kept: int) -> None:
        for place in _steps(self.folder)[kept:]:
            shutil.rmtree(place, ignore_errors=True)


def _steps(folder: Path) -> list[Path]:
    """The checkpoints of a phase, newest first."""
    return sorted(folder.glob("step-*"), reverse=True)


def _shown(place: Path) -> str:
    return f"{FOLDER}/{place.parent.name}/{place.name}"


def has_any(run: Path) -> bool:
    """Whether a run folder holds a checkpoint, sound or not."""
    return any((run / FOLDER).rglob(_HASHES))


def step_of(place: Path | None) -> int:
    """Steps of the phase that were done at a checkpoint; 0 for none."""
    return 0 if place is None else int(place.name.split("-")[1])


# --- writing


def _write(target: Path, tensors: dict[str, torch.Tensor], trainer: Any, watch: Watch) -> None:
    import torch
    from safetensors.torch import save_file

    with atomic_folder(target) as part:
        save_file(tensors, part / _WEIGHTS)
        states = {
            "optimiser": trainer.optimizer.state_dict(),
            "schedule": trainer.lr_scheduler.state_dict(),
            "rate": trainer.studio.settings.learning_rate,
            "random": _random_state(),
            "callbacks": [callback.state() for callback in trainer.studio.transfer.callbacks],
            "loss": trainer._tr_loss,
        }
        torch.save(states, part / _STATES)
        trainer.state.save_to_json(str(part / "trainer_state.json"))
        write_json(part / _WATCH, watch.state())
        known = {BEST: watch.best.digest} if watch.best.found else {}
        if watch.best.found:
            link(watch.best.path, part / BEST)
        _seal(part, known)


def _seal(folder: Path, known: dict[str, str] | None = None) -> None:
    """Notes the hash of every file; a file that is cut anywhere, the list of hashes too, is then found out."""
    found = {item.name: sha256(item) for item in sorted(folder.iterdir()) if item.name not in (known or {})}
    write_text(folder / _HASHES, json.dumps({**found, **(known or {})}))


def link(source: Path, target: Path) -> None:
    """The same file under another name, which takes no room; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _finite(tensors: dict[str, torch.Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in tensors.values() if value.is_floating_point())


def _tensors(model: torch.nn.Module, trained: Collection[str]) -> dict[str, torch.Tensor]:
    """Everything that a step may change: parameters that train, at some time, and all buffers."""
    tensors: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    changing = ((name, value) for name, value in model.named_parameters() if name in trained)
    for name, value in (*changing, *model.named_buffers()):
        if value.data_ptr() not in seen or not value.numel():
            tensors[name] = value.detach().cpu().contiguous()
            seen.add(value.data_ptr())
    return tensors


def foretold(model: torch.nn.Module, optimiser: str, policy: Policy) -> int:
    """Bytes that checkpoints will take on the disk at most: the last ones, one that is being written, and the best."""
    trained = [value for value in model.parameters() if value.requires_grad]
    weights = sum(value.numel() * value.element_size() for value in trained)
    buffers = sum(value.numel() * value.element_size() for value in model.buffers())
    one = math.ceil(weights * (1 + _MOMENTS[optimiser])) + buffers
    return (policy.kept + 1) * one + 2 * weights if policy.kept else 2 * weights


# --- reading


def is_sound(folder: Path) -> bool:
    """Whether a checkpoint, or the end of a phase, is what was written."""
    try:
        hashes = read_json(folder / _HASHES)
        wanted = set(_OF_END if folder.name == _END else _OF_STEP)
        return wanted <= set(hashes) <= {*wanted, BEST} and all(
            sha256(folder / name) == value for name, value in hashes.items()
        )
    except (StudioError, TypeError):
        return False


def verify(folder: Path) -> dict[str, Any]:
    """The state of the watch in a checkpoint.

    Raises:
        StudioError: the checkpoint is not what was written.
    """
    if not is_sound(folder):
        raise StudioError(
            "training.checkpoint-damaged", "The checkpoint {path} is damaged.", "Start the run again.",
            path=str(folder),
        )  # fmt: skip
    state: dict[str, Any] = read_json(folder / _WATCH)
    return state


def load_weights(model: torch.nn.Module, folder: Path) -> None:
    """Puts the weights of a checkpoint into a model."""
    import torch
    from safetensors.torch import load_file

    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    with torch.no_grad():
        for name, value in load_file(folder / _WEIGHTS).items():
            own[name].copy_(value)


def load_states(folder: Path) -> dict[str, Any]:
    """Optimiser, schedule, random states and callbacks of a checkpoint."""
    import torch

    states: dict[str, Any] = torch.load(folder / _STATES, map_location="cpu", weights_only=True)
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
