"""Reports in the store, made from a list of right and wrong answers."""

from __future__ import annotations

import pandas as pd

from tasks.gate.evidence import Evidence
from tasks.records import DatasetRef, Measurement, Report, SideBySide
from tasks.store import keep, workspace

GOOD = {
    "mcc": Measurement(value=0.95, low=0.92, high=0.97),
    "ece": Measurement(value=0.02, low=0.0, high=0.04),
    "p99_milliseconds": Measurement(value=9.0, low=8.0, high=12.0),
    "parity_agreement": Measurement(value=1.0, low=0.995, high=1.0),
}


def evidence_of(
    report: Report,
    champion_report: Report | None = None,
    both: SideBySide | None = None,
    dataset: DatasetRef | None = None,
) -> Evidence:
    """Evidence without what a test does not look at."""
    return Evidence(report=report, champion_report=champion_report, both=both, noise=None, dataset=dataset)


def predictions(right: list[bool], labels: tuple[str, ...] = ("card", "login", "refund")) -> pd.DataFrame:
    """A row each: the label, and a prediction that is right where `right` says so."""
    truth = [labels[number % len(labels)] for number in range(len(right))]
    predicted = [labels[(number + (not hit)) % len(labels)] for number, hit in enumerate(right)]
    ids = [f"r{number}" for number in range(len(right))]
    return pd.DataFrame({"id": ids, "label": truth, "predicted": predicted, "confidence": 0.9})


def stored_report(
    rows: pd.DataFrame, model: str, metrics: dict[str, Measurement] | None = None, holdout: str = "h" * 64
) -> Report:
    """A report in the store, about the model of digest `model` * 64."""
    with workspace("report") as folder:
        rows.to_parquet(folder / "predictions.parquet", index=False)
        stored = keep("reports", folder)
    return Report(
        uri=stored.uri,
        digest=stored.digest,
        model_digest=model * 64,
        holdout_digest=holdout,
        rows=len(rows),
        confidence=0.95,
        metrics=GOOD if metrics is None else metrics,
    )
