"""What a run's results say of its data, its model and its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlstudio.data.fingerprints import fingerprint
from tlstudio.data.licences import licence_of
from tlstudio.export import energy
from tlstudio.models import loading
from tlstudio.training.trainer import Trained

if TYPE_CHECKING:
    from tlstudio.pipeline.stages import Stages


def of_data(stages: Stages) -> dict[str, Any]:
    """Where the rows come from, and how many there are of each split and class."""
    table = stages.rows.splits["train"].table
    licence, source = licence_of(stages.context.recipe.data)
    return {
        "path": stages.context.recipe.data.title,
        "source": table.source,
        "licence": licence,
        "licence_from": source,
        "options": table.options,
        "roles": stages.rows.roles.plain(),
        "rows": {split: len(rows) for split, rows in stages.rows.splits.items()},
        "fingerprint": fingerprint(stages.rows, stages.context.control),
        "dropped": stages.rows.dropped,
        "classes": stages.rows.class_table(),
    }


def of_model(stages: Stages, trainable: int) -> dict[str, Any]:
    """The backbone, and the trained model's size; ``trainable`` parameters could change."""
    return {
        "name": stages.backbone.name,
        "revision": stages.backbone.revision,
        "licence": stages.backbone.licence,
        "languages": list(stages.backbone.languages),
        "architecture": type(stages.model).__name__,
        "parameters": sum(parameter.numel() for parameter in stages.model.parameters()),
        "trainable": trainable,
        "lineage": stages.lineage,
        **_of_second(stages),
    }


def _of_second(stages: Stages) -> dict[str, Any]:
    """What is known of a second backbone, whose weights are part of the model, too."""
    if not (place := str(stages.context.recipe.strategy.options.get("second") or "")):
        return {}
    found = loading.anywhere(place, "strategy.second")
    return {"second": {"name": found.name, "revision": found.revision, "licence": found.licence}}


def of_training(stages: Stages, trained: Trained) -> dict[str, Any]:
    """Strategy, settings and what came of them; times in seconds, memory in bytes."""
    strategy, settings = stages.checked.strategy.plugin, stages.settings
    return {
        "strategy": strategy.NAME,
        "strategy_title": strategy.TITLE,
        "outcome": trained.outcome,
        "epochs_done": trained.epochs,
        "best_epoch": trained.best_epoch,
        "best_score": trained.best_score,
        "best_metric": settings.best_metric,
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
        "samples_per_second": round(trained.samples_per_second, 1),
        "peak_memory_bytes": trained.peak_memory_bytes,
        **energy.power(settings.device, settings.threads, stages.context.recipe.training.watts),
        **{key: value for key, value in settings.to_dict().items() if key not in ("patience", "best_metric")},
    }


def width_of(config: dict[str, Any]) -> int:
    """Hidden size in a ``config.json``; of towers that of the first that states one."""
    if isinstance(size := config.get("hidden_size") or config.get("d_model") or config.get("n_embd"), int):
        return size
    parts = [value for value in config.values() if isinstance(value, dict)]
    return next((width_of(part) for part in parts if "hidden_size" in part), 768)
