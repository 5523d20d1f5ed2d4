"""What language models have in common: rows of tokens, how likely they are, and what a model writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.events import Emit, log
from tlstudio.core.files import read_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.metrics import perplexity
from tlstudio.models import language
from tlstudio.models.batches import IGNORED
from tlstudio.models.folders import position_limit
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, TaskBase, TestJob
from tlstudio.tasks.building import build_model, tell_fresh_head
from tlstudio.tasks.texts import row_weights, tokenizer_stamp, write_rows

if TYPE_CHECKING:
    import numpy as np
    import torch

_FORMAT = 1  # part of each key: another number makes every cache anew
_BATCH = 500
_PIECE = 100_000  # characters of a long text that are cut into tokens at once, so that the user can cancel
_MOST_POSITIONS = 4096  # of a prompt, where the model states no limit
TYPES = {"input_ids": "list", "labels": "list", "words": "list", "length": "int", "full_length": "int",
         "target_length": "int", "source": "int", "row": "int", "weight": "float"}  # fmt: skip


class LanguageModel(TaskBase):
    """Loss over tokens, perplexity, and the baseline that knows only how frequent each token is."""

    METRIC = "perplexity"
    QUICK = ("loss", "perplexity")
    GATHERS = False
    UNTRAINED = True
    SCRIPTS = {"transformers": "export/generate_transformers.py"}

    def tell_head(self, job: EncodeJob) -> None:
        """Says so where the backbone comes without a trained head, once a run."""
        if job.known is None:
            tell_fresh_head(job.emit, self, job.backbone)

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        model: Any = build_model(self.HEAD, backbone, overrides)
        if hasattr(model.config, "use_cache"):
            model.config.use_cache = False  # a cache of keys and values only helps to write; that has its own setting
        if self.HEAD.generate:
            prepare_writing(model, load_tokenizer(backbone))
        return model

    def save(self, model: Any, encoded: Encoded, backbone: Path, folder: Path, head: Head | None = None) -> None:
        if hasattr(model.config, "use_cache"):
            model.config.use_cache = bool(read_json(backbone / "config.json").get("use_cache", True))
        super().save(model, encoded, backbone, folder, head)

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        shifted = self.HEAD.losses == "next"

        def of_tokens(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            scores, targets, rows = language.counted(outputs.logits, labels, shifted)
            each = language.losses(scores, targets)
            return (each if row_weights is None else each * row_weights[rows]).sum() / max(len(each), 1)

        return of_tokens

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        return {"loss": loss, "perplexity": perplexity.of_loss(loss)}

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        import numpy as np

        assert job.encoded.backbone is not None  # every encode() of these tasks sets it
        vocabulary = len(load_tokenizer(job.encoded.backbone))
        known = self.known(job.encoded, job.control)
        columns = chunks(job.encoded.splits[job.split], ("source", "labels"), job.control)
        rows = ((source, labels) for sources, lists in columns for source, labels in zip(sources, lists, strict=True))
        texts = ((int(source), np.asarray([x for x in labels if x != IGNORED], int)) for source, labels in rows)
        table = perplexity.unigram(known, vocabulary, texts, len(job.labelled.splits[job.split]))
        name, title = perplexity.BASELINE
        found = perplexity.evaluate(table, guessed=self.HEAD.losses == "same", **job.options)
        return [{"name": name, "title": title, "metrics": found["metrics"]}]

    def known(self, encoded: Encoded, control: Control) -> Iterator[np.ndarray]:
        """Token ids of the training texts, in parts."""
        import numpy as np

        for (labels,) in chunks(encoded.splits["train"], ("labels",), control):
            ids = np.concatenate([np.asarray(row, dtype=np.int64) for row in labels])
            yield ids[ids != IGNORED]


def by_text(job: TestJob) -> np.ndarray:
    """The answers of a test with losses, [N, 3] for the N rows of data; a text may have been several rows."""
    import numpy as np

    table = np.zeros((len(job.labelled.splits[job.split]), 3))
    if len(job.outputs):
        sources = np.asarray(job.encoded.splits[job.split]["source"])
        np.add.at(table, sources, np.stack(list(job.outputs)).astype(np.float64))
    return table


def likelihoods(table: np.ndarray) -> list[float]:
    """For each text the (geometric) mean probability that the model gave its tokens: 1 is perfect."""
    import numpy as np

    return [float(np.exp(-loss / count)) if count else 0.0 for loss, count, _right in table]


def spread(rows: int, count: int) -> list[int]:
    """``count`` of the row numbers, evenly spread."""
    import numpy as np

    return sorted({int(place) for place in np.linspace(0, rows - 1, min(rows, count)).round()}) if rows else []


# --- writing


def prepare_writing(model: Any, tokenizer: Any) -> None:
    """Tells ``generate`` where to stop and how to pad; many models say neither."""
    settings, vocabulary = model.generation_config, model.config.vocab_size
    ends = settings.eos_token_id
    ends = [*(ends if isinstance(ends, (list, tuple)) else [ends]), tokenizer.eos_token_id]
    ends = list(dict.fromkeys(end for end in ends if end is not None and end < vocabulary))
    settings.eos_token_id = ends or None
    settings.pad_token_id = model.config.pad_token_id or 0


def write_one(model: Any, ids: list[int], settings: dict[str, Any], control: Control) -> list[int]:
    """The tokens that a model in the middle of its training writes after ``ids``."""
    found = language.written(model, [{"input_ids": ids}], ("input_ids",), settings, control.check)
    return [int(token) for token in found[0]]


def tell_sample(emit: Emit, prompt: str, output: str) -> None:
    log(emit, "training.sample", "Sample: {prompt} → {output}", prompt=short(prompt), output=short(output))


def short(text: str, length: int = 300) -> str:
    """A text on one line, cut to a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def cut_prompt(ids: list[int], folder: Path, new_tokens: int) -> list[int]:
    """The end of a prompt, with room for what is to be written before the positions of the model end."""
    limit = position_limit(read_json(folder / "config.json")) or _MOST_POSITIONS
    return ids[-max(1, limit - min(new_tokens, limit // 2)) :]


# --- rows of tokens


class RowWriter:
    """Writes the encoded rows of splits, each once: Arrow files in the cache.

    Args:
        job: what is encoded.
        stamp: changes with every choice that changes the rows.
    """

    def __init__(self, job: EncodeJob, stamp: str) -> None:
        self.job, self._stamp = job, stamp
        self.tokenizer = load_tokenizer(job.backbone)
        self.keys: list[str] = []
        total = sum(len(rows) for rows in job.labelled.splits.values())
        self.meter = Meter(job.emit, job.control, "tokenise", total, "texts")

    def split(self, split: str, rows: Iterator[dict[str, Any]], names: Sequence[str], kind: str = "") -> Any:
        """The dataset of a split.

        Args:
            split: its name.
            rows: what is written; read only if it is not in the cache.
            names: the columns of ``rows``, see TYPES.
            kind: changes where rows of one split are made in several ways.
        """
        import datasets
        import pyarrow as pa

        path = cache_folder("tokens") / f"{self._key(split, kind, names)}.arrow"
        if path.is_file():
            self.meter.advance(len(self.job.labelled.splits[split]))
        else:
            schema = pa.schema({name: _arrow_type(TYPES[name]) for name in names})
            write_rows(path, _record_batches(rows, schema), schema)
        return datasets.Dataset.from_file(str(path))

    @property
    def key(self) -> str:
        return hashlib.sha256("".join(self.keys).encode()).hexdigest()[:32]

    def _key(self, split: str, kind: str, names: Sequence[str]) -> str:
        labelled = self.job.labelled
        rows = labelled.splits[split]
        weights = row_weights(labelled, split)
        parts = [_FORMAT, rows.table.key, labelled.roles.columns, tokenizer_stamp(self.job.backbone), self._stamp, kind]
        digest = hashlib.sha256(repr([*parts, names]).encode())
        digest.update(rows.indices.tobytes())
        digest.update(b"" if weights is None else weights.tobytes())
        self.keys.append(digest.hexdigest()[:32])
        return self.keys[-1]


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    return {"list": pa.list_(pa.int32()), "int": pa.int64(), "float": pa.float64()}[name]


def _record_batches(rows: Iterator[dict[str, Any]], schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    while part := list(islice(rows, _BATCH)):
        yield pa.RecordBatch.from_pylist(part, schema)


def chunks(dataset: Any, names: Sequence[str], control: Control) -> Iterator[list[Any]]:
    """Columns of a dataset as lists, some hundred rows at a time."""
    for start in range(0, len(dataset), _BATCH):
        control.check()
        part = dataset[start : start + _BATCH]
        yield [part[name] for name in names]


def token_ids(tokenizer: Any, text: str, control: Control) -> list[int]:
    """All tokens of a text of any length, without special ones."""
    ids: list[int] = []
    for piece in pieces(text):
        control.check()
        ids += tokenizer(piece, add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]
    return ids


def pieces(text: str) -> Iterator[str]:
    """A long text cut before spaces, where no token is cut apart."""
    start = 0
    while len(text) - start > _PIECE:
        end = text.rfind(" ", start + 1, start + _PIECE)
        end = end if end > start else start + _PIECE
        yield text[start:end]
        start = end
    yield text[start:]


def windows(ids: list[int], labels: list[int], length: int) -> Iterator[tuple[list[int], list[int]]]:
    """Pieces of at most ``length`` tokens; each begins with the last token of the one before, so that every token but
    the very first is predicted exactly once."""
    start = 0
    while True:
        end = start + length
        yield ids[start:end], [IGNORED, *labels[start + 1 : end]]
        if end >= len(ids):
            return
        start = end - 1


def specials(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Tokens that the tokenizer puts before and after each text by itself."""
    own = tokenizer("")["input_ids"]
    return list(own[: (len(own) + 1) // 2]), list(own[(len(own) + 1) // 2 :])


def examples_of(texts: Sequence[list[int]]) -> list[Row]:
    return [{"input_ids": ids} for ids in texts]
