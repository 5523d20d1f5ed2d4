"""The commands that advise: one run of each, in words and as JSON."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tlstudio.core import recipe as recipes

QUICK = ("--set", "training.epochs=1", "--set", "training.threads=1", "--set", "training.precision=fp32")


@pytest.mark.parametrize("command", ["rank", "advise", "curve", "lr", "search", "ablate"])
def test_help(tlstudio, command):
    said = tlstudio(command, "--help")
    assert said.code == 0
    assert "Usage:" in said.out
    assert "RECIPE-OR-DATA" in said.out
    assert command in tlstudio("--help").out


def test_rank(tlstudio, recipe_file, tiny_model):
    said = tlstudio("rank", recipe_file, "--model", tiny_model, "--only", "--rows", "30")
    assert said.code == 0
    assert "Linear probe" in said.out
    assert "% of the rows right" in said.out
    assert "linear probe" in said.err
    found = tlstudio("rank", recipe_file, "-m", tiny_model, "--only", "--json").json
    assert found["candidates"][0]["source"] == "folder"
    assert tlstudio("rank", recipe_file, "-m", "no/such", "--only").code == 1


def test_rank_takes_data_instead_of_a_recipe(tlstudio, tickets, tiny_model):
    said = tlstudio("rank", tickets, "-m", tiny_model, "--only", "--rows", "30", "--json")
    assert said.json["task"] == "text-classification"
    assert tlstudio("rank", tickets.with_name("gone.csv")).code == 1


def test_advise(tlstudio, recipe_file):
    said = tlstudio("advise", recipe_file, "-s", "linear-probe", "-s", "full-fine-tuning", *QUICK)
    assert said.code == 0
    assert "Full fine-tuning" in said.out
    assert "is best" in said.out
    assert tlstudio("advise", recipe_file, "-s", "linear-probe", "--json", *QUICK).json["best"] == "linear-probe"


def test_curve(tlstudio, recipe_file):
    said = tlstudio("curve", recipe_file, "--repeats", "1", *QUICK)
    assert said.code == 0
    assert "Learning curve" in said.out
    found = tlstudio("curve", recipe_file, "--repeats", "1", "--json", *QUICK).json
    assert [entry["rows"] for entry in found["sizes"]] == [21, 42]


def test_curve_of_a_few_examples_a_class(tlstudio, recipe_file):
    said = tlstudio("curve", recipe_file, "--per-class", "2, 4", "--repeats", "2", *QUICK)
    assert said.code == 0
    assert "examples a class" in said.out
    assert "standard deviation" in said.out
    assert "2 examples a class: " in said.err
    assert "number of examples" in tlstudio("curve", recipe_file, "--per-class", "2,x").err


def test_lr(tlstudio, recipe_file):
    said = tlstudio("lr", recipe_file, "--lowest", "1e-5", "--steps", "40", *QUICK)
    assert said.code == 0
    assert "while the rate" in said.out
    assert "training.learning_rate=" in said.out
    found = tlstudio("lr", recipe_file, "--lowest", "1e-5", "--steps", "40", "--json", *QUICK).json
    assert found["usual"] == 1e-2
    assert found["suggestion"] > 1e-4
    assert tlstudio("lr", recipe_file, "--lowest", "2").code == 1


def test_search(tlstudio, recipe_file, tmp_path, home):
    vary = ("--vary", "training.learning_rate=1e-6..1e-1:log")
    said = tlstudio("search", recipe_file, *vary, "--trials", "3", *QUICK)
    assert said.code == 0
    assert "Best of 2 trials" in said.out
    (study,) = (home / "data" / "searches").iterdir()
    assert study.name in said.out
    found = tlstudio("search", recipe_file, *vary, "--trials", "1", "--json", *QUICK).json
    assert len(found["trials"]) == 3
    if found["recipe"]:
        assert recipes.load(found["recipe"]).training.epochs == 1
    other = tlstudio("search", recipe_file, "--vary", "training.epochs=1|2", "--study", study)
    assert other.code == 1
    assert "another recipe or other fields" in other.error
    assert tlstudio("search", recipe_file, "--vary", "training.epochs").code == 1
    assert tlstudio("search", recipe_file).code == 2


def test_ablate(tlstudio, recipe_file, tmp_path):
    said = tlstudio("ablate", recipe_file, "--vary", "training.learning_rate=1e-9", "--seeds", "2", "--runs",
                    tmp_path / "runs", *QUICK)  # fmt: skip
    assert said.code == 0
    assert "training.learning_rate=1e-09" in said.out
    assert "the recipe as it is" in said.out
    assert len(tlstudio("runs", "list", "--runs", tmp_path / "runs", "--json").json) == 4
    assert tlstudio("ablate", recipe_file).error.startswith("Error: The recipe has nothing in data.augment")


def test_ctrl_c_keeps_what_there_is(tlstudio, recipe_file, monkeypatch):
    from tlstudio.pipeline import learning_curve

    trained = learning_curve._trained

    def press(*given):
        trial = trained(*given)
        os.kill(os.getpid(), signal.SIGINT)
        return trial

    monkeypatch.setattr(learning_curve, "_trained", press)
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    said = tlstudio("curve", recipe_file, "--json", *QUICK)
    assert (said.code, len(said.json["points"])) == (0, 1)
    assert signal.getsignal(signal.SIGINT) is before
