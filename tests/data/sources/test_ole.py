"""Damaged .xls files are refused before calamine believes them, which would end the process."""

from __future__ import annotations

import base64
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.data.sources.test_excel import OLD
from tlstudio.data.sources import ole

ROOT = Path(__file__).resolve().parents[3]
DATA = zlib.decompress(base64.b85decode(OLD))


@pytest.fixture
def check(tmp_path):
    """Checks the sample with some of its bytes replaced."""

    def check(*changes, data=DATA):
        changed = bytearray(data)
        for at, new in changes:
            changed[at : at + len(new)] = new
        (tmp_path / "a.xls").write_bytes(changed)
        ole.check(tmp_path / "a.xls")

    return check


def test_the_sample_is_sound(check):
    check()
    check((76, struct.pack("<I", struct.unpack_from("<I", DATA, 76)[0])))


def test_a_chain_that_bites_its_tail(check):
    fat = 512 * (struct.unpack_from("<I", DATA, 76)[0] + 1)
    with pytest.raises(ValueError, match="does not end"):
        check((fat, struct.pack("<2I", 1, 0)))


SIZE = DATA.index(struct.pack("<2H2I2H", 0x200, 14, 0, 3, 0, 3))


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [((0, 70_000, 0, 3), "Excel has none"), ((0, 3, 0, 300), "Excel has none"), ((9, 3, 0, 3), "before it begins"),
     ((1 << 27, 3, 0, 3), "before it begins")],
)  # fmt: skip
def test_sheets_of_impossible_size(check, numbers, reason):
    with pytest.raises(ValueError, match=reason):
        check((SIZE + 4, struct.pack("<2I2H", *numbers)))


def test_cells_and_texts_that_cannot_be(check):
    cell = DATA.index(struct.pack("<4H", 0xFD, 10, 0, 1))
    with pytest.raises(ValueError, match="Excel has none"):
        check((cell + 6, struct.pack("<H", 256)))
    texts = DATA.index(struct.pack("<2H", 0xFC, 44))
    with pytest.raises(ValueError, match="more texts"):
        check((texts + 8, struct.pack("<I", 1 << 31)))


def test_header_and_directory(check):
    with pytest.raises(ValueError, match="impossible size"):
        check((30, b"\x1f"))
    with pytest.raises(ValueError, match="more sectors"):
        check((44, b"\xff\xff\xff"))
    name = DATA.index("Workbook".encode("utf-16-le"))
    with pytest.raises(ValueError, match="no workbook"):
        check((name, b"X"))
    with pytest.raises(ValueError, match="larger than itself"):
        check((name + 120, b"\xff\xff\xff\x7f"))
    for size in (0, 20, 100, 511, 600, 3_000):
        with pytest.raises(ValueError, match=r"cut off|more sectors|does not have"):
            check(data=DATA[:size])


def test_behind_a_password_nothing_is_checked(check):
    start = DATA.index(struct.pack("<2H", 0x85, 17))
    check((start, struct.pack("<H", 0x2F)), (SIZE + 4, b"\xff" * 12))


FUZZ = """
import random, sys
from pathlib import Path
from tests.data import test_fuzz as fuzz
from tests.data.sources.test_ole import DATA
folder, ways = Path(sys.argv[1]), [fuzz.flip, fuzz.overwrite, fuzz.huge_number, fuzz.insert, fuzz.delete, fuzz.truncate]
for seed in range(int(sys.argv[2]), int(sys.argv[3])):
    draw, data = random.Random(seed), DATA
    for _ in range(draw.randint(1, 3)):
        data = draw.choice(ways)(data, draw)
    (folder / "a.xls").write_bytes(data)
    fuzz.outcome(folder / "a.xls", folder, "auto")
print("survived")
"""


@pytest.mark.parametrize("seeds", [(0, 400), pytest.param((400, 5_000), marks=pytest.mark.slow)], ids=["few", "many"])
def test_no_damaged_file_ends_the_process(tmp_path, seeds):
    command = [sys.executable, "-c", FUZZ, str(tmp_path), *map(str, seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout.strip() == "survived", done.stderr[-2_000:]


def test_random_bytes_after_the_mark(tmp_path):
    draw = random.Random(0)
    for size in (0, 50, 600, 5_000):
        (tmp_path / "a.xls").write_bytes(ole.MAGIC + draw.randbytes(size))
        with pytest.raises(ValueError, match=r"it|its"):
            ole.check(tmp_path / "a.xls")
