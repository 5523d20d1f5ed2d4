"""Texts of which the model reads only the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.doctor.base import TEXTS, CheckOptions, Examined, Finding, Fix, Skip
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 20_000  # looked at: enough to tell the share to a third of a per cent
_TOKENISED = 200  # texts at a time: some hundredths of a second
_COVERED = 95  # per cent of the texts that the suggested length would read whole


class Options(CheckOptions):
    """How many cut texts matter."""

    share: float = Field(
        0.05, ge=0, le=1, title="Share that matters", description="With fewer cut texts it is only a notice."
    )


class Truncation:
    """Tokens are counted with the tokenizer of the chosen backbone."""

    NAME = "truncation"
    TITLE = "Cut texts"
    SUMMARY = "Texts with more tokens than the model will read."
    ROLES = TEXTS
    EMBEDS = False
    USES_MODEL = True
    COST = 100
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        if examined.count_tokens is None or examined.max_length is None:
            raise Skip("no model is chosen whose tokens could be counted")
        numbers = np.sort(np.argsort(mixed(examined.drawn.ids, 41), kind="stable")[:_ROWS])
        lengths, limit = _counted(examined, numbers), examined.max_length
        cut = np.flatnonzero(lengths > limit)
        if not len(cut):
            return []
        cut = cut[np.argsort(-lengths[cut], kind="stable")]
        rows = len(lengths)
        lost = 1 - limit / float(np.median(lengths[cut]))
        suggested = max(int(np.percentile(lengths, _COVERED, method="higher")), limit + 1)
        possible = min(suggested, examined.most_tokens or limit)
        fixes = (Fix("Read more of each text", changes={"task.max_length": possible}),) if possible > limit else ()
        return [Finding(
            "truncation", "truncated", "warning" if len(cut) >= config.share * rows else "notice", len(cut),
            "{count} of {rows} texts have more than {limit} tokens.",
            "Only their beginning is read; half of them lose {lost} % or more. A length of {suggested} tokens would "
            "read {covered} % of the texts whole, and takes more time.",
            {"count": len(cut), "rows": rows, "limit": limit, "lost": round(100 * lost), "covered": _COVERED,
             "suggested": suggested},
            examined.samples(numbers[cut].tolist(), [str(length) for length in lengths[cut[:100]]]), fixes,
        )]  # fmt: skip


PLUGIN = Truncation()


def _counted(examined: Examined, numbers: np.ndarray) -> np.ndarray:
    """int64 [k]: tokens of the drawn rows ``numbers``."""
    import numpy as np

    assert examined.count_tokens is not None  # asked above
    parts = [np.zeros(0, dtype=np.int64)]
    for low in range(0, len(numbers), _TOKENISED):
        chosen = examined.drawn.texts(examined.labelled.content, numbers[low : low + _TOKENISED])
        parts.append(np.asarray(examined.count_tokens(chosen)))
        examined.tick(len(chosen))
    return np.concatenate(parts)
