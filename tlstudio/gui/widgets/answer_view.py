"""What a model says about one row, by the kind of its answer."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, words
from tlstudio.gui.widgets.box_canvas import Box, BoxCanvas
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.result_charts import IntervalBars, ProbabilityBars
from tlstudio.gui.widgets.sample_views import markup
from tlstudio.gui.widgets.sample_views.tags import Segment, TagFlow, scheme_of, segments

Answer = dict[str, Any]
_MASKS = 4  # hidden words whose guesses are shown
_NUMBERS = 8  # of an embedding


class TagWidget(QWidget):
    """Words with their tags, as high as they need to be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._segments: list[Segment] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_words(self, words: list[str], segments: list[Segment]) -> None:
        self._words, self._segments = words, segments
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._flow().height(width)) + 2

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(480))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._flow().draw(painter, QRectF(self.rect()))

    def _flow(self) -> TagFlow:
        return TagFlow(self._words, self._segments, None, self.font())


class AnswerView(QWidget):
    """Parts that are shown as the kind of the answer needs them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Answer, dict[str, str]] | None = None
        self.heading = label("", "heading", wrap=True)
        self.tags = TagWidget()
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setWordWrap(True)
        self.canvas = BoxCanvas()
        self.canvas.setMinimumHeight(240)
        self.captions = [label("", "caption") for _ in range(_MASKS)]
        self.bars = ProbabilityBars()
        self.more_bars = [self.bars, *(ProbabilityBars() for _ in range(_MASKS - 1))]
        self.scale = IntervalBars()
        self.note = label("", "muted", wrap=True)
        for part in (self.heading, self.text, self.note):
            part.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.heading, self.tags, self.text, self.canvas, self.scale):
            layout.addWidget(widget)
        for caption, bars in zip(self.captions, self.more_bars, strict=True):
            layout.addWidget(caption)
            layout.addWidget(bars)
        layout.addWidget(self.note)
        self._show()

    def set_answer(self, answer: Answer, asked: dict[str, str]) -> None:
        """``answer`` as the job "predict" gives it; ``asked``: role to value."""
        self._shown = (answer, asked)
        show = {
            "label": self._label,
            "labels": self._labels,
            "number": self._number,
            "spans": self._spans,
            "answer": self._answer,
            "generation": self._generation,
            "fill": self._fill,
            "boxes": self._boxes,
            "similarity": self._similarity,
            "embedding": self._embedding,
        }.get(str(answer.get("kind") or "label"), self._other)
        show(answer, asked)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._shown is not None:
            self.set_answer(*self._shown)

    # -- kinds --------------------------------------------------------------------------------------------------

    def _label(self, answer: Answer, _asked: dict[str, str]) -> None:
        chances = answer.get("probabilities") or {}
        name = str(answer.get("label", ""))
        self.heading.setText(f"{name} · {formats.percent(chances.get(name))}")
        self.bars.set_probabilities(chances)
        self._show(self.heading, self.bars)

    def _labels(self, answer: Answer, _asked: dict[str, str]) -> None:
        chances, names = answer.get("probabilities") or {}, answer.get("labels") or []
        chips = [markup.mark(f"&nbsp;✓ {markup.bold(markup.text(name, 80))}&nbsp;", tint="ok") for name in names]
        none = markup.muted(self.tr("No label reaches its threshold."))
        self.text.setText(" &nbsp; ".join(chips) or none)
        self.bars.set_probabilities(chances, answer.get("thresholds") or dict.fromkeys(chances, 0.5))
        self.note.setText(self.tr("A label is given where its bar reaches the line, which is its threshold."))
        self._show(self.text, self.bars, self.note)

    def _number(self, answer: Answer, _asked: dict[str, str]) -> None:
        self.heading.setText(formats.number(answer.get("value")))
        self._show(self.heading)

    def _spans(self, answer: Answer, _asked: dict[str, str]) -> None:
        tokens = answer.get("tokens") or []
        tags = [str(token.get("tag") or "O") for token in tokens]
        found = segments(tags, scheme_of(tags))
        self.tags.set_words([str(token["text"]) for token in tokens], found)
        listed = [self._span(part, tokens) for part in found]
        self.note.setText(words.listing(listed) if scheme_of(tags) else "")
        if not found:
            self.note.setText(self.tr("Nothing was found in this text."))
        self._show(self.tags, *([self.note] if self.note.text() else []))

    def _answer(self, answer: Answer, asked: dict[str, str]) -> None:
        context = str(answer.get("context") or asked.get("context") or "")
        chance = formats.percent(answer.get("probability"))
        if answer.get("no_answer") or not answer.get("answer"):
            self.heading.setText(self.tr("No answer in the text · {chance}").format(chance=chance))
            self.text.setText(markup.text(context, 2000))
        else:
            self.heading.setText(f"{answer['answer']} · {chance}")
            ground = (int(answer.get("start", -1)), int(answer.get("end", -1)))
            self.text.setText(markup.passage(context, [ground], [], around=900))
        self._show(self.heading, self.text)

    def _generation(self, answer: Answer, _asked: dict[str, str]) -> None:
        output = str(answer.get("output") or "")
        self.text.setText(markup.text(output, 20_000))
        length = i18n.filled(self.tr("{n} words"), n=formats.count(len(output.split())))
        self.note.setText(length if output else self.tr("The model wrote nothing."))
        self._show(*([self.text] if output else []), self.note)

    def _fill(self, answer: Answer, asked: dict[str, str]) -> None:
        masks = (answer.get("masks") or [])[:_MASKS]
        shown: list[QWidget] = []
        html = markup.text(answer.get("text") or asked.get("text") or "", 2000)
        for number, guesses in enumerate(masks):
            best = markup.mark(markup.bold(markup.text(guesses[0]["token"], 60)) if guesses else "?")
            html = html.replace("[MASK]", best, 1)
            title = self.tr("Hidden word {n}").format(n=number + 1)
            self.captions[number].setText(title)
            self.more_bars[number].set_probabilities({str(g["token"]): g["probability"] for g in guesses[:6]})
            shown += [self.captions[number], self.more_bars[number]] if len(masks) > 1 else [self.more_bars[number]]
        self.text.setText(html)
        self.note.setText("" if masks else self.tr("Nothing is hidden: write [MASK] where the model shall guess."))
        self._show(self.text, *shown, *([] if masks else [self.note]))

    def _boxes(self, answer: Answer, asked: dict[str, str]) -> None:
        found = [Box.of(item) for item in answer.get("boxes") or []]
        self.canvas.show_image(str(asked.get("image", "")), found)
        text = self.tr("{n} found: {boxes}") if found else self.tr("Nothing was found in this image.")
        self.note.setText(text.format(n=len(found), boxes=words.listing(box.text() for box in found[:12])))
        self._show(self.canvas, self.note)

    def _similarity(self, answer: Answer, _asked: dict[str, str]) -> None:
        value = answer.get("similarity")
        self.heading.setText(formats.number(value))
        self.scale.set_bars([(self.tr("Similarity"), {"value": value})], "similarity", (-1.0, 1.0))
        self.note.setText(self.tr("The cosine of the two texts: 1 means the same, 0 unrelated."))
        self._show(self.heading, self.scale, self.note)

    def _embedding(self, answer: Answer, _asked: dict[str, str]) -> None:
        values = answer.get("embedding") or []
        length = formats.number(math.hypot(*values) if values else 0.0)
        self.heading.setText(
            i18n.filled(self.tr("{n} numbers, length {length}"), n=formats.count(len(values)), length=length)
        )
        numbers = "  ".join(formats.signed(value) for value in values[:_NUMBERS])
        self.note.setText(f"{numbers} …" if len(values) > _NUMBERS else numbers)
        self._show(self.heading, self.note)

    def _other(self, answer: Answer, _asked: dict[str, str]) -> None:
        """An answer of a newer version: its values as they are."""
        self.note.setText("\n".join(f"{name}: {value}" for name, value in answer.items())[:4000])
        self._show(self.note)

    def _span(self, part: Segment, tokens: list[dict[str, Any]]) -> str:
        inside = tokens[part.start : part.end]
        text = " ".join(str(token["text"]) for token in inside)
        chances = [token["probability"] for token in inside if token.get("probability") is not None]
        return f"{text} = {part.label}" + (f" ({formats.percent(min(chances), 0)})" if chances else "")

    def _show(self, *shown: QWidget) -> None:
        parts = (self.heading, self.tags, self.text, self.canvas, self.scale, self.note)
        for widget in (*parts, *self.captions, *self.more_bars):
            widget.setVisible(widget in shown)
