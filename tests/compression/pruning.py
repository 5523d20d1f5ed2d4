"""Tiny networks and jobs for the tests of pruning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import tiny
from tlstudio.compression.base import CompressJob, Recovery
from tlstudio.core.control import Control
from tlstudio.models.callbacks import Loop, Pass

STEPS = 12


def job(tiny_model: Path, tickets: Path, folder: Path, train: Any = None) -> CompressJob:
    """A classifier in ``folder``, and its rows."""
    import torch

    encoded, task = tiny.encode(tiny_model, tickets), tiny.task()
    torch.manual_seed(5)
    model = task.build(tiny_model, encoded, initializer_range=0.3)
    with torch.no_grad():  # else all units of the random network do next to nothing
        for name, parameter in model.named_parameters():
            if name.endswith("weight") and parameter.ndim == 2:
                parameter.normal_(0, 0.15)
    task.save(model, encoded, tiny_model, folder)
    config = task.Config()
    return CompressJob(folder, "transformers", tiny.Heard(), Control(), task, encoded, task.loss(config, encoded),
                       task.collator(config, encoded), train)  # fmt: skip


def applied(step: Any, given: CompressJob, folder: Path, **options: Any) -> Any:
    """The network that a step gives, as it is loaded from its folder."""
    from tlstudio.compression import networks

    folder.mkdir()
    step.apply(step.Config(**options), given, folder)
    return networks.load(folder)


def said(given: CompressJob, code: str) -> dict[str, Any]:
    """What a log event stated."""
    found: dict[str, Any] = next(event.params for event in given.emit if getattr(event, "code", "") == code)
    return found


def answers(model: Any, given: CompressJob) -> Any:
    """Logits of some rows."""
    import torch

    from tlstudio.compression.rows import batches

    with torch.no_grad():
        return torch.cat([model(**inputs).logits for inputs in batches(given, 16)])


def _never() -> Any:
    raise AssertionError("no callback of pruning asks for a second pass")


class Training:
    """A short training that calls callbacks as the real one does; hears how sparse the network is at each moment.

    Args:
        job: whose rows are learnt; set once it is there.
    """

    def __init__(self) -> None:
        self.job: CompressJob | None = None
        self.recoveries: list[Recovery] = []
        self.moments: list[tuple[str, float]] = []

    def __call__(self, model: Any, recovery: Recovery, callbacks: Sequence[Any] = ()) -> None:
        import torch

        from tlstudio.compression import sparsity
        from tlstudio.compression.rows import labelled
        from tlstudio.models.batches import split_batch

        given = self.job
        assert given is not None and given.loss is not None
        self.recoveries.append(recovery)
        names = sparsity.matrices(model)
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
        loop = Loop(model, 1, STEPS, 48, None, 7, given.emit, given.control)

        def hear(moment: str) -> None:
            self.moments.append((moment, sparsity.zeros(model, names)))

        for callback in callbacks:
            callback.begin(loop)
        batch = next(labelled(given, 16))
        labels, rows, options = split_batch(batch)
        for number in range(STEPS):
            for callback in callbacks:
                callback.step(number)
            hear("step")
            loss = given.loss(model(**batch), labels, **options)
            optimiser.zero_grad()
            loss.backward()
            for callback in callbacks:
                callback.backward(Pass(batch, labels, rows, True, _never, lambda value: value))
            optimiser.step()
            for callback in callbacks:
                callback.stepped(number + 1)
            hear("stepped")
            for callback in callbacks:
                with callback.evaluating():
                    hear("evaluating")
        for callback in callbacks:
            callback.end()
