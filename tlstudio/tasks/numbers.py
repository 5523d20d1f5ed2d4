"""One number a row: what texts and pairs of texts have in common when a value is predicted.

The head learns standardised numbers (mean 0, standard deviation 1 over the training rows), because its first answers
are near 0 and the learning rate suits values near 1. Afterwards mean and scale are multiplied into its last linear
layer, y = s (W x + b) + m = (s W) x + (s b + m): the saved model and every export answer in the user's units.
Heads without a bias (decoders) have no room for m: it is the head's ``offset``, which ONNX graphs add by themselves;
who loads the model with plain transformers must add it, as the model card and the script beside it say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.labelled import Labelled
from tlstudio.metrics import regression, words
from tlstudio.metrics.errors import LIMIT, shorten
from tlstudio.models.heads import Head
from tlstudio.tasks import texts
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob, mean_of_rows
from tlstudio.tasks.building import build_model

if TYPE_CHECKING:
    import numpy as np
    import torch

_ROLE = "number"


class NumberOptions(BaseModel):
    """Choices of every task that predicts a number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    loss: Literal["squared", "huber"] = Field(
        "squared",
        title="Loss",
        description="Squared errors; or Huber's, which counts errors beyond one standard deviation only linearly, so "
        "that single wild values matter less.",
    )


class Numbers(TaskBase):
    """Squared error on standardised numbers, and the metrics of :mod:`tlstudio.metrics.regression`."""

    AUGMENTS = ("text",)
    ORDERS = True
    QUICK = ("loss", "rmse", "mae", "r2", "pearson", "spearman")
    HEAD = Head(kind="values", probe="pooled")
    SCRIPTS = {"onnx": "export/predict_numbers_onnx.py", "transformers": "export/predict_numbers_transformers.py"}

    # --- before training

    def encode(self, job: EncodeJob) -> Encoded:
        mean, scale = _spread(job.labelled)
        encoded = self.encoded(job, lambda labelled, split: _standardised(labelled, split, mean, scale))
        offset = 0.0 if _has_bias(job.backbone) else mean
        facts = {**encoded.facts, "mean": mean, "scale": scale}
        return replace(encoded, labels=[], facts=facts, head={"offset": offset})

    def encoded(self, job: EncodeJob, targets: Any) -> Encoded:
        """The rows as token ids, with standardised numbers."""
        raise self._must("encoded")

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        return build_model(self.HEAD, backbone, {"num_labels": 1, "problem_type": "regression", **overrides})

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        each = torch.nn.functional.huber_loss if config.loss == "huber" else torch.nn.functional.mse_loss

        def error(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            answers = outputs.logits.float().squeeze(-1)
            return mean_of_rows(each(answers, labels.float(), reduction="none"), row_weights)

        return error

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        """Of the validation rows the answers are those of the model in training, in standard deviations."""
        import numpy as np

        mean, scale = encoded.facts["mean"], encoded.facts["scale"]
        answers = _values(outputs)
        if split == "validation":
            answers = (answers - encoded.head["offset"]) * scale + mean
        truth = np.asarray(encoded.targets(split), np.float64) * scale + mean
        found = {**regression.quick(answers, truth), "loss": loss}
        return {name: found[name] for name in self.QUICK}

    # --- after training

    def finish(self, model: torch.nn.Module, encoded: Encoded) -> torch.nn.Module:
        import torch

        last, facts = last_linear(model), encoded.facts
        with torch.no_grad():
            last.weight.mul_(facts["scale"])
            if last.bias is not None:  # a head of ours has one also where an offset stands for that of transformers
                last.bias.mul_(facts["scale"]).add_(0.0 if encoded.head.get("offset") else facts["mean"])
        return model

    def test(self, job: TestJob) -> Tested:
        truth, answers = self._truth(job, job.split), _values(job.outputs)
        result = regression.evaluate(answers, truth, **job.options)
        result["samples"] = {"kind": "numbers", "items": self._samples(job, truth, answers)}
        columns = {
            "label": [f"{value:.10g}" for value in truth],
            "predicted": [f"{value:.6g}" for value in answers],
            "error": (answers - truth).tolist(),
            # one less the error in standard deviations: its mean is 1 - MAE / deviation
            "score": (1 - abs(answers - truth) / job.encoded.facts["scale"]).tolist(),
        }
        return Tested(result, columns)

    def _samples(self, job: TestJob, truth: np.ndarray, answers: np.ndarray) -> list[dict[str, Any]]:
        """The rows with the largest errors."""
        import numpy as np

        shown, rows = {role: job.texts(role) for role in self.ASKS}, job.row_numbers()
        return [
            {
                "row": rows[at],
                **{role: shorten(values[at]) for role, values in shown.items()},
                "label": float(truth[at]),
                "predicted": float(answers[at]),
            }
            for at in np.argsort(-np.abs(answers - truth), kind="stable")[:LIMIT].tolist()
        ]

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        known, truth = self._truth(job, "train"), self._truth(job, job.split)
        columns = texts.columns(job, self.ASKS)
        guesses = words.numbers(columns.train, known, columns.test, control=job.control, seed=job.seed)
        name, title = words.ONE if len(self.ASKS) == 1 else words.PAIRS
        metrics = regression.evaluate(guesses, truth, **job.options)["metrics"]
        mean = regression.mean_baseline(known, truth, **job.options)
        return [mean, {"name": name, "title": title, "metrics": metrics}]

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test rows of all folds."""
        import numpy as np

        answers = [_values(rows) for rows in outputs]
        truth = [np.asarray(part.targets("test")) * part.facts["scale"] + part.facts["mean"] for part in encoded]
        found: dict[str, Any] = regression.evaluate(np.concatenate(answers), np.concatenate(truth), **options)
        return dict(found["metrics"])

    def _truth(self, job: TestJob, split: str) -> np.ndarray:
        return job.labelled.splits[split].numbers(job.labelled.roles.one(_ROLE))

    # --- new rows

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        return [
            {"kind": "number", **{role: row[role] for role in self.ASKS}, "value": value}
            for row, value in zip(rows, _values(outputs).tolist(), strict=True)
        ]


def last_linear(model: Any) -> torch.nn.Linear:
    """The layer of a head that gives the number.

    Raises:
        StudioError: it has none.
    """
    import torch

    backbone = f"{model.base_model_prefix}."
    head = [module for name, module in model.named_modules() if not name.startswith(backbone)]
    found = [module for module in head if isinstance(module, torch.nn.Linear) and module.out_features == 1]
    if not found:
        raise StudioError(
            "task.no-linear-head", "Models of the type '{kind}' do not end in a linear layer: no number can be learnt.",
            "Choose another backbone in the Model step, such as one of the BERT family.",
            where="model.name", kind=model.config.model_type,
        )  # fmt: skip
    return found[-1]


def _has_bias(backbone: Path) -> bool:
    """Whether the last layer of the head has a bias; the model is built without weights."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.from_pretrained(backbone, local_files_only=True, trust_remote_code=False, num_labels=1)
    with torch.device("meta"):
        model = AutoModelForSequenceClassification.from_config(config)
    return last_linear(model).bias is not None


def _spread(labelled: Labelled) -> tuple[float, float]:
    """Mean and standard deviation of the training rows; 0 and 1 where there are none (further test sets).

    Raises:
        StudioError: all are the same.
    """
    if "train" not in labelled.splits:
        return 0.0, 1.0
    column = labelled.roles.one(_ROLE)
    values = labelled.splits["train"].numbers(column)
    mean, scale = float(values.mean()), float(values.std())
    if scale <= 1e-12 * abs(mean):
        raise StudioError(
            "task.one-number", "All training rows have the same number in the column '{column}': {value}",
            "Choose the column that holds what is to be predicted.",
            where="data.roles.number", column=column, value=f"{mean:g}",
        )  # fmt: skip
    return mean, scale


def _standardised(labelled: Labelled, split: str, mean: float, scale: float) -> texts.Targets:
    import numpy as np
    import pyarrow as pa

    values = labelled.splits[split].numbers(labelled.roles.one(_ROLE))
    scaled = ((values - mean) / scale).astype(np.float32)
    return texts.Targets(scaled.tolist(), pa.float32(), scaled.tobytes())


def _values(outputs: Outputs) -> np.ndarray:
    """float64 [N] from answers [1] each."""
    import numpy as np

    return np.asarray([row[0] for row in outputs], np.float64)
