"""Which run started from which, as trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tlstudio.session.run_summary import RunSummary


@dataclass(frozen=True)
class Node:
    """A run with those that started from its model. ``run`` is None where it was deleted, or never lay here."""

    id: str
    run: RunSummary | None
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[tuple[int, Node]]:
        """The tree from its root, each node with its depth."""
        waiting = [(0, self)]
        while waiting:
            depth, node = waiting.pop()
            yield depth, node
            waiting += [(depth + 1, child) for child in reversed(node.children)]


def trees(runs: Iterable[RunSummary]) -> list[Node]:
    """Every tree of more than one run, the one with the newest run first."""
    known, parents = _relations(runs)
    children: dict[str, list[str]] = {}
    for run, parent in parents.items():
        children.setdefault(parent, []).append(run)
    roots = [run for run in children if run not in parents]
    grown = [_grow(root, known, children) for root in roots]
    return sorted(grown, key=lambda tree: max(node.id for _depth, node in tree.walk()), reverse=True)


def family(runs: Iterable[RunSummary], run: str) -> Node | None:
    """The tree in which a run stands; None where it started from no other and no other from it."""
    known, parents = _relations(runs)
    root = run
    while root in parents:
        root = parents[root]
    if root == run and run not in parents.values():
        return None
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    return _grow(root, known, children)


def drawn(tree: Node) -> list[tuple[str, Node]]:
    """The lines of a tree as text: what stands before each node, and the node."""
    lines: list[tuple[str, Node]] = []
    waiting = [("", "", tree)]  # before the node, before those below it
    while waiting:
        before, below, node = waiting.pop()
        lines.append((before, node))
        last = True
        for child in reversed(node.children):
            waiting.append((below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), child))
            last = False
    return lines


def _relations(runs: Iterable[RunSummary]) -> tuple[dict[str, RunSummary], dict[str, str]]:
    """The runs by id, and the parent of each that has one. Each chain is taken whole: its middle may be deleted."""
    known = {run.id: run for run in runs}
    parents: dict[str, str] = {}
    for run in known.values():
        chain = (*run.lineage, run.id)
        for parent, child in pairwise(chain):
            # what a run says of itself goes before what its descendants say of it
            if child == run.id or child not in known:
                _adopt(parents, child, parent)
    return known, parents


def _adopt(parents: dict[str, str], child: str, parent: str) -> None:
    """Notes a parent, unless that would close a circle: folders can be renamed, and files edited."""
    above: str | None = parent
    while above is not None and above != child:
        above = parents.get(above)
    if above is None:
        parents[child] = parent


def _grow(root: str, known: dict[str, RunSummary], children: dict[str, list[str]]) -> Node:
    grown: dict[str, Node] = {}
    waiting = [(root, False)]
    while waiting:  # no recursion: a chain may be as long as there are runs
        run, ready = waiting.pop()
        below = sorted(children.get(run, ()))
        if ready:
            grown[run] = Node(run, known.get(run), tuple(grown[child] for child in below))
        else:
            waiting.append((run, True))
            waiting += [(child, False) for child in below]
    return grown[root]
