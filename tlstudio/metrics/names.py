"""Titles and explanations of every metric; the window, the report, the model card and the command line read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class About:
    """What a metric is called and says. ``share``: shown in per cent. ``lower``: smaller is better."""

    title: str
    help: str
    share: bool = True
    lower: bool = False


METRICS: dict[str, About] = {
    "accuracy": About("Accuracy", "Share of rows with the right label"),
    "top5_accuracy": About("Top-5 accuracy", "Share of rows whose label is among the five likeliest"),
    "macro_precision": About(
        "Precision, mean of classes", "Of the rows given a label, the share that has it; all classes count alike"
    ),
    "macro_recall": About(
        "Recall, mean of classes", "Of the rows with a label, the share that was found; all classes count alike"
    ),
    "macro_f1": About("F1, mean of classes", "Precision and recall in one number; all classes count alike"),
    "weighted_precision": About("Precision, weighted by class size", "Precision, where large classes count more"),
    "weighted_recall": About("Recall, weighted by class size", "Recall, where large classes count more"),
    "weighted_f1": About("F1, weighted by class size", "F1, where large classes count more"),
    "micro_precision": About("Precision, over all labels", "Of all labels given, the share that is right"),
    "micro_recall": About("Recall, over all labels", "Of all labels that are right, the share that was given"),
    "micro_f1": About("F1, over all labels", "Precision and recall over all labels in one number"),
    "subset_accuracy": About("Exact match of labels", "Share of rows with all labels right and none too many"),
    "hamming_loss": About("Hamming loss", "Share of single yes-or-no answers that are wrong", lower=True),
    "matthews": About("Matthews correlation", "1 is perfect, 0 is chance; robust when classes differ in size", False),
    "roc_auc": About("ROC AUC, one against rest", "How well the probabilities order the rows; 50 % is chance"),
    "average_precision": About("Average precision", "Area under precision over recall, mean of classes"),
    "log_loss": About("Log loss", "Penalises confident errors; smaller is better", False, True),
    "ece": About("Calibration error (ECE)", "How far confidence is from being right; smaller is better", True, True),
    "mae_classes": About("Mean distance in classes", "How many steps the answer is off, on average", False, True),
    "off_by_one": About("Within one class", "Share of rows that are right or one step off"),
    "kappa": About("Quadratic weighted kappa", "Agreement beyond chance; far misses cost more; 1 is perfect", False),
    "pearson": About("Pearson correlation", "How well the values lie on a line; 1 is perfect", False),
    "spearman": About("Spearman correlation", "How well the order of the values is right; 1 is perfect", False),
    "mse": About("Mean squared error", "Mean of the squared differences; smaller is better", False, True),
    "rmse": About("Root mean squared error", "Typical difference in the units of the values", False, True),
    "mae": About("Mean absolute error", "Mean difference in the units of the values", False, True),
    "r2": About("R²", "Share of the variance that is explained; 0 is the mean, below it worse than the mean", False),
    "token_accuracy": About("Token accuracy", "Share of tokens with the right tag"),
    "entity_precision": About("Entity precision", "Of the entities found, the share with right borders and type"),
    "entity_recall": About("Entity recall", "Of the true entities, the share found with right borders and type"),
    "entity_f1": About("Entity F1", "Precision and recall of whole entities in one number"),
    "exact_match": About("Exact match", "Share of questions whose answer is word for word right"),
    "answer_f1": About("Answer F1", "Overlap of the words of answer and truth"),
    "answered_f1": About("F1, questions with an answer", "Overlap of words where the text holds an answer"),
    "no_answer_accuracy": About("No answer recognised", "Share of unanswerable questions that stay unanswered"),
    "rouge1": About("ROUGE-1", "Shared words with the reference (F-measure)"),
    "rouge2": About("ROUGE-2", "Shared pairs of words with the reference (F-measure)"),
    "rouge_l": About("ROUGE-L", "Longest common run of words in order with the reference (F-measure)"),
    "bleu": About("BLEU", "Shared word groups with the reference, 0 to 100 (sacreBLEU)", False),
    "chrf": About("chrF", "Shared letter groups with the reference, 0 to 100 (sacreBLEU)", False),
    "length_ratio": About("Length ratio", "Length of the outputs over that of the references", False),
    "perplexity": About("Perplexity", "How surprised the model is by each token; smaller is better", False, True),
    "masked_accuracy": About("Masked-token accuracy", "Share of hidden tokens that are guessed at the first try"),
    "map": About("mAP", "Mean average precision over overlaps of 0.50 to 0.95 (COCO)"),
    "map50": About("mAP at 0.50", "Mean average precision where boxes overlap by half"),
    "map75": About("mAP at 0.75", "Mean average precision where boxes overlap by three quarters"),
    "box_recall": About("Recall of boxes", "Mean recall with at most 100 boxes an image (COCO AR)"),
    "cosine_spearman": About("Spearman of cosine", "Whether similar pairs get a higher cosine similarity", False),
    "pair_accuracy": About("Pairs told apart", "Share of pairs on the right side of the best threshold"),
    "triplet_accuracy": About("Triplets in order", "Share of triplets whose positive is closer than the negative"),
    "recall_at_1": About("Recall at 1", "Share of queries whose right answer comes first"),
    "recall_at_5": About("Recall at 5", "Share of queries with the right answer among the first five"),
    "mrr": About("Mean reciprocal rank", "Mean of one over the rank of the right answer, first 10"),
    "ndcg": About("nDCG at 10", "How high the right answers rank among the first 10"),
    "loss": About("Loss", "What training makes smaller", False, True),
}  # fmt: skip


def about(name: str) -> About:
    """What is known of a metric; its name in plain letters where nothing is."""
    return METRICS.get(name) or About(name.replace("_", " ").capitalize(), "", False)


def leading(results: Mapping[str, Any]) -> tuple[str, ...]:
    """The metrics of a run's ``results.json`` that a narrow table shows: the main one, and the next after it."""
    measured = (results.get("test") or {}).get("metrics") or {}
    first = str(results.get("headline") or "accuracy")
    second = next((name for name in ("macro_f1", *measured) if name in measured and name != first), None)
    return (first,) if second is None else (first, second)
