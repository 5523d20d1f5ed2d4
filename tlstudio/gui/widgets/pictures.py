"""Pictures in a long table, made beside the window: the newest wish first, what has scrolled away never.

Of an image a small copy, of a recording its spectrogram.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tlstudio.core.errors import StudioError
from tlstudio.gui import i18n, theme
from tlstudio.gui.widgets.arrow_model import IMAGE_ROLE

_KEPT = 600  # pictures
_WAITING = 120  # wishes; older ones have scrolled away
_EDGE = 5  # pixels around a picture in its cell

Index = QModelIndex | QPersistentModelIndex


class Pictures(QObject):
    """``get`` answers at once, and ``ready(path)`` comes when a picture that was not there has been made."""

    ready = Signal(str)

    _made = Signal(str, QImage, str)

    def __init__(self, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._side = side  # device pixels of the longer edge
        self._pictures: OrderedDict[str, tuple[QPixmap, str]] = OrderedDict()
        self._wishes: list[str] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def get(self, path: str) -> tuple[QPixmap, str] | None:
        """The picture and what is wrong with it (then the picture is empty); None while it is being made."""
        found = self._pictures.get(path)
        if found is not None:
            self._pictures.move_to_end(path)
            return found
        with self._lock:
            if path in self._wishes:
                self._wishes.remove(path)
            self._wishes = [*self._wishes[-_WAITING:], path]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tlstudio-pictures", daemon=True)
                self._thread.start()
        return None

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def forget(self) -> None:
        """Other data: nothing of the old is shown or made any more."""
        with self._lock:
            self._wishes.clear()
        self._pictures.clear()

    def _run(self) -> None:
        with contextlib.suppress(RuntimeError):  # the window has gone meanwhile, and this object with it
            while path := self._next():
                self._made.emit(path, *_picture(path, self._side))

    def _next(self) -> str:
        with self._lock:
            if self._wishes:
                return self._wishes.pop()
            self._thread = None
            return ""

    def _keep(self, path: str, image: QImage, problem: str) -> None:
        self._pictures[path] = (QPixmap.fromImage(image), problem)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self.ready.emit(path)


class PictureDelegate(QStyledItemDelegate):
    """Paints the picture of a cell with the file's name; a sign where the file is broken."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        path = index.data(IMAGE_ROLE)
        if not path:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        area = option.rect.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        square = QRect(area.topLeft(), QSize(area.height(), area.height()))
        self._paint_picture(painter, square, path)
        painter.setPen(theme.colour("text"))
        room = area.adjusted(square.width() + 2 * _EDGE, 0, 0, 0)
        name = painter.fontMetrics().elidedText(Path(path).name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_picture(self, painter: QPainter, square: QRect, path: str) -> None:
        found = self._pictures.get(path)
        if found is None or found[1]:
            name, tint = ("file", "muted") if found is None else ("warning", "error")
            ratio = painter.device().devicePixelRatio()
            sign = theme.pixmap(name, getattr(theme.colours(), tint), 20, ratio)
            painter.drawPixmap(square.center().x() - 10, square.center().y() - 10, sign)
            return
        size = found[0].size().scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(square.topLeft(), size)
        place.moveCenter(square.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(place, found[0])


def _picture(path: str, side: int) -> tuple[QImage, str]:
    """The picture of a file, no larger than ``side``; or an empty one and what is wrong."""
    from tlstudio.data import audio
    from tlstudio.data.images import open_image

    try:
        if path.lower().endswith(audio.SUFFIXES):
            return _spectrogram(path, side), ""
        image = open_image(path)
    except StudioError as error:
        return QImage(), i18n.message(error)
    image.thumbnail((side, side))
    pixels = image.tobytes()
    return QImage(pixels, image.width, image.height, 3 * image.width, QImage.Format.Format_RGB888).copy(), ""


def _spectrogram(path: str, side: int) -> QImage:
    import numpy as np

    from tlstudio.data.audio import spectrogram

    pixels = np.ascontiguousarray(spectrogram(path))
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.scaled(side, side, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
