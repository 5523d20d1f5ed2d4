"""Full fine-tuning of MiniLM on R8: ours against a plain transformers script (padding to 128, fp32, its defaults)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import common


def ours(model: Path, encoded: Any, given: Any, folder: Path, used: int) -> dict[str, Any]:
    """As a run does it: rehearsal, then training."""
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.metrics.classification import quick
    from tlstudio.training.rehearsal import rehearse
    from tlstudio.training.trainer import fit

    settings = common.settings("full-fine-tuning", given.rows, used, epochs=given.epochs, seed=given.seed)
    transfer = tiny.transfer("full-fine-tuning", model, encoded)
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    begin = time.perf_counter()
    settled = rehearse(transfer, loss, settings, True, silent, Control()).settings
    rehearsed = time.perf_counter() - begin
    begin = time.perf_counter()
    fit(transfer, loss, quick, settled, folder, silent, Control())
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rehearsal": rehearsed, "precision": settled.precision,
            "accuracy": common.accuracy(transfer.finish(), encoded)}  # fmt: skip


def plain(model: Path, encoded: Any, given: Any, folder: Path) -> dict[str, Any]:
    """The script of the transformers course, on the same rows."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        PrinterCallback,
        Trainer,
        TrainingArguments,
        default_data_collator,
    )

    torch.manual_seed(given.seed)
    network = AutoModelForSequenceClassification.from_pretrained(
        model, num_labels=len(encoded.labels), dtype=torch.float32
    )
    pad = network.config.pad_token_id or 0

    def padded(row: dict[str, Any]) -> dict[str, Any]:
        missing = given.max_length - len(row["input_ids"])
        return {
            "input_ids": row["input_ids"] + [pad] * missing,
            "attention_mask": [1] * len(row["input_ids"]) + [0] * missing,
            "labels": row["labels"],
        }

    rows = [padded(row) for row in encoded.splits["train"].select_columns(["input_ids", "labels"])]
    options = TrainingArguments(
        output_dir=str(folder), num_train_epochs=given.epochs, per_device_train_batch_size=16, learning_rate=5e-5,
        seed=given.seed, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, logging_steps=10_000,
    )  # fmt: skip
    trainer = Trainer(network, options, train_dataset=rows, data_collator=default_data_collator)
    trainer.remove_callback(PrinterCallback)
    begin = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rehearsal": 0.0, "precision": "fp32", "accuracy": common.accuracy(network, encoded)}


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=480, test_rows=400, epochs=1, rounds=2, max_length=128)
    made.add_argument("--model", default="", help="folder of another model, such as a tiny one")
    given = made.parse_args(arguments)
    with common.home() as folder:
        used = common.threads(given.threads)
        model = Path(given.model) if given.model else common.minilm()
        files = common.r8(folder, given.rows, given.test_rows, given.seed)
        encoded = common.encode(model, files, given.max_length)
        common.machine(rows=len(encoded.targets("train")), test_rows=len(encoded.targets("test")), batch=16,
                       epochs=given.epochs, max_length=given.max_length, threads=used, rounds=given.rounds)  # fmt: skip
        found = common.interleaved(
            given.rounds,
            ours=lambda: ours(model, encoded, given, folder / "ours", used),
            plain=lambda: plain(model, encoded, given, folder / "plain"),
        )
    rows: list[list[Any]] = [
        [name, runs[-1]["precision"], common.median([run["seconds"] for run in runs]) / given.epochs,
         common.median([run["rehearsal"] for run in runs]), common.median([run["accuracy"] for run in runs])]
        for name, runs in found.items()
    ]  # fmt: skip
    common.table(["script", "precision", "seconds an epoch", "rehearsal s", "test accuracy"], rows)
    with_rehearsal = rows[1][2] * given.epochs / (rows[0][2] * given.epochs + rows[0][3])
    ratio = rows[1][2] / rows[0][2]
    print(f"ratio     plain / ours: {ratio:.2f}; with the rehearsal, once a run: {with_rehearsal:.2f}; budget 2.5")


if __name__ == "__main__":
    main()
