"""Whether the forms of a language model prefer the same tokens, and give the same answers.

`trained` is the network when its training ended, adapters beside the weights (training keeps `token_choices.json`),
`merged` the stored weights, which are served, and `quantised` the rounded form that quantisation-aware training stores.
A network that was rounded while it learned is the quantised form's twin, so that one is held to it; the merged form has
the same weights without rounding, and its figure is shown and not held to a limit (`parity_without_rounding`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from infra.storage import MANIFEST, file_sha256
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.measure import worst
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tasks.metrics.mean_intervals import mean_interval
from tasks.models.language_model import LanguageModel
from tasks.models.rounded_language_model import load_rounded
from tasks.models.token_choices import choices_as_it_is, read_token_choices, rows_to_ask, same_tokens, token_choices
from tasks.records import Measurement

Choices = dict[str, list[int]]
COLUMNS = ("form", "id", "tokens", "same_tokens")
NOTHING_KEPT = (
    "training kept no record of what its network preferred, or on other rows than these, and no rounded form is there, "
    "so that the stored model can be compared with nothing: train it again"
)


def measure_language_parity(subject: LanguageSubject, config: ParityConfig, evaluation: EvaluationConfig) -> Found:
    """`parity_agreement` by form and of the worst: the mean share of an answer's tokens that both forms hold likeliest.

    And where a rounded form is there `parity_same_answers.quantised`, the share of rows that it answers word for word
    as the merged one. A row a form and row in the table.
    """
    model = subject.model if isinstance(subject.model, LanguageModel) else LanguageModel.load(subject.model_folder)
    model_folder, dataset_folder = subject.model_folder, subject.dataset_folder
    rows = rows_to_ask(dataset_folder)
    trained = _trained(model, model_folder, dataset_folder)
    rows = rows if trained is None else rows[rows["id"].astype(str).isin(trained)]
    rounded = load_rounded(model_folder, model)
    if rows.empty or (trained is None and rounded is None):
        return Found({}, pd.DataFrame(columns=list(COLUMNS)), NOTHING_KEPT)
    merged = token_choices(model, rows)
    if rounded is None:
        return compared(trained or {}, {"merged": merged}, {}, evaluation)
    forms = {"quantised": choices_as_it_is(rounded, rows)}
    beside = {} if trained is None else {"without_rounding": merged}
    found = compared(merged if trained is None else trained, forms, beside, evaluation)
    same = _same_answers(model, rounded, rows.head(config.answers), evaluation)
    return Found({**found.metrics, "parity_same_answers.quantised": same}, found.table)


def compared(
    reference: Choices, forms: dict[str, Choices], beside: dict[str, Choices], evaluation: EvaluationConfig
) -> Found:
    """Each form's agreement with the reference, row by row; those `beside` get figures of their own name."""
    metrics: dict[str, Measurement] = {}
    tables = []
    for name, choices in {**forms, **beside}.items():
        shares = np.array([same_tokens(reference[row], tokens) for row, tokens in choices.items()])
        figure = f"parity_agreement.{name}" if name in forms else f"parity_{name}"
        metrics[figure] = mean_interval(
            shares,
            least=0.0,
            most=1.0,
            samples=evaluation.bootstrap_samples,
            confidence=evaluation.confidence,
            seed=evaluation.seed,
        )
        counts = [len(tokens) for tokens in choices.values()]
        table = pd.DataFrame({"form": name, "id": list(choices), "tokens": counts, "same_tokens": shares})
        tables.append(table.sort_values(["same_tokens", "id"], ignore_index=True))
    agreement = {name: value for name, value in metrics.items() if name.startswith("parity_agreement.")}
    return Found({**worst(agreement), **metrics}, pd.concat(tables, ignore_index=True))


def _trained(model: LanguageModel, model_folder: Path, dataset_folder: Path) -> Choices | None:
    """What the network preferred when its training ended; None where training kept nothing, or of another dataset."""
    manifest = dataset_folder / MANIFEST
    if not manifest.is_file() or file_sha256(manifest) != model.info.dataset_digest:
        return None
    return read_token_choices(model_folder)


def _same_answers(
    model: LanguageModel, rounded: LanguageModel, rows: pd.DataFrame, evaluation: EvaluationConfig
) -> Measurement:
    texts = rows["text"].tolist()
    said, again = (one.generate(texts, max_new_tokens=evaluation.max_answer_tokens) for one in (model, rounded))
    same = sum(first[0] == second[0] for first, second in zip(said, again, strict=True))
    return share_interval(same, len(texts), evaluation.confidence)
