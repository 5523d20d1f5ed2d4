"""Answers found in a text."""

from __future__ import annotations

from tlstudio.gui import formats
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.cards import Item, SampleView


class View(SampleView):
    """{row, question, context, answers, predicted, exact, f1}: the context with both answers."""

    def legend(self) -> str:
        return self.tr("On a coloured ground: the model's answer. Underlined: the right one.")

    def head(self, item: Item) -> str:
        text = self.tr("{row} · words in common {f1}")
        return text.format(row=super().head(item), f1=formats.percent(item.get("f1"), 0))

    def html(self, item: Item) -> str:
        context, given = str(item["context"]), item.get("predicted") or {}
        grounds = [_range(given)] if given.get("text") else []
        lines = [_range(answer) for answer in item.get("answers") or [] if answer.get("text")]
        said = markup.mark(markup.bold(markup.text(given["text"], 300))) if grounds else markup.bold(self._no_answer())
        right = markup.text(item["answers"][0]["text"], 300) if lines else self._no_answer()
        rows = [
            markup.cells([markup.muted(self.tr("Model")), said]),
            markup.cells([markup.muted(self.tr("Truth")), f"<u>{right}</u>" if lines else right]),
        ]
        passage = markup.passage(context, grounds, lines)
        return f"<p>{markup.bold(markup.text(item['question'], 400))}</p>{markup.table(rows)}<p>{passage}</p>"

    def is_wrong(self, item: Item) -> bool | None:
        return not item.get("exact")

    def _no_answer(self) -> str:
        return self.tr("no answer in the text")


def _range(answer: Item) -> tuple[int, int]:
    start = int(answer.get("start", -1))
    return start, start + len(str(answer.get("text") or ""))
