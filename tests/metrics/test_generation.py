"""ROUGE against rouge-score, BLEU and chrF against sacreBLEU, and what is ours around them."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.metrics import generation
from tlstudio.metrics.names import METRICS

_TEXT = "The cat sat on the mat , it's 3.5 km away ; naïve cats -- don't run ! A dog ( big ) barks ."
_WORDS = _TEXT.split()
_CHINESE = "今天天气很好我们去公园看书，他说不要忘记带伞。2024年的OpenAI模型"


def _texts(seed: int, rows: int = 40, words=_WORDS, glue: str = " ", most: int = 25):
    generator = random.Random(seed)

    def text():
        return glue.join(generator.choices(words, k=generator.randint(1, most)))

    return [text() for _ in range(rows)], [text() for _ in range(rows)]


def test_rouge_equals_rouge_score():
    from rouge_score.rouge_scorer import RougeScorer

    outputs, references = _texts(1, rows=120)
    outputs[3] = references[4] = ""
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    found = generation.rouge(outputs, references)
    for row, (output, reference) in enumerate(zip(outputs, references, strict=True)):
        expected = [score.fmeasure for score in scorer.score(reference, output).values()]
        assert found[row] == pytest.approx(expected, abs=1e-12)


def test_rouge_of_characters_equals_rouge_score_with_our_words():
    from rouge_score.rouge_scorer import RougeScorer

    class Characters:
        def tokenize(self, text):
            return generation._WORDS.findall(text.lower())

    outputs, references = _texts(2, words=_CHINESE, glue="")
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Characters())
    expected = [[s.fmeasure for s in scorer.score(r, o).values()] for o, r in zip(outputs, references, strict=True)]
    assert generation.rouge(outputs, references) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    ("output", "reference", "expected"),
    [
        ("the cat sat", "the cat sat down", (6 / 7, 4 / 5, 6 / 7)),
        ("police killed the gunman", "police kill the gunman", (0.75, 1 / 3, 0.75)),
        ("gunman the killed police", "police killed the gunman", (1.0, 0.0, 0.25)),
        ("我爱北京", "我爱上海", (0.5, 1 / 3, 0.5)),
        ("кошка сидит дома", "кошка спит дома", (2 / 3, 0, 2 / 3)),
        ("", "something", (0, 0, 0)),
    ],
)
def test_rouge_by_hand(output, reference, expected):
    assert generation.rouge([output], [reference])[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("words", "glue", "language", "tokenizer"),
    [(_WORDS, " ", "", "13a"), (_CHINESE, "", "zh", "zh"), ("ねこがいるよ。", "", "ja", "char")],
)
def test_bleu_and_chrf_equal_sacrebleu(words, glue, language, tokenizer):
    import sacrebleu

    outputs, references = _texts(5, words=words, glue=glue)
    outputs = [o if i % 3 else r for i, (o, r) in enumerate(zip(outputs, references, strict=True))]
    found = generation.evaluate(outputs, references, bootstrap=20)
    bleu = sacrebleu.corpus_bleu(outputs, [references], tokenize=tokenizer, force=True)
    values = {name: entry["value"] for name, entry in found["metrics"].items()}
    assert found["language"] == language and tuple(values) == generation.NAMES and set(values) <= set(METRICS)
    assert values["bleu"] == pytest.approx(bleu.score)
    assert values["chrf"] == pytest.approx(sacrebleu.corpus_chrf(outputs, [references]).score)
    assert values["length_ratio"] == pytest.approx(bleu.sys_len / bleu.ref_len)
    assert generation.quick(outputs, references) == pytest.approx(values)


def test_every_resample_equals_sacrebleu():
    import sacrebleu

    outputs, references = _texts(6, rows=15)
    weights = np.random.default_rng(1).multinomial(15, np.full(15, 1 / 15), size=8).T.astype(float)
    found = generation._Corpus(outputs, references, "", None).measure(weights, None)
    for column, values in enumerate(found):
        drawn = np.repeat(np.arange(15), weights[:, column].astype(int))
        some, right = [outputs[i] for i in drawn], [references[i] for i in drawn]
        assert values[0] == pytest.approx(sacrebleu.corpus_bleu(some, [right], force=True).score)
        assert values[1] == pytest.approx(sacrebleu.corpus_chrf(some, [right]).score)


def test_lengths_and_a_perfect_output():
    texts = ["one two three four", "five six seven eight nine ten"]
    found = generation.evaluate(texts, texts, bootstrap=10)
    assert found["lengths"]["outputs"] == {"mean": 5.0, "median": 5.0, "least": 4, "most": 6}
    values = [entry["value"] for entry in found["metrics"].values()]
    assert values == pytest.approx([1, 1, 1, 100, 100, 1])


def test_empty_outputs_score_nothing():
    values = generation.quick(["", ""], ["one two", "three"])
    assert values == pytest.approx(dict.fromkeys(generation.NAMES, 0.0))


def test_leads_and_copies():
    sources = ["Dr Who came. He left! Why? “Yes.” So.", "第一句。第二句！第三句。", "no end"]
    assert generation.copied(sources) == sources
    assert generation.copied(sources, 2) == ["Dr Who came. He left!", "第一句。第二句！", "no end"]
    entry = generation.baseline(sources, generation.copied(sources, 1), 1, bootstrap=5)
    assert entry["name"] == "lead" and entry["metrics"]["rouge_l"]["value"] == 1.0


def test_a_thousand_resamples_take_seconds_and_can_be_cancelled():
    outputs, references = _texts(7, rows=500, most=80)
    begin = time.perf_counter()
    found = generation.evaluate(outputs, references)
    assert time.perf_counter() - begin < 8
    assert all(entry["low"] <= entry["value"] <= entry["high"] for entry in found["metrics"].values())

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        generation.evaluate(outputs, references, check=check)


def test_no_rows():
    with pytest.raises(StudioError, match="no rows"):
        generation.evaluate([], [])
