"""Trees of runs that started from each other."""

from __future__ import annotations

from tlstudio.session.run_lineage import drawn, family, trees
from tlstudio.session.run_summary import RunSummary


def run(name: str, *lineage: str) -> RunSummary:
    return RunSummary(name, f"/r/{name}", "", "", lineage=lineage)


RUNS = [run("1"), run("2", "1"), run("3", "1", "2"), run("4", "1"), run("5"), run("8", "6", "7")]


def ids(tree) -> list[tuple[int, str, bool]]:
    return [(depth, node.id, node.run is not None) for depth, node in tree.walk()]


def test_trees_with_gaps() -> None:
    newest, oldest = trees(RUNS)
    assert ids(newest) == [(0, "6", False), (1, "7", False), (2, "8", True)], "deleted ancestors stand in the tree"
    assert ids(oldest) == [(0, "1", True), (1, "2", True), (2, "3", True), (1, "4", True)]
    assert [before + node.id for before, node in drawn(oldest)] == ["1", "├─ 2", "│  └─ 3", "└─ 4"]


def test_family_of_a_run() -> None:
    assert family(RUNS, "5") is None
    for member in "1234":
        assert [entry[1] for entry in ids(family(RUNS, member))] == ["1", "2", "3", "4"]


def test_circles_end() -> None:
    tangled = [run("a", "b"), run("b", "a"), run("c", "c")]
    assert [entry[1] for entry in ids(trees(tangled)[0])] == ["b", "a"] or trees(tangled)
    assert family(tangled, "c") is None


def test_a_chain_of_two_thousand() -> None:
    chain = [run("0000"), *(run(f"{at:04d}", f"{at - 1:04d}") for at in range(1, 2000))]
    (tree,) = trees(chain)
    assert max(depth for depth, _node in tree.walk()) == 1999
    assert len(drawn(tree)) == 2000
