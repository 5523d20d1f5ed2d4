"""The head of a model that has been trained before: kept where it answers the same, else drawn anew.

Sequential transfer: Phang et al., 2018, "Sentence encoders on STILTs"; Pruksachatkun et al., 2020, "Intermediate-task
transfer learning with pretrained language models".
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.models.anatomy import parameter_groups
from tlstudio.models.checks import weight_files
from tlstudio.models.folders import read_labels
from tlstudio.models.fresh import reinitialise
from tlstudio.models.heads import read_settings
from tlstudio.tasks.base import Encoded
from tlstudio.tasks.numbers import last_linear

# as it was loaded; kept; known classes kept beside new ones; what answers the classes drawn anew; all of it drawn anew
Fate = Literal["", "keep", "extend", "classes", "replace"]


def decide(wish: str, folder: Path, task: Any, encoded: Encoded) -> Fate:
    """What becomes of the head of the model in ``folder``.

    Args:
        wish: auto, keep or replace. Auto keeps the head of an earlier run with the same task and labels, and heads
            that answer with tokens, which came with the backbone; of a model of others it does as transformers does.
        folder: of the model.
        task: what is to be learnt.
        encoded: the rows of it.

    Raises:
        StudioError: the head shall be kept, but answers something else.
    """
    before = read_settings(folder).get("task")
    if wish == "replace":
        return "replace"
    if wish == "keep":
        _require_same(folder, before, task, encoded)
        return "keep" if before else ""
    if not before:
        return ""
    if task.HEAD.losses or task.HEAD.kind == "text":
        return "keep"
    if before != task.NAME:
        return "replace"
    if not encoded.labels or read_labels(folder) == encoded.labels:
        return "keep"
    known = set(read_labels(folder)) < set(encoded.labels) and task.HEAD.kind == "classes"
    return "extend" if known else "classes"


def extended(encoded: Encoded, folder: Path, task: Any) -> Encoded:
    """Rows whose model keeps the classes of the model in ``folder`` as well, after its own."""
    if read_settings(folder).get("task") != task.NAME or task.HEAD.kind != "classes" or not encoded.labels:
        return encoded
    more = [name for name in read_labels(folder) if name not in encoded.labels]
    return replace(encoded, labels=[*encoded.labels, *more])


def _require_same(folder: Path, before: Any, task: Any, encoded: Encoded) -> None:
    other = bool(before) and before != task.NAME
    if not other and (not encoded.labels or len(read_labels(folder)) == len(encoded.labels)):
        return
    raise StudioError(
        "model.other-head", "The head of the model cannot be kept: it answers other questions than the task {task} "
        "with these classes.", "Set model.head to auto or replace.", where="model.head", task=task.TITLE,
    )  # fmt: skip


def tell(emit: Emit, fate: Fate) -> None:
    """Says what becomes of the head, where it is not a fresh one anyway."""
    if fate == "keep":
        log(emit, "model.head-kept", "The head of the earlier training is kept.")
    elif fate == "extend":
        log(emit, "model.head-extended", "The head of the earlier training is kept for the classes that it knows; the "
            "new ones begin anew.")  # fmt: skip
    elif fate:
        log(emit, "model.head-fresh", "The head of the earlier training is replaced by a fresh one.")


def apply(model: Any, fate: Fate, encoded: Encoded, folder: Path | None = None) -> None:
    """Draws the head of a built model anew, or makes a kept one ready to learn on.

    ``folder`` is where the model was loaded from; a head is extended with what lies there.
    """
    if fate == "keep":
        standardise(model, encoded)
    elif fate == "extend" and folder is not None:
        _extend(model, encoded.labels, folder)
    elif fate == "classes":
        reinitialise(model, _of_classes(model))
    elif fate == "replace":
        reinitialise(model, head_parameters(model))


def head_parameters(model: Any) -> list[str]:
    """Names of the parameters that are no part of the backbone; scores of tokens are."""
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    kept = {id(parameter) for parameter in output.parameters()} if output is not None else set()
    return [
        name
        for kind, names in parameter_groups(model).values()
        for name in names
        if kind == "head" and id(model.get_parameter(name)) not in kept
    ]


def standardise(model: Any, encoded: Encoded) -> None:
    """Lets a trained head of numbers answer in standard deviations again: undoes ``finish`` of the task for its data.

    See :mod:`tlstudio.tasks.numbers`.
    """
    import torch

    if "scale" not in encoded.facts:
        return
    last = last_linear(model)
    with torch.no_grad():
        if last.bias is not None:
            last.bias.sub_(encoded.facts["mean"]).div_(encoded.facts["scale"])
        last.weight.div_(encoded.facts["scale"])


def _extend(model: Any, labels: list[str], folder: Path) -> None:
    """Copies what answers each known class from the weights in a folder."""
    import torch
    from safetensors import safe_open

    names = set(_of_classes(model))
    places = [labels.index(label) for label in read_labels(folder)]
    for path in weight_files(folder):
        with safe_open(path, "pt") as weights, torch.no_grad():
            for name in names & set(weights.keys()):
                model.get_parameter(name)[places] = weights.get_tensor(name).float()


def permute(model: Any, order: list[int]) -> None:
    """Puts the classes of a head into another order: place i then answers what ``order[i]`` did."""
    import torch

    with torch.no_grad():
        for name in _of_classes(model):
            parameter = model.get_parameter(name)
            parameter.copy_(parameter[order].clone())


def _of_classes(model: Any) -> list[str]:
    """Parameters whose shape depends on the number of classes."""
    import torch

    shapes = []
    for more in (0, 1):
        config = copy.deepcopy(model.config)
        config.num_labels += more
        with torch.device("meta"):
            shapes.append({name: value.shape for name, value in type(model)(config).named_parameters()})
    return [name for name, shape in shapes[0].items() if shapes[1].get(name) != shape]
