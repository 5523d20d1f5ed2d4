"""What every source promises (tlstudio/data/sources/base.py), proved for all that are registered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.data.samples import ROWS, TABLE_WRITERS, forms, places
from tlstudio.core.control import Control
from tlstudio.core.files import is_name, sha256
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.data.scan import scan
from tlstudio.data.tables import read_table

SOURCES = find("tlstudio.data.sources")
LIST = pa.list_(pa.string())


@pytest.fixture
def sample(request, tmp_path) -> tuple[str, str]:
    """Name of a source, and a place that it reads."""
    known = places(tmp_path)
    assert request.param in known, f"tests/data/samples.py has no sample for '{request.param}'"
    return request.param, known[request.param]


every_source = pytest.mark.parametrize("sample", SOURCES, indirect=True)


def parsed(name: str, place: str):
    """(scan, settled options, batches) as the plug-in itself gives them."""
    source, config = SOURCES[name], SOURCES[name].Config()
    found = source.locate(place, config, silent, Control()) if is_name(place) else scan(Path(place))
    settled = source.settle(found, config)
    return found, settled, list(source.batches(found, settled))


@every_source
def test_recognised_by_content(sample):
    name, place = sample
    table = read_table(place, "auto", {}, silent, Control())
    assert table.source == name
    assert table.rows > 0
    assert table.open().num_rows == table.rows
    if Path(place).is_file():
        renamed = Path(place).with_name("without-ending")
        shutil.copy(place, renamed)
        assert read_table(renamed, "auto", {}, silent, Control()).source == name


@every_source
def test_batches_obey_the_protocol(sample):
    _, _, batches = parsed(*sample)
    assert len({batch.schema for batch in batches}) == 1
    for batch in batches:
        batch.validate(full=True)
        assert len(set(batch.schema.names)) == len(batch.schema.names) > 0
        for column in batch.columns:
            assert column.type in (pa.string(), LIST)
            assert column.null_count == 0
            if column.type == LIST:
                assert column.values.null_count == 0


@every_source
def test_settling_is_final(sample):
    name, place = sample
    found, settled, batches = parsed(name, place)
    assert SOURCES[name].settle(found, settled) == settled
    assert type(settled) is SOURCES[name].Config
    again = list(SOURCES[name].batches(found, settled))
    assert pa.Table.from_batches(again).equals(pa.Table.from_batches(batches))


@every_source
def test_reading_again_gives_the_same(sample):
    name, place = sample
    before = sha256(Path(place)) if Path(place).is_file() else None
    first = read_table(place, name, {}, silent, Control())
    second = read_table(place, name, first.options, silent, Control())
    data = first.open()
    assert second.open().equals(data)
    assert (second.key, second.columns, second.rows) == (first.key, first.columns, first.rows)
    shutil.rmtree(cache_folder("datasets"))
    assert read_table(place, name, {}, silent, Control()).open().equals(data)
    assert before == (sha256(Path(place)) if Path(place).is_file() else None)


@pytest.mark.parametrize("title", forms())
def test_every_form_is_recognised(title, tmp_path):
    form = forms()[title]
    table = read_table(form.write(tmp_path), "auto", {}, silent, Control())
    assert table.source == form.source
    assert table.rows > 0


CELLS = [
    'she said "no"', "a,b;c|d", "tab\there", "line\nbreak", "退款 été 🙂", "NA", "null", "None", "nan", "007", "1e5",
    "true", "2024-01-01", " spaces ", "'", '"', '""', "\\n", "{x}", "=1+1", "#no comment", "a\u2028b", "\u00a0x",
    "#N/A", "1.50", "-", "\\x", "%s", "[1]",
]  # fmt: skip


@pytest.mark.parametrize("name", TABLE_WRITERS)
@pytest.mark.parametrize("chosen", [True, False], ids=["named", "auto"])
def test_cells_come_back_as_they_were_written(name, chosen, tmp_path):
    path = tmp_path / f"cells{SOURCES[name].SUFFIXES[0]}"
    rows = [(cell, f"label {index % 3}") for index, cell in enumerate(CELLS)]
    TABLE_WRITERS[name](path, rows)
    table = read_table(path, name if chosen else "auto", {}, silent, Control())
    assert (table.source, list(table.columns), table.rows) == (name, ["text", "label"], len(CELLS))
    assert table.open().to_pydict() == {"text": CELLS, "label": [label for _, label in rows]}


# without what no XML and no text file may hold
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff") | st.sampled_from(
    "\n\t"
)
TEXTS = st.text(CHARACTERS, max_size=30)


@pytest.mark.parametrize("name", TABLE_WRITERS)
def test_any_text_comes_back(name, tmp_path):
    @settings(max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(TEXTS, st.text(CHARACTERS, min_size=1, max_size=9)), min_size=1, max_size=6))
    def check(rows):
        # a workbook keeps no cell that holds nothing but spaces
        assume(name != "excel" or all(cell.strip() for row in rows for cell in row))
        path = tmp_path / f"texts{SOURCES[name].SUFFIXES[0]}"
        path.unlink(missing_ok=True)
        TABLE_WRITERS[name](path, rows)
        table = read_table(path, "auto", {}, silent, Control())
        assert table.source == name
        assert [tuple(row.values()) for row in table.open().to_pylist()] == rows

    check()


def test_samples_are_tables_of_the_same_rows(tmp_path):
    for name, write in TABLE_WRITERS.items():
        path = tmp_path / f"a{SOURCES[name].SUFFIXES[0]}"
        write(path, ROWS)
        rows = read_table(path, "auto", {}, silent, Control()).open().to_pylist()
        assert [tuple(row.values()) for row in rows] == list(ROWS), name
