"""Texts before and after a change, with what has changed marked."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QTextBrowser, QWidget

from tlstudio.gui import diffs, theme


@dataclass(frozen=True)
class Change:
    """One row: ``place`` is written above it; ``dropped`` where nothing is left of it."""

    place: str
    before: str
    after: str = ""
    label_before: str = ""
    label_after: str = ""
    dropped: bool = False


class DiffView(QTextBrowser):
    """Shows changes below each other. The text of the data is escaped: it can never become markup."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setMinimumHeight(90)
        self._changes: tuple[Change, ...] = ()

    def set_changes(self, changes: Sequence[Change]) -> None:
        self._changes = tuple(changes)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == event.Type.PaletteChange and self._changes:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        place = self.verticalScrollBar().value()
        self.setHtml("".join(self._block(change) for change in self._changes))
        self.verticalScrollBar().setValue(place)

    def _block(self, change: Change) -> str:
        c = theme.colours()
        head = [html.escape(change.place), self._labels(change)]
        if change.dropped:
            gone = html.escape(self.tr("left out"))
            head.append(f'<span style="color:{c.error};">✕ {gone}</span>')
        caption = "  ·  ".join(part for part in head if part)
        top = f'<p style="margin-top:6px; margin-bottom:1px; color:{c.muted};">{caption}</p>' if caption else ""
        rows = []
        if change.dropped:
            rows.append(self._row("", html.escape(change.before).replace("\n", " ⏎ "), c.muted))
        elif change.before == change.after:
            rows.append(self._row("", html.escape(change.before).replace("\n", " ⏎ "), c.text))
        else:
            old, new = diffs.compare(change.before, change.after)
            rows.append(self._row("−", diffs.markup(old, True, c), c.text))
            rows.append(self._row("+", diffs.markup(new, False, c), c.text))
        return f'{top}<table cellspacing="0" cellpadding="2">{"".join(rows)}</table>'

    def _row(self, sign: str, text: str, colour: str) -> str:
        muted = theme.colours().muted
        first = f'<td style="color:{muted};">{sign}&nbsp;</td>' if sign else ""
        return f'<tr>{first}<td style="color:{colour};">{text}</td></tr>'

    def _labels(self, change: Change) -> str:
        """The label, or the old and the new one."""
        one, other = html.escape(change.label_before), html.escape(change.label_after)
        if change.dropped or one == other:
            return one
        c = theme.colours()
        return f'<span style="color:{c.text};"><s>{one}</s> → <b>{other}</b></span>'
