"""The predictions of a run, read from its parquet file only as far as they are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors

FILE = "predictions.parquet"
CONTENT = ("text", "question", "source_text", "prompt", "image", "audio")  # what a row holds: the first that is there
_SECOND = ("text_b",)  # the other text of a pair
_COLUMNS = ["row", "label", "predicted", "confidence"]
_TAGGED = "tokens"  # a column of sentences, whose label and prediction are a tag for each token, with spaces between


@dataclass(frozen=True)
class Sample:
    """A test row with its true and predicted label; ``row`` counts the rows of the test data from 0.

    ``text`` is its content; where ``kind`` is image or audio, the place of the file.
    """

    row: int
    text: str
    label: str
    predicted: str
    confidence: float | None = None  # where the model has one
    kind: str = "text"


def samples(folder: Path, label: str | None = None, predicted: str | None = None, limit: int = 5000) -> list[Sample]:
    """The first ``limit`` samples with this true and this predicted label (None: any).

    Of sentences with a tag for each token: those where a token has this true and this predicted tag.

    Raises:
        StudioError: the file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds

    path = Path(folder) / FILE
    wanted = {name: value for name, value in (("label", label), ("predicted", predicted)) if value is not None}
    try:
        with explain_os_errors(path):
            rows = ds.dataset(path, format="parquet")
            content = next((name for name in CONTENT if name in rows.schema.names), CONTENT[0])
            names = [name for name in _COLUMNS if name != "confidence" or name in rows.schema.names]
            shown = [content, *(name for name in _SECOND if name in rows.schema.names)]
            columns = [*names, *shown]
            if wanted and _TAGGED in rows.schema.names:
                found = list(islice(_tagged(rows, columns, wanted), limit))
            else:
                found = rows.head(limit, columns=columns, filter=_condition(wanted)).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowTypeError) as error:
        raise StudioError(
            "runs.predictions-damaged",
            "{path} cannot be read: {reason}.",
            "Run the recipe again; the other results are still shown.",
            where=str(path),
            path=str(path),
            reason=str(error).splitlines()[0][:200],
        ) from error
    kind = content if content in ("image", "audio") else "text"
    texts = [" ⇄ ".join(str(record[name]) for name in shown) for record in found]
    return [
        Sample(text=text, kind=kind, **{name: record[name] for name in names})
        for text, record in zip(texts, found, strict=True)
    ]


def _condition(wanted: dict[str, str]) -> Any:
    import pyarrow.dataset as ds

    condition = None
    for name, value in wanted.items():
        part = ds.field(name) == value
        condition = part if condition is None else condition & part
    return condition


def _tagged(rows: Any, columns: list[str], wanted: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Sentences with such a token, as if the tags looked for were those of the whole."""
    for batch in rows.to_batches(columns=columns):
        for record in batch.to_pylist():
            tokens = zip(*(record[name].split() for name in wanted), strict=False)
            if tuple(wanted.values()) in tokens:
                yield record | wanted
