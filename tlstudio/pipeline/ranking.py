"""Which backbone suits the data? Scores of features of a sample, and what each backbone costs, without training one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Result
from tlstudio.core.files import size_of
from tlstudio.core.progress import Meter, silent
from tlstudio.core.recipe import ModelSection, Recipe
from tlstudio.data.labelled import Labelled
from tlstudio.metrics.names import About
from tlstudio.models import catalog, loading, transferability
from tlstudio.models.checks import weight_files
from tlstudio.models.scorers import TorchScorer
from tlstudio.pipeline import backbones, subsets
from tlstudio.pipeline.ranked import Candidate, explained
from tlstudio.pipeline.trials import Quick, left_out, light, quick
from tlstudio.strategies import features, linear_probe
from tlstudio.strategies.base import TransferJob

if TYPE_CHECKING:
    import numpy as np

SAMPLE = 500  # rows: a small model takes less than a minute of processor time
_FORMAT = 1
_MOST_TOKENS = 1500  # of a sample whose every token is learnt
_LARGE = 100_000_000  # parameters; larger backbones of the catalogue are ranked only when named
_CALLS = 12

SCORES: dict[str, About] = {
    "probe": About("Linear probe", "How well a linear model on the features answers rows that it has not seen"),
    "neighbours": About("Nearest neighbours", "How well the most similar other rows tell the answer"),
    "logme": About("LogME", "How likely a linear model of the features finds the answers; higher is better", False),
    "h_score": About("H-score", "How far the classes lie apart in the features; higher is better", False),
    "transrate": About("TransRate", "How much knowing the class shortens a code of the features; higher is better",
                       False),
}  # fmt: skip


def rank(
    recipe: Recipe, emit: Emit, control: Control, models: Sequence[ModelSection] = (), only: bool = False,
    rows: int = SAMPLE,
) -> dict[str, Any]:  # fmt: skip
    """Ranks backbones for the data and the task of a recipe.

    Each backbone that has been measured is told as a :class:`Result` called ``candidate``. A *stop* ends with those
    that have been measured by then.

    Args:
        models: backbones beside that of the recipe and those of the catalogue that are on this machine.
        only: only those of ``models``.
        rows: training rows to look at.

    Returns:
        ``{"task", "kind", "rows", "of", "chance", "scores", "candidates", "skipped", "best", "lean", "clear",
        "reasons", "seconds"}``; for the candidates see :func:`_facts` and
        :func:`tlstudio.pipeline.ranked.explained`.

    Raises:
        StudioError: the data cannot be read; the task has no features to be scored; or no backbone can be.
        Cancelled: the user has cancelled.
    """
    begin = time.monotonic()
    # how it is trained must not matter here
    said = left_out(recipe)
    recipe = light(recipe).changed("data.augment", None).changed("regularise", [])
    recipe = recipe.changed("strategy", {"name": "full-fine-tuning"})
    _require_features(recipe, control)
    chosen, skipped = candidates(recipe, models, only, control)
    if not chosen:
        raise _none(skipped)
    meter = Meter(emit, control, "rank", len(chosen) + 0.2, "models")
    with quick(recipe.changed("model", chosen[0].model_dump()), silent, control) as stages:
        whole = stages.read()
    labelled = subsets.sample(whole, "train", rows, recipe.training.seed)
    labelled = Labelled(**{**vars(labelled), "splits": {"train": labelled.splits["train"]}})
    meter.advance(0.2)
    found, failed = _all_measured(recipe, chosen, labelled, emit, control, meter)
    skipped = [*skipped, *failed]
    if not found:
        if control.stopping:
            raise Cancelled
        raise _none(skipped)
    verdict = explained(found)
    verdict["reasons"] += said
    return {
        "task": recipe.task.name,
        "kind": found[0].kind,
        "chance": found[0].chance,
        "rows": len(labelled.splits["train"]),
        "of": len(whole.splits["train"]),
        "scores": {name: {"title": about.title, "help": about.help, "share": about.share}
                   for name, about in SCORES.items()},
        **verdict,
        "skipped": skipped,
        "seconds": round(time.monotonic() - begin, 1),
    }  # fmt: skip


def _all_measured(
    recipe: Recipe, models: Sequence[ModelSection], labelled: Labelled, emit: Emit, control: Control, meter: Meter
) -> tuple[list[Candidate], list[dict[str, Any]]]:
    """Each backbone, told as soon as it is measured; and those that could not be, each with its error."""
    found: list[Candidate] = []
    skipped: list[dict[str, Any]] = []
    for model in models:
        if control.stopping:
            break
        meter.advance(0, model=model.name)
        try:
            candidate = _measured(recipe, model, labelled, control)
        except StudioError as error:
            skipped.append({"name": model.name, "source": model.source, "error": error.to_dict()})
        else:
            found.append(candidate)
            emit(Result(name="candidate", data=candidate.facts))
        meter.advance()
    return found, skipped


def _require_features(recipe: Recipe, control: Control) -> None:
    """Refuses tasks whose answers no features of a row can be compared with."""
    with quick(recipe, silent, control) as stages:
        task, head = stages.checked.task.plugin, stages.checked.task.plugin.HEAD
    if not head.probe or head.kind not in ("classes", "values", "signs"):
        raise StudioError(
            "rank.no-features", "Backbones cannot be ranked for the task {task}: it has no classes or numbers that "
            "features could be compared with.", "Try two of them in short runs, and compare these.",
            where="task.name", task=task.TITLE,
        )  # fmt: skip


def candidates(
    recipe: Recipe, models: Sequence[ModelSection], only: bool, control: Control
) -> tuple[list[ModelSection], list[dict[str, Any]]]:
    """The backbones to rank, small ones first; and those that cannot be, each with its error."""
    with quick(recipe, silent, control) as stages:
        task = stages.checked.task.plugin
    wished, skipped = list(models), []
    if not only:
        wished += [recipe.model] if recipe.model.name else []
        for entry in catalog.listing():
            if entry["present"] and entry["parameters"] <= _LARGE:
                wished.append(ModelSection(source="hub", name=entry["name"]))
            elif entry["present"] and entry["name"] not in {model.name for model in wished}:
                skipped.append({"name": entry["name"], "source": "hub", "error": _large(entry["title"]).to_dict()})
    chosen: dict[str, tuple[int, ModelSection]] = {}
    for model in wished:
        try:
            backbone = loading.resolve(model, control.check)
            backbones.require(backbone, model.source, task)
        except StudioError as error:
            skipped.append({"name": model.name, "source": model.source, "error": error.to_dict()})
            continue
        size = sum(size_of(path) for path in weight_files(backbone.path))
        chosen.setdefault(str(backbone.path.resolve()), (size, model))
    return [model for _size, model in sorted(chosen.values(), key=lambda item: item[0])], skipped


def _large(title: str) -> StudioError:
    return StudioError(
        "rank.large", "{title} is large, and would take longer than all others together.",
        "Name it to have it ranked as well.", title=title,
    )  # fmt: skip


def _none(skipped: list[dict[str, Any]]) -> StudioError:
    if len(skipped) == 1:
        return StudioError.from_dict(skipped[0]["error"])
    return StudioError(
        "rank.no-models", "No backbone on this machine can learn this task.",
        "Download one in the Model step, or name the folder of one.", where="model.name",
    )  # fmt: skip


# --- one backbone


def _measured(recipe: Recipe, model: ModelSection, labelled: Labelled, control: Control) -> Candidate:
    """Features, scores and cost of a backbone."""
    begin = time.monotonic()
    with quick(recipe.changed("model", model.model_dump()), silent, control) as stages:
        stages.open(labelled)
        stages.settle()
        network, read, pace = _features(stages)
        values, targets, kind = _aligned(read, stages)
        scores, probed = transferability.scores(values, targets, recipe.training.seed, control.check)
        facts = _facts(stages, network, scores, control)
    facts |= {
        "name": model.name,
        "source": model.source,
        "current": (model.source, model.name) == (recipe.model.source, recipe.model.name),
        "width": int(values.shape[1]),
        "rows_per_second": None if pace is None else round(pace, 1),
        "seconds": round(time.monotonic() - begin, 1),
    }
    return Candidate(facts, probed.right, kind, _commonest(targets) if kind in ("classes", "tokens") else None)


def _commonest(classes: np.ndarray) -> float:
    import numpy as np

    return float(np.bincount(classes).max() / len(classes))


def _features(stages: Quick) -> tuple[Any, list[np.ndarray], float | None]:
    """The network; what its head reads of each row, from the cache where it has been there before; rows a second."""
    import torch

    task, encoded, context = stages.checked.task.plugin, stages.encoded, stages.context
    network: Any = task.build(stages.backbone.path, encoded).eval()
    pooling = linear_probe.pool(network, "auto") if stages.head.probe == "pooled" else ""
    how = pooling or stages.head.probe
    text = f"rank|{_FORMAT}|{backbones.key(stages.backbone)}|{encoded.key}|{how}"
    store = features.Store(hashlib.sha256(text.encode()).hexdigest()[:32])
    device = torch.device(stages.settings.device)
    network.to(device)
    pace = None
    if not store.complete:
        collate = task.collator(stages.checked.task.config, encoded)
        job = TransferJob(lambda **_options: network, encoded, collate, stages.head, "", device, silent,
                          context.control)  # fmt: skip
        begin = time.perf_counter()
        store.write(_read(network, pooling, job))
        pace = len(encoded.splits["train"]) / max(time.perf_counter() - begin, 1e-9)
    rows = features.FeatureRows(store.read(), encoded.splits["train"])
    return network, [rows[at]["features"] for at in range(len(rows))], pace


def _read(network: Any, pooling: str, job: TransferJob) -> list[np.ndarray]:
    train = job.encoded.splits["train"]
    if pooling:
        width = network.base_model.config.hidden_size
        return [row[:width] for row in features.tokens(network, train, job, pooling)]
    module = getattr(network, next(name for name in job.head.probe.split("|") if hasattr(network, name)))
    return [row.reshape(-1) if row.ndim != 2 else row
            for row in features.recorded(network, module, job.collate, train, job)]  # fmt: skip


def _aligned(values: list[np.ndarray], stages: Quick) -> tuple[np.ndarray, np.ndarray, str]:
    """Features [N, D] and targets of the same N, and what kind of targets they are.

    The kinds are classes, numbers, labels (several a row) and tokens (a class for each of several tokens a row).
    """
    import numpy as np

    known, head = stages.encoded.targets("train"), stages.head
    if head.kind == "values":
        return np.stack(values).astype(np.float64), np.asarray(known, np.float64), "numbers"
    if head.kind == "signs":
        return np.stack(values).astype(np.float64), np.asarray(known), "labels"
    if not head.per_token:
        return np.stack(values).astype(np.float64), np.asarray(known, np.int64), "classes"
    flat = np.concatenate([np.asarray(row, np.int64) for row in known])
    table = np.concatenate([np.asarray(row, np.float64) for row in values])
    counted = np.flatnonzero(flat >= 0)  # the first token of each word; others do not count
    draw = np.random.default_rng(stages.context.recipe.training.seed)
    counted = np.sort(draw.permutation(counted)[:_MOST_TOKENS])
    return table[counted], flat[counted], "tokens"


def _facts(stages: Quick, network: Any, scores: dict[str, float | None], control: Control) -> dict[str, Any]:
    """Scores and cost of a backbone.

    Returns:
        ``title``, ``path``, ``licence``, ``languages``, ``scores`` by the names of :data:`SCORES`, and ``cost``:
        ``parameters`` of the backbone, ``bytes`` of its files, ``memory_bytes`` of its weights in fp32,
        ``training_memory_bytes`` of weights, gradients and two moments of Adam when all of it trains, and
        ``latency_ms`` of the row of median length on one core.
    """
    backbone = stages.backbone
    parameters = sum(parameter.numel() for parameter in network.base_model.parameters())
    entry = catalog.find(backbone.name)
    return {
        "title": entry.title if entry else backbone.name,
        "path": str(backbone.path),
        "licence": backbone.licence,
        "languages": list(backbone.languages),
        "scores": scores,
        "cost": {
            "parameters": parameters,
            "bytes": sum(size_of(path) for path in weight_files(backbone.path)),
            "memory_bytes": 4 * parameters,
            "training_memory_bytes": 16 * parameters,
            "latency_ms": round(1000 * _latency(stages, network, control), 3),
        },
    }


def _latency(stages: Quick, network: Any, control: Control) -> float:
    """Seconds for the answer to a row on one core: the fastest of some, since other programs only make it slower.

    On several cores the threads wait for one another, and so for other programs, too.
    """
    import torch

    examples = stages.encoded.examples("train")
    scorer = TorchScorer(network, head=stages.head, inputs=stages.encoded.inputs)
    middle = sorted(range(len(examples)), key=examples.lengths().__getitem__)[len(examples) // 2]
    row, times, threads = [examples[middle]], [], torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _call in range(_CALLS):
            control.check()
            begin = time.perf_counter()
            scorer.outputs(row)
            times.append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    return min(times)
