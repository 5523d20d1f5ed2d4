"""Texts with what is to be written of them, which a tiny encoder with a decoder can learn by heart."""

from __future__ import annotations

from pathlib import Path

from tests.tasks import whole
from tests.tasks.models import word_writer

PAIRS = (
    ("the red dog runs", "der rote hund rennt schnell"), ("the blue cat sleeps", "die blaue katze schläft fest"),
    ("a small fish swims far", "ein kleiner fisch schwimmt weit weg"), ("the moon is big", "der mond ist sehr groß"),
    ("old cars are slow", "alte autos sind oft langsam"), ("new trees grow", "neue bäume wachsen im wald"),
    ("the sun shines again today", "die sonne scheint heute wieder"), ("stars fall", "viele sterne fallen heute nacht"),
)  # fmt: skip
TRAINING = {**whole.TRAINING, "epochs": 60, "batch_size": 4, "learning_rate": 5e-3}


def model(folder: Path, kind: str = "t5", **changes: object) -> Path:
    return word_writer(folder, kind, [text for pair in PAIRS for text in pair], **changes)


def write(folder: Path, copies: int = 1, header: tuple[str, str] = ("source_text", "target_text")) -> Path:
    return whole.write(folder / "pairs.csv", header, PAIRS * copies)


def run(task: str, kind: str, folder: Path, **changes: object) -> whole.Run:
    """Learns the pairs by heart and is tested on them."""
    data = str(write(folder))
    section = {"validation": data, "test": data}
    return whole.run(task, model(folder / "backbone", kind), Path(data), folder, section=section, training=TRAINING,
                     export=["safetensors"], evaluate={"bootstrap": 100, "extra_sets": [data]},
                     **changes)  # fmt: skip
