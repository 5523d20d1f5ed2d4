"""The contract that every export format keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from tlstudio.core import paths, plugins
from tlstudio.core.recipe import from_dict

FORMATS = plugins.find("tlstudio.export")


def test_formats_of_the_first_version():
    assert {"safetensors", "onnx", "onnx-int8"} <= set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_contract(name):
    plugin = FORMATS[name]
    assert name == plugin.NAME
    assert plugin.TITLE
    assert 1 <= plugin.SUMMARY.count(".") <= 3
    with pytest.raises(ValidationError):
        plugin.Config.model_validate({"no_such_option": 1})
    assert plugin.TOLERANCE.limit > 0
    everything = from_dict({"compress": ["dynamic-int8"], "strategy": {"name": "lora"}})
    problem = plugin.check(everything)
    assert problem is None or problem.code in ("openvino.missing", "executorch.missing")  # extras


SCRIPTS = sorted({script for task in plugins.find("tlstudio.tasks").values() for script in task.SCRIPTS.values()})


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_short_and_need_nothing_of_ours(name):
    script = paths.resource(name).read_text(encoding="utf-8")
    assert len([line for line in script.splitlines() if line.strip()]) <= 100
    assert "tlstudio" not in script.replace("tlstudio.json", "")


@pytest.mark.parametrize("task", plugins.find("tlstudio.tasks"))
def test_every_task_has_a_script_for_each_format_that_fits(task):
    plugin = plugins.find("tlstudio.tasks")[task]
    for exporter in FORMATS.values():
        if exporter.fits(plugin) is None:
            assert exporter.RUNTIME in plugin.SCRIPTS


def test_listing_the_formats_imports_nothing_heavy():
    code = (
        "import sys; from tlstudio.core import plugins; plugins.find('tlstudio.export');"
        "print([name for name in ('torch', 'transformers', 'onnx', 'onnxruntime', 'jinja2') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
