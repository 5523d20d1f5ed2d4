"""Labels that a classifier which has not seen the rows would change."""

from __future__ import annotations

import numpy as np
import pytest

from tests.data import patients
from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.doctor.run import examine
from tlstudio.data.doctor.wrong_labels import confident_errors, margins

PROBABLE = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9], [0.05, 0.95], [0.45, 0.55]])
GIVEN = np.array([0, 0, 1, 1, 0, 0])


def test_the_confident_joint_by_hand():
    # thresholds: (0.9 + 0.8 + 0.05 + 0.45) / 4 = 0.55 for the first class, (0.8 + 0.9) / 2 = 0.85 for the second
    assert confident_errors(PROBABLE, GIVEN).tolist() == [4]
    assert margins(PROBABLE, GIVEN).tolist() == pytest.approx([0.8, 0.6, 0.6, 0.8, -0.9, -0.1])


def noisy(count=600, share=20):
    rows = patients.healthy(count)
    other = {"class a": "class b", "class b": "class c", "class c": "class a"}
    planted = {text for index, (text, _) in enumerate(rows) if index % share == 0}
    return [(text, other[label] if text in planted else label) for text, label in rows], planted


@pytest.mark.parametrize("tools", [{}, {"embed": patients.features, "deep": True}], ids=["words", "features"])
def test_planted_errors_are_found(tools, tmp_path):
    rows, planted = noisy()
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "wrong-labels", **tools)["wrong-labels"]
    found = {sample["text"] for sample in finding["samples"]}
    assert len(found & planted) >= 0.6 * len(planted)
    assert len(found & planted) >= 0.6 * len(found)
    truth = dict(patients.healthy(600))
    sure = finding["samples"][0]
    assert sure["detail"].startswith(f"→ {truth[sure['text']]} (")


def test_the_repairs_leave_test_rows_alone(tmp_path):
    rows, planted = noisy()
    data = patients.section(tmp_path, rows)
    finding = patients.look(data, "wrong-labels")["wrong-labels"]
    tested = {sample["id"] for sample in finding["samples"] if sample["split"] == "test"}
    relabel, drop = (fix["step"] for fix in finding["fixes"])
    assert tested
    assert not tested & set(relabel["rows"])
    assert set(drop["rows"]) == set(relabel["rows"])
    after = patients.read(patients.mended(data, finding["fixes"][0]))
    right = dict(patients.healthy(600))
    labels = {
        text: label
        for rows in after.splits.values()
        for text, label in zip(rows.texts("text"), rows.labels, strict=True)
    }
    assert sum(labels[text] == right[text] for text in planted) > 0.5 * len(planted)


def test_hard_rows_are_only_doubtful(tmp_path):
    rows = [(text, label if index % 4 else f"class {'abc'[index % 3]}")
            for index, (text, label) in enumerate(patients.healthy(400, seed=2))]  # fmt: skip
    rows = [(" ".join(text.split()[:6]), label) for text, label in rows]
    found = patients.look(patients.section(tmp_path, rows), "wrong-labels")
    assert "wrong-labels" not in found or found["wrong-labels"]["count"] < 40


@pytest.mark.parametrize("why", ["pairs", "chance"])
def test_where_it_cannot_be_told(why, tmp_path):
    if why == "pairs":
        data = patients.kinds(tmp_path)["pairs"]
    else:
        rows = [(text, f"class {'ab'[index * 7 % 13 % 2]}") for index, (text, _) in enumerate(patients.healthy(200))]
        data = patients.section(tmp_path, rows)
    reply = examine(patients.read(data), data, Control(), silent)
    [item] = [item for item in reply["checks"] if item["name"] == "wrong-labels"]
    assert item["skipped"]
    assert not [finding for finding in reply["findings"] if finding["check"] == "wrong-labels"]
