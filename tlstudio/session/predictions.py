"""The predictions of a run, read from its parquet file only as far as they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors

FILE = "predictions.parquet"
CONTENT = ("text", "question", "source_text", "prompt", "image", "audio")  # what a row holds: the first that is there
_COLUMNS = ["row", "label", "predicted", "confidence"]


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

    Raises:
        StudioError: the file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds

    path = Path(folder) / FILE
    wanted = {"label": label, "predicted": predicted}
    condition = None
    for name, value in wanted.items():
        if value is not None:
            part = ds.field(name) == value
            condition = part if condition is None else condition & part
    try:
        with explain_os_errors(path):
            rows = ds.dataset(path, format="parquet")
            content = next((name for name in CONTENT if name in rows.schema.names), CONTENT[0])
            names = [name for name in _COLUMNS if name != "confidence" or name in rows.schema.names]
            table = rows.head(limit, columns=[*names, content], filter=condition)
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
    return [
        Sample(text=str(record[content]), kind=kind, **{name: record[name] for name in names})
        for record in table.to_pylist()
    ]
