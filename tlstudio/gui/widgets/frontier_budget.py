"""What a form of the model may cost, and the box for an amount of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

NO_LOSS = -0.5  # per cent: below nothing there is no limit
_MARGIN = 5  # pixels; a styled spin box would let its text touch the edge
_NEAR = 1e-9  # two amounts that are the same


@dataclass(frozen=True)
class Budget:
    """What a form may cost; None is no limit.

    ``lost`` is a share; the latency is for a ``batch`` of rows of ``length`` tokens, 0 for the rows as they are, with
    ``all`` threads or ``one``.
    """

    lost: float | None = 0.01
    size_mb: float | None = None
    latency_ms: float | None = None
    memory_mb: float | None = None
    batch: int = 1
    length: int = 0
    threads: str = "all"
    minutes: int = 30

    @classmethod
    def read(cls, data: Any) -> Budget:
        """As a study states it."""
        if not isinstance(data, dict):
            return cls()
        return cls(
            data.get("lost"), data.get("size_mb"), data.get("latency_ms"), data.get("memory_mb"),
            int(data.get("batch") or 1), int(data.get("length") or 0), str(data.get("threads") or "all"),
        )  # fmt: skip

    def same(self, other: Budget) -> bool:
        """Whether two budgets allow the same; the time to search is none of it."""
        pairs = ((self.lost, other.lost), (self.size_mb, other.size_mb), (self.latency_ms, other.latency_ms),
                 (self.memory_mb, other.memory_mb))  # fmt: skip
        near = all(a == b or (a is not None and b is not None and abs(a - b) < _NEAR) for a, b in pairs)
        return near and (self.batch, self.length, self.threads) == (other.batch, other.length, other.threads)


class Amount(QDoubleSpinBox):
    """An amount, or no limit at its smallest value; the wheel over one that is not in use scrolls the page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setDecimals(1)
        self.lineEdit().setTextMargins(_MARGIN, 0, 0, 0)
        self.setSpecialValueText(self.tr("no limit"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: object) -> None:
        if self.hasFocus():
            super().wheelEvent(event)  # type: ignore[arg-type]
        else:
            event.ignore()  # type: ignore[attr-defined]
