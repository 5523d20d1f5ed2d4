"""The cost of our training loop over a bare torch loop: same batches, same order, same optimiser, fp32 and bf16."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import common


def ours(transfer: Any, loss: Any, settings: Any, folder: Path) -> tuple[float, float]:
    """Seconds from the end of the first step to the end of the last, and of the whole call with its set-up."""
    from tlstudio.core.control import Control
    from tlstudio.metrics.classification import quick
    from tlstudio.training.trainer import fit

    ends: list[float] = []

    def emit(event: Any) -> None:
        if event.kind == "metric" and event.split == "train":
            ends.append(time.perf_counter())

    begin = time.perf_counter()
    fit(transfer, loss, quick, settings, folder, emit, Control())
    return ends[-1] - ends[0], time.perf_counter() - begin


def bare(model: Any, batches: list[Any], collate: Any, loss: Any, settings: Any) -> tuple[float, float]:
    """What one would write by hand; seconds as for :func:`ours`."""
    import torch

    begin = time.perf_counter()
    ends: list[float] = []
    model.train()
    optimiser = torch.optim.AdamW(_groups(model, settings), lr=settings.learning_rate, fused=True)
    warm, total = round(settings.warmup * len(batches)), len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: step / max(warm, 1) if step < warm else (total - step) / max(total - warm, 1)
    )
    for rows in batches:
        batch = collate(rows)
        labels = batch.pop("labels")
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
            value = loss(model(**batch), labels)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        value.item()  # the loss is shown at every step
        ends.append(time.perf_counter())
    return ends[-1] - ends[0], time.perf_counter() - begin


def _groups(model: Any, settings: Any) -> list[dict[str, Any]]:
    """Biases and layer norms do not decay, as in transformers."""
    plain = {name for name, _ in model.named_parameters() if "bias" in name or "norm" in name.lower()}
    parameters = dict(model.named_parameters())
    return [
        {"params": [value for name, value in parameters.items() if name not in plain],
         "weight_decay": settings.weight_decay},
        {"params": [parameters[name] for name in plain], "weight_decay": 0.0},
    ]  # fmt: skip


def compare(model_folder: Path, encoded: Any, given: Any, precision: str, folder: Path, used: int) -> list[Any]:
    """One row of the table."""
    settings = common.settings("full-fine-tuning", given.rows, used, epochs=1, precision=precision, seed=given.seed)
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    first = tiny.transfer("full-fine-tuning", model_folder, encoded, hidden_dropout=0.0)
    batches: list[Any] = []

    def noting(rows: list[dict[str, Any]]) -> Any:
        batches.append(rows)
        return first.collate(rows)

    state = copy.deepcopy(first.model.state_dict())
    ours(replace(first, collate=noting), loss, settings, folder)  # warms up, and tells the order of the rows
    known = list(batches)

    def run_ours() -> tuple[float, float]:
        first.model.load_state_dict(state)
        return ours(first, loss, settings, folder)

    def run_bare() -> tuple[float, float]:
        first.model.load_state_dict(state)
        return bare(first.model, known, first.collate, loss, settings)

    run_ours()
    weights = copy.deepcopy(first.model.state_dict())
    run_bare()
    difference = max(float((weights[name] - value).abs().max()) for name, value in first.model.state_dict().items())
    found = common.interleaved(given.rounds, ours=run_ours, bare=run_bare)
    taken = {name: [common.median([run[part] for run in runs]) for part in (0, 1)] for name, runs in found.items()}
    loop, whole = (100 * (taken["ours"][part] / taken["bare"][part] - 1) for part in (0, 1))
    each = [1000 * taken[name][0] / (len(known) - 1) for name in ("bare", "ours")]
    set_up = taken["ours"][1] - taken["bare"][1] - (taken["ours"][0] - taken["bare"][0])
    return [precision, len(known), *each, f"{loop:+.1f} %", f"{whole:+.1f} %", set_up, f"{difference:.1e}"]


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=256, rounds=3, max_length=128)
    made.add_argument("--model", default="", help="folder of another model, such as a tiny one")
    given = made.parse_args(arguments)
    with common.home() as folder:
        used = common.threads(given.threads)
        model = Path(given.model) if given.model else common.minilm()
        encoded = common.encode(model, common.r8(folder, given.rows, 20, given.seed), given.max_length)
        common.machine(model=model.parent.name, rows=len(encoded.targets("train")), batch=16, threads=used,
                       rounds=given.rounds)  # fmt: skip
        rows = [compare(model, encoded, given, kind, folder / kind, used) for kind in ("fp32", "bf16")]
    columns = [
        "precision",
        "steps",
        "bare ms/step",
        "ours ms/step",
        "cost",
        "with set-up",
        "set-up s",
        "weights differ",
    ]
    common.table(columns, rows)
    print("budget    cost below 3 %; the set-up is once a run, whatever its length")


if __name__ == "__main__":
    main()
