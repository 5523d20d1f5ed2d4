"""Measures a trained model and its compressed forms on the test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.compression import networks
from tlstudio.core import busy, numbers
from tlstudio.core.events import Artifact, log
from tlstudio.core.files import atomic_write, shown, size_of
from tlstudio.core.progress import Meter
from tlstudio.data.labelled import Labelled, read_more
from tlstudio.evaluation import latency
from tlstudio.metrics.names import about
from tlstudio.models.batches import Example
from tlstudio.models.scorers import Scorer, TorchScorer, score
from tlstudio.pipeline.agreeing import Answered, agreement
from tlstudio.pipeline.checks import Checked
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.damaging import Damage
from tlstudio.pipeline.forms import TRAINED, Form
from tlstudio.pipeline.slices import by_language
from tlstudio.tasks import beside
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Tested, TestJob

if TYPE_CHECKING:
    import pyarrow as pa


class Tester:
    """Scores, metrics and timings on the test split."""

    def __init__(self, context: Context, checked: Checked, rows: Labelled, encoded: Encoded) -> None:
        self.context, self.checked, self.rows, self.encoded = context, checked, rows, encoded
        self.task, self.config = checked.task.plugin, checked.task.config

    def evaluate(
        self, scorer: Scorer, backbone: Path, reader: Path | None = None, untrained: Encoded | None = None
    ) -> Outputs:
        """The whole evaluation of the trained model; returns its answers to the test rows.

        Args:
            scorer: of the trained model.
            backbone: folder of the backbone.
            reader: whose tokenizer the trained model has, where it is not the backbone's.
            untrained: the rows as the backbone takes them, where the trained model reads them otherwise.
        """
        context = self.context
        outputs = self._score(scorer, self.encoded, "evaluate")
        job = self._job(outputs, self.encoded, self.rows, scorer)
        tested: Tested = self.task.test(job)
        context.results |= {"headline": self.task.METRIC, "unit": self.task.UNIT}
        if "headline" in tested.result:
            context.results["headline"] = tested.result.pop("headline")
        context.result("test", tested.result)
        context.result(
            "baselines", [*self.task.baselines(job), *self._untrained(scorer, backbone, untrained or self.encoded)]
        )
        self._write_predictions(tested, job)
        if languages := by_language(self.task, job):
            context.result("languages", languages)
        context.result(
            "extra", [self._extra(scorer, path, reader or backbone) for path in context.recipe.evaluate.extra_sets]
        )
        self._tell(tested.result)
        return outputs

    def _untrained(self, trained: Scorer, backbone: Path, encoded: Encoded) -> list[dict[str, Any]]:
        """What the backbone reaches before it has learnt anything here, where it can do the task at all."""
        if not self.task.UNTRAINED:
            return []
        model = self.task.build(backbone, encoded)
        check = self.context.control.check
        scorer = TorchScorer(model, head=trained.head, inputs=encoded.inputs, check=check)

        def outputs_of(split: str) -> Outputs:
            return score(scorer, encoded.examples(split), tick=lambda _rows: check())

        own = self.task.tune(self.config, encoded, outputs_of)  # thresholds of another model would be unfair
        encoded = replace(encoded, facts={**encoded.facts, **own})
        outputs = self._score(scorer, encoded, "evaluate")
        tested = self.task.test(self._job(outputs, encoded, self.rows, scorer))
        return [{"name": "untrained", "title": "The backbone before training", "metrics": tested.result["metrics"]}]

    def _tell(self, result: dict[str, Any]) -> None:
        name = self.context.results["headline"]
        found, best = result["metrics"][name], self.context.results["baselines"][-1]
        log(self.context.emit, "evaluate.headline",
            "Test: {metric} {value} (95 % interval {low} to {high}) on {rows} rows; {baseline}: {reached}.",
            metric=about(name).title, rows=result["rows"], baseline=best["title"],
            reached=_shown(name, (best["metrics"].get(name) or {}).get("value")),
            **{key: _shown(name, found[key]) for key in ("value", "low", "high")})  # fmt: skip

    def _score(self, scorer: Scorer, encoded: Encoded, stage: str) -> Outputs:
        examples = encoded.examples("test")
        meter = Meter(self.context.emit, self.context.control, stage, len(examples),
                      examples.unit or _unit(encoded, self.task.UNIT))  # fmt: skip
        return score(scorer, examples, tick=meter.advance)

    def _job(self, outputs: Outputs, encoded: Encoded, rows: Labelled, scorer: Scorer) -> TestJob:
        context, recipe = self.context, self.context.recipe

        def ask(examples: Sequence[Example]) -> Outputs:
            return score(scorer, examples, tick=lambda _rows: context.control.check())

        return TestJob(self.config, encoded, rows, "test", outputs, recipe.evaluate.bootstrap, recipe.training.seed,
                       context.emit, context.control, ask)  # fmt: skip

    def _write_predictions(self, tested: Tested, job: TestJob) -> None:
        """Every test row with its truth and the model's answer, as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = job.labelled.splits[job.split]
        places = [rows.table.place(int(index)) for index in rows.indices]
        columns: dict[str, Any] = {"row": pa.array([row for _path, row in places], pa.int64())}
        if len({path for path, _row in places}) > 1:  # several files: a number alone does not say which row
            columns["file"] = pa.array([Path(path).name for path, _row in places], pa.string())
        columns |= {role: content(job, role) for role in self.task.ASKS if role not in tested.columns}
        columns |= {name: values for name, values in tested.columns.items() if name not in columns}
        path = self.context.folder / "predictions.parquet"
        with atomic_write(path, "wb") as stream:
            pq.write_table(pa.table(columns), stream)
        self.context.emit(Artifact(name="predictions", path=path.name, bytes=size_of(path)))

    def _extra(self, scorer: Scorer, path: str, backbone: Path) -> dict[str, Any]:
        """Metrics on another labelled place with the same columns and classes."""
        context = self.context
        rows = read_more(context.recipe.data, path, self.rows, context.emit, context.control)
        labelled = replace(self.rows, splits={"test": rows})
        job = EncodeJob(self.config, labelled, backbone, context.emit, context.control, known=self.encoded)
        found = beside.encode(self.task, job, self.encoded.second)
        encoded = replace(found, labels=self.encoded.labels, facts=self.encoded.facts)
        tested = self.task.test(self._job(self._score(scorer, encoded, "evaluate"), encoded, labelled, scorer))
        return {"name": Path(path).stem, "path": shown(path), **tested.result}

    def compare(self, forms: Sequence[Form], reference: Outputs) -> dict[str, Outputs]:
        """The metrics, size, latency and agreement of each form, all in one run; gives their answers by name."""
        context = self.context
        times = latency.measure({form.name: (form.scorer, form.examples()) for form in forms}, control=context.control)
        stages, answers = [], {TRAINED: reference}
        damage = Damage(self.task, self._job(reference, self.encoded, self.rows, forms[0].scorer),
                        context.results["test"]["metrics"])  # fmt: skip
        for form in forms:
            if form.name == TRAINED:
                measured, alike = context.results["test"], 1.0
            else:
                answers[form.name] = self._score(form.scorer, form.encoded, "compress")
                tested = self.task.test(self._job(answers[form.name], form.encoded, self.rows, form.scorer))
                measured = tested.result
                damage.add(form.name, tested)
                alike = agreement(form.scorer.head, Answered(form.encoded, answers[form.name], tested.columns),
                                  Answered(self.encoded, reference, damage.trained.columns))  # fmt: skip
            stages.append(
                {
                    "name": form.name,
                    "title": form.title,
                    "runtime": form.scorer.name,
                    "format": form.scorer.format,
                    **_network(form.scorer),
                    "path": "model" if form.name == TRAINED else f"compressed/{form.name}",
                    "bytes": weights_size(form.folder),
                    "metrics": measured["metrics"],
                    "latency": times[form.name],
                    "agreement": alike,
                }
            )
        context.result("stages", stages)
        if (share := busy.noticeable(stage["latency"] for stage in stages)) is not None:
            log(context.emit, "latency.busy", "Other programs used {share} of the processor while times were taken; "
                "they may be too long.", "warning", share=numbers.percent(share))  # fmt: skip
        context.result("damage", damage.found)
        return answers


def _network(scorer: Scorer) -> dict[str, Any]:
    """Class and size of a form that is a network; nothing of a graph."""
    if not isinstance(scorer, TorchScorer):
        return {}
    return {"architecture": type(scorer.model).__name__, "parameters": networks.parameters(scorer.model)}


def _unit(encoded: Encoded, usual: str) -> str:
    """What is counted: rows of the data, or the windows that long ones are read in."""
    rows = encoded.splits["test"]
    windows = "source" in getattr(rows, "column_names", ()) and len(set(rows["source"])) < len(rows)
    return "examples" if windows else usual


def content(job: TestJob, role: str) -> pa.Array:
    """What the model read under a role: texts and paths, or lists of tokens."""
    import pyarrow as pa

    if role not in job.labelled.roles.columns:  # such as a second text that only some data has
        return pa.nulls(len(job.labelled.splits[job.split]), pa.string())
    rows, column = job.labelled.splits[job.split], job.labelled.roles.one(role)
    parts = [batch.column(0) for batch in rows.batches([column])]
    return pa.chunked_array(parts)


def weights_size(folder: Path) -> int:
    """Bytes of the weights alone: safetensors, ONNX or OpenVINO files of a model folder."""
    return sum(
        size_of(path) for pattern in ("*.safetensors", "*.onnx*", "openvino_model.*") for path in folder.glob(pattern)
    )


def _shown(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if about(metric).share else f"{value:.3f}"
