"""What the model card says beyond quality, by topic: how it was measured and what came out, or that it was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.models.info import ModelInfo
from tasks.records import Measurement, ModelRef, Report, SideBySide
from tasks.track.card_tables import measured_row, table

JOULES_IN_A_KILOWATT_HOUR, JOULES_IN_A_WATT_HOUR = 3.6e6, 3600.0
ENERGY, MODELLED = "energy", "energy_is_modelled"


@dataclass(frozen=True)
class Topic:
    """A section of the card."""

    title: str
    part: str
    """Of the section `evaluation` that asks for it."""
    how: str
    """How it is measured, with fields of that part in braces."""
    metrics: Mapping[str, str]
    """What each figure is, by its name; a name with more after a dot is the same of a part."""


OF_LABELS = (
    Topic(
        "Fairness",
        "fairness",
        "Groups are those that the rows name; one of fewer than {smallest_group} rows is not judged.",
        {
            "equal_opportunity_difference": "Largest difference of two groups in the true positive rate",
            "equalised_odds_difference": "Largest difference in the true or the false positive rate",
        },
    ),
    Topic(
        "Robustness",
        "robustness",
        "Of {rows} rows drawn, those answered rightly are attacked: by gradients, with a change of each token's "
        "embedding of at most {epsilon:g} of the mean embedding norm; and by searches that change at most "
        "{most_words_changed:.0%} of the words with at most {queries} questions. Typos fall on {typo_rate:.0%} of the "
        "longer words. The table has those that were tried; a stronger attack, or one of another kind, may do more.",
        {
            "attack_success": "Right answers that the gradient attacks turn wrong",
            "attack_success_pgd": "… by projected gradient descent alone",
            "attack_success_words": "Right answers that other words turn wrong",
            "attack_success_characters": "Right answers that slips inside words turn wrong",
            "accuracy_with_typos": "Accuracy with typos",
            "accuracy_lost_to_typos": "Accuracy lost to typos",
            "attack_epsilon": "Budget of the gradient attacks",
        },
    ),
    Topic(
        "Drift",
        "drift",
        "Shifts are simulated, and these are their figures at the strength {judged_strength:g} of 1; real traffic may "
        "move in other ways.",
        {
            "accuracy_lost_to_drift": "Accuracy that the worst shift costs",
            "accuracy_under_prior_shift": "Accuracy with other shares of the labels",
            "accuracy_worst_prior": "Accuracy with the worst shares within a divergence",
            "accuracy_under_new_words": "Accuracy with new words",
            "accuracy_under_style_shift": "Accuracy with another style",
            "accuracy_of_newer_rows": "Accuracy on the newer half of the rows, by their dates",
        },
    ),
    Topic(
        "Energy",
        ENERGY,
        "Predictions one by one, in {rounds} rounds of {requests}, in turns with the champion's where there is one.",
        {
            "joules_per_1000": "Joules of a thousand predictions",
            "joules_per_1000_champion": "… of the champion before it, in the same run",
            "energy_ratio": "The first over the second",
            MODELLED: "Whether a part is modelled",
        },
    ),
    Topic(
        "People",
        "people",
        "Measured from answers that people gave to rows of the holdout, with the model's advice and without.",
        {
            "error_rate_without_help": "People's error rate without the model",
            "error_rate_with_help": "People's error rate with its help",
            "human_error_reduction": "Share of people's errors that its help takes away",
            "autonomy_dependency": "Cases in which people followed it into an error that they would not have made",
        },
    ),
    Topic(
        "Side effects",
        "side_effects",
        "Slices of at least {smallest_slice} rows are compared with the champion's; off the task, an answer counts as "
        "sure above a confidence of {sure_above:g}.",
        {
            "slices_worse": "Slices that are surely worse than the champion's",
            "worst_slice_difference": "Change of accuracy in the slice that lost most",
            "confident_off_task": "Texts that are no task and get a sure answer",
        },
    ),
)
OF_ANSWERS = (
    Topic(
        "Consistency",
        "consistency",
        "The same prompts, answered {samples} times in each setting of the sampling.",
        {
            "consistency": "Words in common between answers to one prompt (token F1)",
            "consistency_exact": "Answers to one prompt that are the same",
        },
    ),
    Topic(
        "Grounding",
        "grounding",
        "Answers are held to the source that their row names; what the source does not support may still be true.",
        {
            "grounding": "Sentences of an answer that the source supports",
            "hallucinated_numbers": "Answers with a number that the source has not",
            "hallucinated_names": "Answers with a name that the source has not",
            "contradicted_sources": "Answers that say the opposite of the source in its words",
            "grounded_words": "Content words of an answer that the source has",
            "grounding_of_wanted": "The first, of the wanted answers",
        },
    ),
    Topic(
        "Jailbreaks and injections",
        "prompt_attacks",
        "A fixed suite of attacks; others may do more.",
        {"prompt_attack_success": "Attacks that work"},
    ),
    Topic(
        "Tasks of others",
        "lm_tasks",
        "Tasks of the LM Evaluation Harness, as its files state them.",
        {"lm_tasks": "Mean score"},
    ),
    Topic(
        "Rules that answers must keep",
        "checks",
        "An answer passes that keeps every rule asked of it.",
        {"checks_passed": "Answers that keep their rules"},
    ),
)
OF_BOTH = (
    Topic(
        "Parity of forms",
        "parity",
        "The forms made from the trained network answer the same rows as it did; the first figure of each kind is of "
        "the worst form.",
        {
            "parity_agreement": "What both answer alike: rows, or a language model's tokens",
            "parity_without_rounding": "… of the merged form before it was rounded",
            "parity_same_answers": "Whole answers that are the same",
            "parity_accuracy_lost": "Accuracy of the trained form less that of the other",
            "parity_largest_confidence_difference": "Largest difference in the confidence of a row",
            "parity_largest_probability_difference": "Largest difference in a probability",
            "parity_largest_logit_difference": "Largest difference in a logit",
            "parity_labels_lost": "Labels that the trained form gives and the other never does",
        },
    ),
)


def topics_of(info: ModelInfo) -> tuple[Topic, ...]:
    """The topics that a model of this kind is measured by."""
    return (OF_LABELS if info.task == "classification" else OF_ANSWERS) + OF_BOTH


def told_by(topic: Topic, name: str) -> bool:
    """Whether a figure is told in this topic's section."""
    return name.partition(".")[0] in topic.metrics


def topic_sections(
    config: Mapping[str, Any], info: ModelInfo, candidate: ModelRef, report: Report, both: SideBySide | None
) -> Iterator[str]:
    """A section for each topic, and one that names what models of this kind are not measured by at all."""
    parts = config.get("evaluation", {})
    figures = {**report.metrics, **(both.metrics if both else {})}
    for topic in topics_of(info):
        found = {name: value for name, value in figures.items() if told_by(topic, name)}
        words = [_words(topic, parts.get(topic.part), found, report)]
        words += _energy_words(found, candidate) if topic.part == ENERGY else []
        yield "\n\n".join([f"## {topic.title}", *words, *_figures(topic, found, report.confidence)])
    if info.task != "classification":
        left_out = ", ".join(topic.title.lower() for topic in OF_LABELS)
        yield f"## Not measured\n\nOf models that give labels alone, and so not known here: {left_out}."


def _words(topic: Topic, part: object, found: Mapping[str, Measurement], report: Report) -> str:
    why = report.missing.get(topic.part)
    if found:
        said = topic.how.format_map(part) if isinstance(part, Mapping) else ""
        return f"{said} Not all was measured: {why}." if why else said
    if why:
        return f"Not measured: {why}."
    if part is None:
        return f"Not measured, since the run did not ask for it (`evaluation.{topic.part}`)."
    return "Not measured."


def _figures(topic: Topic, found: Mapping[str, Measurement], confidence: float) -> list[str]:
    order = list(topic.metrics)
    names = sorted(found.keys() - {MODELLED}, key=lambda name: (order.index(name.partition(".")[0]), "." in name))
    rows = [measured_row(_meaning(topic, name), found[name]) for name in names]
    return [table(("Figure", "Measured", f"{confidence:.0%} interval"), rows)] if rows else []


def _meaning(topic: Topic, name: str) -> str:
    whole, _, part = name.partition(".")
    return f"{topic.metrics[whole]}: {part}" if part else topic.metrics[whole]


def _energy_words(found: Mapping[str, Measurement], candidate: ModelRef) -> list[str]:
    """What one prediction takes, and what the training took, and whether that was modelled."""
    words = []
    a_thousand, modelled = found.get("joules_per_1000"), found.get(MODELLED)
    if a_thousand is not None:
        one = 1e6 * a_thousand.value / 1000 / JOULES_IN_A_WATT_HOUR
        how = _how(modelled.value if modelled else None)
        words.append(f"One prediction takes about {one:.3g} millionths of a watt-hour{how}.")
    joules = candidate.metrics.get("energy_joules")
    if joules is not None:
        spent = f"{joules / JOULES_IN_A_KILOWATT_HOUR:.3g} kWh"
        words.append(f"Training took {spent}{_how(candidate.metrics.get(MODELLED))}.")
    return words


def _how(modelled: float | None) -> str:
    if modelled is None:
        return ""
    return ", of which a part is modelled and not measured" if modelled else ", measured"
