"""Augmentations at work: changed copies of training texts, changed images, mixed batches."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tlstudio.augmentation.base import BatchAugmentation, ImageAugmentation, Resources, TextAugmentation
from tlstudio.augmentation.dictionary import WHERE, fingerprint
from tlstudio.core.events import Emit, log
from tlstudio.core.plugins import configure, get
from tlstudio.core.recipe import Choice as Wish

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

PACKAGE = "tlstudio.augmentation"
VERSION = 1  # part of each key: another number makes every cache anew
_BATCH = 256  # rows at a time: enough for a network to be busy, few enough to stream

Choice = tuple[Any, Any]  # a plug-in, and its config


class Changed(NamedTuple):
    """A changed copy. ``source`` is the index of the text that it comes from; its label is that of the source."""

    source: int
    text: str
    augmentation: str


@dataclass
class Tally:
    """What became of the copies, by name of the augmentation."""

    rows: int = 0
    made: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)

    def report(self, emit: Emit) -> None:
        """Tells the user how many copies there are, and how many came to nothing."""
        for name in self.made | self.unchanged | self.repeated:
            log(emit, "augment.done",
                "{name}: {made} changed copies of {rows} training rows; {dropped} were left out because nothing had "
                "changed, or because the same copy was there already.",
                name=name, made=self.made[name], rows=self.rows,
                dropped=self.unchanged[name] + self.repeated[name])  # fmt: skip


def chosen(wishes: Iterable[Wish]) -> list[Choice]:
    """The plug-ins and configs of ``data.augment``.

    Raises:
        StudioError: no such augmentation, or an option that is not allowed.
    """
    found = []
    for number, wish in enumerate(wishes):
        plugin = get(PACKAGE, wish.name, f"{WHERE}.{number}.name")
        found.append((plugin, configure(plugin, wish.options, f"{WHERE}.{number}")))
    return found


def of_kind(choices: Sequence[Choice], kind: str) -> list[Choice]:
    """The choices of one kind: text, image or batch."""
    return [(plugin, config) for plugin, config in choices if kind == plugin.KIND]


def key(choices: Sequence[Choice], seed: int, resources: Resources) -> str:
    """Changes with everything that decides what :func:`augmented` gives for a text; empty without a text augmentation.

    Raises:
        StudioError: a file that an augmentation needs is missing.
    """
    texts = of_kind(choices, "text")
    if not texts:
        return ""
    parts = [f"{VERSION}|{seed}"]
    for plugin, config in texts:
        parts.append(f"{plugin.NAME}|{config.model_dump_json()}")
        parts += [fingerprint(path) for path in plugin.files(config, resources)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def augmented(
    texts: Iterable[str],
    choices: Sequence[Choice],
    seed: int,
    resources: Resources,
    tally: Tally | None = None,
    tick: Callable[[int], object] | None = None,
) -> Iterator[Changed]:
    """Changed copies of training texts, in the order of their sources, while the texts stream by.

    What becomes of a text depends on the text, the choices and the seed alone, not on its neighbours or its place (but
    for the rounding of a network). Copies that equal the original or an earlier copy of it are left out.

    Args:
        texts: training texts only.
        choices: those of the kind text are used; each makes its ``copies`` of the original.
        seed: another one gives other copies.
        resources: for the augmentations.
        tally: counts what was made and left out.
        tick: called with the number of rows after each batch; it may raise to cancel.

    Raises:
        StudioError: something that an augmentation needs is missing.
        Cancelled: the user has cancelled.
    """
    counted = numbered(of_kind(choices, "text"))
    tally = tally or Tally()
    source = enumerate(texts)
    while counted and (batch := list(itertools.islice(source, _BATCH))):
        resources.control.check()
        rows = [text for _index, text in batch]
        copies = [copy for choice, nth in counted for copy in _copies(choice, nth, rows, seed, resources)]
        for place, (index, text) in enumerate(batch):
            for name, changed in _new(text, [(copy.name, copy.texts.get(place)) for copy in copies], tally):
                yield Changed(index, changed, name)
        tally.rows += len(rows)
        if tick:
            tick(len(rows))


def numbered(choices: Sequence[Choice]) -> list[tuple[Choice, int]]:
    """Each choice with the number of the same augmentations before it: the second one must draw other numbers."""
    before: Counter[str] = Counter()
    found = []
    for choice in choices:
        found.append((choice, before[choice[0].NAME]))
        before[choice[0].NAME] += 1
    return found


def _new(text: str, copies: Iterable[tuple[str, str | None]], tally: Tally) -> Iterator[tuple[str, str]]:
    """The copies of a text that differ from it and from those before."""
    seen = {text}
    for name, copy in copies:
        if copy is None:
            continue
        if copy in seen:
            (tally.unchanged if copy == text else tally.repeated)[name] += 1
            continue
        seen.add(copy)
        tally.made[name] += 1
        yield name, copy


@dataclass(frozen=True)
class _Copy:
    """One copy of the rows that take part, by their place."""

    name: str
    texts: dict[int, str]


def _copies(choice: Choice, nth: int, rows: Sequence[str], seed: int, resources: Resources) -> Iterator[_Copy]:
    plugin, config = choice
    places = [
        place for place, text in enumerate(rows) if _takes_part(text, config.share_of_rows, plugin.NAME, nth, seed)
    ]
    texts = [rows[place] for place in places]
    for copy in range(config.copies):
        changed = changed_texts(plugin, config, texts, f"{seed}|{nth}|{copy}", resources)
        yield _Copy(plugin.NAME, dict(zip(places, changed, strict=True)))


def _takes_part(text: str, share: float, name: str, nth: int, seed: int) -> bool:
    return bool(text.strip()) and (share >= 1 or _number(f"share|{seed}|{nth}|{name}", text) < share * 2**128)


def changed_texts(
    plugin: TextAugmentation, config: Any, texts: Sequence[str], seed: str, resources: Resources
) -> list[str]:
    """Each text changed once, by a generator that follows from ``seed``, the augmentation and the text."""
    from numpy.random import PCG64, Generator

    random = [Generator(PCG64(_number(f"{seed}|{plugin.NAME}", text))) for text in texts]
    return plugin.change(config, texts, random, resources)


def _number(seed: str, text: str) -> int:
    """128 bits from a seed and a text."""
    content = f"{seed}\0{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=16).digest(), "little")


def changed_image(image: Image, choices: Sequence[Choice], random: np.random.Generator) -> Image:
    """The image after all image augmentations of ``choices``, in their order, each with its probability.

    The same generator state gives the same image; ``image`` stays as it is.
    """
    for plugin, config in of_kind(choices, "image"):
        augmentation: ImageAugmentation = plugin
        if random.random() < config.probability:
            image = augmentation.change(config, image, random)
    return image


def mixed(
    images: np.ndarray, targets: np.ndarray, choices: Sequence[Choice], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A batch after one of the batch augmentations of ``choices``, or as it is.

    With several, one is drawn for each batch, as in timm: mixing what is mixed already blurs all.

    Args:
        images: float32 [B, C, H, W].
        targets: float32 [B, K], rows sum to 1.
        choices: those of the kind batch are used.
        random: of the training run.
    """
    batch = of_kind(choices, "batch")
    if not batch:
        return images, targets
    plugin, config = batch[int(random.integers(len(batch)))]
    augmentation: BatchAugmentation = plugin
    if random.random() >= config.probability:
        return images, targets
    return augmentation.mix(config, images, targets, random)


class Augmenter:
    """The augmentations of a recipe, ready to be used on its training rows.

    Attributes:
        key: changes with everything that decides the copies of texts; empty where there are none to make.
        image_key: the same of images and batches of them.
        changes_images: whether single images are changed.
        mixes: whether batches of images are mixed.
    """

    def __init__(self, wishes: Iterable[Wish], seed: int, resources: Resources, emit: Emit) -> None:
        self._choices = chosen(wishes)
        self._seed, self._resources, self._emit = seed, resources, emit
        self.key = key(self._choices, seed, resources)
        self.changes_images = bool(of_kind(self._choices, "image"))
        self.mixes = bool(of_kind(self._choices, "batch"))
        self.image_key = self._image_key() if self.changes_images or self.mixes else ""

    def _image_key(self) -> str:
        parts = [f"{plugin.NAME}|{config.model_dump_json()}" for plugin, config in self._choices]
        return hashlib.sha256("\n".join([f"{VERSION}|{self._seed}", *parts]).encode()).hexdigest()[:32]

    def copies(self, texts: Iterable[str]) -> Iterator[Changed]:
        """Changed copies of training texts, see :func:`augmented`."""
        tally = Tally()
        yield from augmented(texts, self._choices, self._seed, self._resources, tally)
        tally.report(self._emit)

    def image(self, image: Image, draw: Sequence[int]) -> Image:
        """A changed training image, see :func:`changed_image`; the same numbers in ``draw`` change it alike."""
        return changed_image(image, self._choices, self._random(0, draw))

    def batch(self, images: np.ndarray, targets: np.ndarray, draw: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """A training batch [B, C, H, W] and its targets [B, K] after mixing, see :func:`mixed`."""
        return mixed(images, targets, self._choices, self._random(1, draw))

    def _random(self, use: int, draw: Sequence[int]) -> np.random.Generator:
        from numpy.random import default_rng

        return default_rng([self._seed, use, *draw])
