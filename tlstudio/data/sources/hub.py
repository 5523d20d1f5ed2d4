"""``hub:org/name``: a dataset of the hub that has been downloaded; see :mod:`tlstudio.data.hub` for the spelling.

Reading never goes to the network. What the name says (revision, configuration, split) goes before the options, so that
training, validation and test may be splits of one dataset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.data.hub import Address, Snapshot, find_snapshot, parse, which_configuration
from tlstudio.data.scan import Scan, scan

if TYPE_CHECKING:
    import pyarrow as pa

_AUTO = "auto"


class Options(BaseModel):
    """Which part of a dataset; ``split`` is a field of the recipe already, hence ``hub_split``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    configuration: str = Field(
        _AUTO, title="Configuration", description="Part of the dataset, such as a language; auto takes the usual one."
    )
    hub_split: str = Field(
        _AUTO, title="Split on the hub", description="Name of a split; auto takes train, or the only one there is."
    )
    revision: str = Field(_AUTO, title="Revision", description="Commit, tag or branch; auto takes the main branch.")


class HubSource:
    """Parquet, CSV and JSON files of one split, as one table."""

    NAME = "hub"
    TITLE = "Hugging Face dataset"
    SUMMARY = "A dataset of the hub by name, such as hub:org/name#test, once it has been downloaded."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return found.kind == "name" and found.name.lower().startswith("hub:")

    def locate(self, name: str, config: Options, _emit: Emit, _control: Control) -> Scan:
        snapshot, settled = _chosen(name, config)
        names = snapshot.files[settled.configuration][settled.hub_split]
        content = "\0".join([str(snapshot.folder.absolute()), snapshot.revision, *names])
        size = sum(snapshot.sizes[name] for name in names)
        return Scan(Path(name), hashlib.sha256(content.encode()).hexdigest(), size, kind="name", names=tuple(names))

    def settle(self, found: Scan, config: Options) -> Options:
        return _chosen(found.name, config)[1]

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        snapshot = _chosen(found.name, config)[0]
        parts = [_Part(snapshot.folder / name) for name in found.names]
        schema = _common_schema(parts)
        for part in parts:
            for batch in part.batches():
                yield _fitted(batch, schema)


PLUGIN = HubSource()


def _chosen(name: str, config: Options) -> tuple[Snapshot, Options]:
    """The download that is meant, and the options with nothing left open.

    Raises:
        StudioError: it is not here, or has no such configuration or split.
    """
    address = _address(name, config)
    snapshot = find_snapshot(address.name, address.revision)
    configuration = _configuration(snapshot, address) if snapshot else None
    if snapshot is None or configuration is None:
        raise _not_here(address)
    splits = snapshot.files[configuration]
    usual = "train" if "train" in splits else next(iter(splits), "")
    split = address.split or usual
    if split not in splits:
        raise StudioError(
            "data.no-hub-split", "{name} has no split '{split}'.", "Choose one of: {known}.", where="data.path",
            name=address.name, split=split, known=", ".join(splits),
        )  # fmt: skip
    for path in splits[split]:
        file = snapshot.folder / path
        if not file.is_file() or file.stat().st_size != snapshot.sizes[path]:
            raise _not_here(address)
    return snapshot, Options(configuration=configuration, hub_split=split, revision=snapshot.revision)


def _address(name: str, config: Options) -> Address:
    address = parse(name)
    options = {"revision": config.revision, "configuration": config.configuration, "split": config.hub_split}
    return replace(address, **{key: value for key, value in options.items()
                               if value != _AUTO and not getattr(address, key)})  # fmt: skip


def _configuration(snapshot: Snapshot, address: Address) -> str | None:
    """The configuration that is meant; None if it was not downloaded."""
    if address.configuration:
        return address.configuration if address.configuration in snapshot.files else None
    if snapshot.default is not None:
        return snapshot.default if snapshot.default in snapshot.files else None
    if len(snapshot.files) == 1:
        return next(iter(snapshot.files))
    raise which_configuration(address.name, list(snapshot.files))


def _not_here(address: Address) -> StudioError:
    part = f" --configuration {address.configuration}" if address.configuration else ""
    commit = f" --revision {address.revision}" if address.revision else ""
    return StudioError(
        "data.not-downloaded", "The dataset {name} is not on this machine.",
        "Download it in the Data step, or with: tlstudio download-data {arguments}", where="data.path",
        name=address.name, arguments=address.name + part + commit,
    )  # fmt: skip


class _Part:
    """One file of a split, read by the source that knows its format."""

    def __init__(self, path: Path) -> None:
        from tlstudio.data.tables import recognise

        self.path = path
        self._found = scan(path)
        self._source: Any = recognise(self._found)
        self._config = self._source.settle(self._found, self._source.Config())

    def batches(self) -> Iterator[pa.RecordBatch]:
        batches: Iterator[pa.RecordBatch] = self._source.batches(self._found, self._config)
        return batches


def _common_schema(parts: list[_Part]) -> pa.Schema:
    """The columns of all parts: a key of JSON Lines may be missing in some of them.

    Raises:
        StudioError: a column is text in one part and a list in another.
    """
    import pyarrow as pa

    fields: dict[str, pa.DataType] = {}
    for part in parts:
        first = next(part.batches(), None) if len(parts) > 1 else None
        for field in first.schema if first is not None else ():
            if fields.setdefault(field.name, field.type) != field.type:
                raise StudioError(
                    "data.different-columns", "{path} and {other} have different columns, such as '{column}'.",
                    "Files that are read as one need the same columns.", where="data.path", path=str(parts[0].path),
                    other=str(part.path), column=field.name,
                )  # fmt: skip
    return pa.schema([*fields.items()])


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of the schema; empty values where it has none. A single part is as it is."""
    import pyarrow as pa

    if not len(schema) or batch.schema.equals(schema):
        return batch
    known = set(batch.schema.names)
    columns = [
        batch.column(field.name) if field.name in known
        else pa.array(["" if pa.types.is_string(field.type) else []] * batch.num_rows, field.type)
        for field in schema
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=schema)
