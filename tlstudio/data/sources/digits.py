"""``sample:digits``: 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn; needs no network.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998,
CC BY 4.0), its test part, as ``sklearn.datasets.load_digits`` has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.core.files import atomic_folder, explain_os_errors
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.scan import Scan

if TYPE_CHECKING:
    import pyarrow as pa

_PLACE = "sample:digits"
_COUNT = 1797
_LEVELS = 16  # of grey in the original, 0 to 16


class Options(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DigitsSource:
    """Columns ``image`` and ``label``; the images are written once, as PNG files in the cache."""

    NAME = "digits"
    TITLE = "Sample of digits"
    SUMMARY = "1,797 small images of handwritten digits that come with the program (sample:digits)."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return found.kind == "name" and found.name.strip().lower() == _PLACE

    def locate(self, name: str, _config: Options, emit: Emit, control: Control) -> Scan:
        folder = cache_folder("images") / "digits"
        names = _names(folder)
        if len(names) < _COUNT:
            _write(folder, Meter(emit, control, "prepare", _COUNT, "images"))
            names = _names(folder)
        digest = hashlib.sha256("\0".join([str(folder.absolute()), *names]).encode("utf-8", "replace"))
        return Scan(Path(name), digest.hexdigest(), 0, kind="name", names=names)

    def settle(self, _found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, _config: Options) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        folder = (cache_folder("images") / "digits").absolute()
        labels = [name.split("/")[0] for name in found.names]
        yield pa.RecordBatch.from_pydict({"image": [str(folder / name) for name in found.names], "label": labels})


PLUGIN = DigitsSource()


def _names(folder: Path) -> tuple[str, ...]:
    """The images in the order of the original: the number in their name."""
    found = sorted(folder.glob("[0-9]/*.png"), key=lambda path: path.name)
    return tuple(path.relative_to(folder).as_posix() for path in found)


def _write(folder: Path, meter: Meter) -> None:
    """``<digit>/<number>.png``, greyscale of 8 bits, white on black as in the original."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    with explain_os_errors(folder):
        digits = load_digits()
        with atomic_folder(folder) as target:
            for number, (values, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
                path = target / str(digit) / f"{number:04}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray((values * (255 / _LEVELS)).round().astype(np.uint8)).save(path)
                meter.advance()
