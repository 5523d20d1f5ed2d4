"""One zip that answers on any machine: the graph, what it reads with, a script, a server, and what they need."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from tlstudio.core import paths, plugins, serving
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, write_json, write_text
from tlstudio.core.recipe import Recipe
from tlstudio.export import card
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.export.onnx import PLUGIN as ONNX
from tlstudio.models import bundles, heads, loading
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import OnnxScorer, Scorer
from tlstudio.models.tokenizers import require_file

ABOUT = "bundle.json"
_GRAPHS = ("model.onnx", "*.onnx.data", "*.onnx_data", "config.json")
_NEEDS = re.compile(r"^Needs only: pip install (.+)$", re.MULTILINE)
_BODY = {"image": 10_000_000, "audio": 20_000_000}  # bytes of a request, where it carries a file
_STAYS = (bundles.FILE, ABOUT, "config.json", "tlstudio.json")  # until the card is written
_DOCKER = """FROM python:{python}-slim
WORKDIR /bundle
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
CMD ["python", "server.py", "--host", "0.0.0.0"]
"""


class Bundle:
    NAME = "bundle"
    TITLE = "Bundle to deploy (zip)"
    SUMMARY = (
        "One zip with the ONNX model, quantised where the steps end so, a script, a small web server with a JSON API "
        "and a Dockerfile. Runs without PyTorch and TLStudio."
    )
    Config = NoOptions
    TOLERANCE = Tolerance("agreement", 0.97)
    RUNTIME = "onnx"

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "export")

    def check(self, recipe: Recipe) -> StudioError | None:
        """A bundle has a graph of ONNX: after a step for another runtime it would be that of the network before it."""
        last = plugins.find("tlstudio.compression").get(recipe.compress[-1].name) if recipe.compress else None
        if last is None or last.GIVES != "openvino":
            return None
        return StudioError(
            "export.bundle-of-openvino", "A bundle runs on ONNX Runtime, which cannot read what the step '{step}' "
            "gives: the bundle would have the network before it, of full size.", "Use the OpenVINO export, or a step "
            "that gives int8 for ONNX Runtime.", where="export", step=last.TITLE,
        )  # fmt: skip

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        step = _graph_of(job)
        if step:
            _copy_graph(job, job.compressed[step], folder)
        else:
            ONNX.write(job, folder, config)
        write_json(folder / ABOUT, {"exact": not step or _gives(step) != "onnx-final"})

    def pack(self, job: ExportJob, folder: Path) -> None:
        """Makes the zip of what was written; everything is in it but the card and the checksums."""
        task = plugins.get("tlstudio.tasks", job.recipe.task.name, "task.name")
        text = (folder / "predict.py").read_text(encoding="utf-8")
        write_json(folder / ABOUT, {**read_json(folder / ABOUT), **_about(task, text, job)})
        if labels := job.results.get("labels"):
            write_text(folder / "labels.json", json.dumps(labels, ensure_ascii=False, indent=1) + "\n")
        with explain_os_errors(folder):
            shutil.copyfile(str(serving.__file__), folder / "server.py")
        write_text(folder / "requirements.txt", requirements(text))
        write_text(folder / "Dockerfile", _DOCKER.format(python=f"{sys.version_info.major}.{sys.version_info.minor}"))
        _write_licence(job, folder)
        bundles.add(folder / bundles.FILE, _files(folder), job.control.check)
        _remove(folder, _STAYS)

    def seal(self, job: ExportJob, folder: Path) -> None:
        """Adds the card, which tells how the zip was proven, and the checksums."""
        bundles.add(folder / bundles.FILE, {"README.md": folder / "README.md"}, job.control.check)
        bundles.seal(folder / bundles.FILE, job.control.check)
        _remove(folder, (bundles.FILE, "README.md"))

    def tolerance(self, folder: Path) -> Tolerance:
        return ONNX.TOLERANCE if read_json(folder / ABOUT)["exact"] else self.TOLERANCE

    def scorer(self, folder: Path) -> Scorer:
        if (folder / bundles.FILE).is_file():
            return BundleScorer(folder / bundles.FILE)
        return OnnxScorer(folder / "model.onnx")

    def stage(self, job: ExportJob) -> str:
        return _graph_of(job) or job.network


class BundleScorer(OnnxScorer):
    """The graph in a zip."""

    def __init__(self, archive: Path) -> None:
        self.unpacked = bundles.opened(archive)  # goes with this object
        super().__init__(Path(self.unpacked.name) / "model.onnx")


PLUGIN = Bundle()


def _graph_of(job: ExportJob) -> str:
    """Name of the last compression step where it left a graph."""
    last = next(reversed(job.compressed), "")
    return last if last and (job.compressed[last] / "model.onnx").is_file() else ""


def _gives(step: str) -> str:
    """Format of what a compression step such as ``2-dynamic-int8`` leaves."""
    known = plugins.find("tlstudio.compression").get(step.split("-", 1)[-1])
    return str(getattr(known, "GIVES", "onnx-final"))


def _copy_graph(job: ExportJob, source: Path, folder: Path) -> None:
    if "input_ids" in heads.inputs_of(heads.read_settings(source)):
        require_file(source)
    with explain_os_errors(folder):
        for pattern in _GRAPHS:
            for item in sorted(source.glob(pattern)):
                job.control.check()
                shutil.copyfile(item, folder / item.name)
    copy_tokenizer(source, folder)


def _about(task: Any, script: str, job: ExportJob) -> dict[str, Any]:
    """What the server needs to know: what a row has, and which functions of ``predict.py`` answer one, two … values."""
    model = job.recipe.model
    base = model.name if model.source == "hub" else Path(model.name).name
    calls = ["predict"] * len(task.ASKS) if "\ndef predict(" in script else ["encode", "similarity"]
    body = max(_BODY.get(name, serving.Limits.body) for name in task.ASKS)
    return {"title": f"{base}: {task.TITLE}", "task": task.NAME, "asks": list(task.ASKS),
            "optional": list(task.OPTIONAL), "calls": calls, "body": body}  # fmt: skip


def requirements(script: str) -> str:
    """What a script says that it needs, each as new as it is here, where it was proven."""
    found = _NEEDS.search(script)
    names = found[1].split() if found else []
    return "".join(f"{name}{_from_here(name)}\n" for name in sorted(names))


def _from_here(name: str) -> str:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    return ">=" + ".".join(version.split(".")[:2])


def _write_licence(job: ExportJob, folder: Path) -> None:
    """Under which terms the weights are: the files of the backbone, or a known text, or at least the name."""
    name = str(job.results.get("model", {}).get("licence") or "")
    lines = [f"The backbone {job.results.get('model', {}).get('name') or job.recipe.model.name} "
             + (f"is under the licence {name}." if name else "states no licence: ask its authors.")]  # fmt: skip
    lines.append(card.data_licence(job.results.get("data") or {}))
    if second := job.results.get("model", {}).get("second"):
        lines.append(f"The second backbone {second['name']} is under: {second['licence'] or 'no stated licence'}.")
    text = "\n".join(lines) + "\n"
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in _own_licences(job)]
    if not texts and name.lower() in ("apache-2.0",):
        texts = [paths.resource("licences/apache-2.0.txt").read_text(encoding="utf-8")]
    write_text(folder / "LICENCE.txt", "\n\n".join([text, *texts]))


def _own_licences(job: ExportJob) -> list[Path]:
    model = job.recipe.model
    place = loading.on_this_machine(model.name, model.revision) if model.source == "hub" else Path(model.name)
    if place is None or not place.is_dir():
        return []
    return sorted(path for pattern in ("LICEN[SC]E*", "NOTICE*") for path in place.glob(pattern) if path.is_file())


def _files(folder: Path) -> dict[str, Path]:
    every = (path for path in folder.rglob("*") if path.is_file() and path.name != bundles.FILE)
    return {path.relative_to(folder).as_posix(): path for path in every}


def _remove(folder: Path, stays: tuple[str, ...]) -> None:
    """Removes what lies beside the zip, and is in it."""
    with explain_os_errors(folder):
        for path in folder.iterdir():
            if path.name in stays:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
