"""Which language a row is in: by a column, by the name of its file, by its text."""

from __future__ import annotations

import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data import languages
from tlstudio.data.labelled import require

GERMAN = "Ich habe gestern den Brief an meine Schwester geschrieben und zur Post gebracht"
ENGLISH = "Yesterday I wrote the letter to my sister and took it to the post office"


@pytest.mark.parametrize(
    ("path", "code"),
    [("/a/en.csv", "en"), ("C:\\x\\train.de.csv", "de"), ("names_fr.csv.gz", "fr"), ("zh-CN.jsonl", "zh"),
     ("train.csv", ""), ("my.csv", "my"), ("data_xx.csv", ""), ("Test DE.csv", "de"), ("sst2", ""),
     ("part_aa.csv", ""), ("", "")],
)  # fmt: skip
def test_names_of_files(path, code):
    assert languages.code_of(path) == code


def write(folder, name, rows, header="text,label"):
    path = folder / name
    path.write_text(f"{header}\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(path)


def rows(word, count=12):
    return [f"{word} {at},{'ab'[at % 2]}" for at in range(count)]


def spoken(data):
    labelled = require(data, silent, Control())
    return labelled.spoken, labelled.splits


def test_files_and_columns_state_the_language(tmp_path):
    paths = [write(tmp_path, "en.csv", rows("one")), write(tmp_path, "de.csv", rows("eins"))]
    found, splits = spoken(DataSection(path=tuple(paths)))
    assert found == languages.Spoken("file")
    for part in splits.values():
        codes = found.of(part, Control())
        assert [code == "en" for code in codes] == [text.startswith("one") for text in part.texts("text")]
    assert spoken(DataSection(path=paths[0], test=paths[1]))[0] == languages.Spoken("file")
    assert spoken(DataSection(path=paths[0]))[0] is None
    column = write(tmp_path, "all.csv", [f"{row}, de " for row in rows("eins")], "text,label,lang")
    found, splits = spoken(DataSection(path=column))
    assert found == languages.Spoken("column", "lang")
    assert set(found.of(splits["test"], Control())) == {"de"}


def test_what_the_user_wants(tmp_path):
    texts = [f"{GERMAN} {at},a" for at in range(6)] + [f"{ENGLISH} {at},b" for at in range(6)] + ["ok 1,a", "ok 2,b"]
    _none, splits = spoken(DataSection(path=write(tmp_path, "mixed.csv", texts)))
    labelled = require(DataSection(path=str(tmp_path / "mixed.csv")), silent, Control())
    tables = [part.table for part in splits.values()]
    found = languages.wanted("auto", "", tables, labelled.roles)
    assert found == languages.Spoken("text", "text")
    codes = found.of(splits["train"], Control())
    assert set(codes) <= {"de", "en", ""}
    assert found.of(splits["train"], Control()).tolist() == codes.tolist(), "from the cache"
    assert languages.wanted("column", "label", tables, labelled.roles) == languages.Spoken("column", "label")
    assert set(languages.wanted("file", "", tables, labelled.roles).of(splits["train"], Control())) == {"mixed"}
    for by, column, code in (("column", "", "data.no-language"), ("auto", "nothing", "data.no-language-column")):
        with pytest.raises(StudioError) as caught:
            languages.wanted(by, column, tables, labelled.roles)
        assert caught.value.code == code
