"""Numbers in words: sizes, counts, durations, names of stages; translated and in the locale's format."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

translate = QCoreApplication.translate  # under this name lupdate finds the strings


def count(number: float) -> str:
    """5485 → 5,485"""
    return QLocale().toString(round(number))


def size(number: float) -> str:
    """Bytes in decimal units, as disks and the hub count: 90868376 → 90.9 MB"""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def parameters(number: float) -> str:
    """22713216 → 22.7 M"""
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.0f}"


def duration(seconds: float) -> str:
    """A time in words that is as exact as it needs to be: 12 s, 4 min 30 s, 2 h 5 min."""
    seconds = max(round(seconds), 0)
    if seconds < 60:
        return translate("words", "{s} s").format(s=seconds)
    if seconds < 600:
        return translate("words", "{m} min {s} s").format(m=seconds // 60, s=seconds % 60)
    if seconds < 3600:
        return translate("words", "{m} min").format(m=round(seconds / 60))
    return translate("words", "{h} h {m} min").format(h=seconds // 3600, m=seconds % 3600 // 60)


def percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


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
    return ", ".join(names.get(code) or QLocale.languageToString(QLocale(code).language()) for code in codes)


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
        "tokenise": translate("words", "Tokenising"),
        "rehearse": translate("words", "Rehearsing a few steps"),
        "features": translate("words", "Computing features"),
        "train": translate("words", "Training"),
        "evaluate": translate("words", "Evaluating"),
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
