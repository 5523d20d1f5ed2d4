"""Cross-lingual transfer of emoji names: trained on English, tested on German, French and Chinese.

Each emoji has a name in four languages and one of nine groups as its label. Rows are divided by emoji, so that none is
trained on in one language and tested in another. With the multilingual backbone of the assets:

- zero-shot, a matrix of the language trained on and the language tested on, against the largest class;
- English and 8 names of each class in each other language (few-shot mixing);
- all languages, where the others are translations of the English training names (translate-train).

All of it with a linear probe, and the first line of the matrix with full fine-tuning; with --whole all of that, too.
Every run is kept in a file as it ends, so that the same command goes on after a break:
python -m tests.benchmarks.cross_lingual --threads 1 (eight minutes or so on one free core; three more for each run of
--whole).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common, runs

LANGUAGES = ("en", "de", "fr", "zh")
NAMES = common.ASSETS / "data" / "text" / "emoji_names"
MODEL = common.ASSETS / "models" / "multilingual-e5-small-trimmed-fp16"
FEW = 8
ALONE = {language: {"languages": [language]} for language in LANGUAGES}
MIXED = {f"en + {FEW} a class": {"languages": ["en"], "rows": FEW}}
ALL = {"en + translations": {"languages": list(LANGUAGES)}}
STRATEGIES = ("linear-probe", "full-fine-tuning")


def files(folder: Path, rows: int, seed: int) -> list[str]:
    """The names of so many emojis in each language; 0 takes all.

    Raises:
        Missing: the shared assets are not beside this checkout.
    """
    paths = [NAMES / f"{language}.csv" for language in LANGUAGES]
    if not all(path.is_file() for path in paths) or not MODEL.is_dir():
        raise common.Missing(f"{NAMES} or {MODEL} is not here")
    if not rows:
        return [str(path) for path in paths]
    tables = [_read(path) for path in paths]
    chosen = set(random.Random(seed).sample(sorted(row["hexcode"] for row in tables[0]), rows))
    for language, table in zip(LANGUAGES, tables, strict=True):
        with open(folder / f"{language}.csv", "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ("hexcode", "text", "label"))
            writer.writeheader()
            writer.writerows(row for row in table if row["hexcode"] in chosen)
    return [str(folder / f"{language}.csv") for language in LANGUAGES]


def _read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def measured(folder: Path, paths: list[str], limit: dict[str, Any], strategy: str, options: Any) -> list[Any]:
    """The results by language of one run."""
    data = {
        "path": paths, "split": {"method": "grouped", "by": "hexcode", "seed": options.seed},
        "roles": {"text": "text", "label": "label"}, "steps": [{"name": "limit-languages", "by": "file", **limit}],
    }  # fmt: skip
    epochs = {"epochs": options.epochs} if strategy == "full-fine-tuning" else {}
    results = runs.run(
        folder, data, {"name": strategy}, options.seed, model={"source": "folder", "name": str(MODEL)},
        task={"name": "text-classification", "max_length": options.max_length},
        training={"threads": options.threads or "auto", "precision": "fp32", **epochs},
    )  # fmt: skip
    found: list[Any] = results["languages"]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=0, epochs=3, max_length=16)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    parser.add_argument("--only", choices=STRATEGIES, help="one strategy only")
    parser.add_argument("--whole", action="store_true", help="full fine-tuning on all that the probe is trained on")
    options = parser.parse_args(arguments)
    with common.home() as home:
        used = common.threads(options.threads)
        paths = files(home, options.rows, options.seed)
        settings = {"rows": options.rows, "epochs": options.epochs, "max_length": options.max_length,
                    "threads": used, "seed": options.seed}  # fmt: skip
        common.machine(**settings)
        kept = runs.Kept("cross-lingual", options.keep, **settings)
        for strategy in (options.only,) if options.only else STRATEGIES:
            wanted = {**ALONE, **MIXED, **ALL}
            if strategy == "full-fine-tuning" and not options.whole:  # some minutes each
                wanted = {"en": ALONE["en"]}
            found = {
                name: kept.of(
                    f"{strategy}, trained on {name}",
                    lambda name=name, limit=limit, strategy=strategy:
                        measured(home / f"{strategy}-{name.split()[0]}-{len(name)}", paths, limit, strategy, options),
                    _line,
                )
                for name, limit in wanted.items()
            }  # fmt: skip
            _show(strategy, found)


def _line(languages: list[Any]) -> str:
    return ", ".join(
        f"{one['name']} {one['metrics']['accuracy']['value']:.3f}" for one in sorted(languages, key=_place)
    )


def _place(entry: dict[str, Any]) -> int:
    return LANGUAGES.index(entry["name"])


def _show(strategy: str, found: dict[str, list[Any]]) -> None:
    """A line for each run: accuracy in each language in percent, with its 95 % interval; * where it is zero-shot."""
    lines = []
    chance = {one["name"]: one["baseline"]["metrics"]["accuracy"] for one in found["en"]}
    lines.append(("largest class", "", *(_percent(chance[language]) for language in LANGUAGES)))
    for name, languages in found.items():
        by_name = {one["name"]: one for one in languages}
        cells = [_percent(by_name[language]["metrics"]["accuracy"]) + ("" if by_name[language]["trained"] else " *")
                 for language in LANGUAGES]  # fmt: skip
        lines.append((name, sum(one["trained"] for one in languages), *cells))
    rows = next(one["rows"] for one in found["en"])
    print(f"\n{strategy}: accuracy in % (95 % interval) on {rows} test emojis a language; * zero-shot", flush=True)
    common.table(("trained on", "rows", *LANGUAGES), lines)


def _percent(metric: dict[str, float]) -> str:
    return f"{100 * metric['value']:.1f} ({100 * metric['low']:.1f}–{100 * metric['high']:.1f})"


if __name__ == "__main__":
    main()
