"""Tagged words: entities, parts of speech."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFont

from tlstudio.gui import words
from tlstudio.gui.widgets.sample_views.cards import Drawing, Item, SampleView
from tlstudio.gui.widgets.sample_views.tags import Segment, TagFlow, scheme_of, segments


class View(SampleView):
    """{row, tokens, labels, predicted} as coloured words."""

    _names: tuple[str, ...] = ()  # the labels of all sentences

    def set_items(self, items: Sequence[Item], unit: str) -> None:
        found = {part.label for item in items for side in _both(item) for part in side}
        self._names = tuple(sorted(found))
        super().set_items(items, unit)

    def legend(self) -> str:
        return self.tr(
            "Below the words stands what the model says, above them the truth. ✕ and a red edge: not in the truth; "
            "a dashed edge: not found."
        )

    def drawing(self, item: Item) -> Drawing:
        truth, predicted = _both(item)
        return TagFlow(item["tokens"], predicted, truth, QFont(self.font()), self._names)

    def is_wrong(self, item: Item) -> bool | None:
        return bool(item["labels"] != item["predicted"])

    def plain(self, item: Item) -> str:
        truth, predicted = _both(item)
        tokens = item["tokens"]
        lines = [self.head(item), " ".join(tokens)]
        for title, found in ((self.tr("Model:"), predicted), (self.tr("Truth:"), truth)):
            parts = (f"{' '.join(tokens[part.start : part.end])} = {part.label}" for part in found)
            lines.append(f"{title} {words.listing(parts)}")
        return "\n".join(lines)


def _both(item: Item) -> tuple[list[Segment], list[Segment]]:
    joins = scheme_of([*item["labels"], *item["predicted"]])
    return segments(item["labels"], joins), segments(item["predicted"], joins)
