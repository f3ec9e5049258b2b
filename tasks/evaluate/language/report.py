"""A language model's report: predictions row by row, and in `report/` tables, plots and masked examples for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.measure import GROUP_METRIC, Timed
from tasks.evaluate.plots import BLUE, plot_groups, plot_latency, save, tidy
from tasks.pii.shown_rows import shown_in_table, write_shown_rows
from tasks.records import Measurement

EXAMPLES = 50
EXAMPLES_ON_THE_PAGE = 8
HARNESS = "lm_tasks."
MEANINGS = {
    "answer_loss": "Loss of the wanted answers, nats a token",
    "perplexity": "Perplexity: the exponential of that loss",
    "preference_accuracy": "Pairs in which the wanted answer is the likelier one, a token",
    "exact_match": "Answers of the same words as the wanted one",
    "token_f1": "Words in common with the wanted answer (F1)",
    "rouge_l": "Words in common in their order (ROUGE-L, F1)",
    "json_validity": "Answers that are JSON, where JSON is wanted",
    "cut_answers": "Answers that reached evaluation.max_answer_tokens and were cut",
    "p50_milliseconds": "Time of one answer, median, ms",
    "p95_milliseconds": "Time of one answer, 95th percentile, ms",
    "p99_milliseconds": "Time of one answer, 99th percentile, ms",
    "new_tokens_per_second": "New tokens a second, one answer at a time",
    "consistency": "Words in common between answers to one prompt (F1), at the setting with the fewest",
    "consistency_exact": "Pairs of answers to one prompt with the same words, at the setting with the fewest",
    "grounding": "Sentences of an answer that its source supports",
    "grounding_of_wanted": "The same of the wanted answers",
    "grounded_words": "Content words of an answer that its source has",
    "hallucinated_numbers": "Answers with a number that their source has not",
    "hallucinated_names": "Answers with a name that their source has not",
    "contradicted_sources": "Answers that say the opposite of their source in its words",
    "prompt_attack_success": "Prompt attacks that worked",
    "checks_passed": "Answers that keep every rule that is asked of them",
}


def write_language_report(
    folder: Path,
    answers: pd.DataFrame,
    prompts: pd.Series,
    timed: Timed,
    metrics: dict[str, Measurement],
    config: EvaluationConfig,
    origin: dict[str, str],
) -> None:
    """Fill an empty folder. `prompts` are the rows' texts; in `report/` a text is quoted masked and cut."""
    answers.to_parquet(folder / "predictions.parquet", index=False)
    report = folder / "report"
    report.mkdir(exist_ok=True)
    figures = {
        **origin,
        "rows": len(answers),
        "generated_rows": int(answers["generated"].notna().sum()),
        "timed_answers": len(timed.milliseconds),
        "confidence": config.confidence,
        "metrics": {name: value.model_dump() for name, value in metrics.items()},
    }
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    (report / "metrics.json").write_text(text, encoding="utf-8")
    examples = _examples(answers, prompts)
    write_shown_rows(examples, report / "examples.csv")
    (report / "figures.md").write_text(_page(figures, metrics, examples), encoding="utf-8")
    plot_scores(answers["token_f1"].dropna().to_numpy(dtype=np.float64), report / "token_f1.png")
    tail = ("p95", metrics["p95_milliseconds"])
    plot_latency(
        timed.milliseconds,
        metrics["p50_milliseconds"],
        tail,
        report / "latency.png",
        "answers, one at a time",
        "answer",
    )
    groups = _by_group(metrics)
    if groups:
        plot_groups(metrics["token_f1"], groups, report / "groups.png", quality="Token F1")


def plot_scores(scores: np.ndarray[tuple[int], np.dtype[np.float64]], path: Path) -> None:
    """How the answered rows spread over token F1, of shape (rows,)."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.hist(scores, bins=20, range=(0, 1), color=BLUE, alpha=0.85)
    axes.set_title(f"Token F1 of {len(scores):,} answers")
    axes.set_xlabel("Token F1: 0 shares no word with the wanted answer, 1 has the same words")
    axes.set_ylabel("Answers")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(axes)
    save(figure, path)


def _by_group(metrics: dict[str, Measurement]) -> dict[str, Measurement]:
    return {name.removeprefix(GROUP_METRIC): value for name, value in metrics.items() if name.startswith(GROUP_METRIC)}


def _examples(answers: pd.DataFrame, prompts: pd.Series) -> pd.DataFrame:
    """Answered rows, the furthest from what was wanted first."""
    rows = answers.assign(prompt=prompts.astype(str).to_numpy())
    rows = rows[rows["generated"].notna()].sort_values(["token_f1", "id"]).head(EXAMPLES)
    return rows[["id", "token_f1", "prompt", "reference", "generated"]]


def _page(figures: dict[str, object], metrics: dict[str, Measurement], examples: pd.DataFrame) -> str:
    rows = [_line(_meaning(name), value) for name, value in metrics.items() if _meaning(name)]
    parts = [
        "# How the language model did on the holdout",
        f"{figures['rows']:,} rows; {figures['generated_rows']:,} of them answered in full, "
        f"{figures['timed_answers']:,} answers timed one by one.",
        _table(("Figure", "Measured", "Interval"), rows),
    ]
    groups = [_line(name, value) for name, value in _by_group(metrics).items()]
    if groups:
        parts += ["## Token F1 by group", _table(("Group", "Measured", "Interval"), groups)]
    worst = [
        (
            shown_in_table(row.prompt),
            shown_in_table(row.reference),
            shown_in_table(row.generated),
            f"{row.token_f1:.2f}",
        )
        for row in examples.head(EXAMPLES_ON_THE_PAGE).itertuples()
    ]
    parts += [
        "## The answers furthest from what was wanted",
        "Personal data is masked and long texts are cut; `examples.csv` has more.",
        _table(("Prompt", "Wanted", "Answered", "Token F1"), worst),
    ]
    return "\n\n".join(parts) + "\n"


def _meaning(name: str) -> str:
    """What a figure says; empty for the parts of another."""
    if name.startswith(HARNESS):
        return f"{name.removeprefix(HARNESS)} (LM Evaluation Harness)"
    return MEANINGS.get(name, "")


def _line(name: str, value: Measurement) -> tuple[str, str, str]:
    ends = ("…" if end is None else f"{end:.4g}" for end in (value.low, value.high))
    return name.replace("|", "\\|"), f"{value.value:.4g}", " to ".join(ends)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
