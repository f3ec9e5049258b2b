"""Whether every form of a classifier says what its network said in training: each form by itself, and the worst."""

from __future__ import annotations

import pandas as pd

from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.compare import by_label, figures
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.forms import Form, forms_of
from tasks.evaluate.room import Found
from tasks.records import Measurement


def measure_parity(subject: Subject, config: ParityConfig, evaluation: EvaluationConfig) -> Found:
    """The figures of `forms_compared` for every form that the model has."""
    reference, *forms = forms_of(subject, config)
    return forms_compared(reference, forms, evaluation)


def forms_compared(reference: Form, forms: list[Form], evaluation: EvaluationConfig) -> Found:
    """Each figure of `compare.figures` by form (`parity_agreement.int8`), and without a form's name the worst of all.

    The table has a row a form and label; see `compare.by_label`.
    """
    metrics: dict[str, Measurement] = {}
    for form in forms:
        both = None if reference.logits is None or form.logits is None else (reference.logits, form.logits)
        found = figures(reference.answers, form.answers, both, evaluation)
        metrics |= {f"{name}.{form.name}": value for name, value in found.items()}
    tables = [by_label(reference.answers, form.answers, form.name) for form in forms]
    return Found({**worst(metrics), **metrics}, pd.concat(tables, ignore_index=True))


def worst(metrics: dict[str, Measurement]) -> dict[str, Measurement]:
    """Of each figure the worst form's, by the figure's name: the lowest agreement, and the most of anything else."""
    found: dict[str, Measurement] = {}
    for name, value in metrics.items():
        figure = name.partition(".")[0]
        sign = -1 if figure == "parity_agreement" else 1
        if figure not in found or sign * value.value > sign * found[figure].value:
            found[figure] = value
    return found
