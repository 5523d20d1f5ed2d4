"""Where a backbone lies: a folder, an earlier run, the starter package, or the hub's cache; no network is used."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, read_json, size_of
from tlstudio.core.paths import runs_folder
from tlstudio.core.recipe import ModelSection
from tlstudio.models import catalog, earlier, gguf
from tlstudio.models.checks import check_folder, modality, weight_files
from tlstudio.models.heads import Head
from tlstudio.models.pixels import stated_size


@dataclass(frozen=True)
class Backbone:
    """A model folder that has been checked. ``revision`` is the hub's commit, where one is known."""

    path: Path
    name: str
    revision: str | None = None
    licence: str = ""
    languages: tuple[str, ...] = field(default=())


def resolve(model: ModelSection, check: Callable[[], None] | None = None) -> Backbone:
    """Finds and checks the backbone of a recipe.

    Raises:
        StudioError: none chosen, not on this machine, or the folder is not a sound model.
    """
    if not model.name:
        raise StudioError(
            "model.none", "No model is chosen.", "Choose one in the Model step, or set model.name.", where="model.name"
        )
    if model.source == "run":
        return _of_run(model, check)
    if model.source == "folder":
        path = expand(model.name)
        if file := gguf.only_file(path):
            folder = gguf.converted(file, model.sha256 or "", check)
            check_folder(folder, {}, check)
            return Backbone(folder, file.stem, licence=_card_field(file.parent, "license"))
        check_folder(path, _hashes(model, {}), check)
        return Backbone(path, path.name, licence=_card_field(path, "license"))
    entry = catalog.find(model.name)
    name = entry.name if entry else model.name
    revision = model.revision or (entry.revision if entry else None)
    found = on_this_machine(name, revision)
    if found is None:
        raise StudioError(
            "model.not-here",
            "{name} is not on this machine.",
            "Download it in the Model step or with: tlstudio download {name}",
            where="model.name",
            name=name,
        )
    if entry and found.suffix == ".gguf":
        found = gguf.converted(found, entry.sha256.get(found.name, ""), check)
        check_folder(found, {}, check)
    else:
        pinned = entry.sha256 if entry and revision and (entry.revision or "").startswith(revision) else {}
        check_folder(found, _hashes(model, pinned), check)
    licence = entry.licence if entry else _card_field(found, "license")
    return Backbone(found, name, revision or _cached_commit(found), licence, entry.languages if entry else ())


def _of_run(model: ModelSection, check: Callable[[], None] | None) -> Backbone:
    """What an earlier run has trained; the licence is that of the backbone which it came from."""
    path = earlier.model_folder(model.name)
    check_folder(path, _hashes(model, {}), check)
    facts = earlier.facts_of(path)
    licence, languages = str(facts.get("licence") or ""), tuple(facts.get("languages") or ())
    return Backbone(path, earlier.name_of(path), None, licence, languages)


def pinned(model: ModelSection) -> ModelSection:
    """The choice with the commit of the hub that is on this machine, where it names none: what a run keeps of it."""
    if model.source != "hub" or model.revision or not model.name:
        return model
    entry = catalog.find(model.name)
    revision = entry.revision if entry else None
    if revision is None and (found := on_this_machine(model.name, None)) is not None:
        revision = _cached_commit(found)
    return model.model_copy(update={"revision": revision}) if revision else model


def anywhere(place: str, where: str) -> Backbone:
    """Another model that a recipe names: a folder, an earlier run, or a model of the hub that is here; not yet checked.

    Args:
        place: name or folder.
        where: the field of the recipe that names it.

    Raises:
        StudioError: nothing of that name is on this machine, or a run has no model.
    """
    path = expand(place)
    if path.is_dir() or (path.name == place and (runs_folder() / place).is_dir()):
        folder = earlier.model_folder(place, where)
        facts = earlier.facts_of(folder)
        licence = str(facts.get("licence") or "") or _card_field(folder, "license")
        return Backbone(folder, earlier.name_of(folder), None, licence, tuple(facts.get("languages") or ()))
    entry = catalog.find(place)
    name, revision = (entry.name, entry.revision) if entry else (place, None)
    found = on_this_machine(name, revision)
    if found is not None and found.is_dir():
        licence = entry.licence if entry else _card_field(found, "license")
        return Backbone(found, name, revision or _cached_commit(found), licence, entry.languages if entry else ())
    raise StudioError(
        "model.nowhere", "There is no run, model folder or downloaded model {name}.",
        "Check the name; or download the model in the Model step or with: tlstudio download {name}", where=where,
        name=place,
    )  # fmt: skip


def _hashes(model: ModelSection, pinned: dict[str, str]) -> dict[str, str]:
    return {**pinned, **({"model.safetensors": model.sha256} if model.sha256 else {})}


def on_this_machine(name: str, revision: str | None) -> Path | None:
    """The folder of a hub model in a package or in the hub's cache; None if it must be downloaded.

    Of a package that carries a GGUF file, that file; see :func:`tlstudio.models.gguf.converted`.
    """
    entry = catalog.find(name)
    if entry and entry.package and (not revision or (entry.revision or "").startswith(revision)):
        packaged = package_folder(entry.package)
        if packaged is not None:
            return packaged
    return cached_folder(entry.name if entry else name, revision)


def package_folder(package: str) -> Path | None:
    """The ``model`` folder or the GGUF file inside an installed package, found without importing it.

    An import would take seconds.
    """
    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "model"
        if (folder / "config.json").is_file():
            return folder
        if file := gguf.only_file(Path(location)):
            return file
    return None


def cached_folder(name: str, revision: str | None) -> Path | None:
    """The snapshot of a hub model in the cache, if config and weights are complete in it."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision)
    except HFValidationError:
        return None  # such as a path typed where a hub name belongs
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    try:
        weight_files(folder)
    except StudioError:
        return None  # an interrupted download: it will be resumed
    return folder


def _cached_commit(folder: Path) -> str | None:
    return folder.name if folder.parent.name == "snapshots" else None


def _card_field(folder: Path, key: str) -> str:
    """A field of the YAML block at the top of the model card, or an empty string."""
    card = folder / "README.md"
    if not card.is_file():
        return ""
    for line in card.read_text(encoding="utf-8", errors="replace").splitlines()[:60]:
        if line.startswith(f"{key}:"):
            return line.split(":", 1)[1].strip().strip("\"'")
    return ""


def inspect(model: ModelSection, head: Head) -> dict[str, Any]:
    """Facts about a backbone: architecture, sizes, limits and layer groups; weights are not loaded.

    Args:
        model: the recipe's choice.
        head: what it shall be trained with; where transformers has no such head for it, the bare backbone is shown.

    Raises:
        StudioError: as :func:`resolve`.
    """
    import torch
    import transformers

    from tlstudio.models.anatomy import layer_groups
    from tlstudio.models.folders import max_length, position_limit

    backbone = resolve(model)
    raw = read_json(backbone.path / "config.json")
    config = transformers.AutoConfig.from_pretrained(backbone.path, local_files_only=True, trust_remote_code=False)
    auto = head.auto if head.knows(config.model_type) else "AutoModel"
    with torch.device("meta"):
        network = getattr(transformers, auto).from_config(config)
    groups = layer_groups(network)
    # a vector of all tokens passes by the layer that pools them in another way
    shown = [group for group in groups if not (head.pool and group.name == "pooler")]
    reads = modality(raw)
    return {
        "name": backbone.name,
        "path": str(backbone.path),
        "revision": backbone.revision,
        "architecture": (raw.get("architectures") or [type(network.base_model).__name__])[0],
        "model_type": config.model_type,
        "modality": reads,
        "parameters": sum(group.parameters for group in groups if group.kind != "head"),
        "bytes": sum(size_of(path) for path in weight_files(backbone.path)),
        "max_length": (position_limit(raw) or max_length(backbone.path)) if reads == "text" else None,
        "image_size": stated_size(raw),
        "hidden_size": _width(config),
        "labels": config.num_labels,
        "vocabulary": getattr(config, "vocab_size", None),
        "licence": backbone.licence,
        "languages": list(backbone.languages),
        "groups": [group.to_dict() for group in shown],
    }


def _width(config: Any) -> int | None:
    """Hidden size; of convolutional networks that of the last stage, of two towers that of the images."""
    found = getattr(config, "hidden_size", None) or (getattr(config, "hidden_sizes", None) or [None])[-1]
    tower = getattr(config, "vision_config", None)
    return found if isinstance(found, int) or tower is None else _width(tower)
