"""Titles and explanations of the metrics of ``results.json``."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_AVERAGED = {f"{mean}_{metric}" for mean in ("macro", "weighted") for metric in ("precision", "recall", "f1")}
SHARES = frozenset({"accuracy", "roc_auc", "ece", *_AVERAGED})


def title(name: str) -> str:
    return {
        "accuracy": translate("metrics", "Accuracy"),
        "macro_precision": translate("metrics", "Precision, mean of classes"),
        "macro_recall": translate("metrics", "Recall, mean of classes"),
        "macro_f1": translate("metrics", "F1, mean of classes"),
        "weighted_precision": translate("metrics", "Precision, weighted by class size"),
        "weighted_recall": translate("metrics", "Recall, weighted by class size"),
        "weighted_f1": translate("metrics", "F1, weighted by class size"),
        "matthews": translate("metrics", "Matthews correlation"),
        "roc_auc": translate("metrics", "ROC AUC, one against rest"),
        "log_loss": translate("metrics", "Log loss"),
        "ece": translate("metrics", "Calibration error (ECE)"),
    }.get(name, name.replace("_", " ").capitalize())


def explanation(name: str) -> str:
    return {
        "accuracy": translate("metrics", "Share of texts with the right label"),
        "macro_precision": translate(
            "metrics", "Of the texts given a label, the share that has it; all classes count alike"
        ),
        "macro_recall": translate(
            "metrics", "Of the texts with a label, the share that was found; all classes count alike"
        ),
        "macro_f1": translate("metrics", "Precision and recall in one number; all classes count alike"),
        "weighted_precision": translate("metrics", "Precision, where large classes count more"),
        "weighted_recall": translate("metrics", "Recall, where large classes count more"),
        "weighted_f1": translate("metrics", "F1, where large classes count more"),
        "matthews": translate("metrics", "1 is perfect, 0 is chance; robust when classes differ in size"),
        "roc_auc": translate("metrics", "How well the probabilities order the texts; 50 % is chance"),
        "log_loss": translate("metrics", "Penalises confident errors; smaller is better"),
        "ece": translate("metrics", "How far confidence is from being right; smaller is better"),
    }.get(name, "")


def smaller_is_better(name: str) -> bool:
    return name in ("log_loss", "ece")
