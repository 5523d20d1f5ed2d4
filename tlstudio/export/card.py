"""The model card of an export: what it is, from what, how good, and where not to trust it. Facts only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tlstudio import __version__
from tlstudio.core import numbers, paths, plugins
from tlstudio.core.files import size_of, write_text
from tlstudio.export import energy, parity
from tlstudio.export.base import Exporter, ExportJob
from tlstudio.metrics.names import about
from tlstudio.models import earlier
from tlstudio.models.heads import Head, read_settings

_FEW = 30  # test rows of a class below which its score says little
_SIGNS = re.compile(r"([\\`*_\[\]<>|])")


def write(job: ExportJob, exporter: Exporter, folder: Path, verdict: parity.Parity) -> None:
    """Writes ``README.md`` into an export's folder."""
    write_text(folder / "README.md", render(job, exporter, folder, verdict))


def render(job: ExportJob, exporter: Exporter, folder: Path, verdict: parity.Parity) -> str:
    """The card as Markdown with a YAML head that the hub understands."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.resource("report")),
        # every value that the template prints passes here, so no label or file name can become markup
        finalize=lambda value: value if isinstance(value, Markup) else escape(value),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.ChainableUndefined,
    )
    template = environment.get_template("card.md.j2")
    return template.render(
        head=Markup(_head(job, exporter)),
        version=__version__,
        exporter=exporter,
        graph=exporter.RUNTIME == "onnx",
        bytes=size_of(folder),
        n=numbers,
        r=job.results,
        metrics=_metrics(job, exporter),
        stage=_stage(job, exporter),
        network=_network(job, exporter),
        base=_base(job),
        lineage=earlier.told(job.results.get("model", {}).get("lineage")),
        file=Path(str(job.results.get("data", {}).get("path", ""))).name,
        parity=parity.message(verdict),
        energy=energy.told(job.results.get("training") or {}),
        chain=_chain(job, exporter),
        check=verdict,
        about=about,
        limits=[*_limits(job.results), *_cost(job, exporter)],
        offset=0.0 if exporter.RUNTIME == "onnx" else Head.of(read_settings(folder)).offset,
        licence=_licence(job),
        data_licence=data_licence(job.results.get("data") or {}),
        own=(folder / "network.py").is_file(),
        task=plugins.get("tlstudio.tasks", job.recipe.task.name, "task.name"),
        unit=job.results.get("unit") or "rows",
    )


def escape(value: Any) -> str:
    """Text that Markdown and the HTML in it leave alone, on one line."""
    text = "" if value is None else " ".join(str(value).split())
    return _SIGNS.sub(r"\\\1", text.replace("&", "&amp;"))


def _base(job: ExportJob) -> str:
    """What the backbone is called."""
    model = job.recipe.model
    return model.name if model.source == "hub" else Path(model.name).name


def _head(job: ExportJob, exporter: Exporter) -> str:
    head: dict[str, Any] = {"library_name": getattr(exporter, "LIBRARY", exporter.RUNTIME)}
    task = plugins.get("tlstudio.tasks", job.recipe.task.name, "task.name")
    head["pipeline_tag"] = task.HUB_TAG
    head["tags"] = [task.NAME, job.recipe.strategy.name, "tlstudio"]
    if licence := _licence(job):
        head["license"] = licence
    if job.recipe.model.source == "hub":
        head["base_model"] = job.recipe.model.name
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _licence(job: ExportJob) -> str:
    return str(job.results.get("model", {}).get("licence") or "")


def data_licence(data: dict[str, Any]) -> str:
    """A sentence about the terms of the data that the model has learnt from."""
    if not data.get("licence"):
        return "The licence of the data is not stated; it may add conditions of its own."
    source = "as the hub states" if data.get("licence_from") == "hub" else "as whoever trained the model states"
    return f"The data is under {data['licence']}, {source}."


def _stage(job: ExportJob, exporter: Exporter) -> dict[str, Any]:
    """What was measured of this very form of the model; empty where nothing was."""
    wanted = exporter.stage(job)
    return next((stage for stage in job.results.get("stages", []) if stage["name"] == wanted), {})


def _network(job: ExportJob, exporter: Exporter) -> dict[str, Any]:
    """Class and size of the network that was exported, or that the exported graph was made of.

    Runs of earlier versions do not state those of compressed ones.
    """
    wanted, trained = exporter.stage(job), job.results.get("model") or {}
    if wanted == "trained":
        return dict(trained)
    found: dict[str, Any] = {"architecture": trained.get("architecture")}
    for stage in job.results.get("stages", []):
        if "parameters" in stage:
            found = stage
        if stage["name"] == wanted:
            break
    return found


def beside_trained(job: ExportJob, exporter: Exporter) -> dict[str, Any]:
    """Which form was exported, and for which share of the test rows that one answers as the trained model does.

    The check of an export compares it with the network that it was made of, which compression may have changed.
    """
    return {"stage": exporter.stage(job), "agreement": _stage(job, exporter).get("agreement")}


def _metrics(job: ExportJob, exporter: Exporter) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, title and value of everything that was measured of this form of the model."""
    measured = job.results.get("test", {}).get("metrics", {})
    if exporter.stage(job) != "trained":
        measured = _stage(job, exporter).get("metrics") or {}
    return [(name, about(name).title, value) for name, value in measured.items()]


def _chain(job: ExportJob, exporter: Exporter) -> list[dict[str, Any]]:
    """The trained model and each compression step up to the form that was exported; empty without steps."""
    found: list[dict[str, Any]] = []
    wanted, headline = exporter.stage(job), str(job.results.get("headline") or "")
    for stage in job.results.get("stages", []):
        metrics = stage.get("metrics") or {}
        name = headline if headline in metrics else next(iter(metrics), "")
        found.append({**stage, "metric": about(name).title if name else "", "value": metrics.get(name)})
        if stage["name"] == wanted:
            return found if len(found) > 1 else []
    return []


def _cost(job: ExportJob, exporter: Exporter) -> list[str]:
    """What the compression has changed, where it was measured."""
    agreement = _stage(job, exporter).get("agreement")
    if exporter.stage(job) == "trained" or not isinstance(agreement, float) or agreement >= 1:
        return []
    return [f"Compressed, it answers otherwise than the trained model for {numbers.percent(1 - agreement)} of the test "
            "rows."]  # fmt: skip


def _limits(results: dict[str, Any]) -> list[str]:
    """Sentences about where the measurements say little."""
    test = results.get("test", {})
    sentences = []
    if results.get("labels"):
        sentences.append("It knows only the classes listed above.")
    few = [entry["label"] for entry in test.get("per_class", []) if (entry["support"] or 0) < _FEW]
    if few:
        sentences.append(f"Fewer than {_FEW} test rows, so an uncertain score: {', '.join(few)}.")
    cut = results.get("data", {}).get("truncated", {})
    if cut.get("texts"):
        sentences.append(
            f"Texts are cut after {cut['max_length']} tokens; that was so for {numbers.count(cut['texts'])} texts "
            f"({numbers.percent(cut['share'])})."
        )
    elif cut.get("max_length"):
        sentences.append(f"Texts are cut after {cut['max_length']} tokens; no text of the data was longer.")
    return [*sentences, _tested(results.get("languages") or [])]


def _tested(languages: list[dict[str, Any]]) -> str:
    """What it was tested on; of languages those that it had not learnt from are named."""
    if not languages:
        return "It was tested on data of the same source; other sources and languages were not tested."
    names = ", ".join(str(entry["name"]) if entry.get("trained") else f"{entry['name']} (zero-shot)"
                      for entry in languages)  # fmt: skip
    return f"It was tested on data of the same source in these languages: {names}; others were not tested."
