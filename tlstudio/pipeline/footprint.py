"""How much memory a model takes: the peak of a fresh process that loads it and answers some rows.

The peak holds the interpreter and the runtime, which are part of what a user of the model pays: PyTorch alone takes
some hundred megabytes, ONNX Runtime a tenth of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.processes import run_module
from tlstudio.models.batches import Example, read_examples, write_examples
from tlstudio.models.scorers import Scorer, TorchScorer

BATCH = 16
_INPUT, _OUTPUT = "rows.npz", "memory.json"


def peak_memory(step: str, folder: Path, examples: Sequence[Example], control: Control) -> int:
    """Bytes that a fresh process takes at most to load a model and answer a batch of rows.

    Args:
        step: name of the compression step that has made the model; empty for the trained one.
        folder: of the model.
        examples: rows as it reads them; 16 at most are answered.
        control: a cancel ends the process.

    Raises:
        StudioError: the model does not answer in a process of its own.
        Cancelled: the user has cancelled.
    """
    with tempfile.TemporaryDirectory(prefix="tlstudio-memory-", ignore_cleanup_errors=True) as name:
        exchange = Path(name)
        write_examples(exchange / _INPUT, [examples[at] for at in range(min(BATCH, len(examples)))])
        ended = run_module("tlstudio.pipeline.footprint", [step, str(folder.absolute()), str(exchange)], control)
        if ended.code or not (exchange / _OUTPUT).is_file():
            raise StudioError(
                "frontier.no-answer", "The model does not answer in a process of its own: {reason}",
                "Choose another chain of steps.", where="compress", reason=ended.reason,
            )  # fmt: skip
        return int(json.loads((exchange / _OUTPUT).read_text(encoding="utf-8"))["bytes"])


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would tell the peak of the parent: Linux hands it down to what is executed
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import psutil

    usage: Any = psutil.Process().memory_info()
    if hasattr(usage, "peak_wset"):  # Windows
        return int(usage.peak_wset)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # macOS counts bytes


def main() -> int:
    """Entry point of ``python -m tlstudio.pipeline.footprint STEP FOLDER EXCHANGE``."""
    step, folder, exchange = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    scorer: Scorer = find("tlstudio.compression")[step].scorer(folder) if step else TorchScorer(folder)
    scorer.outputs(read_examples(exchange / _INPUT))
    (exchange / _OUTPUT).write_text(json.dumps({"bytes": peak()}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
