"""Translation: of the window's own strings (Qt) and of engine messages, which come as template and values."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from tlstudio.core import paths
from tlstudio.core.errors import StudioError, fill

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
_installed: list[QTranslator] = []


def engine(template: str, /, **params: Any) -> str:
    """An engine sentence in the user's language, with its blanks filled."""
    return fill(QCoreApplication.translate("engine", template), params) if template else ""


def filled(text: str, /, **params: Any) -> str:
    """A text of the window with its blanks filled, in the singular for a count of one."""
    return fill(text, params)


def message(error: StudioError | dict[str, Any]) -> str:
    """What went wrong, in the user's language."""
    data = error.to_dict() if isinstance(error, StudioError) else error
    return engine(data.get("message", ""), **data.get("params", {}))


def remedy(error: StudioError | dict[str, Any]) -> str:
    """What to do about it, in the user's language; may be empty."""
    data = error.to_dict() if isinstance(error, StudioError) else error
    return engine(data.get("remedy", ""), **data.get("params", {}))


def both(error: StudioError | dict[str, Any]) -> str:
    return " ".join(part for part in (message(error), remedy(error)) if part)


def resolve(language: str) -> str:
    """The code of a known language for a setting; empty follows the system, unknown ones become English."""
    wanted = language or QLocale.system().name()
    if wanted in LANGUAGES:
        return wanted
    return next((code for code in LANGUAGES if code.split("_")[0] == wanted.split("_")[0]), "en")


def install(app: QCoreApplication, language: str) -> str:
    """Loads the translators of a language, replacing the earlier ones; returns its code.

    A missing translation file leaves the English source texts.
    """
    code = resolve(language)
    while _installed:
        app.removeTranslator(_installed.pop())
    QLocale.setDefault(QLocale(code))
    if code == "en":
        return code
    folders = (("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)), ("tlstudio", _own_folder()))
    for name, folder in folders:
        translator = QTranslator(app)
        if translator.load(f"{name}_{code}", folder):
            app.installTranslator(translator)
            _installed.append(translator)
    return code


def _own_folder() -> str:
    try:
        return str(paths.resource("translations"))
    except StudioError:
        return ""  # a build without translations still starts, in English
