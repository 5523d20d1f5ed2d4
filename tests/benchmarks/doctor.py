"""The data doctor: time of each check on 100,000 texts, memory on many rows, and planted flaws found again."""

from __future__ import annotations

import csv
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common

Rows = list[tuple[str, str]]
BUDGET = 120.0  # seconds for all quick checks on 100,000 texts
SHARE = 0.05  # of the rows that get a flaw
ACCENTS = ("café", "naïve", "Zürich", "façade", "Ærø", "señor", "“quoted”", "1 € each", "déjà vu", "smörgåsbord")


def r8(part: str) -> Rows:
    path = common.R8 / f"reuters_r8_{part}.csv"
    if not path.is_file():
        raise common.Missing(f"{path} is not here")
    with open(path, encoding="utf-8", newline="") as stream:
        return [(row["text"], row["label"]) for row in csv.DictReader(stream)]


def write(path: Path, rows: Iterable[Sequence[str]]) -> str:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    return str(path)


def dropped_out(rows: Rows, count: int, seed: int) -> Iterable[tuple[str, str]]:
    """Texts drawn with replacement, each without a tenth of its words, so that nearly all differ."""
    draw = random.Random(seed)
    for _ in range(count):
        text, label = draw.choice(rows)
        yield " ".join(word for word in text.split() if draw.random() > 0.1), label


# --- time and memory


def timed(folder: Path, rows: int, seed: int, model: Path | None) -> dict[str, Any]:
    """Seconds of each quick check, with the tokenizer of MiniLM where it is here."""
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import DataSection
    from tlstudio.data.doctor.run import examine
    from tlstudio.data.labelled import read_labelled

    path = write(folder / "many.csv", dropped_out(r8("train"), rows, seed))
    data = DataSection(path=path)
    labelled, _problems = read_labelled(data, silent, Control(), ())
    tools: dict[str, Any] = {"count_tokens": _counter(model), "max_length": 128, "model": str(model)} if model else {}
    begin, processor = time.perf_counter(), time.process_time()
    reply = examine(labelled, data, Control(), silent, **tools)
    taken, busy = time.perf_counter() - begin, time.process_time() - processor
    again = time.perf_counter()
    assert examine(labelled, data, Control(), silent, **tools) == reply
    return {"reply": reply, "seconds": taken, "processor": busy, "again": time.perf_counter() - again}


def _counter(model: Path) -> Callable[[list[str]], Any]:
    import numpy as np

    from tlstudio.models.tokenizers import load_tokenizer, tokenise

    tokenizer = load_tokenizer(model)
    return lambda texts: np.asarray(tokenise(tokenizer, texts, 128)[1], dtype=np.int64)


def peak() -> float:
    """Largest resident memory of this process so far, in MB."""
    value = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return value / (1 << 20) if sys.platform == "darwin" else value / 1024


# --- planted flaws


def measured(
    found: dict[str, Any] | None, planted: set[str], text_of: Callable[[Any], str] | None = None
) -> list[float]:
    """Recall and precision of a finding whose samples are all rows that it concerns."""
    samples = found["samples"] if found else []
    texts = {(text_of(sample) if text_of else sample["text"]) for sample in samples}
    hits = len(texts & {text[:500] for text in planted})
    return [len(planted), len(texts), hits / max(len(planted), 1), hits / max(len(texts), 1)]


def look(folder: Path, name: str, rows: Rows, test: Rows | None = None, **tools: Any) -> dict[str, Any]:
    """Findings by code on rows in a file; every row of a finding is a sample."""
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import DataSection
    from tlstudio.data.doctor import base
    from tlstudio.data.doctor.run import examine
    from tlstudio.data.labelled import read_labelled

    place = folder / name
    place.mkdir(exist_ok=True)
    files = {"test": write(place / "test.csv", test)} if test else {}
    # without validation rows, so that what is planted among the training rows stays there
    split = {"validation": 0} if test else {}
    data = DataSection.model_validate({"path": write(place / "train.csv", rows), **files, "split": split})
    labelled, _problems = read_labelled(data, silent, Control(), ())
    shown, base.SHOWN = base.SHOWN, 1_000_000
    try:
        reply = examine(labelled, data, Control(), silent, **tools)
    finally:
        base.SHOWN = shown
    found: dict[str, Any] = {}
    for finding in reply["findings"]:
        pair = "-".join(str(finding["params"][key]) for key in ("one", "other") if key in finding["params"])
        found[f"{finding['code']} {pair}".strip()] = finding
    return found


def duplicates(folder: Path, draw: random.Random) -> list[list[Any]]:
    """Test rows copied into the training rows: as they are, and with a few words changed."""
    train, test = list(dict(r8("train")).items()), list(dict(r8("test")).items())
    known = {text for text, _ in train}
    test = [row for row in test if row[0] not in known]
    copied = draw.sample(test, round(SHARE * len(test)))
    edited = draw.sample(
        [row for row in test if len(row[0].split()) >= 20 and row not in copied], round(SHARE * len(test))
    )
    words = [word for text, _ in train[:500] for word in text.split()]
    near = [(_edited(text, words, draw), label) for text, label in edited]
    before = look(folder, "before", train, test)
    found = look(folder, "duplicates", [*train, *copied, *near], test)
    usual = {
        sample["text"] for sample in (before.get("near-duplicates-across train-test") or {"samples": []})["samples"]
    }
    twins = found.get("near-duplicates-across train-test")
    if twins is not None:  # those that R8 has by itself are no mistake
        twins = {**twins, "samples": [sample for sample in twins["samples"] if sample["text"] not in usual]}
    return [
        [
            "copies in training and test",
            *measured(found.get("duplicates-across train-test"), {row[0] for row in copied}),
        ],
        ["near copies in training and test", *measured(twins, {row[0] for row in edited})],
    ]


def _edited(text: str, words: list[str], draw: random.Random) -> str:
    """One word in thirty is changed, left out or added; at least one."""
    parts = text.split()
    for _ in range(max(1, len(parts) // 30)):
        place, what = draw.randrange(len(parts)), draw.random()
        if what < 0.4:
            parts[place] = draw.choice(words)
        elif what < 0.7:
            del parts[place]
        else:
            parts.insert(place, draw.choice(words))
    return " ".join(parts)


def words_and_signs(folder: Path, draw: random.Random) -> list[list[Any]]:
    """Mojibake and personal data in a twentieth of the rows, and a word that gives a class away."""
    rows = list(dict(r8("train")).items())
    rows = [(f"{text} {draw.choice(ACCENTS)}" if draw.random() < 0.3 else text, label) for text, label in rows]
    # others have the same accents, read rightly: they must be left alone
    garbled = draw.sample([row for row in rows if not row[0].isascii()], round(SHARE * len(rows)))
    broken = {row: _misread(row[0]) for row in garbled}
    rows = [(broken.get(row, row[0]), row[1]) for row in rows]
    private = draw.sample(range(len(rows)), round(SHARE * len(rows)))
    for number in private:
        rows[number] = (f"{rows[number][0]} {_private(draw)}", rows[number][1])
    masked = {number: rows[number][0] for number in private}
    marked = [(f"{text} qx7z" if label == "crude" and draw.random() < 0.6 else text, label) for text, label in rows]
    found = look(folder, "signs", marked)
    said = {giveaway.split("”")[0] for giveaway in found["leaking-words"]["params"]["words"].split("“")[1:]}
    return [
        ["mojibake", *measured(found.get("garbled"), _texts(marked, set(broken.values())))],
        ["personal data", *_by_row(found.get("personal-data"), set(masked))],
        [
            "leaking word (of those told)",
            1,
            len(said),
            float("qx7z" in said),
            float("qx7z" in said) / max(len(said), 1),
        ],
    ]


def _texts(rows: Rows, beginnings: set[str]) -> set[str]:
    """Texts that begin with one of others: what was planted later stands at the end."""
    return {text for text, _ in rows if any(text.startswith(beginning) for beginning in _same_start(text, beginnings))}


def _same_start(text: str, beginnings: set[str]) -> list[str]:
    return [beginning for beginning in beginnings if text[:30] == beginning[:30]]


def _by_row(found: dict[str, Any] | None, planted: set[int]) -> list[float]:
    """As :func:`measured`, by the row's number: samples of personal data are masked."""
    rows = {sample["row"] - 1 for sample in (found or {"samples": []})["samples"]}
    hits = len(rows & planted)
    return [len(planted), len(rows), hits / max(len(planted), 1), hits / max(len(rows), 1)]


def _misread(text: str) -> str:
    """UTF-8 read as Windows-1252; bytes that it lacks are read as Latin-1, as browsers do."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


def _private(draw: random.Random) -> str:
    number = "".join(str(draw.randrange(10)) for _ in range(15))
    kinds = [
        f"mail {draw.choice(('jane', 'li.wei', 'o_neill'))}{number[:2]}@example.{draw.choice(('com', 'co.uk', 'org'))}",
        f"call +44 20 7946 0{number[:3]}",
        f"call (212) 555-0{draw.randrange(100, 200)}",
        f"card 4{number[:14]}{_check_digit('4' + number[:14])}",
        f"ssn 2{number[0]}1-4{number[1]}-1{number[2:5]}",
        f"iban {_iban(number + '123')}",
    ]
    return draw.choice(kinds)


def _check_digit(number: str) -> int:
    total = sum(sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit)
                for place, digit in enumerate(reversed(number)))  # fmt: skip
    return -total % 10


def _iban(account: str) -> str:
    """A German one with right check digits."""
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def wrong_labels(folder: Path, draw: random.Random, model: Path | None) -> list[list[Any]]:
    """A twentieth of the labels drawn from the other classes: found by words, and by features of MiniLM."""
    rows = list(dict(r8("train")).items())
    names = sorted({label for _, label in rows})
    planted = set(draw.sample(range(len(rows)), round(SHARE * len(rows))))
    noisy = [(text, draw.choice([name for name in names if name != label]) if number in planted else label)
             for number, (text, label) in enumerate(rows)]  # fmt: skip
    wrong = {rows[number][0] for number in planted}
    begin = time.perf_counter()
    found = [["wrong labels, by words", *measured(look(folder, "words", noisy).get("wrong-labels"), wrong)]]
    print(f"  by words: {time.perf_counter() - begin:.0f} s", flush=True)
    if model is not None:
        begin = time.perf_counter()
        deep = look(folder, "features", noisy, embed=_embedder(model), deep=True, model=str(model))
        print(f"  by MiniLM: {time.perf_counter() - begin:.0f} s", flush=True)
        found.append(["wrong labels, by MiniLM", *measured(deep.get("wrong-labels"), wrong)])
    return found


def _embedder(model: Path) -> Callable[[Sequence[str]], Any]:
    from tlstudio.core.control import Control
    from tlstudio.models.embedding import TextEmbedder
    from tlstudio.models.tokenizers import load_tokenizer, tokenise

    tokenizer = load_tokenizer(model)
    return TextEmbedder(model, lambda texts: tokenise(tokenizer, texts, 128)[0], Control())


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=100_000)
    made.add_argument("--no-features", action="store_true", help="without MiniLM, which takes minutes")
    given = made.parse_args(arguments)
    with common.home() as folder:
        used = common.threads(given.threads)
        try:
            model: Path | None = common.minilm()
        except common.Missing:
            model = None
        common.machine(rows=given.rows, threads=used, seed=given.seed)
        found = timed(folder, given.rows, given.seed, model)
        checks = [item for item in found["reply"]["checks"] if not item["skipped"]]
        common.table(["check", "s"], [[item["name"], round(item["seconds"], 2)] for item in checks])
        print(f"all       {found['seconds']:.1f} s, {found['processor']:.1f} s of processor; budget {BUDGET:.0f}; "
              f"second look {found['again']:.2f} s; memory at most {peak():.0f} MB")  # fmt: skip
        draw = random.Random(given.seed)
        rows = [*duplicates(folder, draw), *words_and_signs(folder, draw)]
        rows += wrong_labels(folder, draw, None if given.no_features else model)
        common.table(["planted", "rows", "found", "recall", "precision"], rows)


if __name__ == "__main__":
    main()
