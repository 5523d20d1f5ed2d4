"""Texts found for a query."""

from __future__ import annotations

from tlstudio.gui import formats
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.cards import Item, SampleView

_SHOWN = 6


class View(SampleView):
    """{row, query, expected, found: [{text, score, right}]}"""

    def legend(self) -> str:
        return self.tr("The nearest texts of the test rows for each query; ✓ marks the right one.")

    def html(self, item: Item) -> str:
        found = item.get("found") or []
        rows = [self._row(place, hit) for place, hit in enumerate(found[:_SHOWN], 1)]
        missed = ""
        if not any(hit.get("right") for hit in found[:_SHOWN]):
            text = self.tr("✕ not among them:")
            missed = f"<p>{markup.tinted(text, 'error')} {markup.text(item.get('expected') or '', 300)}</p>"
        return f"<p>{markup.bold(markup.text(item['query'], 400))}</p>{markup.table(rows)}{missed}"

    def is_wrong(self, item: Item) -> bool | None:
        found = item.get("found") or []
        return not (found and found[0].get("right"))

    def _row(self, place: int, hit: Item) -> str:
        score, text = formats.number(hit.get("score")), markup.text(hit["text"], 300)
        if hit.get("right"):
            return markup.cells([markup.tinted(markup.bold("✓"), "ok"), score, markup.mark(markup.bold(text), 2)])
        return markup.cells([markup.muted(str(place)), markup.muted(score), text])
