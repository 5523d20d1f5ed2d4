"""The different values of a column, counted beside the window from the rows in the cache."""

from __future__ import annotations

from collections import Counter

from tlstudio.core.files import explain_os_errors

MOST = 200


def values_of(path: str, column: str) -> list[tuple[str, int]]:
    """Values with their rows, most frequent first; none where there are more than :data:`MOST`, or no such column.

    Raises:
        StudioError: the file is not there any more.
    """
    import pyarrow as pa

    counts: Counter[str] = Counter()
    with explain_os_errors(path), pa.OSFile(path) as stream:
        reader = pa.ipc.open_stream(stream)
        if column not in reader.schema.names or not pa.types.is_string(reader.schema.field(column).type):
            return []
        for batch in reader:
            for item in batch.column(column).value_counts().to_pylist():
                counts[item["values"]] += item["counts"]
            if len(counts) > MOST:
                return []
    return counts.most_common()
