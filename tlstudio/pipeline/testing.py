"""Measures a trained model and its compressed forms on the test rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.events import Artifact, log
from tlstudio.core.files import atomic_write, shown, size_of
from tlstudio.core.progress import Meter
from tlstudio.data.labelled import Labelled, read_more
from tlstudio.evaluation import baselines, errors, latency, metrics
from tlstudio.models.scorers import Scorer, score
from tlstudio.pipeline.checks import Checked
from tlstudio.pipeline.context import Context
from tlstudio.tasks.base import Encoded

if TYPE_CHECKING:
    import numpy as np


class Tester:
    """Scores, metrics and timings on the test split."""

    def __init__(self, context: Context, checked: Checked, rows: Labelled, encoded: Encoded) -> None:
        self.context, self.checked, self.rows, self.encoded = context, checked, rows, encoded
        self._texts = rows.splits["test"].dataset(rows.roles)["text"]

    def evaluate(self, scorer: Scorer) -> np.ndarray:
        """The whole evaluation of the trained model; returns its test logits [N, C]."""
        context, labels = self.context, self.encoded.targets("test")
        logits = self._score(scorer, self.encoded.ids("test"), "evaluate")
        result = self._metrics(logits, labels)
        test = self.rows.splits["test"]
        rows = [test.table.place(int(index))[1] for index in test.indices]
        result["errors"] = errors.worst(logits, labels, self.encoded.labels, lambda at: self._texts[at], rows=rows)
        context.result("test", result)
        context.result("baselines", self._baselines(labels))
        self._write_predictions(logits, labels, rows)
        context.result("extra", [self._extra(scorer, path) for path in context.recipe.evaluate.extra_sets])
        accuracy, words = result["metrics"]["accuracy"], context.results["baselines"][1]["metrics"]["accuracy"]
        log(context.emit, "evaluate.accuracy",
            "Test accuracy {value} % (95 % interval {low} to {high} %) on {rows} texts; bag of words: {baseline} %.",
            value=_percent(accuracy["value"]), low=_percent(accuracy["low"]), high=_percent(accuracy["high"]),
            rows=len(labels), baseline=_percent(words["value"]))  # fmt: skip
        return logits

    def _score(self, scorer: Scorer, encoded: list[list[int]], stage: str) -> np.ndarray:
        meter = Meter(self.context.emit, self.context.control, stage, len(encoded), "texts")
        return score(scorer, encoded, tick=meter.advance)

    def _metrics(self, logits: np.ndarray, labels: list[int]) -> dict[str, Any]:
        return metrics.evaluate(
            logits, labels, self.encoded.labels, bootstrap=self.context.recipe.evaluate.bootstrap,
            seed=self.context.recipe.training.seed, check=self.context.control.check,
        )  # fmt: skip

    def _baselines(self, labels: list[int]) -> list[dict[str, Any]]:
        options: dict[str, Any] = {
            "control": self.context.control,
            "bootstrap": self.context.recipe.evaluate.bootstrap,
            "seed": self.context.recipe.training.seed,
        }
        train = self.rows.splits["train"]
        known, names = self.rows.class_numbers("train"), self.encoded.labels
        texts = train.dataset(self.rows.roles)["text"]
        return [
            baselines.majority(known, labels, names, **options),
            baselines.bag_of_words(texts, known, self._texts, labels, names, **options),
        ]

    def _write_predictions(self, logits: np.ndarray, labels: list[int], rows: list[int]) -> None:
        """Every test row with its probabilities, as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        chances, names = metrics.probabilities(logits), self.encoded.labels
        best = chances.argmax(1)
        table = pa.table(
            {
                "row": pa.array(rows, pa.int64()),
                "text": pa.array(list(self._texts), pa.string()),
                "label": [names[label] for label in labels],
                "predicted": [names[index] for index in best],
                "confidence": chances.max(1),
                **{f"p_{name}": chances[:, index] for index, name in enumerate(names)},
            }
        )
        path = self.context.folder / "predictions.parquet"
        with atomic_write(path, "wb") as stream:
            pq.write_table(table, stream)
        self.context.emit(Artifact(name="predictions", path=path.name, bytes=size_of(path)))

    def _extra(self, scorer: Scorer, path: str) -> dict[str, Any]:
        """Metrics on another labelled place with the same columns and classes."""
        context = self.context
        rows = read_more(context.recipe.data, path, self.rows, context.emit, context.control)
        texts = list(rows.texts(self.rows.content))
        encoded = self.checked.task.plugin.encode_texts(context.folder / "model", texts)
        number = {name: index for index, name in enumerate(self.encoded.labels)}
        labels = [number[name] for name in rows.labels]
        logits = self._score(scorer, encoded, "evaluate")
        numbers = [rows.table.place(int(index))[1] for index in rows.indices]
        listed = errors.worst(logits, labels, self.encoded.labels, lambda at: texts[at], rows=numbers)
        return {"name": Path(path).stem, "path": shown(path), **self._metrics(logits, labels), "errors": listed}

    def compare(self, scorers: Mapping[str, Scorer], reference: np.ndarray) -> None:
        """Accuracy, size, latency and agreement of each form, all in one run."""
        context, encoded = self.context, self.encoded.ids("test")
        labels = self.encoded.targets("test")
        times = latency.measure(scorers, encoded, control=context.control)
        stages = []
        for name, scorer in scorers.items():
            trained = name == "trained"
            logits = reference if trained else self._score(scorer, encoded, "compress")
            path = "model" if trained else f"compressed/{name}"
            measured = context.results["test"] if trained else self._metrics(logits, labels)
            stages.append(
                {
                    "name": name,
                    "title": scorer.name,
                    "format": scorer.format,
                    "path": path,
                    "bytes": weights_size(context.folder / path),
                    "metrics": measured["metrics"],
                    "latency": times[name],
                    "agreement": float((logits.argmax(1) == reference.argmax(1)).mean()),
                }
            )
        context.result("stages", stages)


def weights_size(folder: Path) -> int:
    """Bytes of the weights alone: safetensors or ONNX files of a model folder."""
    return sum(size_of(path) for pattern in ("*.safetensors", "*.onnx*") for path in folder.glob(pattern))


def _percent(value: float) -> float:
    return round(100 * value, 1)
