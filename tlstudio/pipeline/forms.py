"""The forms that the model of a run takes: as it was trained, and after each compression step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tlstudio.models.batches import Example
from tlstudio.models.scorers import Scorer
from tlstudio.tasks.base import Encoded

TRAINED = "trained"
TRAINED_TITLE = "Trained model"


@dataclass(frozen=True)
class Form:
    """One of them.

    Attributes:
        name: ``trained``, or number and name of the step such as ``2-dynamic-int8``.
        folder: where it lies.
        format: see :data:`tlstudio.compression.base.Format`.
        encoded: the rows as it reads them.
        scorer: the model in its own runtime.
        title: what people call it: the title of the step.
    """

    name: str
    folder: Path
    format: str
    encoded: Encoded
    scorer: Scorer
    title: str = TRAINED_TITLE

    def examples(self, split: str = "test") -> Sequence[Example]:
        """The model inputs of a split."""
        return self.encoded.examples(split)


def last_network(forms: Sequence[Form]) -> Form:
    """The last form in transformers layout: what exports are made of, and proven against."""
    return [form for form in forms if form.format == "transformers"][-1]
