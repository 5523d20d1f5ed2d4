"""Colours, palettes, fonts and icons. Colours are safe for colour-blind eyes and never the only sign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from tlstudio.core import paths

_ICON_PROPERTY = "themeIcon"
_ICON_COLOUR_PROPERTY = "themeIconColour"
_CJK = ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Micro Hei", "SimSun")
_LATIN = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Ubuntu", "DejaVu Sans")


@dataclass(frozen=True)
class Colours:
    """The colours of one scheme, as #rrggbb."""

    dark: bool
    window: str
    base: str
    raised: str
    hover: str
    border: str
    field: str  # the edge of an input: at least 3 to 1 against what is around it
    text: str
    muted: str
    accent: str
    accent_text: str
    selection: str
    ok: str
    warn: str
    error: str
    data: tuple[str, ...]  # Okabe and Ito's set, lightened for the dark scheme


LIGHT = Colours(
    dark=False,
    window="#f3f5f8",
    base="#ffffff",
    raised="#f9fafc",
    hover="#e8edf5",
    border="#d5dae3",
    field="#8b95a5",
    text="#1b2330",
    muted="#566173",
    accent="#1f5fbf",
    accent_text="#ffffff",
    selection="#d8e6fb",
    ok="#146c43",
    warn="#8a5a00",
    error="#b3261e",
    data=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#3a9bd9", "#6b5bb5", "#7a7a7a"),
)
DARK = Colours(
    dark=True,
    window="#171b21",
    base="#1f242c",
    raised="#262c35",
    hover="#2d3540",
    border="#3a434f",
    field="#73808f",
    text="#e6eaf0",
    muted="#a0abba",
    accent="#6aa5ff",
    accent_text="#0c1a2e",
    selection="#2a4468",
    ok="#5fd39a",
    warn="#f0b955",
    error="#ff8a80",
    data=("#56b4e9", "#ff9d5c", "#3fd0a4", "#e8a0c8", "#f0c040", "#8ecbff", "#b0a3f5", "#b5b5b5"),
)
_current = LIGHT


def colours() -> Colours:
    """The colours in use; painting code asks each time, so a change of scheme needs only a repaint."""
    return _current


def colour(name: str) -> QColor:
    return QColor(getattr(_current, name))


def data_colour(index: int) -> QColor:
    return QColor(_current.data[index % len(_current.data)])


def resolve(scheme: str) -> Colours:
    """The colours for 'light', 'dark' or 'system'."""
    if scheme == "system":
        hints = QGuiApplication.styleHints()
        return DARK if hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT
    return DARK if scheme == "dark" else LIGHT


def apply(app: QApplication, scheme: str) -> Colours:
    """Puts a scheme on the whole program; icons made by :func:`set_icon` follow."""
    global _current  # noqa: PLW0603 - one program, one scheme
    _current = resolve(scheme)
    app.setPalette(palette(_current))
    app.setStyleSheet(style_sheet(_current))
    for widget in app.allWidgets():
        refresh_icons(widget)
    return _current


def palette(c: Colours) -> QPalette:
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: c.window,
        QPalette.ColorRole.WindowText: c.text,
        QPalette.ColorRole.Base: c.base,
        QPalette.ColorRole.AlternateBase: c.raised,
        QPalette.ColorRole.Text: c.text,
        QPalette.ColorRole.Button: c.raised,
        QPalette.ColorRole.ButtonText: c.text,
        QPalette.ColorRole.BrightText: c.error,
        QPalette.ColorRole.ToolTipBase: c.raised,
        QPalette.ColorRole.ToolTipText: c.text,
        QPalette.ColorRole.PlaceholderText: c.muted,
        QPalette.ColorRole.Highlight: c.accent,
        QPalette.ColorRole.HighlightedText: c.accent_text,
        QPalette.ColorRole.Accent: c.accent,
        QPalette.ColorRole.Link: c.accent,
        QPalette.ColorRole.LinkVisited: c.accent,
        QPalette.ColorRole.Mid: c.border,
        QPalette.ColorRole.Midlight: c.hover,
        QPalette.ColorRole.Light: c.raised if c.dark else "#ffffff",
        QPalette.ColorRole.Dark: c.border,
        QPalette.ColorRole.Shadow: "#000000",
    }
    for role, value in roles.items():
        result.setColor(role, QColor(value))
    faded = QColor(c.muted)
    faded.setAlpha(150)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return result


def style_sheet(c: Colours) -> str:
    """Qt's style sheet for a scheme; arrows and ticks are files, because a sheet cannot draw."""
    tick = "tick-dark" if c.dark else "tick-light"
    files = {name: _icon_path(name) for name in ("arrow-down", "arrow-up")}
    images = {"down": files["arrow-down"], "up": files["arrow-up"], "tick": _icon_path(tick)}
    return _SHEET.format(**images, **{key: value for key, value in vars(c).items() if isinstance(value, str)})


def _icon_path(name: str) -> str:
    """A file name as style sheets want it: forward slashes on every system."""
    return paths.resource(f"icons/{name}.svg").as_posix()


def font(app: QApplication) -> QFont:
    """The system's font with fonts that have Chinese, Japanese and Korean glyphs behind it."""
    have = set(QFontDatabase.families())
    result = QFont(app.font())
    default = [result.family()] if result.family() in have else []
    result.setFamilies([*default, *(name for name in (*_LATIN, *_CJK) if name in have)])
    if result.pointSizeF() < 10:
        result.setPointSizeF(10)
    return result


@lru_cache(maxsize=128)
def _svg(name: str) -> str:
    return paths.resource(f"icons/{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, tint: str, size: int, ratio: float = 1.0) -> QPixmap:
    """An icon in one colour. ``size`` in device-independent pixels."""
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", tint).encode()))
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, image.width(), image.height()))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, tint: str = "text") -> QIcon:
    """An icon in the scheme's colour ``tint``, with a faded form for disabled buttons."""
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(pixmap(name, getattr(_current, tint), 20, ratio), QIcon.Mode.Normal)
        result.addPixmap(pixmap(name, _current.border, 20, ratio), QIcon.Mode.Disabled)
    return result


def app_icon() -> QIcon:
    result = QIcon()
    for size in (16, 32, 64, 128):
        result.addPixmap(pixmap("tlstudio", "#ffffff", size))
    return result


def set_icon(target: QObject, name: str, tint: str = "text") -> None:
    """Gives a button or action an icon that follows the scheme."""
    target.setProperty(_ICON_PROPERTY, name)
    target.setProperty(_ICON_COLOUR_PROPERTY, tint)
    target.setIcon(icon(name, tint))  # type: ignore[attr-defined]


def refresh_icons(widget: QWidget) -> None:
    """Renews the icons of a widget and its actions after a change of scheme."""
    for target in (widget, *widget.actions()):
        name = target.property(_ICON_PROPERTY)
        if name:
            set_icon(target, name, target.property(_ICON_COLOUR_PROPERTY) or "text")


def set_role(widget: QWidget, role: str) -> None:
    """Marks a widget for the style sheet: heading, title, muted, card, primary, quiet, danger, ok, warn, error."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    if style := widget.style():
        style.unpolish(widget)
        style.polish(widget)


_SHEET = """
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px 6px; }}
QLabel[role="heading"] {{ font-size: 17pt; font-weight: 600; }}
QLabel[role="title"] {{ font-size: 11pt; font-weight: 600; }}
QLabel[role="number"] {{ font-size: 15pt; font-weight: 600; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="caption"] {{ color: {muted}; font-size: 9pt; }}
QLabel[role="ok"] {{ color: {ok}; }}
QLabel[role="warn"] {{ color: {warn}; }}
QLabel[role="error"] {{ color: {error}; }}
QFrame[role="card"] {{ background: {base}; border: 1px solid {border}; border-radius: 8px; }}
QFrame[role="problem-error"] {{ background: {base}; border: 1px solid {error}; border-left: 4px solid {error};
  border-radius: 6px; }}
QFrame[role="problem-warning"] {{ background: {base}; border: 1px solid {warn}; border-left: 4px solid {warn};
  border-radius: 6px; }}
QFrame[role="side"] {{ background: {base}; border: none; border-left: 1px solid {border}; }}
QFrame[role="line"] {{ background: {border}; border: none; max-height: 1px; min-height: 1px; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollArea > QWidget > QWidget[role="page"] {{ background: transparent; }}
QPushButton {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 6px;
  padding: 5px 14px; min-height: 18px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {selection}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 4px 13px; }}
QPushButton:disabled {{ color: {border}; background: {window}; }}
QPushButton[role="primary"] {{ background: {accent}; color: {accent_text}; border-color: {accent}; font-weight: 600; }}
QPushButton[role="primary"]:focus {{ border: 2px solid {text}; }}
QPushButton[role="primary"]:disabled {{ background: {hover}; color: {muted}; border-color: {border}; }}
QPushButton[role="danger"] {{ color: {error}; border-color: {error}; }}
QPushButton[role="quiet"] {{ background: transparent; border-color: transparent; color: {accent}; padding: 5px 8px; }}
QPushButton[role="quiet"]:hover {{ background: {hover}; }}
QPushButton[role="quiet"]:focus {{ border: 2px solid {accent}; padding: 4px 7px; }}
QPushButton[role="quiet"]:disabled {{ color: {muted}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:focus {{ border: 1px solid {accent}; }}
QToolButton:pressed, QToolButton:checked {{ background: {selection}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolBar {{ background: {base}; border: none; border-bottom: 1px solid {border}; spacing: 4px; padding: 4px 8px; }}
QMenuBar {{ background: {base}; }}
QStatusBar {{ background: {base}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: none; }}
QListView#steps {{ background: {base}; border: none; border-right: 1px solid {border}; outline: none; }}
QTableView, QTreeView, QListView, QPlainTextEdit, QTextEdit, QTextBrowser {{ background: {base};
  border: 1px solid {border}; border-radius: 6px; gridline-color: {border}; alternate-background-color: {raised};
  selection-background-color: {selection}; selection-color: {text}; }}
QTableView:focus, QTreeView:focus, QPlainTextEdit:focus, QTextEdit:focus {{ border: 1px solid {accent}; }}
QHeaderView {{ background: {raised}; border: none; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: none; border-bottom: 1px solid {border};
  border-right: 1px solid {border}; padding: 5px 8px; font-weight: 600; }}
QTableView::item {{ padding: 0 6px; }}
QTableView::item:selected {{ background: {selection}; color: {text}; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ background: {base}; color: {text}; border: 1px solid {field};
  border-radius: 5px; padding: 4px 7px; min-height: 18px; selection-background-color: {accent};
  selection-color: {accent_text}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0 0 0 5px; background: transparent; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{ border: 1px solid {accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ color: {muted}; background: {window};
  border-color: {border}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{down}"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ background: {base}; border: 1px solid {field}; selection-background-color: {selection};
  selection-color: {text}; outline: none; padding: 2px; }}
QAbstractSpinBox {{ padding-right: 20px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border; width: 20px; border: none;
  background: transparent; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; margin-top: 2px; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; margin-bottom: 2px; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {hover}; }}
QAbstractSpinBox::up-arrow {{ image: url("{up}"); width: 11px; height: 11px; }}
QAbstractSpinBox::down-arrow {{ image: url("{down}"); width: 11px; height: 11px; }}
QCheckBox, QRadioButton {{ spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }}
QCheckBox:focus, QRadioButton:focus {{ border: 1px solid {accent}; }}
QCheckBox::indicator, QRadioButton::indicator, QTableView::indicator, QMenu::indicator {{ width: 14px; height: 14px;
  border: 1px solid {field}; background: {base}; border-radius: 4px; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:checked, QTableView::indicator:checked, QMenu::indicator:checked {{ background: {accent};
  border: 1px solid {accent}; image: url("{tick}"); }}
QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {accent}; background: {accent_text}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ background: {window}; border-color: {border}; }}
QCheckBox::indicator:checked:disabled {{ background: {muted}; border-color: {muted}; }}
QMenu {{ background: {base}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 6px 28px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {selection}; color: {text}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 8px; }}
QTableCornerButton::section {{ background: {raised}; border: none; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {border}; }}
QTabBar::tab {{ padding: 7px 14px; color: {muted}; border: none; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:hover {{ background: {hover}; }}
QTabBar::tab:focus {{ color: {accent}; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 4px; text-align: center; min-height: 8px;
  max-height: 8px; color: transparent; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 4px; }}
QGroupBox {{ background: {base}; border: 1px solid {border}; border-radius: 8px; margin-top: 10px;
  padding: 14px 10px 10px 10px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 12px; padding: 0 4px; color: {muted}; }}
QSplitter::handle {{ background: {border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
