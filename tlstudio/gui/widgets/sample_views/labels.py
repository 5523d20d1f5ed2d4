"""Texts that may have several labels."""

from __future__ import annotations

from tlstudio.gui import formats
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.cards import Item, SampleView


class View(SampleView):
    """{row, text, labels, predicted, probabilities}: labels given, missed, and too many."""

    def legend(self) -> str:
        return self.tr("✓ given and right · ✕ given, but wrong · ○ missed; with the model's probability.")

    def html(self, item: Item) -> str:
        chances, truth, given = item.get("probabilities") or {}, item["labels"], item["predicted"]
        chips = [self._chip("✓", name, chances, "ok") for name in given if name in truth]
        chips += [self._chip("✕", name, chances, "error") for name in given if name not in truth]
        chips += [self._chip("○", name, chances, "warn") for name in truth if name not in given]
        none = markup.muted(self.tr("no label"))
        return f"<p>{markup.text(item['text'])}</p><p>{' &nbsp; '.join(chips) or none}</p>"

    def is_wrong(self, item: Item) -> bool | None:
        return set(item["labels"]) != set(item["predicted"])

    def _chip(self, sign: str, name: str, chances: dict[str, float], tint: str) -> str:
        chance = f" {formats.percent(chances[name], 0)}" if name in chances else ""
        return markup.mark(f"&nbsp;{sign} {markup.bold(markup.text(name, 60))}{chance}&nbsp;", tint=tint)
