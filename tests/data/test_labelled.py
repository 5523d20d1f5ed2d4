"""Places become labelled splits; what is wrong is told, and repaired as the recipe says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.conftest import many
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import read_labelled, read_more, require


def codes(found):
    return [problem.code for problem in found]


def test_good_rows(labelled):
    data, found = labelled(many())
    assert found == []
    assert data.labels == ["class 0", "class 1", "class 2"]
    assert {split: len(rows) for split, rows in data.splits.items()} == {"train": 42, "validation": 6, "test": 12}
    assert data.class_table()[0] == {"label": "class 0", "train": 14, "validation": 2, "test": 4}
    rows = data.splits["test"]
    texts = rows.dataset(data.roles)["text"]
    known = dict(many())
    assert [known[text] for text in texts] == rows.labels
    assert list(rows.texts("text")) == list(texts)
    assert data.class_numbers("test") == [data.labels.index(label) for label in rows.labels]


def test_shares_and_seed(labelled):
    one, _ = labelled(many(), split={"test": 0.5, "validation": 0})
    assert set(one.splits) == {"train", "test"}
    assert len(one.splits["test"]) == 30
    two, _ = labelled(many(), split={"test": 0.5, "validation": 0, "seed": 8})
    assert one.splits["test"].indices.tolist() != two.splits["test"].indices.tolist()


@pytest.mark.parametrize(
    ("rows", "code", "step", "left"),
    [
        ([("", "class 0"), ("x", " "), (" \t", "class 1")], "data.empty-rows", "drop-empty", 60),
        ([("lonely", "single")], "data.rare-classes", "drop-rare-classes", 60),
    ],
)
def test_problems_are_told_and_repaired(labelled, rows, code, step, left):
    _, found = labelled(many() + rows)
    assert codes(found) == [code]
    assert found[0].where == "data.steps"
    data, found = labelled(many() + rows, steps=[step])
    assert found == []
    assert sum(len(rows) for rows in data.splits.values()) == left
    assert data.labels == ["class 0", "class 1", "class 2"]
    assert data.dropped == {step: len(rows)}


def test_recipes_of_the_first_version_are_understood(labelled):
    rows = [*many(), ("", "class 0"), ("new", "CLASS  0"), ("lonely", "single")]
    data, found = labelled(rows, empty_rows="drop", similar_labels="merge", rare_classes="drop")
    assert found == []
    assert data.labels == ["class 0", "class 1", "class 2"]


def test_labels_are_trimmed(labelled):
    data, found = labelled([*many(), ("new", "  class 0 ")])
    assert found == []
    assert len(data.labels) == 3


def test_all_problems_are_told_at_once(labelled):
    _, found = labelled([*many(), ("", "class 0"), ("b", "single")])
    assert codes(found) == ["data.empty-rows", "data.rare-classes"]
    assert found[0].params["row"] == 61


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(f"t{i}", "only") for i in range(20)], "data.one-class"),
        ([("", "") for _ in range(5)], "data.empty-rows"),
        ([(f"t{i}", f"id {i}") for i in range(200)], "data.too-many-classes"),
    ],
)
def test_rows_that_cannot_be_learnt(labelled, rows, code):
    _, found = labelled(rows)
    assert code in codes(found)


def test_dropping_everything_is_no_crash(labelled):
    _, found = labelled([("", "") for _ in range(5)], steps=["drop-empty"])
    assert codes(found) == ["data.none-left"]
    _, found = labelled([("a", "x"), ("b", "y"), ("c", "z")], steps=["drop-rare-classes"])
    assert codes(found) == ["data.none-left"]


def test_long_text_is_a_warning(labelled):
    data, found = labelled([*many(), ("x" * 200000, "class 0")])
    assert found == []
    assert codes(data.warnings) == ["data.long-text"]
    assert data.warnings[0].params["row"] == 61


def section(written, **files):
    paths = {name: str(written(f"{name}.csv", rows)) for name, rows in files.items()}
    return DataSection(**paths)


def test_given_places_are_kept_apart(written):
    data = require(
        section(written, path=many(30), validation=many(6), test=[("other", "class 0"), ("more", "class 1")]),
        silent,
        Control(),
    )
    assert {split: len(rows) for split, rows in data.splits.items()} == {"train": 30, "validation": 6, "test": 2}
    assert list(data.splits["test"].dataset(data.roles)["text"]) == ["other", "more"]


def test_several_files_are_one(written):
    paths = tuple(str(written(f"{name}.csv", rows)) for name, rows in (("a", many(20)), ("b", many(60)[20:])))
    data = require(DataSection(path=paths), silent, Control())
    whole = require(DataSection(path=str(written("c.csv", many()))), silent, Control())
    assert sorted(data.splits["test"].texts("text")) == sorted(whole.splits["test"].texts("text"))
    assert data.splits["train"].table.place(25) == (paths[1], 6)


def test_files_with_other_columns_are_refused(written):
    paths = (str(written("a.csv", many(20))), str(written("b.csv", "text,kind\na,b\n")))
    with pytest.raises(StudioError) as caught:
        require(DataSection(path=paths), silent, Control())
    assert caught.value.code == "data.different-columns"
    assert "b.csv" in caught.value.message


def test_unseen_class_of_a_test_file(written):
    _, found = read_labelled(section(written, path=many(30), test=[("a", "alien")]), silent, Control())
    assert codes(found) == ["data.unseen-class"]
    assert found[0].where == "data.test"


def test_column_that_vanished_from_the_second_file(written):
    data = section(written, path=many(30)).model_copy(
        update={"test": str(written("t.csv", "message,label\na,class 0\n"))}
    )
    with pytest.raises(StudioError) as caught:
        read_labelled(data, silent, Control())
    assert caught.value.code == "data.no-column"
    assert "t.csv" in caught.value.message


def test_nothing_chosen_and_cancel(written):
    with pytest.raises(StudioError) as caught:
        read_labelled(DataSection(), silent, Control())
    assert caught.value.code == "data.none"
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        read_labelled(section(written, path=many()), silent, control)


def test_require_raises_the_first_problem(written):
    with pytest.raises(StudioError) as caught:
        require(section(written, path=[*many(), ("", "class 0")]), silent, Control())
    assert caught.value.code == "data.empty-rows"
    assert caught.value.params["row"] == 61


def test_a_split_that_cannot_be_made_is_a_problem(labelled):
    data, found = labelled(many(), split={"method": "grouped"})
    assert codes(found) == ["data.split-column"]
    assert len(data.splits["train"]) == 60


def test_several_labels(written):
    lines = ["text,labels"] + [f"text {i},{'a|b' if i % 3 == 0 else 'b | a' if i % 3 == 1 else 'c'}" for i in range(60)]
    data, found = read_labelled(DataSection(path=str(written("m.csv", "\n".join(lines)))), silent, Control(), ())
    assert found == []
    assert data.labels == ["a|b", "c"]
    hot = ["text,a,b,c"] + [f"text {i},{int(i % 2)},1,0" for i in range(60)]
    roles = {"labels": ("a", "b", "c")}
    section = DataSection(path=str(written("h.csv", "\n".join(hot))), roles=roles)
    data, found = read_labelled(section, silent, Control(), ("text", "label"))
    assert data.labels == ["a|b", "b"]


def test_rows_without_labels(written):
    lines = "\n".join(["note"] + [f"only a text {i}" for i in range(40)])
    data, found = read_labelled(DataSection(path=str(written("t.csv", lines))), silent, Control(), ())
    assert (found, data.labels, set(data.roles.columns)) == ([], [], {"text"})
    assert data.class_numbers("train") == []
    assert sum(len(rows) for rows in data.splits.values()) == 40


def test_a_further_place_has_its_labels_renamed_too(written):
    step = {"name": "rename-labels", "labels": {"class 2": "class 1"}}
    section = DataSection(path=str(written("a.csv", many())), steps=[step, "drop-empty"])
    known = require(section, silent, Control())
    rows = read_more(section, str(written("b.csv", [("x", "class 2"), ("y", "class 0")])), known, silent, Control())
    assert rows.labels == ["class 1", "class 0"]
    with pytest.raises(StudioError) as caught:
        read_more(section, str(written("c.csv", [("x", "alien")])), known, silent, Control())
    assert caught.value.code == "evaluate.unknown-label"


def test_equal_images_stay_together(tmp_path):
    from PIL import Image

    for index in range(30):
        for label in "ab":
            image = Image.new("RGB", (12, 12), (index * 8, 200 if label == "a" else 10, 90))
            (tmp_path / "img" / label).mkdir(parents=True, exist_ok=True)
            image.save(tmp_path / "img" / label / f"{index}.png")
            image.save(tmp_path / "img" / label / f"copy{index}.png")
    data, found = read_labelled(DataSection(path=str(tmp_path / "img")), silent, Control(), ())
    assert found == []
    sides = {split: {Path(path).read_bytes() for path in rows.texts("image")} for split, rows in data.splits.items()}
    assert not sides["test"] & sides["train"]
    assert not sides["test"] & sides["validation"]


def test_a_row_is_found_by_its_name_before_and_after_text_steps(labelled):
    from tlstudio.data.frames import content_id, id_text

    rows = [*many(), ("Tom &amp; Ann", "class 0")]
    for name in ("Tom &amp; Ann", "Tom & Ann"):
        drop = {"name": "drop-rows", "rows": [id_text(content_id(name))]}
        data, _ = labelled(rows, steps=[drop, "normalise-text"])
        assert data.dropped["drop-rows"] == 1
        fix = {"name": "relabel-rows", "rows": {id_text(content_id(name)): "class 2"}}
        data, _ = labelled(rows, steps=["normalise-text", fix])
        assert sum(split.counts()["class 2"] for split in data.splits.values()) == 21


def test_what_only_helps_may_be_missing_in_other_places(written):
    train = written("a.csv", "text,label,user,w\n" + "".join(f"t{i},{i % 2},u{i},1\n" for i in range(40)))
    test = written("b.csv", "text,label\nx,0\ny,1\n")
    section = DataSection(path=str(train), test=str(test), roles={"weight": "w"})
    data, found = read_labelled(section, silent, Control(), ())
    assert found == []
    assert data.roles.one("group") == "user"
    assert data.splits["test"].dataset(data.roles).column_names == ["label", "text"]
    alone = DataSection(path=str(train))
    known = require(alone, silent, Control())
    assert read_more(alone, str(test), known, silent, Control()).labels == ["0", "1"]


def test_lists_where_texts_are_needed_are_named(written):
    train = written("a.csv", many(20))
    lists = written("b.jsonl", '{"text": ["a", "b"], "label": "class 0"}\n')
    with pytest.raises(StudioError) as caught:
        require(DataSection(path=str(train), test=str(lists)), silent, Control())
    assert caught.value.code == "data.other-kind-of-column"


def test_a_list_of_labels_is_several_labels(written):
    lines = "".join(f'{{"text": "text {i}", "label": ["a", "b"]}}\n' for i in range(9))
    data, _ = read_labelled(DataSection(path=str(written("a.jsonl", lines))), silent, Control(), ())
    assert data.labels == ["a|b"]
    with pytest.raises(StudioError) as caught:
        read_labelled(DataSection(path=str(written("b.jsonl", lines.replace('"a"', '"a|c"')))), silent, Control(), ())
    assert caught.value.code == "data.separator-in-label"


def test_none_of_several_labels_is_an_answer(written):
    lines = "text,a,b\n" + "".join(f"text {i},{i % 2},0\n" for i in range(40))
    section = DataSection(path=str(written("a.csv", lines)), roles={"labels": ("a", "b")})
    _, found = read_labelled(section, silent, Control(), ())
    assert found == []


def test_joined_labels_are_joined_in_a_further_place_too(written):
    rows = [(f"t{i}", "Sport") for i in range(20)] + [(f"s{i}", "sport") for i in range(5)]
    section = DataSection(path=str(written("a.csv", [*rows, *many(30)])), steps=["merge-similar-labels"])
    known = require(section, silent, Control())
    rows = read_more(section, str(written("b.csv", [("x", "sport")])), known, silent, Control())
    assert rows.labels == ["Sport"]
    lines = "text;label\n" + "".join(f"t{i};{'xy'[i % 2]}\n" for i in range(18))
    semicolons = section.model_copy(update={"path": str(written("c.csv", lines))})
    chosen = DataSection.model_validate({**semicolons.model_dump(exclude={"steps"}), "delimiter": ";"})
    known = require(chosen, silent, Control())
    rows = read_more(chosen, str(written("d.jsonl", '{"text": "q", "label": "x"}\n')), known, silent, Control())
    assert rows.labels == ["x"]


def test_a_label_may_be_the_group_as_well(labelled):
    rows = [(f"text {i}", f"class {i % 6}") for i in range(60)]
    data, _ = labelled(rows, roles={"group": "label", "label": "label"}, split={"method": "grouped"})
    assert set(data.splits["train"].dataset(data.roles).column_names) == {"text", "label"}
    assert not set(data.splits["train"].counts()) & set(data.splits["test"].counts())


def test_folds_are_even_and_a_test_place_takes_their_place(written):
    rows = [(f"text {i}", f"class {i // 6}") for i in range(300)]
    path = str(written("a.csv", rows))
    split = {"method": "k-fold", "folds": 5}
    sizes = [len(require(DataSection(path=path, split=split), silent, Control(), fold=fold).splits["test"])
             for fold in range(5)]  # fmt: skip
    assert sizes == [60] * 5
    test = str(written("b.csv", [("other", "class 0")]))
    data = require(DataSection(path=path, test=test, split=split), silent, Control())
    assert len(data.splits["train"]) + len(data.splits["validation"]) == 300
    few = DataSection(path=str(written("c.csv", many(6))), split={"method": "k-fold", "folds": 10})
    _, found = read_labelled(few, silent, Control())
    assert codes(found)[0] == "data.too-few-folds"
    lonely = [*many(60), ("one text", "single"), ("one text", "single")]
    for fold in range(5):
        _, found = read_labelled(DataSection(path=str(written("d.csv", lonely)), split=split), silent, Control(),
                                 fold=fold)  # fmt: skip
        assert found == []
