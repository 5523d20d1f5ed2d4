"""The ranking of backbones against real fine-tuning: MiniLM, multilingual e5 and a MiniLM with random weights.

On Reuters R8 and on the Chinese names of emoji. Runs are kept as they end:
python -m tests.benchmarks.ranking --threads 1
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept
from tlstudio.core.control import Control
from tlstudio.core.recipe import ModelSection, from_dict

E5 = common.ASSETS / "models" / "multilingual-e5-small-trimmed-fp16"


def random_minilm(folder: Path) -> Path:
    """MiniLM's architecture and tokenizer, with random weights."""
    import torch
    from transformers import AutoConfig, AutoModel

    source, target = common.minilm(), folder / "random-MiniLM"
    if not target.is_dir():
        torch.manual_seed(7)
        AutoModel.from_config(AutoConfig.from_pretrained(source)).save_pretrained(target)
        for path in source.glob("*token*"):
            shutil.copyfile(path, target / path.name)
        for name in ("vocab.txt", "special_tokens_map.json"):
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
    return target


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=600, test_rows=800, epochs=4)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    options = parser.parse_args(arguments)
    with common.home() as home:
        settings = {"rows": options.rows, "test_rows": options.test_rows, "seed": options.seed,
                    "epochs": options.epochs, "threads": options.threads}  # fmt: skip
        common.machine(**settings)
        kept = Kept("ranking", options.keep, **settings)
        models = {"MiniLM": {"name": "sentence-transformers/all-MiniLM-L6-v2"},
                  "e5 multilingual": {"source": "folder", "name": str(E5)},
                  "random MiniLM": {"source": "folder", "name": str(random_minilm(home))}}  # fmt: skip
        emoji = common.ASSETS / "data" / "text" / "emoji_names" / "zh.csv"
        sets = {
            "R8": ({"path": str(commands.part_of_r8(home, "train", options.rows, options.seed)),
                    "test": str(commands.part_of_r8(home, "test", options.test_rows, options.seed))}, 96),
            "emoji zh": ({"path": str(emoji), "roles": {"text": "text", "label": "label"},
                          "split": {"test": 0.5, "validation": 0.1}}, 24),
        }  # fmt: skip
        for title, (data, length) in sets.items():
            task = {"name": "text-classification", "max_length": length}
            ranked = kept.of(f"{title}: ranking", lambda data=data, task=task: _ranked(data, task, models, options),
                             json.dumps)  # fmt: skip
            rows = []
            for name, model in models.items():
                tuned = kept.of(
                    f"{title}: fine-tuning of {name}",
                    lambda name=name, model=model, data=data, task=task, title=title: commands.figures(
                        commands.executed(home, f"{title}-{name}".replace(" ", "-"), {
                            "model": model, "data": data, "task": task, "strategy": {"name": "full-fine-tuning"},
                            "training": {"seed": options.seed, "threads": options.threads or "auto",
                                         "epochs": options.epochs},
                        })
                    ),
                    commands.told,
                )  # fmt: skip
                rows.append((name, *ranked[name], tuned["accuracy"], tuned["low"], tuned["high"]))
            print(title)
            columns = ("backbone", "rank", "probe", "LogME", "s", "fine-tuned", "low", "high")
            common.table(columns, sorted(rows, key=lambda row: row[1]))


def _ranked(data: dict[str, Any], task: dict[str, Any], models: dict[str, Any], options: Any) -> dict[str, Any]:
    """Rank, probe accuracy, LogME and seconds of each backbone by name."""
    from tlstudio.models.loading import resolve
    from tlstudio.pipeline.ranking import rank

    recipe = from_dict({"model": models["MiniLM"], "data": data, "task": task,
                        "training": {"threads": options.threads or "auto"}})  # fmt: skip
    found = rank(recipe, tiny.Heard(), Control(), [ModelSection(**model) for model in models.values()], True)
    names = {str(resolve(ModelSection(**model)).path): name for name, model in models.items()}
    return {
        names[one["path"]]: [place, one["scores"]["probe"], one["scores"]["logme"], one.get("seconds", 0.0)]
        for place, one in enumerate(found["candidates"], 1)
    }


if __name__ == "__main__":
    main()
