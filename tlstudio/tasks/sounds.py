"""A recording as models hear it: read and resampled, later cut and normalised. Many of them: see ``recordings.py``.

Three families: networks that read the wave itself (Wav2Vec2, HuBERT, WavLM …), the Audio Spectrogram Transformer, which
reads 128 mel bands every 10 ms, and the encoder of Whisper. What each expects is done by its own feature extractor of
transformers; the spectrogram of the second falls back to numpy where torchaudio is missing, as it is here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.data.audio import open_audio
from tlstudio.models.tokenizers import quiet_loading

if TYPE_CHECKING:
    import numpy as np

SETTING = "audio"  # name of these settings among those of the task
AUTO_SECONDS = 10.0
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
    return stored(wave_of(path, how, views), how, prepare)


def stored(wave: np.ndarray, how: Hearing, prepare: Any) -> np.ndarray:
    """The form of a wave that is stored."""
    import numpy as np

    if how.kind == "whisper":
        return np.asarray(prepare(wave, sampling_rate=how.rate)["input_features"][0].T, dtype=np.float16)
    if how.kind == "wave":
        return wave.astype(np.float16)
    return _mel(wave, how, prepare).astype(np.float16)


def wave_of(path: str, how: Hearing, views: int) -> np.ndarray:
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


def settings(how: Hearing) -> dict[str, Any]:
    return {SETTING: asdict(how)}
