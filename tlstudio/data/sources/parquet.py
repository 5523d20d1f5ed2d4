"""Parquet, as pandas, Spark, polars and Hugging Face datasets write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from tlstudio.data.scan import Scan
from tlstudio.data.sources.objects import boxed
from tlstudio.data.sources.typed import BATCH, Converter, explain_arrow

if TYPE_CHECKING:
    import pyarrow as pa


class Options(BaseModel):
    """There is nothing to choose: the file says everything about itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ParquetSource:
    """Parquet files, read in batches."""

    NAME = "parquet"
    TITLE = "Parquet"
    SUMMARY = "Typed columns; nested ones become columns by dotted path, pictures become files."
    SUFFIXES = (".parquet", ".pq")
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return found.head.startswith(b"PAR1")

    def settle(self, found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        with explain_arrow(found.path), pq.ParquetFile(found.path, page_checksum_verification=True) as file:
            converter = Converter(found.path, file.schema_arrow)
            read = file.iter_batches(BATCH, use_threads=False)
            yield from boxed(converted for batch in read for converted in converter.batches(batch))


PLUGIN = ParquetSource()
