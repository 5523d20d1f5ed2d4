"""Parts that several augmentations of images share. Images are of mode RGB; nothing here changes what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

Matrix = tuple[float, float, float, float, float, float]
Fill = Literal["border", "mirror", "black"]


def border_colour(image: Image) -> tuple[int, int, int]:
    """The median colour of the outermost pixels: what an image on a plain ground continues with."""
    import numpy as np

    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = np.median(edge, axis=0).astype(int).tolist()
    return red, green, blue


def moved(image: Image, matrix: Matrix, fill: Fill) -> Image:
    """Each pixel of the result is taken from where ``matrix`` (a, b, c, d, e, f) sends it: x' = ax + by + c, y' = …

    Args:
        image: RGB.
        matrix: from result to ``image``, in pixels.
        fill: what stands where nothing is: the border's colour, the mirrored image, or black.
    """
    from PIL import Image as images

    if fill != "mirror":
        colour = border_colour(image) if fill == "border" else (0, 0, 0)
        return image.transform(image.size, images.Transform.AFFINE, matrix, images.Resampling.BILINEAR,
                               fillcolor=colour)  # fmt: skip
    width, height = image.size
    wide = mirrored(image)
    a, b, c, d, e, f = matrix
    shifted = (a, b, c + width, d, e, f + height)
    return wide.transform(image.size, images.Transform.AFFINE, shifted, images.Resampling.BILINEAR)


def mirrored(image: Image) -> Image:
    """The image in the middle of its eight reflections: three times as wide and as high."""
    from PIL import Image as images
    from PIL import ImageOps

    width, height = image.size
    wide = images.new("RGB", (3 * width, 3 * height))
    across, down = ImageOps.mirror(image), ImageOps.flip(image)
    both = ImageOps.flip(across)
    for row, (side, middle) in enumerate([(both, down), (across, image), (both, down)]):
        for column, part in enumerate([side, middle, side]):
            wide.paste(part, (column * width, row * height))
    return wide


def around_centre(image: Image, a: float, b: float, d: float, e: float) -> Matrix:
    """The matrix that leaves the centre of the image where it is."""
    x, y = image.width / 2, image.height / 2
    return a, b, x - a * x - b * y, d, e, y - d * x - e * y


def between(random: np.random.Generator, low: float, high: float) -> float:
    """A number drawn evenly from [low, high]."""
    return low + (high - low) * float(random.random())


def box(
    random: np.random.Generator, size: tuple[int, int], area: float, ratio: float
) -> tuple[int, int, int, int] | None:
    """A box (left, top, right, bottom) with a share ``area`` of an image and ``ratio`` of width to height.

    None where it does not fit into the image.
    """
    width, height = size
    wide = max(1, round((area * width * height * ratio) ** 0.5))
    high = max(1, round((area * width * height / ratio) ** 0.5))
    if wide > width or high > height:
        return None
    left = int(random.integers(width - wide + 1))
    top = int(random.integers(height - high + 1))
    return left, top, left + wide, top + high
