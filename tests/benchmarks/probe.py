"""Linear probe, 10 epochs: on cached features, against the same head over the frozen backbone run in each epoch."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import common


def ours(
    model: Path, encoded: Any, settings: Any, folder: Path, order: list[list[int]] | None = None
) -> dict[str, Any]:
    """Cold: the features are computed; the order of the rows goes to ``order``."""
    from tlstudio.core.control import Control
    from tlstudio.core.paths import cache_folder
    from tlstudio.core.progress import silent
    from tlstudio.metrics.classification import quick
    from tlstudio.training.trainer import fit

    shutil.rmtree(cache_folder("features"), ignore_errors=True)
    begin = time.perf_counter()
    transfer = tiny.transfer("linear-probe", model, encoded)
    features = time.perf_counter() - begin
    if order is not None:
        transfer = _noting(transfer, order)
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    begin = time.perf_counter()
    fit(transfer, loss, quick, settings, folder, silent, Control())
    head = time.perf_counter() - begin
    return {"features": features, "head": head, "seconds": features + head,
            "accuracy": common.accuracy(transfer.finish(), encoded)}  # fmt: skip


def _noting(transfer: Any, order: list[list[int]]) -> Any:
    def collate(rows: list[dict[str, Any]]) -> Any:
        order.append([row["place"] for row in rows])
        return transfer.collate(rows)

    return replace(transfer, train=[{**row, "place": at} for at, row in enumerate(transfer.train)], collate=collate)


def frozen(model: Path, encoded: Any, settings: Any, order: list[list[int]]) -> dict[str, Any]:
    """The usual way: no gradient in the backbone, which runs for each batch of each epoch (padded to its longest)."""
    from tests.benchmarks.loop import bare
    from tlstudio.strategies.base import padded

    begin = time.perf_counter()
    network: Any = tiny.transfer("linear-probe", model, encoded).finish()  # the same model; features are in the cache
    loading = time.perf_counter() - begin
    rows = encoded.splits["train"].select_columns(["input_ids", "labels"])[:]
    rows = [{"input_ids": ids, "labels": label} for ids, label in zip(rows["input_ids"], rows["labels"], strict=True)]
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    backbone = network.base_model

    def no_dropout(*_inputs: Any) -> None:
        if backbone.training:
            backbone.eval()

    backbone.register_forward_pre_hook(no_dropout)  # as while the features are cached

    def collate(chosen: list[dict[str, Any]]) -> Any:
        return padded(chosen, network.config.pad_token_id or 0, encoded.max_length)

    head = [parameter for parameter in network.parameters() if parameter.requires_grad]
    assert sum(parameter.numel() for parameter in head) < 100_000
    _, seconds = bare(network, [[rows[at] for at in batch] for batch in order], collate, loss, settings)
    return {"features": loading, "head": seconds, "seconds": loading + seconds,
            "accuracy": common.accuracy(network, encoded)}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=320, test_rows=300, epochs=10, rounds=2, max_length=128)
    made.add_argument("--model", default="", help="folder of another model, such as a tiny one")
    given = made.parse_args(arguments)
    with common.home() as folder:
        used = common.threads(given.threads)
        model = Path(given.model) if given.model else common.minilm()
        files = common.r8(folder, given.rows, given.test_rows, given.seed)
        encoded = common.encode(model, files, given.max_length)
        settings = common.settings("linear-probe", given.rows, used, epochs=given.epochs, seed=given.seed)
        common.machine(rows=len(encoded.targets("train")), test_rows=len(encoded.targets("test")),
                       batch=settings.batch_size, epochs=given.epochs, threads=used, rounds=given.rounds)  # fmt: skip
        order: list[list[int]] = []
        ours(model, encoded, settings, folder / "order", order)
        found = common.interleaved(
            given.rounds,
            cached=lambda: ours(model, encoded, settings, folder / "ours"),
            frozen=lambda: frozen(model, encoded, settings, order),
        )
    rows: list[list[Any]] = [
        [name, *(common.median([run[key] for run in runs]) for key in ("features", "head", "seconds", "accuracy"))]
        for name, runs in found.items()
    ]
    common.table(["way", "load, features s", "epochs s", "all s", "test accuracy"], rows)
    print(f"ratio     frozen / cached (features included): {rows[1][3] / rows[0][3]:.2f}; budget 8")


if __name__ == "__main__":
    main()
