"""Synonyms: words are replaced by others of like meaning (EDA: Wei & Zou 2019, section 2).

EDA takes them from WordNet. Here they come from the user's own dictionary or, without one, from the input embeddings
of the backbone: the words with the greatest cosine. Such neighbours (MiniLM's are those of BERT) are often real
synonyms (quickly: rapidly, swiftly), but also other forms (company: companies), members of one list (monday: tuesday),
and opposites (good: bad; increase: decrease), because both occur in the same places. A multilingual backbone gives
words of other languages in the same script, too (year: Jahr), and its vocabulary holds stems that look like words. So:
fine for topics with a backbone of one language, risky for sentiment; a dictionary is better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.augmentation import backbone, dictionary
from tlstudio.augmentation.base import Resources, TextOptions
from tlstudio.augmentation.substitution import substituted
from tlstudio.augmentation.words import folded, split
from tlstudio.core.files import expand

if TYPE_CHECKING:
    import numpy as np

_SHORTEST = 4  # letters; shorter words are mostly function words, and "not" is one

_AT_ONCE = 128  # words: with 30,000 others, 15 MB of cosines


class Options(TextOptions):
    share: float = Field(0.1, gt=0, le=1, title="Share of words", description="Words that are replaced.")
    dictionary: str = Field(
        "",
        title="Dictionary",
        description="File of synonyms: a word, a tab, and others with commas between them; or CSV or JSON. Empty takes "
        "the nearest words of the backbone, which are rougher: opposites may be among them.",
        json_schema_extra={"file": True},
    )
    nearest: int = Field(
        3,
        ge=1,
        le=20,
        title="Nearest words",
        description="Without a dictionary: so many candidates for a word.",
        json_schema_extra={"only": {"dictionary": [""]}},
    )
    likeness: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Least likeness",
        description="Without a dictionary: smallest cosine of a candidate; higher is safer and changes fewer words.",
        json_schema_extra={"only": {"dictionary": [""]}},
    )


class Synonyms:
    """Words are replaced by words of like meaning."""

    NAME = "synonyms"
    TITLE = "Synonyms"
    SUMMARY = (
        "Some words are replaced by others of like meaning, from your dictionary or the backbone's own vocabulary. "
        "Without a dictionary it is rough: good may become bad, and a multilingual backbone mixes languages."
    )
    KIND = "text"
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        others, longest = _source(config, texts, resources)
        return [
            substituted(text, config.share, others, longest, generator)
            for text, generator in zip(texts, random, strict=True)
        ]

    def files(self, config: Options, resources: Resources) -> list[Path]:
        if config.dictionary:
            return [expand(config.dictionary)]
        return backbone.files(backbone.require(resources))


PLUGIN = Synonyms()


def _source(
    config: Options, texts: Sequence[str], resources: Resources
) -> tuple[Callable[[str], Sequence[str]], Mapping[str, int]]:
    if config.dictionary:
        known = dictionary.read(config.dictionary, resources)
        return known.others, known.longest
    embedded = _embedded(resources)
    neighbours = resources.once(
        ("neighbours", resources.backbone, config.nearest, config.likeness),
        lambda: Neighbours(embedded, config.nearest, config.likeness),
    )
    neighbours.look_up({folded(word) for text in texts for word in split(text).words}, resources)
    return neighbours.of, embedded.longest


def _embedded(resources: Resources) -> backbone.Embedded:
    folder = backbone.require(resources)
    return resources.once(("embedded", folder), lambda: backbone.embedded_words(folder, _SHORTEST))


class Neighbours:
    """The nearest words of a word, looked up once."""

    def __init__(self, embedded: backbone.Embedded, count: int, likeness: float) -> None:
        self._embedded, self._count, self._likeness = embedded, count, likeness
        self._found: dict[str, tuple[str, ...]] = {}

    def of(self, word: str) -> tuple[str, ...]:
        """Words whose cosine with the folded ``word`` is great enough, nearest first."""
        if word in self._embedded.rows and word not in self._found:
            self._find([word])
        return self._found.get(word, ())

    def look_up(self, words: Iterable[str], resources: Resources) -> None:
        """Finds the neighbours of many words at once, which is faster than one by one."""
        new = sorted(word for word in words if word in self._embedded.rows and word not in self._found)
        for start in range(0, len(new), _AT_ONCE):
            resources.control.check()
            self._find(new[start : start + _AT_ONCE])

    def _find(self, words: list[str]) -> None:
        import numpy as np

        known = self._embedded
        rows = np.array([known.rows[word] for word in words])
        cosines = known.vectors[rows] @ known.vectors.T
        cosines[known.scripts[rows][:, None] != known.scripts] = -1
        cosines[np.arange(len(rows)), rows] = -1
        count = min(self._count, len(known.words) - 1)
        nearest = np.argpartition(-cosines, count, axis=1)[:, :count]
        for word, places, likeness in zip(words, nearest, cosines, strict=True):
            order = places[np.argsort(-likeness[places], kind="stable")]
            self._found[word] = tuple(known.words[place] for place in order if likeness[place] >= self._likeness)
