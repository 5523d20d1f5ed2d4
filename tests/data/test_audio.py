"""Sound files: one channel at the wanted rate; whatever is wrong with one is told in words."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.data.samples import tone
from tests.fresh import run_fresh
from tlstudio.core.errors import StudioError
from tlstudio.data.audio import look_audio, open_audio, spectrogram


def write(path, sound, rate=16_000, **more):
    soundfile.write(path, sound, rate, **more)
    return path


def wave(frequency, rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3", "AIFF", "AU"])
def test_every_format_by_its_content(format, tmp_path):
    path = tmp_path / "a.wav"  # whatever its ending says
    path.write_bytes(tone(440, 1.0, 16_000, format))
    facts = look_audio(path)
    assert (facts.format, facts.rate, facts.channels, facts.problem) == (format, 16_000, 1, "")
    assert facts.seconds == pytest.approx(1, abs=0.1)
    assert facts.peak == pytest.approx(0.4, abs=0.1)
    sound = open_audio(path, 16_000)
    assert sound.dtype == np.float32
    assert np.abs(np.fft.rfft(sound)).argmax() * 16_000 / len(sound) == pytest.approx(440, abs=2)


def test_channels_are_averaged_and_the_rate_is_changed(tmp_path):
    stereo = np.stack([wave(440, 44_100), np.zeros(44_100)], axis=1)
    path = write(tmp_path / "a.wav", stereo, 44_100)
    sound = open_audio(path, 16_000)
    assert sound.shape == (16_000,)
    expected = 0.5 * wave(440, 16_000)
    assert np.abs(sound[500:-500] - expected[500:-500]).max() < 1e-3
    # what the new rate cannot hold is filtered away, and does not come back as a lower tone
    assert np.abs(open_audio(write(tmp_path / "b.wav", wave(12_000, 44_100), 44_100), 16_000)[500:-500]).max() < 1e-3


def test_only_the_beginning_is_read(tmp_path):
    path = write(tmp_path / "a.wav", wave(440, 8_000, 5), 8_000)
    assert open_audio(path, 16_000, 2).shape == (32_000,)
    assert open_audio(path, 8_000, 60).shape == (40_000,)
    assert np.array_equal(open_audio(path, 8_000, 2), open_audio(path, 8_000)[:16_000])


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: path.write_bytes(b""), "it is an empty file"),
        (lambda path: path.write_text("no sound"), "it is no WAV, FLAC, OGG, MP3, AIFF or AU recording"),
        (lambda path: path.write_bytes(tone(440, 1.0)[:9000]), "it is cut off"),
        (lambda path: path.write_bytes(tone(440, 1.0, format="AIFF")[:9000]), "it is cut off"),
        (lambda path: path.write_bytes(tone(440, 4.0, format="FLAC")[:9000]), "it is damaged"),
        (lambda path: write(path, np.zeros(0)), "it holds no sound"),
        (lambda path: write(path, np.full(99, np.nan), subtype="FLOAT"), "it holds values that are no numbers"),
        (lambda path: None, "does not exist"),
    ],
)
def test_what_is_wrong_is_told(make, problem, tmp_path):
    path = tmp_path / "a.wav"
    make(path)
    assert problem in look_audio(path).problem
    with pytest.raises(StudioError) as caught:
        open_audio(path, 16_000)
    assert (caught.value.code, caught.value.where) == ("data.broken-audio", str(path))
    assert problem in caught.value.message


def test_a_stream_of_unknown_length_is_whole(tmp_path):
    data = bytearray(tone(440, 0.5))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # as ffmpeg writes it into a pipe
    (tmp_path / "a.wav").write_bytes(data)
    facts = look_audio(tmp_path / "a.wav")
    assert (facts.problem, facts.seconds) == ("", 0.5)


def test_silence_is_no_problem_but_seen(tmp_path):
    facts = look_audio(write(tmp_path / "a.wav", np.zeros(1600)))
    assert (facts.peak, facts.problem, facts.seconds) == (0, "", 0.1)


def test_spectrogram(tmp_path):
    rate = 16_000
    path = write(tmp_path / "a.wav", np.concatenate([wave(300, rate), wave(3000, rate)]), rate)
    picture = spectrogram(path, height=64, width=100)
    assert picture.dtype == np.uint8
    assert (picture.shape[0], picture.shape[2]) == (64, 3)
    assert 80 <= picture.shape[1] <= 100
    bright = picture.sum(2).argmax(0)
    assert bright[5] > bright[-5], "a higher tone stands higher"
    assert np.ptp(bright[5:40]) <= 1
    assert spectrogram(write(tmp_path / "b.wav", np.zeros(10))).shape == (96, 1, 3)
    with pytest.raises(StudioError):
        spectrogram(tmp_path / "gone.wav")


def test_nothing_heavy_is_imported():
    found = run_fresh(
        "import sys\nimport tlstudio.data.audio\n"
        "print([name for name in ('soundfile', 'numpy', 'scipy', 'pyarrow') if name in sys.modules])"
    )
    assert found == "[]"
