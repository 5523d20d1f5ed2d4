"""A backbone under the head of a task: loaded, checked, and told which classes and which padding there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.models.anatomy import backbone_of, group_name
from tlstudio.models.heads import Head, read_settings, unloadable
from tlstudio.models.tokenizers import padding_id, quiet_loading

if TYPE_CHECKING:
    import torch


def named(labels: Sequence[str]) -> dict[str, Any]:
    """Class names for a model's config; nothing where there are none."""
    if not labels:
        return {}
    names = list(labels)
    return {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }


def build_model(head: Head, backbone: Path, options: Mapping[str, Any], fresh: tuple[str, ...] = ()) -> torch.nn.Module:
    """A backbone in fp32 under a head; a head that was trained for other classes is replaced.

    Modules called as in ``fresh`` belong to the head although they lie within the backbone.

    Raises:
        StudioError: it cannot be loaded, or its weights lack more than a head.
    """
    model, found = _loaded(head, backbone, options)
    _require_backbone(model, found, backbone, fresh)
    _know_padding(model.config, backbone)
    return model


def _loaded(head: Head, backbone: Path, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The model, and what transformers says of its weights."""
    import torch
    import transformers

    variant = _variant(backbone)
    try:
        with quiet_loading():
            model, found = getattr(transformers, head.auto).from_pretrained(
                backbone,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                variant=variant,
                **options,
            )
    except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        raise unloadable(backbone, str(error) or type(error).__name__) from error
    return model, found


def fresh_head(task: Any, folder: Path) -> StudioError | None:
    """What to tell where a task answers with words, but the weights in ``folder`` have no layers for that.

    A classifier's head is always new. That of a language model comes with the checkpoint, and to learn it anew takes
    more texts than a user has. Heads that share the weights of the embeddings are not missing. No weights are read:
    their names are in the header.

    Raises:
        StudioError: the model cannot be loaded.
    """
    if not (task.HEAD.losses or task.HEAD.kind == "text"):
        return None
    model, found = _loaded(task.HEAD, folder, {"device_map": "meta"})
    names = [*found["missing_keys"], *(name for name, *_shapes in found["mismatched_keys"])]
    fresh = [name for name in names if group_name(name, backbone_of(model))[0] == "head"]
    if not fresh:
        return None
    return StudioError(
        "model.fresh-head", "The model has no trained layers for the task {task}: {count} tensors of {network} begin "
        "as random numbers, and learn only from your data.",
        "Choose a checkpoint of {network} itself, unless you have very many texts.",
        where="model.name", task=task.TITLE, count=len(fresh), network=type(model).__name__,
    )  # fmt: skip


def tell_fresh_head(emit: Emit, task: Any, folder: Path) -> None:
    """Logs what :func:`fresh_head` has found."""
    if note := fresh_head(task, folder):
        log(emit, note.code, note.template, "warning", **note.params)


def _variant(backbone: Path) -> str | None:
    """Of an earlier run with a head of its own the weights have another name; the backbone below it is a plain one.

    Raises:
        StudioError: the backbone itself has parts that it would be without.
    """
    parts = [str(part.get("part")) for part in read_settings(backbone).get("parts") or ()]
    if not parts:
        return None
    from tlstudio.models.parts import HEADS, VARIANT

    if set(parts) <= set(HEADS):
        return VARIANT
    raise StudioError(
        "model.has-parts", "{path} has parts of its own ({parts}) that another training would lose.",
        "Start from the backbone that it came from, or from another run; it can still be used as a teacher.",
        where="model.name", path=str(backbone), parts=", ".join(parts),
    )  # fmt: skip


def _know_padding(config: Any, backbone: Path) -> None:
    """Decoders such as GPT-2 have no padding token, but their heads must know which one batches are padded with."""
    stated = getattr(config, "pad_token_id", 0)
    if stated is None or not 0 <= stated < (getattr(config, "vocab_size", None) or stated + 1):
        config.pad_token_id = padding_id(backbone)


def _require_backbone(model: Any, found: dict[str, Any], folder: Path, fresh: tuple[str, ...]) -> None:
    """transformers fills whatever the weights lack with random numbers; only a head (and a pooler) may be new."""
    lacking = [*found["missing_keys"], *(name for name, *_shapes in found["mismatched_keys"])]
    lacking = [name for name in lacking if group_name(name, backbone_of(model))[0] not in ("head", "pooler")]
    lacking = [name for name in lacking if not name.endswith("masked_spec_embed")]  # it only hides parts in training
    lacking = [name for name in lacking if not set(name.split(".")) & set(fresh)]
    if lacking:
        raise unloadable(folder, f"its weights lack {len(lacking)} tensors of config.json, such as {min(lacking)}")
