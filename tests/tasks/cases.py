"""For each task a tiny model, a little data and rows to predict: what the contract test runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import tiny
from tests.conftest import WORDS
from tests.tasks import meanings, models, questions, rewriting, speech, tagging, whole


@dataclass(frozen=True)
class Case:
    """How a task is tried.

    Attributes:
        model: writes a tiny model into the folder and returns its path.
        data: writes data into the folder and returns the recipe's data section.
        rows: values by role, as a person would ask; ``{folder}`` stands for the folder of the data.
        options: of the task.
        strategy: what it is trained with.
    """

    model: Callable[[Path], Path]
    data: Callable[[Path], dict[str, Any]]
    rows: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    strategy: dict[str, Any] = field(default_factory=lambda: {"name": "full-fine-tuning"})

    def asked(self, folder: Path) -> list[dict[str, Any]]:
        """The rows for data that was written into ``folder``."""
        return [
            {role: value.replace("{folder}", str(folder)) if isinstance(value, str) else value
             for role, value in row.items()}
            for row in self.rows
        ]  # fmt: skip


CASES: dict[str, Case] = {}


# --- text classification


def _word_bert(folder: Path) -> Path:
    return models.word_bert(folder, WORDS)


def _tickets(folder: Path) -> dict[str, Any]:
    return {"path": str(tiny.write_csv(folder / "tickets.csv"))}


CASES["text-classification"] = Case(_word_bert, _tickets, [{"text": "my parcel is late"}, {"text": ""}])


# --- several labels, orders, pairs and numbers


def _several(folder: Path) -> dict[str, Any]:
    labels = ("delivery", "delivery|refund", "", "refund")
    texts = ("parcel", "parcel money", "now", "money")
    rows = [(f"{texts[at % 4]} {at}", labels[at % 4]) for at in range(60)]
    return {"path": str(whole.write(folder / "several.csv", ["text", "labels"], rows))}


def _graded(folder: Path) -> dict[str, Any]:
    rows = [(f"{'late ' * (at % 3)}parcel {at}", f"{at % 3 + 1} stars") for at in range(60)]
    return {"path": str(whole.write(folder / "graded.csv", ["text", "label"], rows))}


def _pairs(folder: Path, role: str = "label", values: tuple[Any, ...] = ("same", "other")) -> dict[str, Any]:
    rows = [(f"parcel {at}", f"{'parcel' if at % 2 else 'money'} {at}", values[at % 2]) for at in range(60)]
    return {"path": str(whole.write(folder / "pairs.csv", ["sentence1", "sentence2", role], rows))}


def _scored_pairs(folder: Path) -> dict[str, Any]:
    return _pairs(folder, "score", (0.5, 4.5))


def _numbered(folder: Path) -> dict[str, Any]:
    rows = [(f"{'late ' * (at % 5)}parcel {at}", 100 + 20.5 * (at % 5)) for at in range(60)]
    return {"path": str(whole.write(folder / "numbered.csv", ["text", "number"], rows))}


_TEXTS = [{"text": "my parcel is late"}, {"text": ""}]
_TWO_TEXTS = [{"text": "my parcel", "text_b": "the money"}, {"text": "parcel", "text_b": ""}]
CASES["multi-label-classification"] = Case(_word_bert, _several, _TEXTS)
CASES["ordinal-classification"] = Case(_word_bert, _graded, _TEXTS, {"order": "1 stars, 2 stars, 3 stars"})
CASES["pair-classification"] = Case(_word_bert, _pairs, _TWO_TEXTS)
CASES["pair-regression"] = Case(_word_bert, _scored_pairs, _TWO_TEXTS)
CASES["regression"] = Case(_word_bert, _numbered, _TEXTS)


# --- words, and answers in passages


def _names_bert(folder: Path) -> Path:
    return models.word_bert(folder, tagging.WORDS)


def _homes_bert(folder: Path) -> Path:
    return models.word_bert(folder, questions.WORDS)


CASES["token-classification"] = Case(
    _names_bert, tagging.section, [{"text": "anna Zed5 went to Oslo."}, {"tokens": ["then", "boris"]}, {"text": ""}],
    {"max_length": 16, "stride": 4},
)  # fmt: skip
CASES["question-answering"] = Case(
    _homes_bert, questions.section,
    [{"question": "Where does Anna live?", "context": f"{'then ' * 40}Anna lives in Rome."},
     {"question": "", "context": ""}],
    {"max_length": 32, "stride": 8},
)  # fmt: skip


# --- sounds, and objects in images


def _tones(folder: Path) -> dict[str, Any]:
    return {"path": str(models.write_tones(folder / "tones", each=8))}


def _rectangles(folder: Path) -> dict[str, Any]:
    return {"path": str(models.write_rectangles(folder / "shapes", count=20))}


CASES["audio-classification"] = Case(
    models.wave_network, _tones, [{"audio": "{folder}/tones/low/0.wav"}, {"audio": "{folder}/tones/high/1.flac"}]
)
CASES["object-detection"] = Case(
    models.detector, _rectangles, [{"image": "{folder}/shapes/0.png"}, {"image": "{folder}/shapes/4.png"}]
)


# --- images

_PICTURE = str(Path(__file__).parents[2] / "packaging" / "screenshots" / "train-light.png")


def _pictures(folder: Path) -> dict[str, Any]:
    return {"path": str(models.write_pictures(folder / "pictures"))}


CASES["image-classification"] = Case(models.image_network, _pictures, [{"image": _PICTURE}])
CASES["image-text-classification"] = Case(models.two_towers, _pictures, [{"image": _PICTURE}])


# --- texts as vectors, and texts written anew


def _matches(folder: Path) -> dict[str, Any]:
    return {"path": str(meanings.write(folder, "pairs"))}


def _translations(folder: Path) -> dict[str, Any]:
    return {"path": str(rewriting.write(folder, copies=3))}


def _bart(folder: Path) -> Path:
    return rewriting.model(folder, "bart")


_SOURCES = [{"source_text": "the red dog runs"}, {"source_text": ""}]
_SHORT = {"max_target_length": 6, "beams": 2}
CASES["sentence-embedding"] = Case(
    meanings.bert, _matches, [{"text": "red dog", "text_b": "rot hund"}, {"text": "blue"}, {"text": "", "text_b": ""}]
)
CASES["translation"] = Case(rewriting.model, _translations, _SOURCES, _SHORT)
CASES["summarisation"] = Case(_bart, _translations, _SOURCES, _SHORT)


# --- language models


def _circles(folder: Path) -> dict[str, Any]:
    return {"path": str(speech.circle_file(folder))}


def _questions_with_responses(folder: Path) -> dict[str, Any]:
    return {"path": str(speech.question_file(folder))}


def _echoes(folder: Path) -> dict[str, Any]:
    return {"path": str(speech.echo_file(folder))}


def _gpt2(folder: Path) -> Path:
    return models.byte_gpt2(folder, speech.vocabulary())


def _llama(folder: Path) -> Path:
    return models.chat_llama(folder, speech.vocabulary())


def _circle_bert(folder: Path) -> Path:
    return models.word_bert(folder, speech.CIRCLE)


CASES["causal-lm"] = Case(
    _gpt2, _circles, [{"prompt": "one two three"}, {"prompt": ""}], {"block_size": 32, "sample_length": 6}
)
CASES["instruction-tuning"] = Case(
    _llama, _questions_with_responses, [{"prompt": "what is snow"}, {"prompt": ""}],
    {"max_length": 64, "answer_length": 8, "tested_answers": 3},
)  # fmt: skip
CASES["masked-lm"] = Case(_circle_bert, _echoes, [{"text": "one one [MASK] one"}, {"text": "two"}], {"max_length": 32})
