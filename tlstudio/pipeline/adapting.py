"""The stage before the training in which the backbone gets to know rows without labels."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.adaptation.base import TRAIN
from tlstudio.adaptation.rows import read
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Artifact, Checkpoint, Event, Metric, Progress, Rewound, log
from tlstudio.core.files import atomic_folder, is_name, read_json, shown, size_of, write_json
from tlstudio.data import labelled as data
from tlstudio.data.roles import Roles
from tlstudio.models import folders
from tlstudio.models.loading import Backbone
from tlstudio.models.tokenizers import quiet_loading
from tlstudio.models.transfer import Judge, Transfer
from tlstudio.pipeline.checks import Configured
from tlstudio.pipeline.context import Context
from tlstudio.tasks import images, masked_lm
from tlstudio.tasks.base import Batch, EncodeJob, Row
from tlstudio.training import checkpoints
from tlstudio.training.checkpoints import Policy
from tlstudio.training.settings import choose_device, settle
from tlstudio.training.trainer import Again, fit_all

if TYPE_CHECKING:
    import torch

FOLDER = "adapted"
_KEPT = "adapt"  # the checkpoints of an objective, with its number
_TEXTS = ("text", "context", "source_text", "prompt")  # roles whose values are whole texts
_HELD_OUT, _MOST_HELD_OUT, _FEW = 0.05, 500, 20


@dataclass(frozen=True)
class _Usual:
    """What 'auto' means in this stage."""

    epochs: int = 1
    batch_size: int = 16
    learning_rate: float = 5e-5
    patience: int = 0
    schedule: str = "linear"


def adapt(
    context: Context, parts: Sequence[Configured], backbone: Backbone, rows: data.Labelled, again: Again = ""
) -> Backbone:
    """Adapts the backbone with each of the objectives in turn; the result lies in ``RUN/adapted``.

    Args:
        context: of the run.
        parts: the objectives.
        backbone: to adapt.
        rows: of the recipe.
        again: whether the run goes on after it was broken off; then so does the adaptation.

    Raises:
        StudioError: the backbone cannot learn an objective, or rows cannot be read.
        Cancelled: the user has cancelled.
    """
    config = read_json(backbone.path / "config.json")
    for part in parts:
        if problem := part.plugin.fits(config):
            raise problem
    whole = _loaded(backbone.path)
    facts = []
    for number, part in enumerate(parts):
        place = context.folder / checkpoints.FOLDER / f"{_KEPT}-{number}"
        facts.append(_adapted(context, part, whole.base_model, backbone.path, rows, place, again))
        context.result("adaptation", facts)
    target = context.folder / FOLDER
    with atomic_folder(target) as folder:
        folders.copy_tokenizer(backbone.path, folder)
        whole.save_pretrained(folder, safe_serialization=True)
    for number in range(len(parts)):
        shutil.rmtree(context.folder / checkpoints.FOLDER / f"{_KEPT}-{number}", ignore_errors=True)
    context.emit(Artifact(name=FOLDER, path=FOLDER, bytes=size_of(target)))
    return replace(backbone, path=target)


def _loaded(folder: Path) -> Any:
    """The model as its weights were saved, with any head, so that nothing of it is lost."""
    import torch
    import transformers

    name = (read_json(folder / "config.json").get("architectures") or [""])[0]
    kind = getattr(transformers, name, None) or transformers.AutoModel
    with quiet_loading():
        model: Any = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)
    return model


def _adapted(
    context: Context, part: Configured, backbone: Any, folder: Path, known: data.Labelled, place: Path, again: Again
) -> dict[str, Any]:
    """One objective; trains ``backbone`` in place, with checkpoints in ``place``, and says what came of it."""
    from transformers import set_seed

    plugin, config, training = part.plugin, part.config, context.recipe.training
    heard = _Heard(context, place)
    settings = replace(
        settle(training, _Usual(), choose_device(training.device).type), epochs=config.epochs, patience=0,
        batch_size=config.batch_size, learning_rate=config.learning_rate, best_metric="loss", schedule="linear",
    )  # fmt: skip
    train, held = _corpus(context, part, folder, known, heard.tell)
    log(context.emit, "adapt.begin", "{title}: the backbone gets to know {count} rows of {place}.", title=plugin.TITLE,
        count=len(train), place=_place(config.data))  # fmt: skip
    set_seed(settings.seed)
    network = plugin.network(config, backbone, folder)
    collate = partial(_collated, collate=plugin.collator(config, folder))
    transfer = Transfer(network.to(settings.device), train, held, collate, lambda: network)
    policy = replace(Policy.of(training), retries=False)
    _transfer, trained = fit_all(transfer, _loss(plugin.loss(config)), Judge(lambda _answers, loss: {"loss": loss}),
                                 settings, place, heard.tell, context.control, policy=policy, again=again)  # fmt: skip
    network.cpu().eval()
    if heard.losses:
        log(context.emit, "adapt.done",
            "The loss on rows held out was {first} after the first epoch, and is {last} now.",
            first=round(heard.losses[0], 3), last=round(min(heard.losses), 3))  # fmt: skip
    return {"name": plugin.NAME, "title": plugin.TITLE, "data": _place(config.data), "rows": len(train),
            "epochs": trained.epochs, "seconds": round(trained.seconds, 1), "losses": heard.losses}  # fmt: skip


def _loss(loss: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda outputs, labels, **_weights: loss(outputs, labels)


def _place(name: str) -> str:
    return name if name == TRAIN or not is_name(name) else shown(name)


class _Heard:
    """Passes on what the training loop says, as the words of this stage."""

    def __init__(self, context: Context, place: Path) -> None:
        self._emit, self._path = context.emit, place / "losses.json"
        self._losses: list[tuple[int, float]] = []  # with their steps
        if self._path.is_file():
            self._losses = [(step, loss) for step, loss in read_json(self._path)]

    @property
    def losses(self) -> list[float]:
        """On rows held out, after each epoch."""
        return [loss for _step, loss in self._losses]

    def tell(self, event: Event) -> None:
        if isinstance(event, Checkpoint):
            return  # the best weights of the run are yet to come
        if isinstance(event, Metric) and event.split != "train":
            self._losses.append((event.step, event.values["loss"]))
            write_json(self._path, self._losses)  # a run that is resumed knows them
            return
        if isinstance(event, Rewound):
            self._losses = [known for known in self._losses if known[0] <= event.step]
        self._emit(replace(event, stage="adapt") if isinstance(event, Progress) else event)


# --- rows


def _corpus(
    context: Context, part: Configured, folder: Path, known: data.Labelled, emit: Callable[[Event], None]
) -> tuple[Any, Any]:
    """Encoded rows to learn from, and some that are held out."""
    plugin, config = part.plugin, part.config
    role = "image" if plugin.LEARNS == "image" else "text"
    if config.data == TRAIN:
        rows = _training_rows(known, role)
    else:
        rows = read(config.data, (role,), config.column, context.emit, context.control)
    if plugin.LEARNS == "image":
        job = EncodeJob(images.ImageOptions(), rows, folder, emit, context.control)
        encoded = images.encode(job, lambda labelled, split: [0] * len(labelled.splits[split]))
    else:
        options = masked_lm.Options(max_length=config.max_length)
        encoded = masked_lm.PLUGIN.encode(EncodeJob(options, rows, folder, emit, context.control))
    return _divided(encoded.splits["train"], plugin.HELD_OUT, context.recipe.training.seed)


def _training_rows(known: data.Labelled, role: str) -> data.Labelled:
    """The training rows of the recipe, without their labels."""
    roles = known.roles.columns
    found = next((name for name in ((role,) if role == "image" else _TEXTS) if name in roles), None)
    if found is None:
        raise StudioError(
            "adapt.no-rows", "The training rows have no column of {kind} to adapt to.",
            "Name a file or folder in the data of the adaptation.", where="adapt",
            kind="images" if role == "image" else "texts",
        )  # fmt: skip
    return data.Labelled({"train": known.splits["train"]}, Roles({role: roles[found][:1]}), [])


def _divided(rows: Any, held_out: bool, seed: int) -> tuple[Any, Any]:
    """Some rows are held out, if that makes sense and there are enough."""
    import numpy as np

    if not held_out or len(rows) < _FEW:
        return rows, ()
    count = min(_MOST_HELD_OUT, max(1, round(_HELD_OUT * len(rows))))
    order = np.random.default_rng([seed, 11]).permutation(len(rows))
    return _Part(rows, np.sort(order[count:]).tolist()), _Part(rows, np.sort(order[:count]).tolist(), held=True)


class _Part(Sequence[dict[str, Any]]):
    """Some of the rows; those that are held out know it."""

    def __init__(self, rows: Any, places: list[int], held: bool = False) -> None:
        self._rows, self._places, self._held = rows, places, held
        self.column_names = list(rows.column_names)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            column = list(self._rows[key])
            return [column[place] for place in self._places]
        row = self._rows[self._places[int(key)]]
        return {**row, "held": self._places[int(key)]} if self._held else row


def _collated(rows: Sequence[Row], collate: Callable[[Sequence[Row]], Batch]) -> Batch:
    """What is drawn for rows that are held out is the same each time."""
    with _same_draws(rows[0].get("held")):
        return collate(rows)


@contextlib.contextmanager
def _same_draws(seed: int | None) -> Iterator[None]:
    import torch

    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
