"""Small pictures of image files, read in the background so that the window never waits for a large one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from tlstudio.core.errors import StudioError
from tlstudio.gui import theme
from tlstudio.gui.background import Latest

_SIDE = 88  # pixels
_MOST = 60  # pictures that are read
_PLACE = Qt.ItemDataRole.UserRole
_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Picture:
    """An image file with what is written below and told beside it."""

    path: str
    caption: str
    help: str = ""


def are_pictures(texts: Sequence[str]) -> bool:
    """Whether contents of rows are paths of images."""
    return bool(texts) and all(text.lower().endswith(_SUFFIXES) for text in texts)


class Gallery(QListWidget):
    """Pictures side by side; ``picture_chosen(number)`` when the user goes to one."""

    picture_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setMovement(QListWidget.Movement.Static)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setGridSize(QSize(_SIDE + 32, _SIDE + 44))
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._key = 0
        self._background = Latest(self)
        self._background.done.connect(self._show)
        self.currentRowChanged.connect(self.picture_chosen)

    def set_pictures(self, pictures: Sequence[Picture]) -> None:
        """Shows the captions at once and the pictures as soon as they are read."""
        self.clear()
        empty = QPixmap(_SIDE, _SIDE)
        empty.fill(Qt.GlobalColor.transparent)
        for picture in pictures:
            item = QListWidgetItem(QIcon(empty), picture.caption)
            item.setToolTip("\n".join(part for part in (picture.path, picture.help) if part))
            item.setData(_PLACE, picture.path)
            self.addItem(item)
        self._key += 1
        paths = [picture.path for picture in pictures[:_MOST]]
        if paths:
            self._background.start(self._key, lambda: [thumbnail(path) for path in paths])

    def _show(self, key: int, images: list[QImage | None]) -> None:
        if key != self._key:
            return
        broken = theme.pixmap("error", theme.colours().warn, _SIDE // 2)
        for row, image in enumerate(images):
            if (item := self.item(row)) is not None:
                item.setIcon(QIcon(broken if image is None else QPixmap.fromImage(image)))


def thumbnail(path: str, side: int = _SIDE) -> QImage | None:
    """The image as a model sees it, at most ``side`` wide and high; None where it cannot be read."""
    from tlstudio.data.images import open_image

    try:
        picture = open_image(Path(path))
    except StudioError:
        return None  # that it is broken is what the finding says
    picture.thumbnail((side, side))
    if (times := side // max(picture.size)) > 1:  # a tiny one is shown by its pixels
        picture = picture.resize((picture.width * times, picture.height * times), 0)
    data = picture.tobytes()
    return QImage(data, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888).copy()
