"""What a compressed model may cost."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Point = dict[
    str, Any
]  # a form of a model with what it is worth and costs; see :func:`tlstudio.pipeline.frontier.explore`


class Budget(BaseModel):
    """What the compressed model may cost; None for no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lost: float | None = Field(
        0.01, ge=0, le=1, title="Accuracy lost",
        description="Share of the trained model's score on the validation rows that may be lost.",
    )  # fmt: skip
    size_mb: float | None = Field(None, gt=0, title="Size", description="Megabytes of the weights at most.")
    latency_ms: float | None = Field(
        None, gt=0, title="Latency", description="Median milliseconds of a batch on this machine at most."
    )
    memory_mb: float | None = Field(
        None, gt=0, title="Memory", description="Megabytes that a process takes at most to load it and answer."
    )
    batch: Literal[1, 16] = Field(1, title="Batch", description="Rows of the batch that the latency is stated for.")
    threads: Literal["all", "one"] = Field("all", title="Threads", description="With which the latency is stated.")
    length: int = Field(
        0, ge=0, le=100_000, title="Length",
        description="Tokens of each row while times are taken; 0 takes the rows as they are.",
    )  # fmt: skip

    def holds(self, point: Point) -> bool:
        """Whether a measured point is within all limits."""
        time_ = point["latency"][latency_key(self.batch, self.threads)]["median_ms"]
        limits = (
            (self.lost, point["lost"]),
            (self.size_mb, point["bytes"] / 1e6),
            (self.latency_ms, time_),
            (self.memory_mb, point["memory_bytes"] / 1e6),
        )
        return all(limit is None or value <= limit for limit, value in limits)


def latency_key(batch: int, threads: str) -> str:
    """Where the time for a batch of rows stands in a point."""
    return str(batch) if threads == "all" else "1-thread" if batch == 1 else f"1-thread-{batch}"
