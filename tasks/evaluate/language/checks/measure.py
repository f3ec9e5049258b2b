"""How many answers keep the rules that are asked of them, such as valid JSON or a repeated order number.

An answer passes that keeps every rule asked of it; that is the strict accuracy a prompt of Zhou et al. (2023),
"Instruction-following evaluation for large language models" (IFEval), with rules of one's own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.checks.config import AskedRule, ChecksConfig
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tasks.records import Measurement
from tasks.rules.check import check_of

PASSED = "checks_passed"


def measure_checks(subject: LanguageSubject, config: ChecksConfig, evaluation: EvaluationConfig) -> Found:
    """`checks_passed` and `checks_passed.<rule>`, and a row for each answered row and rule that was asked of it.

    Raises UserInputError where a rule's pattern or file is of no use.
    """
    rows = subject.answered()
    table = pd.concat([_kept(rows, rule) for rule in config.rules], ignore_index=True)
    metrics = {f"{PASSED}.{name}": _share(part["kept"], evaluation) for name, part in table.groupby("rule", sort=True)}
    silent = [rule.called for rule in config.rules if rule.called not in set(table["rule"])]
    if silent:
        # A rule that nothing is held to must not look as if it had been kept.
        why = (
            f"none of the {len(rows)} answered rows is asked {', '.join(silent)} (evaluation.checks.rules): no row of "
            "its groups has a wanted answer that keeps it; mend the rule, set asked_of: all, or leave it out"
        )
        return Found(metrics, table, missing=why)
    return Found({PASSED: _share(table.groupby("id")["kept"].all(), evaluation), **metrics}, table)


def _kept(rows: pd.DataFrame, asked: AskedRule) -> pd.DataFrame:
    """`id`, `rule`, `kept`, and `generated` of the rows that are asked the rule."""
    check = check_of(asked.rule, f"the rule {asked.called} (evaluation.checks.rules)")
    if asked.groups:
        rows = rows[rows["group"].isin(asked.groups)]
    triples = list(zip(rows["text"], rows["reference"], rows["generated"], strict=True))
    if asked.asked_of == "kept_by_wanted":
        chosen = np.array([check.asks(prompt, wanted) for prompt, wanted, _ in triples], dtype=bool)
        rows, triples = rows[chosen], [triple for triple, one in zip(triples, chosen, strict=True) if one]
    kept = np.array([check.passes(*triple) for triple in triples], dtype=bool)
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(object),
            "rule": asked.called,
            "kept": kept,
            "generated": rows["generated"].to_numpy(),
        }
    )


def _share(kept: pd.Series, evaluation: EvaluationConfig) -> Measurement:
    return share_interval(int(kept.sum()), len(kept), evaluation.confidence)
