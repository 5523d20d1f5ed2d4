"""Token classification: one tag for each word, such as names of people and places, or parts of speech."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.metrics import spans
from tlstudio.models.batches import IGNORED
from tlstudio.models.folders import max_length, read_labels
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import padding_id
from tlstudio.tasks import tagged, words
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob
from tlstudio.tasks.texts import settled_length
from tlstudio.tasks.windows import Entry, WindowMaker, by_source, fast_tokenizer, grouped, settled_stride, tell_windows

if TYPE_CHECKING:
    import torch

_LOOKED_AT = 20_000  # sentences that tell the scheme
_UNKNOWN = "?"  # a tag that no training row has: nothing predicts it


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens of a window; longer sentences are read in several. Auto takes 128, or less if the model "
        "allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    stride: int = Field(
        32,
        ge=0,
        le=4096,
        title="Overlap",
        description="Tokens that neighbouring windows of a long sentence share; at most half of a window.",
        json_schema_extra={"unit": "tokens"},
    )
    label_all: bool = Field(
        False,
        title="Tag all parts of a word",
        description="Every part of a word learns its tag, not only the first one, which answers either way.",
    )
    scheme: Literal["auto", "IOB2", "IOB1", "IO", "IOBES", "BILOU", "tags"] = Field(
        "auto",
        title="Tag scheme",
        description="How tags mark whole entities; auto reads it from the tags, and 'tags' has single words only.",
    )


class TokenClassification(TaskBase):
    """Cross-entropy over the tags of the words."""

    NAME = "token-classification"
    TITLE = "Token classification"
    SUMMARY = "Each word gets a tag: names of people, places and products, or parts of speech."
    ROLES = ("tokens", "tags")
    ASKS = ("text",)
    UNIT = "sentences"
    HUB_TAG = "token-classification"
    METRIC = "entity_f1"
    QUICK = ("loss", "token_accuracy", "entity_f1")
    BEST = "entity_f1"
    Config = Options
    HEAD = Head(auto="AutoModelForTokenClassification", per_token=True, probe="classifier|score")
    SCRIPTS: Mapping[str, str] = {"onnx": "export/tags_onnx.py", "transformers": "export/tags_transformers.py"}

    # --- before training

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return super().fits(config) or tagged.needs_pages(config, self.TITLE)

    def encode(self, job: EncodeJob) -> Encoded:
        tokenizer = fast_tokenizer(job.backbone)
        length = settled_length(job.config.max_length, job.backbone)
        stride = settled_stride(job.config.stride, length - tokenizer.num_special_tokens_to_add())
        labels, facts = _tags(job)
        numbers = {label: number for number, label in enumerate(labels)}

        def make(split: str, columns: list[list[Any]], first: int) -> Iterator[Entry]:
            for window in words.windows(tokenizer, columns[0], length, stride):
                learnt = _labels(window, columns[1][window.source], numbers, job.config.label_all)
                if split != "train" or any(label != IGNORED for label in learnt):
                    yield {**window.entry, "source": first + window.source, "labels": learnt}

        choices = (length, stride, job.config.label_all, hashlib.sha256("\0".join(labels).encode()).hexdigest())
        maker = WindowMaker(job, self.ROLES, tagged.fields(), choices, make)
        splits = maker.splits(self.UNIT)
        told = tell_windows(job.emit, splits, length, "{rows} sentences have more than {max_length} tokens; they are "
                            "read in several windows that overlap.")  # fmt: skip
        facts |= {"stride": stride, "words": words.WORD}
        return Encoded(splits, labels, ("input_ids", "attention_mask"), length, padding_id(job.backbone), told,
                       maker.key, facts)  # fmt: skip

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        def cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            losses = torch.nn.functional.cross_entropy(
                outputs.logits.float().transpose(1, 2), labels, ignore_index=IGNORED, reduction="none"
            )
            weighted = losses if row_weights is None else losses * row_weights[:, None]
            return weighted.sum() / labels.ne(IGNORED).sum().clamp(min=1)

        return cross_entropy

    def curves(self, encoded: Encoded) -> tuple[str, ...]:
        return self.QUICK if encoded.facts["scheme"] != spans.PLAIN else self.QUICK[:2]

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        truth, guess = _compared(encoded, split, outputs)
        found = spans.quick(truth, guess, encoded.facts["scheme"])
        return {"loss": loss, **{name: value for name, value in found.items() if name in self.QUICK}}

    # --- after training

    def test(self, job: TestJob) -> Tested:
        truth, tokens, names = job.lists("tags"), job.lists("tokens"), job.encoded.labels
        found = tagged.found(tokens, names, job.encoded, job.split, job.outputs)
        guess = [[word.tag for word in row] for row in found]
        scheme, numbers = job.encoded.facts["scheme"], job.row_numbers()
        result = spans.evaluate(truth, guess, scheme=scheme, **job.options)
        result["headline"] = "token_accuracy" if scheme == spans.PLAIN else self.METRIC
        result |= tagged.pictures(truth, found, names, numbers)
        return Tested(result, tagged.columns(truth, found))

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        train, roles = job.labelled.splits["train"], job.labelled.roles
        known, tags = train.lists(roles.one("tokens")), train.lists(roles.one("tags"))
        guess = spans.most_frequent_tags(list(known), list(tags), job.lists("tokens"))
        found = spans.evaluate(job.lists("tags"), guess, scheme=job.encoded.facts["scheme"], **job.options)
        name, title = spans.BASELINE
        return [{"name": name, "title": title, "metrics": found["metrics"]}]

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test rows of all folds."""
        truth, guess = [], []
        for part, answers in zip(encoded, outputs, strict=True):
            one, other = _compared(part, "test", answers)
            truth += one
            guess += other
        found: dict[str, Any] = spans.evaluate(truth, guess, scheme=encoded[0].facts["scheme"], **options)["metrics"]
        return found

    # --- new rows

    def lacking(self, row: Row) -> list[str]:
        return [] if row.get("tokens") is not None else super().lacking(row)

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        tokenizer, stride = fast_tokenizer(folder), int(read_settings(folder).get("stride", 0))
        sentences = [_sentence(row).words for row in rows]
        return [window.entry for window in words.windows(tokenizer, sentences, max_length(folder), stride)]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        settings, names = read_settings(folder), read_labels(folder)
        windows = ({**example, "output": output} for example, output in zip(examples, outputs, strict=True))
        answers = []
        for row, group in zip(rows, grouped(windows), strict=True):
            sentence = _sentence(row)
            found = tagged.words_of(group, sentence.words, names, settings["usual_tag"])
            answers.append(tagged.answer(sentence, found, settings["scheme"]))
        return answers


PLUGIN = TokenClassification()


def _sentence(row: Row) -> words.Sentence:
    """The words of a new row: as they are given, or those of its text."""
    tokens = row.get("tokens")
    return words.split(str(row["text"])) if tokens is None else words.joined([str(token) for token in tokens])


def _tags(job: EncodeJob) -> tuple[list[str], dict[str, Any]]:
    """The tags of the training rows (of the test rows where there are no others), and what is known of them."""
    split = next(name for name in ("train", *job.labelled.splits) if name in job.labelled.splits)
    rows, column = job.labelled.splits[split], job.labelled.roles.one("tags")
    counts: Counter[str] = Counter()
    for number, tags in enumerate(rows.lists(column)):
        if number % 1000 == 0:
            job.control.check()
        counts.update(tags)
    labels = sorted(counts)
    scheme = job.config.scheme
    if scheme == "auto":
        scheme = spans.scheme_of([labels])
        if scheme in ("IOB2", "IOB1"):  # the same tags in another order
            sample = list(islice(rows.lists(column), _LOOKED_AT))
            scheme = min(("IOB2", "IOB1"), key=lambda name: len(spans.violations(sample, name)))
    _tell_scheme(job, scheme, split)
    return labels, {"scheme": scheme, "usual_tag": counts.most_common(1)[0][0]}


def _tell_scheme(job: EncodeJob, scheme: str, split: str) -> None:
    """Notes the scheme, and tags that break it: such an entity counts for nothing, by the strict rules."""
    if scheme == spans.PLAIN:
        return
    log(job.emit, "task.tag-scheme", "The tags mark whole entities (scheme {scheme}).", scheme=scheme)
    rows, column = job.labelled.splits[split], job.labelled.roles.one("tags")
    sample = list(islice(rows.lists(column), _LOOKED_AT))
    if broken := spans.violations(sample, scheme):
        row, place = broken[0]
        path, number = rows.table.place(int(rows.indices[row]))
        log(job.emit, "task.broken-tags",
            "{count} tags break the scheme {scheme}, such as '{tag}' in row {row} of {path}; what they mark counts as "
            "no entity.", "warning", count=len(broken), scheme=scheme, tag=sample[row][place], row=number,
            path=path)  # fmt: skip


def _labels(window: words.Window, tags: Sequence[str], numbers: dict[str, int], everywhere: bool) -> list[int]:
    """What each token learns: the number of its word's tag, or nothing."""
    answered = set(window.words) - {words.NONE} if everywhere else set()
    learnt = [part if part in answered else word for part, word in zip(window.parts, window.words, strict=True)]
    return [IGNORED if word == words.NONE else numbers.get(tags[word], IGNORED) for word in learnt]


def _compared(encoded: Encoded, split: str, outputs: Outputs) -> tuple[list[list[str]], list[list[str]]]:
    """True and predicted tags of each sentence, from what was encoded."""
    names = encoded.labels
    truth, guess = [], []
    for group in by_source(encoded, split, outputs, ("words", "labels")):
        places = [(window, at) for window in group for at, word in enumerate(window["words"]) if word != words.NONE]
        known = [window["labels"][at] for window, at in places]
        truth.append([_UNKNOWN if number == IGNORED else names[number] for number in known])
        guess.append([names[int(window["output"][at].argmax())] for window, at in places])
    return truth, guess
