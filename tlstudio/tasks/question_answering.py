"""Extractive question answering: the answer to a question stands word for word in a passage, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.metrics import errors, squad
from tlstudio.models.folders import max_length
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import has_types, padding_id
from tlstudio.tasks import extractive
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob, mean_of_rows
from tlstudio.tasks.building import build_model
from tlstudio.tasks.extractive import Found, Sizes
from tlstudio.tasks.tagged import needs_pages
from tlstudio.tasks.texts import settled_length
from tlstudio.tasks.windows import Entry, WindowMaker, by_source, fast_tokenizer, grouped, tell_windows

if TYPE_CHECKING:
    import pyarrow as pa
    import torch

_AUTO_MAX = 384  # tokens, as in the reference implementation for SQuAD
_MOST_SAMPLES = 50
_OVERLAP = ("sliding-window", "Passage most like the question")  # name, title


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=16, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens of question and passage together; longer passages are read in several windows. Auto takes "
        "384, or less if the model allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    stride: int = Field(
        128,
        ge=0,
        le=4096,
        title="Overlap",
        description="Tokens that neighbouring windows of a long passage share; at most a quarter of a window.",
        json_schema_extra={"unit": "tokens"},
    )
    max_answer_length: int = Field(
        30,
        ge=1,
        le=512,
        title="Longest answer",
        description="An answer has at most so many tokens.",
        json_schema_extra={"unit": "tokens"},
    )


class QuestionAnswering(TaskBase):
    """Cross-entropy over the tokens at which the answer starts and ends."""

    NAME = "question-answering"
    TITLE = "Question answering"
    SUMMARY = "The answer to a question is found in a passage, word for word; some questions may have none."
    ROLES = ("question", "context", "answers", "answer_starts")
    ASKS = ("question", "context")
    UNIT = "questions"
    HUB_TAG = "question-answering"
    METRIC = "answer_f1"
    QUICK = ("loss", "exact_match", "answer_f1")
    BEST = "answer_f1"
    Config = Options
    HEAD = Head(
        auto="AutoModelForQuestionAnswering",
        outputs=("start_logits", "end_logits"),
        kind="places",
        per_token=True,
        probe="qa_outputs|classifier",
    )
    SCRIPTS: Mapping[str, str] = {"onnx": "export/answers_onnx.py", "transformers": "export/answers_transformers.py"}

    # --- before training

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return super().fits(config) or needs_pages(config, self.TITLE)

    def encode(self, job: EncodeJob) -> Encoded:
        tokenizer = fast_tokenizer(job.backbone)
        length = settled_length(job.config.max_length, job.backbone, _AUTO_MAX)
        size = extractive.sizes(tokenizer, length, job.config.stride)
        typed = has_types(tokenizer, job.backbone)
        maker = WindowMaker(job, self.ROLES, _fields(typed), (size, typed), partial(_entries, tokenizer, size, typed))
        splits = maker.splits(self.UNIT)
        told = tell_windows(job.emit, splits, length, "{rows} passages have more than {max_length} tokens with their "
                            "question; they are read in several windows that overlap.")  # fmt: skip
        _tell_misplaced(job, splits)
        inputs = ("input_ids", "attention_mask", *(("token_type_ids",) if typed else ()))
        facts = {
            "stride": size.stride,
            "max_question": size.question,
            "max_answer": job.config.max_answer_length,
            "may_lack": _may_lack(job),
            "threshold": 0.0,
        }
        return Encoded(splits, [], inputs, length, padding_id(job.backbone), told, maker.key, facts)

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        return build_model(self.HEAD, backbone, {"num_labels": 2, **overrides})  # a start and an end

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        def cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            both = (outputs.start_logits, outputs.end_logits)
            losses = [torch.nn.functional.cross_entropy(scores.float(), labels[:, at], reduction="none")
                      for at, scores in enumerate(both)]  # fmt: skip
            return mean_of_rows((losses[0] + losses[1]) / 2, row_weights)

        return cross_entropy

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        found = list(_answered(encoded, split, outputs))
        guess = [_said(answer, context, encoded.facts) for answer, context, _right in found]
        values = squad.quick(guess, [right for _answer, _context, right in found])
        return {"loss": loss, **{name: values[name] for name in squad.NAMES}}

    # --- after training

    def tune(self, config: Any, encoded: Encoded, outputs_of: Callable[[str], Outputs]) -> dict[str, Any]:
        if not encoded.facts["may_lack"] or not len(encoded.splits.get("validation", ())):
            return {}
        found = list(_answered(encoded, "validation", outputs_of("validation")))
        answered = [squad.score(answer.text(context), right)[1] for answer, context, right in found]
        unanswered = [squad.score("", right)[1] for _answer, _context, right in found]
        return {"threshold": extractive.threshold([answer.gap for answer, *_rest in found], answered, unanswered)}

    def test(self, job: TestJob) -> Tested:
        encoded = job.encoded
        found = list(_answered(encoded, job.split, job.outputs))
        guess = [_said(answer, context, encoded.facts) for answer, context, _right in found]
        right = [references for _answer, _context, references in found]
        result = squad.evaluate(guess, right, **job.options)
        shown = _Shown(job, found, guess)
        result |= {"samples": shown.samples(), "errors": shown.errors()}
        return Tested(result, shown.columns())

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        right, train = job.lists("answers"), job.labelled.splits["train"]
        lengths = [
            len(squad.tokens(answers[0])) for answers in train.lists(job.labelled.roles.one("answers")) if answers
        ]
        usual = max(1, sorted(lengths)[len(lengths) // 2]) if lengths else 1
        guess = []
        for question, context in zip(job.texts("question"), job.texts("context"), strict=True):
            job.control.check()
            begin, end = extractive.most_similar(question, context, usual)
            guess.append(context[begin:end])
        found = squad.evaluate(guess, right, **job.options)
        entries = [{"name": _OVERLAP[0], "title": _OVERLAP[1], "metrics": found["metrics"]}]
        if job.encoded.facts["may_lack"]:
            entries.append(squad.baseline(right, **job.options))
        return sorted(entries, key=lambda entry: entry["metrics"][self.METRIC]["value"] or 0.0)

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test rows of all folds."""
        guess, right = [], []
        for part, answers in zip(encoded, outputs, strict=True):
            for answer, context, references in _answered(part, "test", answers):
                guess.append(_said(answer, context, part.facts))
                right.append(references)
        found: dict[str, Any] = squad.evaluate(guess, right, **options)["metrics"]
        return found

    # --- new rows

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        tokenizer, settings = fast_tokenizer(folder), read_settings(folder)
        size = Sizes(max_length(folder), settings["stride"], settings["max_question"])
        typed = has_types(tokenizer, folder)
        questions, contexts = ([str(row[role]) for row in rows] for role in self.ASKS)
        return [window.entry(typed) for window in extractive.windows(tokenizer, questions, contexts, size)]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        facts = read_settings(folder)
        windows = ({**example, "output": output} for example, output in zip(examples, outputs, strict=True))
        found = [extractive.best(group, facts["max_answer"], facts["may_lack"]) for group in grouped(windows)]
        return [_answer(row, answer, facts) for row, answer in zip(rows, found, strict=True)]


PLUGIN = QuestionAnswering()


def _answer(row: Row, found: Found, facts: Mapping[str, Any]) -> dict[str, Any]:
    context = str(row["context"])
    text = _said(found, context, facts)
    return {
        "kind": "answer",
        "question": str(row["question"]),
        "context": context,
        "answer": text,
        "start": found.start if text else 0,
        "end": found.end if text else 0,
        "probability": found.probability if text else found.nothing,
        "no_answer": not text,
    }


def _said(found: Found, context: str, facts: Mapping[str, Any]) -> str:
    """The text of an answer; empty where the model says that there is none."""
    lacks = facts["may_lack"] and found.gap > facts["threshold"]
    return "" if lacks else found.text(context)


def _fields(typed: bool) -> dict[str, pa.DataType]:
    import pyarrow as pa

    ids = pa.list_(pa.int32())
    types = {"token_type_ids": pa.list_(pa.int8())} if typed else {}
    texts = {"context": pa.string(), "answers": pa.list_(pa.string())}
    return {"input_ids": ids, **types, "starts": ids, "ends": ids, "labels": pa.list_(pa.int64()), **texts}


def _entries(
    tokenizer: Any, size: Sizes, typed: bool, split: str, columns: list[list[Any]], first: int
) -> Iterator[Entry]:
    """Windows with the tokens of the answer; outside training the first of each question has passage and answers."""
    questions, contexts, answers, starts = columns
    last = -1
    for window in extractive.windows(tokenizer, questions, contexts, size):
        source = window.source
        place = _place(contexts[source], answers[source], starts[source])
        if split == "train" and place is None:
            continue
        texts = {"context": contexts[source], "answers": answers[source]} if source != last else {}
        last = source
        yield {
            **window.entry(typed), "source": first + source, "labels": list(window.places(*place) if place else (0, 0)),
            **({} if split == "train" else texts),
        }  # fmt: skip


def _place(context: str, answers: Sequence[str], starts: Sequence[str]) -> tuple[int, int] | None:
    """Characters of the first answer, (0, 0) without one; None where it does not stand in the passage.

    Where it stands elsewhere than it should, the place nearest to that is taken.
    """
    given = [(answer.strip(), int(start) + len(answer) - len(answer.lstrip()))
             for answer, start in zip(answers, starts, strict=False) if answer.strip()]  # fmt: skip
    if not given:
        return 0, 0
    text, start = given[0]
    if context[start : start + len(text)] != text:
        places = (context.rfind(text, 0, max(start, 0) + len(text)), context.find(text, max(start, 0)))
        start = min((place for place in places if place >= 0), key=lambda place: abs(place - start), default=-1)
    return (start, start + len(text)) if start >= 0 else None


def _may_lack(job: EncodeJob) -> bool:
    """Whether some questions have no answer: those of SQuAD 2.0."""
    rows, column = job.labelled.splits, job.labelled.roles.one("answers")
    splits = [split for split in rows if split != "test"] or list(rows)
    return any(not any(answers) for split in splits for answers in rows[split].lists(column))


def _tell_misplaced(job: EncodeJob, splits: dict[str, Any]) -> None:
    if "train" not in splits:
        return
    import numpy as np

    left = len(job.labelled.splits["train"]) - len(np.unique(np.asarray(splits["train"]["source"])))
    if left:
        log(job.emit, "task.misplaced-answers",
            "{count} training questions have an answer that does not stand in their passage; they are left out.",
            "warning", count=left)  # fmt: skip


def _answered(encoded: Encoded, split: str, outputs: Outputs) -> Iterator[tuple[Found, str, list[str]]]:
    """The best answer, the passage and the right answers of each question."""
    columns = ("starts", "ends", "context", "answers")
    for group in by_source(encoded, split, outputs, columns):
        found = extractive.best(group, encoded.facts["max_answer"], encoded.facts["may_lack"])
        yield found, group[0]["context"], group[0]["answers"]


class _Shown:
    """What is shown of the answers to the questions of a test."""

    def __init__(self, job: TestJob, found: Sequence[tuple[Found, str, list[str]]], guess: Sequence[str]) -> None:
        self._found, self._guess = found, guess
        self._questions, self._starts = job.texts("question"), job.lists("answer_starts")
        self._rows = job.row_numbers()
        self._scores = [squad.score(text, right) for text, (_found, _context, right) in zip(guess, found, strict=True)]
        self._sure = [answer.probability if text else answer.nothing
                      for text, (answer, *_rest) in zip(guess, found, strict=True)]  # fmt: skip

    def samples(self) -> dict[str, Any]:
        """Questions spread evenly over the test."""
        step = max(1, -(-len(self._guess) // _MOST_SAMPLES))
        return {"kind": "answers", "items": [self._sample(at) for at in range(0, len(self._guess), step)]}

    def _sample(self, at: int) -> dict[str, Any]:
        answer, context, right = self._found[at]
        places = [int(start) for start in self._starts[at]]
        text = self._guess[at]
        return {
            "row": self._rows[at],
            "question": self._questions[at],
            "context": context,
            "answers": [{"text": one, "start": start} for one, start in zip(right, places, strict=False)],
            "predicted": {"text": text, "start": answer.start if text else 0, "score": self._sure[at]},
            "exact": self._scores[at][0],
            "f1": self._scores[at][1],
        }

    def errors(self) -> list[dict[str, Any]]:
        """The answers without a right word that the model was surest of."""
        wrong = [at for at, (_exact, f1) in enumerate(self._scores) if f1 == 0]
        chosen = sorted(wrong, key=lambda at: -self._sure[at])[: errors.LIMIT]
        return [
            {"row": self._rows[at], "text": errors.shorten(self._questions[at]), "label": _first(self._found[at][2]),
             "predicted": self._guess[at], "confidence": self._sure[at]}
            for at in chosen
        ]  # fmt: skip

    def columns(self) -> dict[str, list[Any]]:
        """Of ``predictions.parquet``."""
        return {
            "label": [_first(right) for _answer, _context, right in self._found],
            "predicted": list(self._guess),
            "start": [answer.start if text else None
                      for text, (answer, *_rest) in zip(self._guess, self._found, strict=True)],
            "confidence": list(self._sure),
            "score": [f1 for _exact, f1 in self._scores],
            "exact": [exact for exact, _f1 in self._scores],
        }  # fmt: skip


def _first(answers: Sequence[str]) -> str:
    return next(iter(answers), "")
