"""Hidden words and what the model guesses."""

from __future__ import annotations

from typing import Any

from tlstudio.gui import formats
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.cards import Item, SampleView

MASK = "[MASK]"
_GUESSES, _WORDS = 5, 12


class View(SampleView):
    """{row, text, words: [{truth, guesses: [[token, probability] …]}]}"""

    def legend(self) -> str:
        return self.tr("Hidden words on a coloured ground, and the model's guesses; ✓ marks the right one.")

    def html(self, item: Item) -> str:
        text = markup.text(item["text"]).replace(MASK, markup.mark(markup.bold(MASK)))
        rows = [self._row(number, word) for number, word in enumerate(item.get("words") or [], 1)][:_WORDS]
        return f"<p>{text}</p>{markup.table(rows)}"

    def is_wrong(self, item: Item) -> bool | None:
        words = item.get("words") or []
        return not all(word["guesses"] and word["guesses"][0][0] == word["truth"] for word in words)

    def _row(self, number: int, word: dict[str, Any]) -> str:
        guesses = word.get("guesses") or []
        shown = [self._guess(str(token), chance, word["truth"]) for token, chance in guesses[:_GUESSES]]
        truth = markup.bold(markup.text(word["truth"], 60))
        return markup.cells([markup.muted(str(number)), truth, " &nbsp; ".join(shown)])

    def _guess(self, token: str, chance: float, truth: str) -> str:
        text = f"{markup.text(token, 60)} {formats.percent(chance, 0)}"
        return markup.tinted(markup.bold(f"✓ {text}"), "ok") if token == truth else markup.muted(text)
