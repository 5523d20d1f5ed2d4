"""An image with boxes drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.background import Latest

_SIDE = 1600  # pixels that an image is reduced to


@dataclass(frozen=True)
class Box:
    """Corners in pixels of the image; a true box has no score."""

    label: str
    corners: tuple[float, float, float, float]
    score: float | None = None

    @classmethod
    def of(cls, item: dict[str, Any]) -> Box:
        x0, y0, x1, y1 = item["box"]
        return cls(str(item["label"]), (x0, y0, x1, y1), item.get("score"))

    def text(self) -> str:
        return self.label if self.score is None else f"{self.label} {formats.percent(self.score, 0)}"


class BoxCanvas(QWidget):
    """The image is read in the background. True boxes are dashed, predicted ones solid with their score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path, self._image = "", QImage()
        self._size = (1, 1)  # of the image in its file
        self._problem = ""
        self._truth: list[Box] = []
        self._predicted: list[Box] = []
        self._background = Latest(self)
        self._background.done.connect(self._take)
        self._background.failed.connect(self._fail)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_image(self, path: str, predicted: Sequence[Box], truth: Sequence[Box] = ()) -> None:
        self._predicted, self._truth = list(predicted), list(truth)
        self.setAccessibleName(self.tr("Image with boxes"))
        self.setAccessibleDescription(
            "; ".join(
                [self.tr("Predicted: {box}").format(box=box.text()) for box in predicted]
                + [self.tr("True: {box}").format(box=box.text()) for box in truth]
            )
        )
        if path != self._path:
            self._path, self._image, self._problem = path, QImage(), ""
            self._background.start(path, lambda: _load(path))
        self.update()

    @property
    def ready(self) -> bool:
        return not self._image.isNull() or bool(self._problem)

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            painter.setPen(theme.colour("error" if self._problem else "muted"))
            text = self._problem or self.tr("Reading…")
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF((self.width() - size.width()) / 2, 0, size.width(), size.height())
        painter.drawImage(place, self._image)
        names = sorted({box.label for box in (*self._truth, *self._predicted)})
        for box in self._truth:
            self._draw(painter, place, box, names.index(box.label), dashed=True)
        for box in self._predicted:
            self._draw(painter, place, box, names.index(box.label), dashed=False)

    def _draw(self, painter: QPainter, place: QRectF, box: Box, number: int, dashed: bool) -> None:
        across, down = place.width() / max(self._size[0], 1), place.height() / max(self._size[1], 1)
        x0, y0, x1, y1 = box.corners
        area = QRectF(
            QPointF(place.left() + x0 * across, place.top() + y0 * down),
            QPointF(place.left() + x1 * across, place.top() + y1 * down),
        ).intersected(place)
        colour = theme.LIGHT.data[number % 8]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("white"), 4 if not dashed else 3.2))  # a white rim: seen on any ground
        painter.drawRect(area)
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(colour), 2, style))
        painter.drawRect(area)
        self._draw_text(painter, place, area, box.text(), QColor(colour), dashed)

    def _draw_text(
        self, painter: QPainter, place: QRectF, area: QRectF, text: str, colour: QColor, dashed: bool
    ) -> None:
        """A predicted box is named above its top, a true one below its bottom."""
        metrics = painter.fontMetrics()
        flag = QRectF(area.left() - 1, 0, metrics.horizontalAdvance(text) + 10, metrics.height() + 2)
        flag.moveTop(area.bottom() + 1 if dashed else area.top() - flag.height() - 1)
        flag.moveLeft(min(max(flag.left(), place.left()), place.right() - flag.width()))
        flag.moveTop(min(max(flag.top(), place.top()), place.bottom() - flag.height()))
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine) if dashed else Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white") if dashed else colour)
        painter.drawRect(flag)
        painter.setPen(QColor("black") if dashed else QColor("white"))
        painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, text)

    def _take(self, path: str, found: tuple[QImage, tuple[int, int]]) -> None:
        if path == self._path:
            self._image, self._size = found
            self.update()

    def _fail(self, path: str, error: dict[str, Any]) -> None:
        if path == self._path:
            self._problem = i18n.both(error)
            self.update()


def _load(path: str) -> tuple[QImage, tuple[int, int]]:
    """The image as a model sees it, reduced, and its own size.

    Raises:
        StudioError: it cannot be read.
    """
    from tlstudio.data.images import open_image

    picture = open_image(path)
    size = picture.size
    picture.thumbnail((_SIDE, _SIDE))
    pixels = picture.tobytes()
    image = QImage(pixels, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
    return image.copy(), size
