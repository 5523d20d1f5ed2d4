"""What a person gives a model to try it on: a text, an image, a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QSize, Qt, QTemporaryDir, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeySequence,
    QPixmap,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from tlstudio.data.roles import ROLES
from tlstudio.gui import i18n, theme
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import button, label, row

_SHORT = ("question", "text_b")  # roles that rarely have more than a line or two
_ROOMY = 2.2  # as high are editors where the answer does not stand below them
_SIDE = 900  # pixels of a preview


def make(role: str, parent: QWidget | None = None) -> Input:
    """The editor of a role: roles of files have their own, all others are texts."""
    kinds: dict[str, type[Input]] = {"image": ImageInput, "audio": AudioInput}
    return kinds.get(role, TextInput)(role, parent)


class Input(QWidget):
    """One role; ``changed`` when its value does, and ``value`` is empty as long as there is none."""

    changed = Signal()

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.role = role
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(4)

    @property
    def title(self) -> str:
        return i18n.engine(ROLES[self.role].title) if self.role in ROLES else self.role.replace("_", " ").capitalize()

    def value(self) -> str:
        return ""

    def set_hint(self, text: str) -> None:
        """What could be given."""

    def set_roomy(self, on: bool) -> None:
        """Whether there is height to spare."""


class TextInput(Input):
    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName(self.tr("{role} to try the model on").format(role=self.title))
        self.editor.setPlaceholderText(self.tr("Type or paste a text of your own"))
        self.editor.setTabChangesFocus(True)
        self.set_roomy(False)
        self.editor.textChanged.connect(self.changed)
        self.caption = QLabel(self.title)
        theme.set_role(self.caption, "caption")
        self.caption.setBuddy(self.editor)
        self.box.addWidget(self.caption)
        self.box.addWidget(self.editor)
        self.setFocusProxy(self.editor)

    def value(self) -> str:
        return self.editor.toPlainText().strip()

    def set_roomy(self, on: bool) -> None:
        low = self.role in _SHORT
        times = _ROOMY if on and not low else 1
        self.editor.setMinimumHeight(round((46 if low else 80) * times))
        self.editor.setMaximumHeight(round((64 if low else 140 if self.role == "context" else 110) * times))

    def set_hint(self, text: str) -> None:
        self.editor.setPlaceholderText(text)


class FileInput(Input):
    """A file that is chosen or dropped, with a picture of it that is made in the background."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self._path, self._image = "", QImage()
        self._background = Latest(self)
        self._background.done.connect(self._take)
        self._background.failed.connect(self._fail)
        self.setAcceptDrops(True)
        frame = QFrame()
        theme.set_role(frame, "card")
        self.preview = QLabel(self.hint())
        self.preview.setWordWrap(True)
        self.preview.setTextFormat(Qt.TextFormat.PlainText)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setMinimumSize(QSize(220, 120))
        self.preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        theme.set_role(self.preview, "muted")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(6, 6, 6, 6)
        inner.addWidget(self.preview)
        frame.setMinimumHeight(self.room())
        frame.setMaximumHeight(self.most())
        self.choose_button = button(self.tr("Choose a file…"), "folder")
        self.choose_button.clicked.connect(self._choose)
        self.name = label("", "caption")
        self.buttons = row(self.choose_button, self.name)
        self.box.addWidget(frame, 1)
        self.box.addLayout(self.buttons)
        self.setFocusProxy(self.choose_button)

    # -- what a subclass says -----------------------------------------------------------------------------------

    def hint(self) -> str:
        return ""

    def room(self) -> int:
        """Pixels of height for the picture."""
        return 180

    def most(self) -> int:
        """Pixels of height that the picture can make use of."""
        return 10_000

    def suffixes(self) -> tuple[str, ...]:
        return ()

    def picture(self, path: str) -> QImage:
        """Made in a thread.

        Raises:
            StudioError: the file cannot be read.
        """
        return QImage()

    # -- setters ------------------------------------------------------------------------------------------------

    def value(self) -> str:
        return self._path

    def set_path(self, path: str) -> None:
        self._path, self._image = path, QImage()
        self.name.setText(Path(path).name)
        self.preview.setText(self.tr("Reading…"))
        self.preview.setAccessibleName(Path(path).name)
        self._background.start(path, lambda: self.picture(path))
        self.changed.emit()

    @property
    def ready(self) -> bool:
        return not self._image.isNull()

    # -- what the user does -------------------------------------------------------------------------------------

    @Slot()
    def _choose(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in self.suffixes())
        path, _kind = QFileDialog.getOpenFileName(
            self.window(), self.tr("Choose a file"), "", f"{self.title} ({kinds})"
        )
        if path:
            self.set_path(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if path := self._dropped(event.mimeData()):
            self.set_path(path)
            event.acceptProposedAction()

    def _dropped(self, data: QMimeData) -> str:
        places = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        return next((place for place in places if place.lower().endswith(self.suffixes())), "")

    # -- showing ------------------------------------------------------------------------------------------------

    def _take(self, path: str, image: QImage) -> None:
        if path == self._path:
            self._image = image
            self._fit()

    def _fail(self, path: str, error: dict[str, Any]) -> None:
        if path == self._path:
            self.preview.setText(i18n.both(error))
            self._path = ""
            self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        whole = self._image.scaled(
            self.preview.size() * ratio, self.keeps(), Qt.TransformationMode.SmoothTransformation
        )
        shown = QPixmap.fromImage(whole)
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)

    def keeps(self) -> Qt.AspectRatioMode:
        return Qt.AspectRatioMode.KeepAspectRatio


class ImageInput(FileInput):
    """An image: chosen, dropped, or pasted from the clipboard."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self._pasted = QTemporaryDir()  # ends with this object
        self._count = 0
        self.paste_button = button(self.tr("Paste"), help=self.tr("An image from the clipboard (Ctrl+V)"))
        self.paste_button.clicked.connect(self.paste)
        self.buttons.insertWidget(1, self.paste_button)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self, self.paste, context=context)

    def hint(self) -> str:
        return self.tr("Drop an image here, paste one, or choose a file")

    def room(self) -> int:
        return 260

    def suffixes(self) -> tuple[str, ...]:
        from tlstudio.data.images import SUFFIXES

        return SUFFIXES

    @Slot()
    def paste(self) -> None:
        """Takes what is in the clipboard: an image, or the place of one."""
        data = QGuiApplication.clipboard().mimeData()
        if path := self._dropped(data):
            self.set_path(path)
            return
        image = QGuiApplication.clipboard().image()
        if not image.isNull():
            self._count += 1
            place = self._pasted.filePath(f"pasted-{self._count}.png")
            image.save(place)
            self.set_path(place)

    def picture(self, path: str) -> QImage:
        from tlstudio.data.images import open_image

        picture = open_image(path)
        picture.thumbnail((_SIDE, _SIDE))
        pixels, width = picture.tobytes(), picture.width
        return QImage(pixels, width, picture.height, 3 * width, QImage.Format.Format_RGB888).copy()


class AudioInput(FileInput):
    """A recording, shown as its spectrogram."""

    def hint(self) -> str:
        return self.tr("Drop a recording here (WAV or FLAC), or choose a file")

    def most(self) -> int:
        return 380

    def suffixes(self) -> tuple[str, ...]:
        from tlstudio.data.audio import SUFFIXES

        return SUFFIXES

    def picture(self, path: str) -> QImage:
        import numpy as np

        from tlstudio.data.audio import spectrogram

        pixels = np.ascontiguousarray(spectrogram(path))
        height, width = pixels.shape[:2]
        return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()

    def keeps(self) -> Qt.AspectRatioMode:
        return Qt.AspectRatioMode.IgnoreAspectRatio
