"""Typed values as text: what Arrow, a workbook or a database holds, by the rules of :mod:`tlstudio.data.sources.base`.

Numbers become the shortest text that reads back the same (``1``, ``0.1``), missing values and NaN are empty, times are
ISO 8601 (those with a time zone in UTC), durations are seconds, structs become columns by dotted path, conversations
lists of messages, and pictures and recordings become files in the cache that are named by their content.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.data.sources import chat
from tlstudio.data.sources.embedded import keep_file, media_suffix
from tlstudio.data.sources.flatten import sound

if TYPE_CHECKING:
    import pyarrow as pa

BATCH, _CHARACTERS = 2_000, 16 << 20  # rows and size of a batch
_INDEX = re.compile(r"__index_level_\d+__")  # pandas' row numbers
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


# --- one value


def text_of(value: Any, refuse: Callable[[], StudioError]) -> str:
    """A Python value as text; ``refuse`` makes the error for bytes that are no picture and no recording."""
    if value is None:
        return ""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        if data and not media_suffix(data):
            raise refuse()
        return keep_file(data) if data else ""
    if isinstance(value, (bool, list, tuple, dict, set, frozenset)):
        return sound(json.dumps(value, ensure_ascii=False, default=lambda inner: _inner_text(inner, refuse)))
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, decimal.Decimal):
        return format(value, "f") if value.is_finite() else ""
    if isinstance(value, (datetime.date, datetime.time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _number(value.total_seconds())
    return sound(str(value))


def _inner_text(value: Any, refuse: Callable[[], StudioError]) -> Any:
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else text_of(value, refuse)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def text_batches(names: list[str], rows: Iterable[Sequence[str]]) -> Iterator[pa.RecordBatch]:
    """Rows of text as Arrow, some thousand or some megabytes at a time."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in names])
    columns: list[list[str]] = [[] for _ in names]
    count = size = 0
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
            size += len(cell)
        count += 1
        if count == BATCH or size > _CHARACTERS:
            yield pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)
            columns, count, size = [[] for _ in names], 0, 0
    if count:
        yield pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)


# --- Arrow


@contextlib.contextmanager
def explain_arrow(path: Path) -> Iterator[None]:
    """Turns what Arrow says about a damaged file into a StudioError that names it."""
    import pyarrow as pa

    try:
        with explain_os_errors(path):
            try:
                yield
            except OSError as error:
                if error.errno is not None:
                    raise
                raise _damaged(path, error) from error
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> StudioError:
    reason = " ".join(str(error).split())
    return StudioError(
        "data.damaged", "{path} is damaged or in an unknown variant of its format: {reason}",
        "Get the file again from its source, or save the table anew.",
        where=str(path), path=str(path), reason=reason[:200] or type(error).__name__,
    )  # fmt: skip


class Converter:
    """Turns the batches of one file into batches of strings and lists of strings, all with the same schema.

    Args:
        path: the file; pictures and recordings that are given by a relative path lie beside it.
        schema: of the file. Its ``huggingface`` metadata names the classes of integer labels (``datasets.ClassLabel``).
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._features = _features(schema)
        self._media: set[str] = set()  # columns whose first bytes were a picture or a recording

    def batches(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The converted batch in pieces of at most :data:`BATCH` rows.

        Raises:
            StudioError: a column cannot be text, or is damaged, or shares its name with another.
        """
        for start in range(0, batch.num_rows, BATCH):
            yield self._convert(batch.slice(start, BATCH))

    def _convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        columns: list[tuple[str, pa.Array]] = []
        for field, column in zip(batch.schema, batch.columns, strict=True):
            if not _INDEX.fullmatch(field.name):
                self._check(field.name, column)
                columns += self._columns(sound(field.name), column, self._features.get(field.name))
        columns = _renamed_chat(columns, batch.schema)
        for name, count in Counter(name for name, _ in columns).items():
            if count > 1:
                raise StudioError(
                    "data.duplicate-column", "{path} has {count} columns called '{name}'.",
                    "Give every column a name of its own.",
                    where=str(self._path), path=str(self._path), name=name, count=count,
                )  # fmt: skip
        return pa.RecordBatch.from_arrays([array for _, array in columns], [name for name, _ in columns])

    def _check(self, name: str, column: pa.Array) -> None:
        """Offsets and text encodings: Arrow trusts them, and a damaged file could make it read anywhere."""
        import pyarrow as pa

        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise StudioError(
                "data.damaged-column", "Column '{name}' of {path} is damaged: {reason}",
                "Get the file again from its source, or save the table anew.",
                where=str(self._path), path=str(self._path), name=name, reason=str(error)[:200],
            ) from error  # fmt: skip

    def _columns(self, name: str, array: pa.Array, feature: Any) -> Iterator[tuple[str, pa.Array]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        array = _plain(array)
        if not pa.types.is_struct(array.type):
            yield name, self._column(name, array, feature)
        elif _is_media(array.type, feature):
            yield name, self._files_of(name, array)
        else:
            for index, field in enumerate(array.type):
                inner = _inner(feature, field.name)
                yield from self._columns(f"{name}.{sound(field.name)}", pc.struct_field(array, [index]), inner)

    def _column(self, name: str, array: pa.Array, feature: Any) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not _is_list(array.type):
            return self._text(name, array, feature)
        if _is_chat(name, array.type.value_type):
            return self._messages(name, array)
        if pa.types.is_nested(array.type.value_type):
            return self._json(name, array)
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        offsets = pa.array([0, *lengths.cumsum()], pa.int32())
        values = self._text(name, _plain(pc.list_flatten(array)), _inner(feature))
        return pa.ListArray.from_arrays(offsets, values)

    def _text(self, name: str, array: pa.Array, feature: Any) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = array.type
        if pa.types.is_null(kind):
            return pa.array([""] * len(array), pa.string())
        if _is_binary(kind):
            return self._files_of(name, array)
        names = feature.get("names") if isinstance(feature, dict) else None
        if names and pa.types.is_integer(kind):
            return _class_names(array, names)
        if pa.types.is_temporal(kind):
            text = _time(array)
        elif pa.types.is_floating(kind):
            text = pc.cast(pc.if_else(pc.is_nan(array), pa.scalar(None, kind), array), pa.string())
        elif pa.types.is_nested(kind):
            return self._json(name, array)
        else:
            text = pc.cast(array, pa.string())
        return pc.fill_null(text, "")

    def _json(self, name: str, array: pa.Array) -> pa.Array:
        """Lists of lists and the like: the JSON text of each."""
        import pyarrow as pa

        return pa.array([text_of(value, lambda: self._refuse(name)) for value in array.to_pylist()], pa.string())

    def _messages(self, name: str, array: pa.Array) -> pa.Array:
        import pyarrow as pa

        try:
            return pa.array([list(map(sound, chat.messages(row or []))) for row in array.to_pylist()],
                            pa.list_(pa.string()))  # fmt: skip
        except ValueError as error:
            raise StudioError(
                "data.bad-conversation", "Column '{name}' of {path} holds a message that says not who speaks, or what.",
                "Give each message a role and a content.", where=str(self._path), path=str(self._path), name=name,
            ) from error  # fmt: skip

    def _files_of(self, name: str, array: pa.Array) -> pa.Array:
        import pyarrow as pa

        return pa.array([self._file(name, value) for value in array.to_pylist()], pa.string())

    def _file(self, name: str, value: Any) -> str:
        """The path of a picture or recording: bytes, or ``{"bytes": …, "path": …}`` as ``datasets`` writes them."""
        data, place = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
        if not data:
            beside = self._path.parent / place if place else None
            return str(beside.absolute() if beside.exists() else place) if beside else ""
        if media_suffix(data):
            self._media.add(name)
        elif name not in self._media:
            raise self._refuse(name)
        return keep_file(data)  # a broken picture among others is a matter for the data doctor

    def _refuse(self, name: str) -> StudioError:
        return StudioError(
            "data.binary-column", "Column '{name}' of {path} holds bytes that are no picture and no recording.",
            "Remove the column from the table, or store text, numbers, pictures (PNG, JPEG …) or sound (WAV …) in it.",
            where=str(self._path), path=str(self._path), name=name,
        )  # fmt: skip


def _features(schema: pa.Schema) -> dict[str, Any]:
    """Column to its ``datasets`` feature, from the metadata; empty where there is none."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # other programs write other things there: the columns can be read without
    return features if isinstance(features, dict) else {}


def _inner(feature: Any, name: str | None = None) -> Any:
    """The feature of the items of a list, or of a field of a struct; a sequence of structs is stored turned around."""
    if isinstance(feature, list):
        feature = {"feature": feature[0] if feature else None}
    if not isinstance(feature, dict):
        return None
    if name is None:
        return feature.get("feature")
    if isinstance(feature.get("feature"), dict):
        return {"feature": feature["feature"].get(name)}
    return feature.get(name)


def _plain(array: pa.Array) -> pa.Array:
    """Without extension types, dictionaries, run-length encoding and views."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([str(value) if value else None for value in array.to_pylist()], pa.string())
        return _plain(array.storage)
    if pa.types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(array))
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return pa.array(array.to_pylist(), pa.list_(kind.value_type))  # their cast loses items (pyarrow 26)
    return array


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _renamed_chat(columns: list[tuple[str, pa.Array]], schema: pa.Schema) -> list[tuple[str, pa.Array]]:
    """A conversation is called messages, unless that name is taken or there are several."""
    chats = [field.name for field in schema if _is_list(field.type) and _is_chat(field.name, field.type.value_type)]
    taken = {name for name, _array in columns}
    if len(chats) != 1 or chat.COLUMN in taken:
        return columns
    return [(chat.COLUMN if name == sound(chats[0]) else name, array) for name, array in columns]


def _is_chat(name: str, kind: pa.DataType) -> bool:
    """Whether a list of such values, in a column of that name, is a conversation: texts that someone says."""
    import pyarrow as pa

    if not pa.types.is_struct(kind) or name.rsplit(".", 1)[-1].lower() not in chat.NAMES:
        return False
    texts = {field.name for field in kind if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)}
    return {"role", "content"} <= texts or {"from", "value"} <= texts


def _is_media(kind: pa.StructType, feature: Any) -> bool:
    names = {field.name for field in kind}
    stated = isinstance(feature, dict) and feature.get("_type") in ("Image", "Audio")
    return names == {"bytes", "path"} and (stated or _is_binary(kind.field("bytes").type))


def _class_names(array: pa.Array, names: list[Any]) -> pa.Array:
    """Names for class numbers; -1 is ``datasets``' mark for no label, other unknown numbers stay."""
    import pyarrow as pa

    texts = [str(name) for name in names]
    cells = array.to_pylist()
    named = [
        texts[cell] if cell is not None and 0 <= cell < len(texts) else "" if cell in (None, -1) else str(cell)
        for cell in cells
    ]
    return pa.array(named, pa.string())


def _time(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_duration(kind):
        seconds = pc.divide(pc.cast(pc.cast(array, pa.int64()), pa.float64()), float(_PER_SECOND[kind.unit]))
        return pc.cast(seconds, pa.string())
    if pa.types.is_interval(kind):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    zone = ""
    if pa.types.is_timestamp(kind) and kind.tz:
        zone = "+00:00"  # written out of the number, which is UTC: no database of time zones is needed
        array = pc.cast(pc.cast(array, pa.int64()), pa.timestamp(kind.unit))
    text = pc.replace_substring(pc.cast(array, pa.string()), " ", "T", max_replacements=1)
    text = pc.replace_substring_regex(pc.replace_substring_regex(text, r"\.0+$", ""), r"(\.\d*[1-9])0+$", r"\1")
    return pc.binary_join_element_wise(text, zone, "") if zone else text
