"""Metrics of written text against one reference a row: ROUGE, BLEU and chrF with 95 % bootstrap intervals.

* ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004): F-measure of shared words, pairs of words, and the longest common
  subsequence, mean of the rows. In text of Latin letters equal to the library rouge-score with its default tokenizer
  (``a-z0-9``, no stemming), which is not used itself: it needs NLTK, knows no other script, and its subsequence is
  slow. In other scripts words are runs of letters and digits, a Chinese or Japanese character being one by itself.
* BLEU (Papineni et al. 2002) and chrF (Popović 2015) of the whole test by sacreBLEU (Post 2018), 0 to 100: tokenizer
  13a, zh for Chinese, char for Japanese; its statistics of each row are summed anew for each resample.
* The length ratio is sacreBLEU's: tokens of all outputs over those of all references.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tlstudio.metrics import resampling
from tlstudio.metrics.classification import need_rows
from tlstudio.metrics.resampling import Floats
from tlstudio.metrics.squad import CJK

NAMES = ("rouge1", "rouge2", "rouge_l", "bleu", "chrf", "length_ratio")
BASELINE = ("copy", "Copy of the source")  # name, title
LEAD_BASELINE = ("lead", "First sentences of the source")
_LATIN, _WORDS = re.compile("[a-z0-9]+"), re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_CHARACTERS, _KANA, _LETTER = re.compile(f"[{CJK}]"), re.compile("[\u3040-\u30ff]"), re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])[」』”’]*\s*")
_MOST_FOREIGN = 0.1  # share of letters beyond a-z above which rouge-score's words would lose too much (Czech has 14 %)
_MOST_LOOKED_AT = 2000  # references that tell the language
_CHUNK = 64  # rows between two looks at the user's wish to cancel


def evaluate(
    outputs: Sequence[str],
    references: Sequence[str],
    *,
    language: str | None = None,
    rouge_scores: Floats | None = None,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """All metrics of a test, each as ``{"value", "low", "high"}``.

    Args:
        outputs: N texts of the model.
        references: N texts.
        language: code of the references' language (only zh and ja matter); read from them if not given.
        rouge_scores: [N, 3] of `rouge`, where they are known already.
        bootstrap: resamples behind each interval.
        seed: the same seed gives the same intervals.
        check: called every few rows and between resamples; may raise Cancelled.

    Returns:
        ``rows``, ``language``, ``metrics`` (see NAMES) and ``lengths``: ``mean``, ``median``, ``least`` and ``most``
        tokens of ``outputs`` and ``references``.

    Raises:
        StudioError: no rows.
    """
    need_rows(len(references))
    language = language_of(references) if language is None else language
    scores = rouge(outputs, references, check) if rouge_scores is None else rouge_scores
    corpus = _Corpus(outputs, references, language, check)

    def measure(weights: Floats) -> Floats:
        means = weights.T @ scores / weights.sum(axis=0)[:, None]
        return np.concatenate([means, corpus.measure(weights, check)], axis=1)

    return {
        "rows": len(references),
        "language": language,
        "metrics": resampling.intervals(NAMES, measure, len(references), bootstrap, seed, check),
        "lengths": {"outputs": _lengths(corpus.bleu[:, 0]), "references": _lengths(corpus.bleu[:, 1])},
    }


def quick(outputs: Sequence[str], references: Sequence[str], language: str | None = None) -> dict[str, float]:
    """The metrics without intervals, for every epoch; a ratio to nothing is 0."""
    metrics = evaluate(outputs, references, language=language, bootstrap=0)["metrics"]
    return {name: float(entry["value"] or 0.0) for name, entry in metrics.items()}


def rouge(outputs: Sequence[str], references: Sequence[str], check: Callable[[], None] | None = None) -> Floats:
    """F-measures of ROUGE-1, ROUGE-2 and ROUGE-L of each row, [N, 3]; to sort rows by as well."""
    words = _words_of(references)
    scores = np.zeros((len(references), 3))
    for row, (output, reference) in enumerate(zip(outputs, references, strict=True)):
        if check and row % _CHUNK == 0:
            check()
        guess, right = words.findall(output.lower()), words.findall(reference.lower())
        scores[row] = _shared(guess, right, 1), _shared(guess, right, 2), _subsequence_score(guess, right)
    return scores


def language_of(texts: Sequence[str]) -> str:
    """``ja`` where there are kana, ``zh`` where a third of the letters are Chinese characters, otherwise ``""``."""
    text = "".join(texts[:_MOST_LOOKED_AT])
    letters, characters = len(_LETTER.findall(text)), len(_CHARACTERS.findall(text))
    if characters * 3 < max(letters, 1):
        return ""
    return "ja" if len(_KANA.findall(text)) * 20 > characters else "zh"


def copied(sources: Sequence[str], sentences: int | None = None) -> list[str]:
    """The trivial outputs: each source itself, or its first ``sentences`` sentences (the lead, for summaries)."""
    if sentences is None:
        return list(sources)
    return [_lead(source.strip(), sentences) for source in sources]


def baseline(
    sources: Sequence[str],
    references: Sequence[str],
    sentences: int | None = None,
    *,
    language: str | None = None,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Copies of the sources (see `copied`) as outputs: ``{"name", "title", "metrics"}``."""
    outputs = copied(sources, sentences)
    result = evaluate(outputs, references, language=language, bootstrap=bootstrap, seed=seed, check=check)
    name, title = BASELINE if sentences is None else LEAD_BASELINE
    return {"name": name, "title": title, "metrics": result["metrics"]}


class _Corpus:
    """sacreBLEU's statistics of each row.

    Attributes:
        bleu: [N, 10]: tokens of the output and the reference, then matches and n-grams of the output for n of 1 to 4.
        chrf: [N, 18]: n-grams of the output, of the reference, and matches, for n of 1 to 6 letters.
    """

    def __init__(
        self, outputs: Sequence[str], references: Sequence[str], language: str, check: Callable[[], None] | None
    ) -> None:
        from sacrebleu.metrics import BLEU, CHRF

        tokenizer = {"zh": "zh", "ja": "char"}.get(language[:2], "13a")
        self._metrics = BLEU(tokenize=tokenizer, force=True), CHRF()
        self.bleu, self.chrf = (_statistics(metric, outputs, references, check) for metric in self._metrics)

    def measure(self, weights: Floats, check: Callable[[], None] | None) -> Floats:
        """BLEU, chrF and length ratio, [b, 3], under weights [N, b]."""
        sums = [np.rint(weights.T @ statistics).astype(np.int64) for statistics in (self.bleu, self.chrf)]
        result = np.full((weights.shape[1], 3), np.nan)
        for row, rows in enumerate(zip(*sums, strict=True)):
            if check and row % _CHUNK == 0:
                check()
            for place, (metric, values) in enumerate(zip(self._metrics, rows, strict=True)):
                result[row, place] = metric._compute_score_from_stats(values.tolist()).score
            if rows[0][1]:
                result[row, 2] = rows[0][0] / rows[0][1]
        return result


def _statistics(
    metric: Any, outputs: Sequence[str], references: Sequence[str], check: Callable[[], None] | None
) -> Floats:
    rows: list[list[int]] = []
    for begin in range(0, len(references), _CHUNK):
        if check:
            check()
        part = slice(begin, begin + _CHUNK)
        rows += metric._extract_corpus_statistics(list(outputs[part]), [list(references[part])])
    return np.array(rows, np.float64)


def _lengths(tokens: Floats) -> dict[str, float]:
    return {
        "mean": float(tokens.mean()),
        "median": float(np.median(tokens)),
        "least": int(tokens.min()),
        "most": int(tokens.max()),
    }


def _words_of(references: Sequence[str]) -> re.Pattern[str]:
    """What a word is to ROUGE: rouge-score's default for Latin letters, otherwise any letters and digits."""
    letters = _LETTER.findall("".join(references[:_MOST_LOOKED_AT]))
    foreign = sum(not letter.isascii() for letter in letters)
    return _WORDS if foreign > _MOST_FOREIGN * len(letters) else _LATIN


def _shared(guess: list[str], right: list[str], size: int) -> float:
    """F-measure of shared n-grams."""
    grams = partial(_ngrams, size=size)
    first, second = grams(guess), grams(right)
    return _f_measure((first & second).total(), first.total(), second.total())


def _ngrams(words: list[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[begin:] for begin in range(size)), strict=False))


def _subsequence_score(guess: list[str], right: list[str]) -> float:
    return _f_measure(_longest_common(guess, right), len(guess), len(right))


def _longest_common(left: list[str], right: list[str]) -> int:
    """Length of the longest common subsequence by bits (Hyyrö 2004): one integer operation for each word of a text."""
    places: dict[str, int] = {}
    for index, word in enumerate(left):
        places[word] = places.get(word, 0) | 1 << index
    everything = (1 << len(left)) - 1
    row = everything
    for word in right:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(left) - row.bit_count()


def _f_measure(shared: int, first: int, second: int) -> float:
    return 2 * shared / (first + second) if shared else 0.0


def _lead(text: str, sentences: int) -> str:
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[sentences - 1]].rstrip() if len(ends) >= sentences else text
