"""Written texts: translations, summaries, continuations."""

from __future__ import annotations

from tlstudio.gui import formats, i18n
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.cards import Item, SampleView


class View(SampleView):
    """{row, source, reference, output, score} side by side."""

    def legend(self) -> str:
        return self.tr("What the model read, what a person wrote, and what the model writes.")

    def head(self, item: Item) -> str:
        text = self.tr("{row} · score {score}") if item.get("score") is not None else "{row}"
        return text.format(row=super().head(item), score=formats.number(item.get("score")))

    def html(self, item: Item) -> str:
        parts = (
            (self.tr("Source"), item.get("source") or ""),
            (self.tr("Reference"), item.get("reference") or ""),
            (self.tr("Output"), item.get("output") or ""),
        )
        heads = [markup.muted(f"{title} · {self._length(value)}") for title, value in parts]
        texts = [markup.text(value, 900) for _title, value in parts]
        texts[-1] = markup.bold(texts[-1]) if len(parts[-1][1]) < 200 else texts[-1]
        widths = (34, 33, 33)
        return markup.table([markup.cells(heads, widths), markup.cells(texts, widths)], full=True)

    def _length(self, value: str) -> str:
        """Words, or characters where a script has no spaces between words."""
        count = len(value.split())
        if count <= 1 and len(value) > 20:
            return self.tr("{n} characters").format(n=formats.count(len(value)))
        return i18n.filled(self.tr("{n} words"), n=formats.count(count))
