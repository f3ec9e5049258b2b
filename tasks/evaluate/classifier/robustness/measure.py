"""How well a classifier stands up to attacks and to typos: every figure with its interval, and the table behind them.

Attack success is the share of the rows answered rightly that an attack turns wrong. Gradient attacks are on the network
as it was trained, since the served form has no gradients; attacks on texts, and typos, are on the served form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.robustness.characters import slips
from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.robustness.gradient import EmbeddingAttacks, at_rest
from tasks.evaluate.classifier.robustness.meaning import Meaning
from tasks.evaluate.classifier.robustness.remembered import Remembered
from tasks.evaluate.classifier.robustness.search import WORD, Hunt, SearchLimits, search
from tasks.evaluate.classifier.robustness.strengths import curve
from tasks.evaluate.classifier.robustness.typos import right_with_typos
from tasks.evaluate.classifier.robustness.words import in_the_case_of, substitutes
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.calibration import Integers
from tasks.metrics.intervals import share_interval
from tasks.metrics.mean_intervals import mean_interval
from tasks.records import Measurement

COLUMNS = ("attack", "strength", "budget", "rows", "broken", "success", "low", "high", "effort", "effort_unit")
"""Of the table. `strength` is a multiple of the budget; `rows` were attacked, which for a member of the ensemble are
those that withstood the ones before it; `effort` is a mean for each of them."""


@dataclass(frozen=True)
class Drawn:
    """The rows that are attacked, and how."""

    subject: Subject
    config: RobustnessConfig
    evaluation: EvaluationConfig

    @cached_property
    def classifier(self) -> Remembered:
        """The served form, which is asked about no text twice: searches and typos share many."""
        return Remembered(self.subject.classifier)

    @cached_property
    def places(self) -> Integers:
        """The drawn rows' places in the holdout, of shape (rows,)."""
        every = len(self.subject.holdout)
        draw = np.random.default_rng(self.evaluation.seed)
        return np.sort(draw.choice(every, size=min(self.config.rows, every), replace=False))

    @cached_property
    def texts(self) -> list[str]:
        """Their texts."""
        found: list[str] = self.subject.holdout["text"].iloc[self.places].tolist()
        return found

    @cached_property
    def labels(self) -> Integers:
        """Their labels as indices of the classifier's; -1 for one that it does not know. Of shape (rows,)."""
        known = {name: index for index, name in enumerate(self.subject.classifier.labels)}
        names = self.subject.holdout["label"].iloc[self.places].astype(str)
        return np.array([known.get(name, -1) for name in names], dtype=np.int64)


def measure_robustness(subject: Subject, config: RobustnessConfig, evaluation: EvaluationConfig) -> Found:
    """Attack a classifier as `config` says.

    Metrics, each where its attack is configured: `attack_success` (any gradient attack, at the budget),
    `attack_success_pgd`, `attack_epsilon` (the budget, so that a gate knows it), `attack_success_words`,
    `attack_success_characters`, `accuracy_with_typos`, and `accuracy_lost_to_typos`. An attack success is missing where
    no row was answered rightly, so that there is nothing to break. The table has the columns COLUMNS, and of no row its
    text.
    """
    drawn = Drawn(subject, config, evaluation)
    metrics: dict[str, Measurement] = {}
    lines: list[dict[str, object]] = []
    for part in (_under_gradients, _under_searches, _under_typos):
        found, more = part(drawn)
        metrics |= found
        lines += more
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"broken": "Int64"})
    return Found(metrics, table, missing=_why_missing(config, metrics, len(drawn.texts)))


def _why_missing(config: RobustnessConfig, metrics: dict[str, Measurement], rows: int) -> str:
    wanted = (
        *(("attack_success",) if config.gradient_attacks else ()),
        *map("attack_success_{}".format, config.text_attacks),
    )
    absent = [name for name in wanted if name not in metrics]
    if not absent:
        return ""
    return (
        f"{', '.join(absent)}: none of the {rows:,} rows drawn (evaluation.robustness.rows) was answered rightly, so "
        "there is no answer to break; train a better model first"
    )


Part = tuple[dict[str, Measurement], list[dict[str, object]]]


def _under_gradients(drawn: Drawn) -> Part:
    epsilon, trained = drawn.config.epsilon, drawn.subject.trained
    if not drawn.config.gradient_attacks:
        return {}, []
    with at_rest(trained.network):
        attacks = EmbeddingAttacks(trained, drawn.texts, drawn.labels, drawn.evaluation.seed)
        right = np.flatnonzero(attacks.right)
        found = curve(attacks, right, epsilon, drawn.config)
    if not len(right):
        return {}, []
    level = drawn.evaluation.confidence
    metrics = {
        "attack_success": share_interval(len(found.broken[1.0]), len(right), level),
        "attack_epsilon": Measurement(value=epsilon, low=epsilon, high=epsilon),
    }
    lines = []
    for tried in found.at_budget:
        if tried.attack == "pgd":
            metrics["attack_success_pgd"] = share_interval(len(tried.broken), len(right), level)
        counts = len(tried.broken), len(tried.rows)
        lines.append(_line(tried.attack, f"{epsilon:g}", counts, level, tried.steps, "forward passes", 1.0))
    steps = sum(tried.steps for tried in found.at_budget)
    for strength, broken in found.broken.items():
        effort, unit = (steps, "forward passes") if strength == 1 else (None, "")
        counts = len(broken), len(right)
        lines.append(_line("ensemble", f"{strength * epsilon:g}", counts, level, effort, unit, strength))
    return metrics, lines


def _under_searches(drawn: Drawn) -> Part:
    config, level = drawn.config, drawn.evaluation.confidence
    right = np.flatnonzero(drawn.subject.answers.correct[drawn.places])
    metrics, lines = {}, []
    for attack in config.text_attacks if len(right) else ():
        hunts = _by_words(drawn, right) if attack == "words" else _by_characters(drawn, right)
        broken, queries = sum(hunt.broken for hunt in hunts), sum(hunt.queries for hunt in hunts)
        budget = f"{config.most_words_changed:.0%} of the words"
        if attack == "words":
            budget += f", similarity {config.least_similarity:g}"
        metrics[f"attack_success_{attack}"] = share_interval(broken, len(right), level)
        lines.append(_line(attack, budget, (broken, len(right)), level, queries, "queries", None))
    return metrics, lines


def _by_words(drawn: Drawn, right: Integers) -> list[Hunt]:
    texts = [drawn.texts[row] for row in right]
    words = sorted({match.group().lower() for text in texts for match in WORD.finditer(text)})
    known, meaning = substitutes(words, words), Meaning()
    return search(
        drawn.classifier,
        texts,
        drawn.labels[right].tolist(),
        lambda _number, word: [in_the_case_of(other, word) for other in known.get(word.lower(), ())],
        lambda pairs: meaning.near(
            [texts[number] for number, _ in pairs], [text for _, text in pairs], drawn.config.least_similarity
        ),
        _limits(drawn.config),
    )


def _by_characters(drawn: Drawn, right: Integers) -> list[Hunt]:
    seed = drawn.evaluation.seed
    return search(
        drawn.classifier,
        [drawn.texts[row] for row in right],
        drawn.labels[right].tolist(),
        lambda number, word: slips(word, seed, int(right[number])),
        lambda pairs: np.ones(len(pairs), dtype=bool),
        _limits(drawn.config),
    )


def _limits(config: RobustnessConfig) -> SearchLimits:
    return SearchLimits(config.most_words_changed, config.queries)


def _under_typos(drawn: Drawn) -> Part:
    config, evaluation = drawn.config, drawn.evaluation
    if config.typo_rate == 0:
        return {}, []
    right = right_with_typos(
        drawn.classifier, drawn.texts, drawn.labels, config.typo_rate, config.typo_draws, evaluation.seed
    )
    lost = drawn.subject.answers.correct[drawn.places] - right
    samples, level, seed = evaluation.bootstrap_samples, evaluation.confidence, evaluation.seed
    kept = mean_interval(right, least=0.0, most=1.0, samples=samples, confidence=level, seed=seed)
    loss = mean_interval(lost, least=-1.0, most=1.0, samples=samples, confidence=level, seed=seed)
    line = dict.fromkeys(COLUMNS) | {
        "attack": "typos",
        "budget": f"{config.typo_rate:.0%} of the words",
        "rows": len(right),
        "success": loss.value,
        "low": loss.low,
        "high": loss.high,
        "effort": float(config.typo_draws),
        "effort_unit": "draws",
    }
    return {"accuracy_with_typos": kept, "accuracy_lost_to_typos": loss}, [line]


def _line(
    attack: str,
    budget: str,
    counts: tuple[int, int],
    level: float,
    effort: int | None,
    effort_unit: str,
    strength: float | None,
) -> dict[str, object]:
    """One row of the table; `counts` are rows broken and rows attacked, `effort` is in all."""
    broken, rows = counts
    share = share_interval(broken, rows, level) if rows else None
    if strength == 0:
        # Nothing is changed there, so that nothing is left to chance.
        share = Measurement(value=0.0, low=0.0, high=0.0)
    cells: Sequence[object] = (
        attack,
        strength,
        budget,
        rows,
        broken,
        *((share.value, share.low, share.high) if share else (None, None, None)),
        effort / rows if effort is not None and rows else None,
        effort_unit,
    )
    return dict(zip(COLUMNS, cells, strict=True))
