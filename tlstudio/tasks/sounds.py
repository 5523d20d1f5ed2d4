"""Recordings as models hear them: read, resampled and kept once in a memory-mapped file, then cut and normalised.

Three families: networks that read the wave itself (Wav2Vec2, HuBERT, WavLM …), the Audio Spectrogram Transformer, which
reads 128 mel bands every 10 ms, and the encoder of Whisper. What each expects is done by its own feature extractor of
transformers; the spectrogram of the second falls back to numpy where torchaudio is missing, as it is here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, read_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.audio import open_audio
from tlstudio.models import heads
from tlstudio.models.batches import Examples
from tlstudio.models.tokenizers import quiet_loading
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.texts import row_weights

if TYPE_CHECKING:
    import numpy as np

SETTING = "audio"  # name of these settings among those of the task
AUTO_SECONDS = 10.0
_FORMAT = 1  # part of each key: another number makes every cache anew
_VIEWS = 6  # of a long training recording so many times the length is kept, for random cuts
_SPECTROGRAM, _WHISPER = "audio-spectrogram-transformer", "whisper"
_FRAME = 0.010  # seconds between two columns of a spectrogram
_FEWEST = 400  # samples of the first window of a spectrogram
_BANDS, _WINDOW, _HOP = 40, 512, 256  # of the baseline's spectrogram
Cut = Literal["random", "centre", "start"]


@dataclass(frozen=True)
class Hearing:
    """How a model hears; kept in the settings file of the task.

    Attributes:
        kind: wave, spectrogram (AST) or whisper.
        rate: samples a second.
        seconds: what is read of a recording, at most.
        mask: whether the model is told which samples are padding; if not, every recording is padded to ``seconds``,
            since otherwise the answer would depend on the other recordings of the batch.
        cut: which part of a longer recording is read.
        least: samples that the first layer needs; a shorter recording is padded with silence.
    """

    kind: str
    rate: int
    seconds: float
    mask: bool = False
    cut: Cut = "random"
    least: int = _FEWEST

    @property
    def samples(self) -> int:
        return max(round(self.seconds * self.rate), self.least)

    @property
    def steps(self) -> int:
        """Samples of a wave, or columns of a spectrogram, that are read at most."""
        return self.samples if self.kind == "wave" else max(round(self.seconds / _FRAME), 1)

    @property
    def input(self) -> str:
        return "input_features" if self.kind == "whisper" else "input_values"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input, "attention_mask") if self.mask else (self.input,)


def family(config: dict[str, Any]) -> str:
    """Which of the three families a ``config.json`` belongs to."""
    return {_SPECTROGRAM: "spectrogram", _WHISPER: "whisper"}.get(str(config.get("model_type")), "wave")


def extractor(folder: Path) -> Any:
    """The feature extractor of a model folder; the usual one of the architecture where the folder has none.

    Raises:
        StudioError: it cannot be read.
    """
    names = ("preprocessor_config.json", "processor_config.json", "config.json")
    times = tuple((folder / name).stat().st_mtime_ns for name in names if (folder / name).is_file())
    return _extractor(folder, times)


@lru_cache(maxsize=4)
def _extractor(folder: Path, _times: tuple[int, ...]) -> Any:
    from transformers import AutoFeatureExtractor

    if not (folder / "preprocessor_config.json").is_file() and not (folder / "processor_config.json").is_file():
        return _usual(read_json(folder / "config.json"))
    try:
        with quiet_loading():
            return AutoFeatureExtractor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError) as error:
        raise StudioError(
            "model.bad-processor", "The model in {path} does not say how sounds are prepared: {reason}",
            "Copy preprocessor_config.json of the original model into the folder.",
            where=str(folder), path=str(folder), reason=(str(error).splitlines() or [""])[0][:200],
        ) from error  # fmt: skip


def _usual(config: dict[str, Any]) -> Any:
    import transformers

    if family(config) == "spectrogram":
        size = {"max_length": config.get("max_length", 1024), "num_mel_bins": config.get("num_mel_bins", 128)}
        return transformers.ASTFeatureExtractor(**size)
    if family(config) == "whisper":
        return transformers.WhisperFeatureExtractor(feature_size=config.get("num_mel_bins", 80))
    return transformers.Wav2Vec2FeatureExtractor(return_attention_mask=config.get("feat_extract_norm") == "layer")


def hearing(backbone: Path, wish: float | str, cut: Cut, where: str = "task.max_seconds") -> Hearing:
    """How the model in ``backbone`` hears.

    Raises:
        StudioError: the model hears less than ``wish`` seconds.
    """
    config, prepare = read_json(backbone / "config.json"), extractor(backbone)
    kind = family(config)
    limit = {
        "spectrogram": lambda: _FRAME * int(config.get("max_length", 1024)),
        "whisper": lambda: float(prepare.chunk_length),
        "wave": lambda: float("inf"),
    }[kind]()
    seconds = min(AUTO_SECONDS, limit) if wish == "auto" else float(wish)
    if seconds > limit:
        raise StudioError(
            "task.too-many-seconds", "The model hears at most {limit} seconds, not {wish}.",
            "Lower the maximum length, or choose a model that reads the wave itself, such as Wav2Vec2.",
            where=where, limit=round(limit, 2), wish=wish,
        )  # fmt: skip
    mask = kind == "wave" and bool(prepare.return_attention_mask)
    return Hearing(kind, int(prepare.sampling_rate), seconds, mask, cut, max(_FEWEST, receptive(config)))


def receptive(config: dict[str, Any]) -> int:
    """Samples behind the first output of the convolutions that read a wave; 0 where there are none."""
    found = 1
    strides, kernels = config.get("conv_stride") or (), config.get("conv_kernel") or ()
    for stride, kernel in reversed(list(zip(strides, kernels, strict=False))):
        found = (found - 1) * stride + kernel
    return found if kernels else 0


def frames(config: dict[str, Any], samples: int) -> int:
    """Outputs of the convolutions for a wave of ``samples``."""
    for stride, kernel in zip(config.get("conv_stride") or (), config.get("conv_kernel") or (), strict=False):
        samples = max(samples - kernel, 0) // stride + 1
    return samples


# --- one recording


def kept(path: str, how: Hearing, prepare: Any, views: int = 1) -> np.ndarray:
    """What is stored of a recording: its wave float16 [n], or its spectrogram float16 [columns, bands].

    Raises:
        StudioError: the file cannot be used.
    """
    return stored(_wave(path, how, views), how, prepare)


def stored(wave: np.ndarray, how: Hearing, prepare: Any) -> np.ndarray:
    """The form of a wave that is stored."""
    import numpy as np

    if how.kind == "whisper":
        return np.asarray(prepare(wave, sampling_rate=how.rate)["input_features"][0].T, dtype=np.float16)
    if how.kind == "wave":
        return wave.astype(np.float16)
    return _mel(wave, how, prepare).astype(np.float16)


def _wave(path: str, how: Hearing, views: int) -> np.ndarray:
    """float32: the wave, at most ``views`` times as long as what is read: its beginning or its middle."""
    import numpy as np

    most = views * how.samples
    wave = open_audio(path, how.rate, how.seconds if how.cut == "start" else None)
    begin = 0 if how.cut == "start" else max(len(wave) - most, 0) // 2
    wave = wave[begin : begin + most]
    return np.pad(wave, (0, max(how.least - len(wave), 0)))


def _mel(wave: np.ndarray, how: Hearing, prepare: Any) -> np.ndarray:
    """Logarithm of the mel bands, [columns, bands], before it is padded and normalised."""
    import copy

    own = copy.copy(prepare)  # the extractor pads and cuts to its own length otherwise
    own.do_normalize, own.max_length = False, 1 + (len(wave) - _FEWEST) // round(_FRAME * how.rate)
    found: np.ndarray = own(wave, sampling_rate=how.rate)["input_values"][0]
    return found


def heard(steps: np.ndarray, how: Hearing, prepare: Any, begin: int | None = None) -> dict[str, np.ndarray]:
    """The model's inputs for a stored recording; ``begin`` is the first step that is read, its middle if None."""
    import numpy as np

    if how.kind == "whisper":
        return {how.input: np.ascontiguousarray(steps.T, dtype=np.float32)}
    if begin is None:
        begin = 0 if how.cut == "start" else max(len(steps) - how.steps, 0) // 2
    part = np.asarray(steps[begin : begin + how.steps], dtype=np.float32)
    if how.kind == "spectrogram":
        padded = np.pad(part, ((0, max(prepare.max_length - len(part), 0)), (0, 0)))[: prepare.max_length]
        return {how.input: prepare.normalize(padded) if prepare.do_normalize else padded}
    wave = np.asarray(prepare(part, sampling_rate=how.rate)["input_values"][0], dtype=np.float32)
    if how.mask:
        return {how.input: wave, "attention_mask": np.ones(len(wave), dtype=np.int64)}
    return {how.input: np.pad(wave, (0, max(how.steps - len(wave), 0)))}


def bands(wave: np.ndarray, rate: int) -> np.ndarray:
    """What the baseline knows of a recording: mean and spread over time of 40 log-mel bands, float32 [80]."""
    import numpy as np

    wave = np.pad(wave, (0, max(_WINDOW - len(wave), 0)))
    parts = np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[::_HOP] * np.hanning(_WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(parts, axis=1)) ** 2
    level = np.log(power @ _filters(rate) + 1e-8)
    return np.concatenate([level.mean(0), level.std(0)]).astype(np.float32)


@lru_cache(maxsize=4)
def _filters(rate: int) -> np.ndarray:
    from transformers.audio_utils import mel_filter_bank

    found: np.ndarray = mel_filter_bank(_WINDOW // 2 + 1, _BANDS, 20.0, rate / 2, rate, mel_scale="htk")
    return found


# --- the recordings of a split


class Recordings(Sequence[dict[str, Any]]):
    """Model inputs beside label, number of the row, and weight; read from the cache when asked for.

    With ``moving`` a longer recording is cut elsewhere in each epoch, but in the first in its middle: which part
    follows from epoch, row and how often it was read, so that a run can be repeated.
    """

    def __init__(
        self, store: Store, how: Hearing, prepare: Any, columns: dict[str, list[Any]], moving: bool = False
    ) -> None:
        self._store, self._how, self._prepare, self._columns = store, how, prepare, columns
        self._moving, self._epoch, self._read = moving, 0, Counter[int]()
        self.column_names = [*how.inputs, *columns]

    def __len__(self) -> int:
        return len(self._store)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._columns[key]
        index = range(len(self))[int(key)]
        values = heard(self._store[index], self._how, self._prepare, self._begin(index))
        return {**values, **{name: column[index] for name, column in self._columns.items()}}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        self._epoch, self._read = epoch, Counter()

    @property
    def bands(self) -> np.ndarray:
        """float32 [N, 80], see :func:`bands`."""
        return self._store.bands

    def _begin(self, index: int) -> int | None:
        import numpy as np

        room = self._store.length(index) - self._how.steps
        if not self._moving or room <= 0 or not self._epoch:
            return None
        self._read[index] += 1
        return int(np.random.default_rng((self._epoch, index, self._read[index])).integers(room + 1))


class Store:
    """Stored recordings of a split: one after the other in a memory-mapped file, and where each begins."""

    def __init__(self, values: Path, index: Path) -> None:
        import numpy as np

        with np.load(index, allow_pickle=False) as found:
            self._bounds, self.bands, width = found["bounds"], found["bands"], int(found["width"])
        shape = (int(self._bounds[-1]), width) if width else (int(self._bounds[-1]),)
        self._values = np.memmap(values, dtype=np.float16, mode="r", shape=shape)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        found: np.ndarray = self._values[self._bounds[index] : self._bounds[index + 1]]
        return found

    def length(self, index: int) -> int:
        return int(self._bounds[index + 1] - self._bounds[index])

    @property
    def lengths(self) -> np.ndarray:
        import numpy as np

        return np.diff(self._bounds)


def stores(job: EncodeJob, how: Hearing) -> tuple[dict[str, Store], str]:
    """The recordings of all splits, read now or taken from the cache, and a key that changes with them.

    Raises:
        StudioError: a recording cannot be used.
        Cancelled: the user has cancelled.
    """
    total = sum(len(rows) for rows in job.labelled.splits.values())
    meter = Meter(job.emit, job.control, "tokenise", total, "recordings")
    found, keys = {}, []
    for split in job.labelled.splits:
        views = _VIEWS if split == "train" and how.cut == "random" and how.kind != "whisper" else 1
        paths = list(job.labelled.splits[split].texts(job.labelled.roles.one("audio")))
        keys.append(_key(paths, how, views, job.backbone))
        values, index = (cache_folder("sounds") / f"{keys[-1]}{suffix}" for suffix in (".f16", ".npz"))
        if index.is_file() and values.is_file():
            meter.advance(len(paths))
        else:
            _write(values, index, paths, how, extractor(job.backbone), views, meter)
        found[split] = Store(values, index)
    return found, hashlib.sha256("".join([*keys, str(how)]).encode()).hexdigest()[:32]


def _key(paths: Sequence[str], how: Hearing, views: int, backbone: Path) -> str:
    """Changes with the files, with what the model reads of them, and with how it is prepared."""
    shape = replace(how, mask=False)
    digest = hashlib.sha256(f"{_FORMAT}|{shape}|{views}|{extractor(backbone).to_json_string()}".encode())
    for path in paths:
        file = Path(path)
        state = file.stat() if file.is_file() else None
        stamp = f"{state.st_size}:{state.st_mtime_ns}" if state else ""  # reading it will say what is wrong
        digest.update(f"{path}|{stamp}\n".encode())
    return digest.hexdigest()[:32]


def _write(
    values: Path, index: Path, paths: Sequence[str], how: Hearing, prepare: Any, views: int, meter: Meter
) -> None:
    import numpy as np

    bounds, levels, width = [0], [], 0
    with atomic_write(values, "wb") as stream:
        for path in paths:
            wave = _wave(path, how, views)
            steps = stored(wave, how, prepare)
            levels.append(bands(wave, how.rate))
            bounds.append(bounds[-1] + len(steps))
            width = steps.shape[1] if steps.ndim > 1 else 0
            stream.write(np.ascontiguousarray(steps).tobytes())
            meter.advance()
        if not paths:
            stream.write(b"\0\0")  # an empty file cannot be mapped
    with atomic_write(index, "wb") as stream:  # last: where it is, the values are complete
        np.savez(stream, bounds=np.asarray(bounds), bands=np.asarray(levels, np.float32), width=np.asarray(width))


def columns(job: EncodeJob, split: str, store: Store, how: Hearing) -> dict[str, list[Any]]:
    """Label, row and weight of each recording; its length where recordings of one length make a batch."""
    rows, weights = job.labelled.splits[split], row_weights(job.labelled, split)
    found: dict[str, list[Any]] = {"labels": [int(number) for number in job.labelled.class_numbers(split)]}
    found["row"] = [int(index) + 1 for index in rows.indices]
    if how.mask:
        found["length"] = [int(min(length, how.steps)) for length in store.lengths]
    if weights is not None:
        found["weight"] = [float(weight) for weight in weights]
    return found


def settings(how: Hearing) -> dict[str, Any]:
    return {SETTING: asdict(how)}


class Files(Sequence[dict[str, Any]]):
    """Recordings of files, read when asked for: all of a batch of long ones would fill the memory."""

    def __init__(self, paths: Sequence[str], how: Hearing, prepare: Any) -> None:
        self._paths, self._how, self._prepare = list(paths), how, prepare
        self.column_names = how.inputs

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: Any) -> Any:
        return heard(kept(self._paths[int(index)], self._how, self._prepare), self._how, self._prepare)


def examples(folder: Path, paths: Sequence[str]) -> Examples:
    """Model inputs of new recordings, as the model in ``folder`` was trained to hear them."""
    how = Hearing(**heads.read_settings(folder)[SETTING])
    return Examples(Files(paths, how, extractor(folder)), how.inputs)
