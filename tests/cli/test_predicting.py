"""``predict``: texts from anywhere, labels to anywhere, and cells that no spreadsheet computes."""

from __future__ import annotations

import csv
import json

import pytest

from tlstudio.cli.predicting import _inert, file_rows

TEXTS = ["my parcel is late", '=HYPERLINK("http://evil"), "quoted"', "crash\nscreen", ""]


@pytest.fixture
def predict(tlstudio, runs):
    def command(*arguments):
        return tlstudio("predict", runs / "20260101-run", *arguments)

    return command


def test_texts_to_standard_output(predict):
    said = predict("--text", "my parcel is late", "-t", "钱 back")
    assert said.code == 0
    assert [line["text"] for line in said.lines] == ["my parcel is late", "钱 back"]
    for line in said.lines:
        chances = line["probabilities"]
        assert set(chances) == {"delivery", "refund", "technical"}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert line["label"] == max(chances, key=chances.get)


def write_csv(path):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "body"), *((index, text) for index, text in enumerate(TEXTS))])


def write_jsonl(path):
    path.write_text("".join(json.dumps({"id": 1, "body": text}) + "\n" for text in TEXTS), encoding="utf-8")


@pytest.mark.parametrize(("name", "write"), [("a.csv", write_csv), ("a.jsonl", write_jsonl)])
def test_files_keep_order_and_text(predict, tmp_path, name, write):
    write(tmp_path / name)
    guessed = predict("--file", tmp_path / name)
    assert [line["text"] for line in guessed.lines] == TEXTS
    assert predict("-f", tmp_path / name, "--column", "body").lines == guessed.lines
    said = predict("-f", tmp_path / name, "--column", "gone")
    assert said.code == 1
    assert "'gone'" in said.error
    assert "id, body" in said.error


def test_text_file_by_lines(predict, tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffone\r\n\r\nthree, with: all=sorts\n".encode())
    assert [line["text"] for line in predict("-f", tmp_path / "a.txt").lines] == ["one", "", "three, with: all=sorts"]


def test_csv_output_is_inert(predict, tmp_path):
    write_csv(tmp_path / "a.csv")
    said = predict("-f", tmp_path / "a.csv", "--column", "body", "-o", tmp_path / "out.csv")
    assert (said.code, said.out) == (0, "")
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["text", "label", "p_delivery", "p_refund", "p_technical"]
    assert [row[0] for row in rows[1:]] == [TEXTS[0], f"'{TEXTS[1]}", TEXTS[2], ""]
    assert all(sum(map(float, row[2:])) == pytest.approx(1, abs=1e-4) for row in rows[1:])


def test_jsonl_output_is_exact(predict, tmp_path):
    write_csv(tmp_path / "a.csv")
    predict("-f", tmp_path / "a.csv", "--column", "body", "-o", tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["text"] for line in lines] == TEXTS


@pytest.mark.parametrize(
    ("cell", "inert"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
     ("\n=1", "'\n=1"), (" =1", "' =1"), ("a=1", "a=1"), ("", ""), ("'=1", "'=1")],
)  # fmt: skip
def test_inert_cells(cell, inert):
    assert _inert(cell) == inert


def test_failure_leaves_no_half_file(predict, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na,x\nb\n")
    said = predict("-f", tmp_path / "a.csv", "-o", tmp_path / "out.csv")
    assert said.code == 1
    assert "Line 3" in said.error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]


def test_wrong_requests(predict, tlstudio, runs, tmp_path):
    for arguments in ([], ["--text", "a", "--file", "b.csv"]):
        said = predict(*arguments)
        assert said.code == 2
        assert "--text or --file" in said.error
    said = predict("--text", "a", "-o", tmp_path / "out.xlsx")
    assert said.code == 2
    assert ".csv" in said.error
    assert predict("-f", tmp_path / "absent.csv").code == 1
    assert predict("-f", tmp_path / "absent.txt").code == 1
    said = tlstudio("predict", tmp_path, "-t", "a")
    assert said.code == 1
    assert "no trained model" in said.error
    assert tlstudio("predict", "20260101", "-t", "a", "--runs", runs).code == 0
    assert tlstudio("predict", "2027", "-t", "a", "--runs", runs).code == 1


def test_what_a_task_can_do_without_is_read_where_it_is(tmp_path):
    from tlstudio.core.control import Control

    asks, needed, path = ("text", "text_b"), ["text"], tmp_path / "a.csv"
    path.write_text("sentence1,n\nred,1\n")
    assert list(file_rows(path, {}, asks, Control(), needed)) == [{"text": "red"}]
    path.write_text("sentence1,sentence2\nred,rot\n")
    assert list(file_rows(path, {}, asks, Control(), needed)) == [{"text": "red", "text_b": "rot"}]
    path.write_text("sentence1,n\nred,rot\n")
    assert list(file_rows(path, {"text_b": "n"}, asks, Control(), needed)) == [{"text": "red", "text_b": "rot"}]


def test_files_are_found_beside_the_table_that_names_them(tmp_path, monkeypatch):
    from tlstudio.core.control import Control

    (tmp_path / "here/pics").mkdir(parents=True)
    (tmp_path / "here/pics/a.png").write_bytes(b"x")
    table = tmp_path / "here/rows.csv"
    table.write_text("image,note\npics/a.png,one\npics/b.png,two\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    rows = list(file_rows(table, {}, ("image",), Control()))
    assert rows == [{"image": str(tmp_path / "here/pics/a.png")}, {"image": "pics/b.png"}]
