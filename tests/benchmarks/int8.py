"""Size, latency and accuracy of a MiniLM classifier: PyTorch fp32, ONNX fp32, ONNX int8, measured in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import common


def build(model: Path, encoded: Any, given: Any, folder: Path, used: int) -> dict[str, tuple[Any, Path]]:
    """A linear probe, quickly trained, in three forms: name → (scorer, weights)."""
    from transformers import AutoModelForSequenceClassification

    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.metrics.classification import quick
    from tlstudio.models.folders import copy_tokenizer
    from tlstudio.models.onnx_graph import quantise_dynamic, to_onnx
    from tlstudio.models.scorers import OnnxScorer, TorchScorer
    from tlstudio.training.trainer import fit

    transfer = tiny.transfer("linear-probe", model, encoded)
    settings = common.settings("linear-probe", given.rows, used, epochs=30, seed=given.seed)
    fit(transfer, tiny.task().loss(tiny.task().Config(), encoded), quick, settings, folder / "x", silent, Control())
    tiny.task().save(transfer.finish(), encoded, model, folder / "model")
    copy_tokenizer(folder / "model", folder / "onnx")
    (folder / "onnx/config.json").write_bytes((folder / "model/config.json").read_bytes())
    full, small = folder / "onnx/model.onnx", folder / "onnx/int8.onnx"
    to_onnx(AutoModelForSequenceClassification.from_pretrained(folder / "model"), full)
    quantise_dynamic(full, small)
    return {
        "PyTorch fp32": (TorchScorer(folder / "model"), folder / "model/model.safetensors"),
        "ONNX fp32": (OnnxScorer(full, threads=used), full),
        "ONNX int8": (OnnxScorer(small, threads=used), small),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    import numpy as np

    from tlstudio.core.control import Control
    from tlstudio.evaluation.latency import measure
    from tlstudio.models.scorers import score

    made = common.parser(__doc__, rows=640, test_rows=400, repetitions=40, max_length=128)
    made.add_argument("--model", default="", help="folder of another model, such as a tiny one")
    given = made.parse_args(arguments)
    with common.home() as folder:
        used = common.threads(given.threads)
        model = Path(given.model) if given.model else common.minilm()
        files = common.r8(folder, given.rows, given.test_rows, given.seed)
        encoded = common.encode(model, files, given.max_length)
        common.machine(rows=len(encoded.targets("train")), test_rows=len(encoded.targets("test")), threads=used,
                       max_length=given.max_length, repetitions=given.repetitions)  # fmt: skip
        forms = build(model, encoded, given, folder, used)
        scorers = {name: scorer for name, (scorer, _) in forms.items()}
        models = {name: (scorer, encoded.ids("test")) for name, scorer in scorers.items()}
        times = measure(models, repetitions=given.repetitions, control=Control(), seconds=60.0)
        sizes = {name: path.stat().st_size / 1e6 for name, (_, path) in forms.items()}
        answers = {name: score(scorer, encoded.ids("test")).argmax(1) for name, scorer in scorers.items()}
    targets, first = np.asarray(encoded.targets("test")), answers["PyTorch fp32"]
    rows: list[list[Any]] = [
        [name, sizes[name], *(times[name][size][key] for size in ("1", "16") for key in ("median_ms", "p95_ms")),
         float((answers[name] == targets).mean()), float((answers[name] == first).mean())]
        for name in forms
    ]  # fmt: skip
    common.table(["form", "MB", "1 text ms", "95 %", "16 texts ms", "95 %", "accuracy", "agreement"], rows)
    size, one, many = (rows[0][column] / rows[2][column] for column in (1, 2, 4))
    print(f"ratio     PyTorch fp32 / ONNX int8: size {size:.2f}, one text {one:.2f}, 16 texts {many:.2f}")


if __name__ == "__main__":
    main()
