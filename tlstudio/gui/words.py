"""Names of things in the user's language: steps, stages, splits, units, languages, choices; and lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale

from tlstudio.gui import formats

translate = QCoreApplication.translate  # under this name lupdate finds the strings
UNCOUNTED = ("examine",)  # stages whose work is counted in units that say nothing to people


def languages(codes: list[str] | tuple[str, ...]) -> str:
    """Language codes as names: en, zh → English, Chinese. Long lists become a number."""
    if len(codes) > 4:
        return translate("words", "{n} languages").format(n=len(codes))
    names = {
        "en": translate("words", "English"),
        "zh": translate("words", "Chinese"),
        "de": translate("words", "German"),
        "multilingual": translate("words", "many languages"),
    }
    return listing(names.get(code) or QLocale.languageToString(QLocale(code).language()) for code in codes)


def step(name: str) -> str:
    """The title of a step of the window."""
    return {
        "model": translate("words", "Model"),
        "data": translate("words", "Data"),
        "strategy": translate("words", "Strategy"),
        "compress": translate("words", "Compress"),
        "train": translate("words", "Train"),
        "results": translate("words", "Results"),
        "export": translate("words", "Export"),
        "runs": translate("words", "Runs"),
    }.get(name, name)


def stage(name: str) -> str:
    """What a stage of a run does, as a status line."""
    return {
        "prepare": translate("words", "Preparing the data"),
        "adapt": translate("words", "Adapting the model"),
        "tokenise": translate("words", "Encoding"),  # texts become tokens, images and sounds numbers
        "rehearse": translate("words", "Rehearsing a few steps"),
        "features": translate("words", "Computing features"),
        "train": translate("words", "Training"),
        "evaluate": translate("words", "Evaluating"),
        "others": translate("words", "Evaluating the other tasks"),
        "cross_validate": translate("words", "Cross-validating"),
        "examine": translate("words", "Examining the data"),
        "compress": translate("words", "Compressing"),
        "export": translate("words", "Exporting"),
        "report": translate("words", "Writing the report"),
        "download": translate("words", "Downloading"),
        "inspect": translate("words", "Reading the data"),
    }.get(name, name.replace("-", " ").capitalize())


def split(name: str) -> str:
    return {
        "train": translate("words", "Train"),
        "validation": translate("words", "Validation"),
        "test": translate("words", "Test"),
    }.get(name, name)


def status(name: str) -> str:
    """The state of a step."""
    return {
        "missing": translate("words", "not ready"),
        "ready": translate("words", "ready"),
        "done": translate("words", "done"),
        "running": translate("words", "running"),
    }.get(name, "")


def progress(done: float, total: float, unit: str) -> str:
    """How much of a piece of work is done: 120 of 480 texts, or 1.2 MB of 90.9 MB."""
    if unit == "bytes" and total <= 1:  # a folder: nobody has added up its files
        return ""
    if unit == "bytes":
        text = translate("words", "{done} of {total}")
        return text.format(done=formats.size(done), total=formats.size(total))
    text = translate("words", "{done} of {total} {unit}")
    shown = {"done": formats.count(done), "total": formats.count(total)}
    return text.format(**shown, unit=unit_name(unit)).strip()


def unit_name(name: str) -> str:
    """What a row of the data is, in the plural: texts, images, questions; an unknown one as it is called."""
    return _units().get(name, name)


def counted(number: Any, unit: str) -> str:
    """1,200 texts."""
    return translate("words", "{n} {unit}").format(n=formats.count(number), unit=unit_name(unit))


def time_left(seconds: float | None) -> str:
    """How long a piece of work still takes, roughly; empty where nobody knows or it is nearly done."""
    if seconds is None or formats.missing(seconds) or seconds < 1:
        return ""
    return translate("words", "about {time} left").format(time=formats.roughly(seconds))


def transfer(event: dict[str, Any]) -> str:
    """A download's progress event: how much, how fast, how long still."""
    total, left = event.get("total"), event.get("seconds_left")
    if not total:
        return translate("words", "Asking the hub…")
    parts = [progress(event["done"], total, "bytes")]
    if left:
        speed = formats.size((total - event["done"]) / left)
        parts.append(translate("words", "{size}/s").format(size=speed))
    return "  ·  ".join(part for part in (*parts, time_left(left)) if part)


def _units() -> dict[str, str]:
    return {
        "texts": translate("words", "texts"),
        "rows": translate("words", "rows"),
        "images": translate("words", "images"),
        "steps": translate("words", "steps"),
        "tokens": translate("words", "tokens"),
        "sentences": translate("words", "sentences"),
        "questions": translate("words", "questions"),
        "pairs": translate("words", "pairs"),
        "recordings": translate("words", "recordings"),
        "prompts": translate("words", "prompts"),
        "queries": translate("words", "queries"),
        "documents": translate("words", "documents"),
        "triplets": translate("words", "triplets"),
        "boxes": translate("words", "boxes"),
        "conversations": translate("words", "conversations"),
        "examples": translate("words", "examples"),
        "blocks": translate("words", "blocks"),
    }


def form(name: str) -> str:
    """What a compression step takes or gives, see ``tlstudio.compression.base.Format``."""
    return {
        "transformers": translate("words", "a network"),
        "onnx": translate("words", "an ONNX graph"),
        "onnx-final": translate("words", "a finished ONNX graph, which no further step takes"),
        "openvino": translate("words", "an OpenVINO model"),
    }.get(name, name)


def choice(name: str) -> str:
    """An entry of a drop-down list, by its value in the recipe; names of formats and devices stay as they are."""
    return {**_of_data(), **_of_tasks(), **_of_strategies(), **_of_training(), **_of_compression()}.get(name, name)


def _of_data() -> dict[str, str]:
    """Sources, data steps, splits and augmentations."""
    return {
        "train": translate("choices", "The training rows"),
        "hub": translate("choices", "Hub"),
        "folder": translate("choices", "Folder"),
        "any": translate("choices", "Any"),
        "same": translate("choices", "The same"),
        "majority": translate("choices", "The most frequent"),
        "lower": translate("choices", "Lower case"),
        "upper": translate("choices", "Upper case"),
        "capitalised": translate("choices", "Capitalised"),
        "letters": translate("choices", "Letters"),
        "words": translate("choices", "Words"),
        "line": translate("choices", "Line"),
        "paragraph": translate("choices", "Paragraph"),
        "document": translate("choices", "Document"),
        "noise": translate("choices", "Noise"),
        "average": translate("choices", "Average colour"),
        "black": translate("choices", "Black"),
        "border": translate("choices", "Colour of the border"),
        "mirror": translate("choices", "Mirrored"),
        "stratified": translate("choices", "Stratified by class"),
        "grouped": translate("choices", "By groups"),
        "time": translate("choices", "By time"),
        "held-out": translate("choices", "By values of a column"),
        "column": translate("choices", "As a column says"),
        "k-fold": translate("choices", "K-fold"),
        "class": translate("choices", "Class"),
        "language": translate("choices", "Language"),
        "file": translate("choices", "By the file name"),
        "text": translate("choices", "Recognised from the text"),
        "source": translate("choices", "Only the source languages"),
        "learnt": translate("choices", "The languages of the training rows"),
        "drop": translate("choices", "Leave out"),
        "keep": translate("choices", "Keep"),
    }


def _of_tasks() -> dict[str, str]:
    """Options of tasks."""
    return {
        "balanced": translate("choices", "Balanced"),
        "centre": translate("choices", "The middle"),
        "start": translate("choices", "The beginning"),
        "in-batch": translate("choices", "Other rows of the batch"),
        "triplet": translate("choices", "Triplets"),
        "contrastive": translate("choices", "Contrastive"),
        "online-contrastive": translate("choices", "Contrastive, hard pairs only"),
        "cosent": translate("choices", "Order of similarities (CoSENT)"),
        "cosine": translate("choices", "Cosine"),
        "squash": translate("choices", "Squashed to a square"),
        "pad": translate("choices", "Padded to a square"),
        "plain": translate("choices", "Plain"),
        "tuned": translate("choices", "Tuned, one for all"),
        "tuned-per-class": translate("choices", "Tuned for each class"),
        "fixed": translate("choices", "As given below"),
        "squared": translate("choices", "Squared error"),
        "huber": translate("choices", "Huber"),
        "tags": translate("choices", "A tag for each word"),
    }


def _of_strategies() -> dict[str, str]:
    """Strategies and the model that they start from."""
    return {
        "mean": translate("choices", "Mean of all tokens"),
        "first": translate("choices", "First token"),
        "last": translate("choices", "Last token"),
        "numbers": translate("choices", "Small random numbers"),
        "tokens": translate("choices", "Tokens of the training rows"),
        "attention": translate("choices", "Attention"),
        "upper-blocks": translate("choices", "The upper blocks"),
        "biases": translate("choices", "Only biases (BitFit)"),
        "norms": translate("choices", "Only layer norms"),
        "selection": translate("choices", "Blocks clicked in the drawing"),
        "run": translate("choices", "Earlier run"),
        "replace": translate("choices", "A new one"),
        "layers": translate("choices", "Layers of the teacher"),
        "backbone": translate("choices", "The chosen model"),
        "spread": translate("choices", "Evenly spread"),
        "sum": translate("choices", "Sum"),
        "product": translate("choices", "Product"),
        "concatenation": translate("choices", "Side by side"),
        "matrix": translate("choices", "Learned matrix"),
        "gate": translate("choices", "Gated attention"),
        "head": translate("choices", "The head alone"),
        "first-backbone": translate("choices", "Head and first backbone"),
        "both-backbones": translate("choices", "Head and both backbones"),
        "max": translate("choices", "Maximum"),
        "one": translate("choices", "A single layer"),
        "mix": translate("choices", "A learned mix of all"),
        "temperature": translate("choices", "Between the two, by temperature"),
        "size": translate("choices", "By the number of rows"),
        "round-robin": translate("choices", "Every task equally often (round-robin)"),
        "uncertainty": translate("choices", "By uncertainty"),
        "gradnorm": "GradNorm",
        "replay": translate("choices", "Earlier rows (replay)"),
        "ewc": translate("choices", "Held weights (EWC)"),
        "lwf": translate("choices", "Earlier answers (LwF)"),
        "adapter": translate("choices", "An adapter for each task"),
        "lowest": translate("choices", "The lowest"),
        "highest": translate("choices", "The highest"),
    }


def _of_training() -> dict[str, str]:
    """Training, regularisation, adaptation and devices; and what several of them say."""
    return {
        "auto": translate("choices", "Automatic"),
        "none": translate("choices", "None"),
        "classes": translate("choices", "Every class equally often"),
        "random": translate("choices", "At random"),
        "adamw": "AdamW",
        "radam": "RAdam",
        "nadam": "NAdam",
        "adafactor": "Adafactor",
        "sgd": translate("choices", "SGD with momentum"),
        "linear": translate("choices", "Falls in a line"),
        "constant": translate("choices", "Stays the same"),
        "inverse-sqrt": translate("choices", "One over the root of the step"),
        "slanted-triangular": translate("choices", "Slanted triangle"),
        "epoch": translate("choices", "Epoch"),
        "plateau": translate("choices", "When the loss stops falling"),
        "ema": translate("choices", "Exponential moving average"),
        "swa": translate("choices", "Plain mean (SWA)"),
        "shuffled": translate("choices", "In any order"),
        "short-first": translate("choices", "Short ones first"),
        "falling": translate("choices", "Falls to 0"),
        "masked-lm": translate("choices", "Masked words"),
        "denoising": translate("choices", "Denoising"),
        "simcse": "SimCSE",
        "masked-images": translate("choices", "Masked images"),
        "cpu": translate("choices", "Processor (CPU)"),
        "cuda": translate("choices", "NVIDIA GPU (CUDA)"),
        "mps": translate("choices", "Apple GPU (MPS)"),
    }


def _of_compression() -> dict[str, str]:
    """Options of compression steps."""
    return {
        "parameters": translate("choices", "Parameters"),
        "flops": translate("choices", "Operations (FLOPs)"),
        "latency": translate("choices", "Time of an answer"),
        "taylor": translate("choices", "Change of the loss (Taylor)"),
        "magnitude": translate("choices", "Size of the weights"),
        "network": translate("choices", "The whole network"),
        "layer": translate("choices", "Each layer"),
        "free": translate("choices", "Zeros anywhere"),
        "2:4": translate("choices", "2 of 4 stay"),
        "1:4": translate("choices", "1 of 4 stays"),
        "4:8": translate("choices", "4 of 8 stay"),
        "alternate": translate("choices", "Every other one"),
        "top": translate("choices", "Those nearest to the answer"),
        "importance": translate("choices", "Those that change least"),
        "narrower": translate("choices", "A narrower network"),
        "model": translate("choices", "Another model"),
        "energy": translate("choices", "Energy of the singular values"),
        "share": translate("choices", "Share of the parameters"),
        "minmax": translate("choices", "Smallest and largest value"),
        "percentile": translate("choices", "A percentile"),
        "entropy": translate("choices", "Entropy"),
        "static": translate("choices", "Weights and activations"),
        "weights": translate("choices", "Only the weights"),
    }


def family(name: str) -> str:
    """What a group of strategies works with."""
    return {
        "network": translate("words", "The network's own weights"),
        "features": translate("words", "Features of the backbone"),
        "adapters": translate("words", "Small parts beside it"),
        "runs": translate("words", "What earlier runs know"),
    }[name]


def listing(names: Iterable[str]) -> str:
    """Names of equal rank, with the comma of the language."""
    return _joined(names, translate("words", "{names}, {next}"), "names")


def clauses(parts: Iterable[str]) -> str:
    """Parts of a sentence, with the comma of the language."""
    return _joined(parts, translate("words", "{clause}, {next}"), "clause")


def _joined(parts: Iterable[str], pattern: str, first: str) -> str:
    present = [part for part in parts if part]
    return reduce(lambda one, other: pattern.format(**{first: one, "next": other}), present) if present else ""
