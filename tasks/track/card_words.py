"""What the model card says in words, by what the model does: it labels texts, or it answers them."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, Report
from tasks.track.outcome import number

METRICS = {
    "mcc": "Matthews correlation coefficient",
    "f1_macro": "F1, macro average",
    "accuracy": "Accuracy",
    "ece": "Expected calibration error, after temperature scaling",
    "ece_uncalibrated": "Expected calibration error, before",
    "ece_debiased": "Expected calibration error, after, without the bias of its bins",
    "area_under_risk": "Mean share of errors among the surest answers, over all coverages",
    "accuracy_at_80_coverage": "Accuracy of the surest 80 % of the answers",
    "coverage_at_95_accuracy": "Share of answers, the surest first, that are right in 95 % of the cases",
    "cold_start_milliseconds": "Loading and the first answer (ms)",
    "answer_loss": "Loss of the wanted answers (nats a token)",
    "perplexity": "Perplexity of the wanted answers",
    "preference_accuracy": "Pairs in which the wanted answer is the likelier one",
    "exact_match": "Exact match",
    "token_f1": "Token F1",
    "rouge_l": "ROUGE-L (F1)",
    "json_validity": "Answers that are JSON, where JSON is wanted",
    "cut_answers": "Answers cut at the most tokens allowed",
    "p50_milliseconds": "Latency of one request, median (ms)",
    "p95_milliseconds": "Latency of one request, 95th percentile (ms)",
    "p99_milliseconds": "Latency of one request, 99th percentile (ms)",
    "new_tokens_per_second": "New tokens a second, one request at a time",
}
NAMED_LABELS = 20
INPUTS = {
    "instruction": "an instruction or a question",
    "preference": "an instruction or a question",
    "chat": "a conversation, as a JSON list of `role` and `content`",
}


def group_metric(info: ModelInfo) -> tuple[str, str]:
    """Beginning of the names of the figures by group, and what they measure."""
    return ("accuracy.", "Accuracy") if info.task == "classification" else ("token_f1.", "Token F1")


def purpose(info: ModelInfo) -> str:
    """What the model is for, and what it is not for."""
    if info.task == "classification":
        return (
            f"Gives a short text one of {len(info.labels)} labels, with a calibrated confidence. The labels: "
            f"{_listed(info.labels)}.\n\n"
            "Meant for texts like the ones it was trained on, with a person behind answers of low confidence. Not "
            "meant for texts of another kind or language, nor to decide about people by itself."
        )
    return (
        f"Writes an answer to {INPUTS[info.task]}. It was taught by: {', then '.join(info.stages)}.\n\n"
        "Meant for requests like the ones it was trained on, with a person who reads an answer before it matters. Not "
        "meant for requests of another kind or language, nor to decide about people by itself."
    )


def training_words(info: ModelInfo) -> str:
    """How the model was made, in a sentence."""
    made = f"`{info.base_model}`, fine-tuned ({info.technique}), seed {info.seed}; "
    if info.task == "classification":
        made += f"temperature {info.temperature:.3f} fitted on the validation split; texts"
    else:
        made += f"stages: {', '.join(info.stages)}; prompt and answer together"
    return f"{made} are cut to {info.max_tokens} tokens."


def measured_words(info: ModelInfo, report: Report) -> str:
    """What the figures rest on."""
    form = "exported model" if info.task == "classification" else "language model"
    words = f"On {report.rows:,} rows that were held out, with the {form} as it is served."
    if info.task == "classification":
        return words
    return (
        f"{words} Loss and preferences are of all rows; the scores of answers are of a sample of them, answered "
        "greedily (`evaluation.generated_rows`), and say how near an answer's words are to the wanted ones, not "
        "whether it is true."
    )


def limits(dataset: DatasetRef, report: Report, info: ModelInfo) -> list[str]:
    """What a person must bear in mind, a sentence each."""
    if info.task == "classification":
        first = (
            f"It always answers with one of its {len(info.labels)} labels, even where none fits; the confidence tells."
        )
    else:
        first = "It can state what is not true, fluently; none of these figures measures whether an answer is true."
    points = [
        first,
        f"The holdout has {report.rows:,} rows: the intervals above say how far the figures can be trusted.",
        "Figures hold for texts like the holdout's; when traffic moves away from it they no longer do.",
    ]
    beginning, quality = group_metric(info)
    groups = {name: value for name, value in report.metrics.items() if name.startswith(beginning)}
    if groups:
        worst = min(groups, key=lambda name: groups[name].value)
        points.append(
            f"It is weakest on the group {worst.removeprefix(beginning)}: "
            f"{quality[0].lower()}{quality[1:]} {number(groups[worst].value)}."
        )
    else:
        points.append("The data names no groups, so nothing is known about fairness between them.")
    wrong = sum(dataset.quarantined.values())
    points.append(f"{wrong:,} of {dataset.rows_in:,} rows were set aside; what they would have taught is missing.")
    return points


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(f"`{label}`" for label in labels[:NAMED_LABELS])
    return shown if len(labels) <= NAMED_LABELS else f"{shown} and {len(labels) - NAMED_LABELS} more"
