"""Which runs are looked for: words, states, tasks, tags, the star."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tlstudio.core import numbers
from tlstudio.metrics.names import about
from tlstudio.session.run_summary import RunSummary


@dataclass(frozen=True)
class RunFilter:
    """Every word of ``text`` must be found somewhere in what is known of the run; an empty choice takes all."""

    text: str = ""
    states: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    star: bool = False

    @property
    def empty(self) -> bool:
        return self == RunFilter()

    def accepts(self, run: RunSummary, words: Callable[[RunSummary], str] | None = None) -> bool:
        """Whether a run is among those; ``words`` gives :func:`searched` of a run where that is kept."""
        if self.star and not run.star:
            return False
        if (self.states and run.outcome not in self.states) or (self.tasks and run.task not in self.tasks):
            return False
        if self.tags and not {tag.casefold() for tag in self.tags} <= {tag.casefold() for tag in run.tags}:
            return False
        if not self.text:
            return True
        text = (words or searched)(run)
        return all(word in text for word in self.text.casefold().split())

    def of(self, runs: Iterable[RunSummary]) -> list[RunSummary]:
        return [run for run in runs if self.accepts(run)]


def searched(run: RunSummary) -> str:
    """Everything of a run that words are looked for in, in lower case."""
    parts = (run.id, run.title, run.model, run.strategy, run.task, run.outcome, run.metric, score(run), run.note,
             *run.tags, *(f"#{tag}" for tag in run.tags))  # fmt: skip
    return "\n".join(parts).casefold()


def score(run: RunSummary) -> str:
    """The score of a run as lists show it; empty where it has none."""
    if run.score is None:
        return ""
    return numbers.percent(run.score) if about(run.metric).share else f"{run.score:.4g}"
