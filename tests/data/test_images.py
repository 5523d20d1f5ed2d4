"""Images of every kind come out alike; broken ones are told apart in words."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests.fresh import run_fresh
from tlstudio.core.errors import StudioError
from tlstudio.data import images
from tlstudio.data.images import ImageFacts, look, open_image

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's own; pytest resets our filter
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)


@pytest.fixture
def saved(tmp_path):
    def save(name, image, **options):
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def pixels(path):
    image = open_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


def near(found, expected, tolerance=6):
    return np.abs(np.asarray(found, int) - np.asarray(expected, int)).max() <= tolerance


def half_transparent(mode):
    """Left half transparent (over black), right half opaque red or grey."""
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (2, 0, 4, 2))
    return image if mode == "RGBA" else image.convert("L").convert("LA") if mode == "L" else image.convert(mode)


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tiff"])
def test_transparency_lies_on_white(saved, name):
    path = saved(name, half_transparent("RGBA"), **({"lossless": True} if name.endswith("webp") else {}))
    found = pixels(path)
    assert tuple(found[0, 0]) == WHITE
    assert tuple(found[0, 3]) == RED
    assert look(path).mode == "RGBA"


def test_half_opaque_pixels_mix_with_white(saved):
    found = pixels(saved("a.png", Image.new("RGBA", (1, 1), (255, 0, 0, 128))))
    assert near(found[0, 0], (255, 127, 127), 1)


def test_grey_with_alpha(saved):
    image = Image.new("LA", (2, 1), (0, 0))
    image.putpixel((1, 0), (80, 255))
    path = saved("a.png", image)
    assert look(path).mode == "LA"
    assert pixels(path).tolist() == [[[255] * 3, [80] * 3]]


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"])
def test_palette_with_transparency(saved, transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 0), 1)
    path = saved("a.png", image, transparency=transparency)
    assert look(path).mode == "P"
    assert pixels(path).tolist() == [[list(WHITE), list(RED)]]


def test_one_transparent_colour(saved):
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), RED)
    assert pixels(saved("a.png", image, transparency=(1, 2, 3))).tolist() == [[list(WHITE), list(RED)]]
    assert pixels(saved("b.png", Image.new("L", (1, 1), 7), transparency=7)).tolist() == [[list(WHITE)]]


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bits_keep_their_share_of_the_range(saved, suffix):
    values = np.array([[0, 257 * 100, 65535], [0, 257 * 100, 257 * 100]], np.uint16)
    bright = saved(f"a.{suffix}", Image.fromarray(values))
    dark = saved(f"b.{suffix}", Image.fromarray((values // 2).astype(np.uint16)))
    assert look(bright).mode == "I;16"
    assert pixels(bright)[..., 0].tolist() == [[0, 100, 255], [0, 100, 100]]
    assert pixels(dark)[..., 0].tolist() == [[0, 50, 127], [0, 50, 50]]


def test_sixteen_bits_with_a_transparent_grey(saved):
    path = saved("a.png", Image.fromarray(np.array([[0, 65535 // 3]], np.uint16)), transparency=0)
    assert pixels(path)[..., 0].tolist() == [[255, 85]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[-10, 0, 10]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, 0.5, np.inf]], np.float32), [0, 128, 0]),
        (np.array([[5, 5, 5]], np.float32), [0, 0, 0]),
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 25700, 65535]], np.int32), [0, 100, 255]),
        (np.array([[-100, 0, 100]], np.int32), [0, 128, 255]),
    ],
    ids=["unit", "signed", "nan", "constant", "int-8", "int-16", "int-signed"],
)
def test_floats_and_long_integers_become_eight_bits(saved, values, expected):
    assert near(pixels(saved("a.tiff", Image.fromarray(values)))[0, :, 0], expected, 1)


def test_other_modes(saved):
    assert near(pixels(saved("a.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0))))[4, 4], RED)
    assert pixels(saved("b.png", Image.new("1", (2, 2), 1))).tolist() == [[list(WHITE)] * 2] * 2
    assert near(pixels(saved("c.tiff", Image.new("LAB", (2, 2), (0, 128, 128))))[0, 0], BLACK)
    assert pixels(saved("d.bmp", Image.new("RGB", (1, 1), RED))).tolist() == [[list(RED)]]


@pytest.mark.parametrize(
    ("turn", "corner"), [(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (4, (-1, 0)), (5, (0, 0)), (6, (0, -1)),
                         (7, (-1, -1)), (8, (-1, 0))],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
def test_orientation_is_applied(saved, turn, corner, suffix):
    image = Image.new("RGB", (48, 32), BLACK)
    image.paste(RED, (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = turn
    path = saved(f"a.{suffix}", image, exif=exif)
    found = pixels(path)
    assert found.shape[:2] == ((32, 48) if turn < 5 else (48, 32))
    assert near(found[corner], RED, 20)
    assert sum(near(found[place], RED, 20) for place in [(0, 0), (0, -1), (-1, 0), (-1, -1)]) == 1
    facts = look(path)
    assert (facts.orientation, facts.width, facts.height) == (turn, *found.shape[1::-1])


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_is_no_reason_to_refuse(saved, exif):
    path = saved("a.jpg", Image.new("RGB", (8, 4), RED), exif=exif)
    assert look(path).orientation == 1
    assert open_image(path).size == (8, 4)


def test_impossible_orientation(saved):
    exif = Image.Exif()
    exif[0x0112] = 9
    assert look(saved("a.jpg", Image.new("RGB", (8, 4)), exif=exif)).orientation == 1


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_first_frame_of_an_animation(saved, suffix):
    first, second = Image.new("RGB", (4, 4), RED), Image.new("RGB", (4, 4), BLACK)
    path = saved(f"a.{suffix}", first, save_all=True, append_images=[second], duration=100)
    assert near(pixels(path)[0, 0], RED)
    assert look(path).problem == ""


def test_several_pages_of_a_tiff(tmp_path):
    with TiffImagePlugin.AppendingTiffWriter(str(tmp_path / "a.tiff")) as stream:
        for colour in (RED, BLACK):
            Image.new("RGB", (4, 4), colour).save(stream, "TIFF")
            stream.newFrame()
    assert tuple(pixels(tmp_path / "a.tiff")[0, 0]) == RED


def test_facts(saved):
    path = saved("a.png", Image.new("RGBA", (1, 1)))
    assert look(path) == ImageFacts(1, 1, "RGBA", "PNG", 1, images.sha256(path), "")
    assert look(path, decode=False) == look(path)
    assert look(str(path)) == look(path)
    assert open_image(str(path)).getpixel((0, 0)) == WHITE


# --- broken files


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(size=64):
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8))


def bomb(width, height):
    """A PNG that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
            + encoded(noise(), "PNG")[33:])  # fmt: skip


BROKEN = {
    "empty.png": (b"", "it is an empty file"),
    "text.png": (b"hello, world\n", "it is no PNG, JPEG, WebP, GIF, BMP or TIFF image"),
    "cut.jpg": (encoded(noise(), "JPEG")[:1500], "it is cut off"),
    "cut.png": (encoded(noise(), "PNG")[:2000], "it is cut off"),
    "cut.gif": (encoded(noise(), "GIF")[:2000], "it is cut off"),
    "cut.bmp": (encoded(noise(), "BMP")[:2000], "it is cut off"),
    "header.jpg": (encoded(noise(), "JPEG")[:15], "it is cut off"),
    "header.png": (encoded(noise(), "PNG")[:15], "its header is damaged or of an unknown kind"),
    "header.webp": (encoded(noise(), "WEBP")[:14], "its header is damaged or of an unknown kind"),
    "huge.png": (bomb(60_000, 60_000), "it has more than 134 million pixels"),
    "large.png": (bomb(13_000, 13_000), "it has more than 134 million pixels"),
    "eps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "it is no PNG"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_told_apart(tmp_path, name):
    content, words = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(content)
    facts = look(path)
    assert facts.problem.startswith(words)
    assert facts.sha256 == images.sha256(path)
    with pytest.raises(StudioError) as caught:
        open_image(path)
    error = caught.value
    assert error.code == "data.broken-image"
    assert name in error.message
    assert words in error.message
    assert error.where == str(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_random_damage_never_escapes(tmp_path, kind):
    draw = np.random.default_rng(1)
    content = encoded(noise(24), kind)
    for turn in range(60):
        damaged = bytearray(content[: draw.integers(1, len(content))] if turn % 3 == 0 else content)
        for place in draw.integers(0, len(damaged), 6):
            damaged[place] = draw.integers(0, 256)
        path = tmp_path / "a.bin"
        path.write_bytes(damaged)
        if look(path).problem:
            with pytest.raises(StudioError):
                open_image(path)
        else:
            assert open_image(path).mode == "RGB"


def test_what_is_not_there(tmp_path):
    assert "does not exist" in look(tmp_path / "a.png").problem
    assert look(tmp_path).problem
    with pytest.raises(StudioError) as caught:
        open_image(tmp_path / "a.png")
    assert caught.value.code == "data.broken-image"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who may not read everything")
def test_no_permission(saved):
    path = saved("a.png", noise())
    path.chmod(0)
    assert "permission" in look(path).problem


def test_the_header_alone_does_not_see_the_end(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(BROKEN["cut.jpg"][0])
    facts = look(path, decode=False)
    assert (facts.problem, facts.width, facts.height, facts.format) == ("", 64, 64, "JPEG")
    assert look(path).width == 64, "what the header says stays"


def test_import_is_light():
    found = run_fresh("import sys\nimport tlstudio.data.images\nprint('PIL' in sys.modules, 'numpy' in sys.modules)")
    assert found == "False False"


def test_the_emoji(assets):
    files = sorted((assets / "data/images/emoji_google/test/symbols").iterdir())
    assert len(files) == 43
    for path in files:
        facts = look(path)
        assert (facts.problem, facts.width, facts.height, facts.format) == ("", 64, 64, "PNG")
        assert near(open_image(path).getpixel((0, 0)), WHITE, 0) or facts.mode == "P"
