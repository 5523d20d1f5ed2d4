"""Sound files, opened in one way everywhere: one channel, 32-bit floats, at the rate that a model reads.

Libraries: soundfile (libsndfile) decodes WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF and AU; scipy changes the rate.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import sha256

if TYPE_CHECKING:
    import numpy as np
    import soundfile

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au")
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF", "AU")  # libsndfile opens rare ones besides
LONGEST = 3600.0  # seconds of a recording that is read whole: 230 MB at 16 kHz
_RATES = (1_000, 1_000_000)  # Hz, that a sound file may have
_CHANNELS = 64
_BLOCK = 1 << 18  # samples of all channels that are decoded at once
_WINDOW, _HOP = 0.025, 0.010  # seconds
_FLOOR = 80.0  # dB below the loudest that is drawn as nothing
# a few colours of matplotlib's magma (CC0), from silent to loud; equal steps look equally far apart
_COLOURS = ((0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122), (229, 80, 100), (251, 135, 97),
            (254, 194, 135), (252, 253, 191))  # fmt: skip


@dataclass(frozen=True)
class AudioFacts:
    """What one look at a sound file tells.

    Attributes:
        seconds: length; 0 where it cannot be read.
        rate: samples a second, as in the file.
        channels: 1 is mono.
        format: WAV, FLAC, OGG, MP3 …; empty where it is no sound file.
        peak: largest absolute value of a sample; 1 is full scale, 0 is silence.
        sha256: of the file; empty where it cannot be read.
        problem: what is wrong, in words that go on after "it cannot be used:"; empty where it is fine.
    """

    seconds: float = 0.0
    rate: int = 0
    channels: int = 0
    format: str = ""
    peak: float = 0.0
    sha256: str = ""
    problem: str = ""


def open_audio(path: Path | str, rate: int, longest: float | None = None) -> np.ndarray:
    """The recording as one channel at a sampling rate: float32 [n], about -1 to 1.

    Channels are averaged; the rate is changed by scipy (polyphase filter), which removes what the new rate cannot hold.

    Args:
        path: the file.
        rate: samples a second that are wanted, in Hz.
        longest: seconds that are read from the beginning; without it a whole recording, of an hour at most.

    Raises:
        StudioError: ``data.broken-audio``, naming the file and what is wrong with it.
    """
    import numpy as np

    try:
        with _opened(Path(path)) as sound:
            native = sound.samplerate
            _check_length(sound, longest)
            most = sound.frames if longest is None else min(sound.frames, round(longest * native))
            parts = [_mono(block) for block in _blocks(sound, most)]
            mono = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
            _check_content(sound, mono, most)
        return _resampled(mono, native, rate)
    except Exception as error:  # libsndfile says nearly anything about damaged files
        raise StudioError(
            "data.broken-audio", "The recording {path} cannot be used: {problem}.",
            "Replace or remove the file; the data doctor lists all broken recordings.",
            where=str(path), path=str(path), problem=_problem(error, Path(path)),
        ) from error  # fmt: skip


def look_audio(path: Path | str, decode: bool = True) -> AudioFacts:
    """The facts of a sound file; never raises for a broken one.

    Args:
        path: the file.
        decode: also decode every sample, which is the only way to see that a file is damaged within, or silent;
            without it only the header is read, and ``peak`` is 0.
    """
    path = Path(path)
    facts = AudioFacts()
    try:
        facts = AudioFacts(sha256=sha256(path))
        with _opened(path) as sound:
            facts = replace(facts, rate=sound.samplerate, channels=sound.channels, format=sound.format,
                            seconds=sound.frames / sound.samplerate)  # fmt: skip
            _check_length(sound, None)
            return replace(facts, peak=_peak(sound)) if decode else facts
    except Exception as error:  # as above; here it is an answer, not a failure
        return replace(facts, problem=_problem(error, path))


def spectrogram(path: Path | str, height: int = 96, width: int = 640, longest: float = 30.0) -> np.ndarray:
    """A picture of a recording: uint8 [height, columns, 3], time to the right, pitch upwards, loud is bright.

    Power of a short-time Fourier transform (Hann window of 25 ms) in bands of equal width on the mel scale (HTK:
    2595 · log10(1 + f / 700)), in decibels below the loudest.

    Args:
        path: the file.
        height: mel bands.
        width: columns at most; a long recording has fewer windows for its length.
        longest: seconds from the beginning that are drawn.

    Raises:
        StudioError: ``data.broken-audio``, as :func:`open_audio`.
    """
    import numpy as np

    facts = look_audio(path, decode=False)
    rate = facts.rate or 16_000
    sound = open_audio(path, rate, longest)
    size = max(16, round(_WINDOW * rate))
    hop = max(1, round(_HOP * rate), -(-max(len(sound) - size, 0) // max(width - 1, 1)))
    sound = np.pad(sound, (0, max(0, size - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    bands = np.maximum(_mel_filters(height, size, rate) @ power.T, 1e-10)
    level = 10 * np.log10(bands / bands.max())
    return _coloured(1 + np.maximum(level[::-1], -_FLOOR) / _FLOOR)


# --- inside


class _Unfit(Exception):
    """Why a recording cannot be used, in words."""


@cache
def _library() -> Any:
    import soundfile

    return soundfile


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    with open(path, "rb") as stream:  # the system's own words where it is missing or may not be read
        head = stream.read(4096)
    if not head:
        raise _Unfit("it is an empty file")
    if _is_cut(head, path.stat().st_size):
        raise _Unfit("it is cut off")
    with _library().SoundFile(str(path)) as sound:
        if sound.format not in FORMATS:
            raise _Unfit("it is no WAV, FLAC, OGG, MP3, AIFF or AU recording")
        if not _RATES[0] <= sound.samplerate <= _RATES[1] or not 1 <= sound.channels <= _CHANNELS:
            raise _Unfit("its header is damaged")
        yield sound


def _is_cut(head: bytes, size: int) -> bool:
    """Whether a WAV or AIFF file states more bytes than it has: libsndfile reads what is there without a word.

    Programs that write into a pipe leave a size of 0 or the largest there is; small differences are sloppiness.
    """
    order: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"FORM": "big"}
    if head[:4] not in order:
        return False
    stated = int.from_bytes(head[4:8], order[head[:4]])
    return stated < 0x7FFF0000 and stated + 8 > size + max(64, size // 100)


def _blocks(sound: soundfile.SoundFile, most: int) -> Iterator[np.ndarray]:
    """float32 [n, channels] each, until the end or ``most`` samples of each channel."""
    left, size = most, max(1, _BLOCK // sound.channels)
    while left > 0:
        block = sound.read(min(size, left), dtype="float32", always_2d=True)
        if not len(block):
            return
        left -= len(block)
        yield block


def _mono(block: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.asarray(block[:, 0] if block.shape[1] == 1 else block.mean(1, dtype=np.float32))


def _check_length(sound: soundfile.SoundFile, longest: float | None) -> None:
    if sound.frames <= 0:
        raise _Unfit("it holds no sound")
    if longest is None and sound.frames > LONGEST * sound.samplerate:
        raise _Unfit("it is longer than an hour")


def _check_content(sound: soundfile.SoundFile, mono: np.ndarray, most: int) -> None:
    import numpy as np

    _check_read(sound, len(mono), most)
    if not np.isfinite(mono).all():
        raise _Unfit("it holds values that are no numbers")


def _check_read(sound: soundfile.SoundFile, read: int, wanted: int) -> None:
    """Less than the file states; of an MP3 that is an estimate, and of one that is cut off mostly far too much."""
    if not read:
        raise _Unfit("it holds no sound")
    if read < wanted * (0.6 if sound.format == "MP3" else 1):
        raise _Unfit("it is cut off")


def _peak(sound: soundfile.SoundFile) -> float:
    import numpy as np

    peak, read = 0.0, 0
    for block in _blocks(sound, sound.frames):
        peak, read = max(peak, float(np.abs(block).max())), read + len(block)
        if not np.isfinite(peak) or not np.isfinite(block).all():
            raise _Unfit("it holds values that are no numbers")
    _check_read(sound, read, sound.frames)
    return peak


def _resampled(mono: np.ndarray, native: int, rate: int) -> np.ndarray:
    import numpy as np

    if native == rate:
        return mono
    from scipy.signal import resample_poly

    common = math.gcd(rate, native)
    return np.asarray(resample_poly(mono, rate // common, native // common), dtype=np.float32)


def _mel_filters(bands: int, size: int, rate: int) -> np.ndarray:
    """float64 [bands, size // 2 + 1]: triangles whose corners are equally far apart in mel."""
    import numpy as np

    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    # a band of low notes is narrower than the steps of the transform: it takes its share of the nearest ones
    corners[1:-1] = np.maximum.accumulate(corners[1:-1])
    steps = np.fft.rfftfreq(size, 1 / rate)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    filters = np.maximum(0, np.minimum((steps - low) / (middle - low), (high - steps) / (high - middle)))
    nearest = np.abs(steps - middle).argmin(1)
    empty = filters.sum(1) == 0
    filters[empty, nearest[empty]] = 1
    return np.asarray(filters / filters.sum(1, keepdims=True))


def _coloured(values: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] of shares 0 to 1 [H, W]."""
    import numpy as np

    colours = np.array(_COLOURS, dtype=np.float64)
    at = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, at, colours[:, channel]) for channel in range(3)], axis=-1).round().astype("u1")


def _problem(error: Exception, path: Path) -> str:
    """An exception of soundfile or of the system in words."""
    if isinstance(error, _Unfit):
        return str(error)
    if isinstance(error, FileNotFoundError) or (isinstance(error, StudioError) and error.code == "files.missing"):
        return "it does not exist"
    if isinstance(error, StudioError):  # of reading the file
        return error.message.strip(".")
    if isinstance(error, ImportError):
        return "the library soundfile is not installed"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, OSError) and error.errno:
        return f"it cannot be read ({error.strerror})"
    text = (str(error).splitlines() or [""])[0].rsplit(": ", 1)[-1].strip(" .")[:120]
    if any(words in text for words in ("not recognised", "unknown format", "does not exist", "unimplemented format")):
        return "it is no WAV, FLAC, OGG, MP3, AIFF or AU recording"
    return f"it is damaged ({text or type(error).__name__})"
