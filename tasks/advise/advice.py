"""The advice on a dataset: rules of thumb, a learning curve, and the page and plot that show both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.advise.config import AdviceConfig
from tasks.advise.learning_curve import LearningCurve, learning_curve
from tasks.advise.page import advice_page, draw_curve
from tasks.advise.suitability import count_parameters, on_quality, suitability
from tasks.datasets.folder import read_split
from tasks.errors import DataRejected
from tasks.models.bundled import resolve_base_model
from tasks.records import Advice, DatasetRef
from tasks.store import keep, workspace

FEWEST_FOR_A_CURVE = 100


def advice_on(dataset: DatasetRef, base_model: str, technique: str, config: AdviceConfig) -> Advice:
    """Say whether the training rows suit the technique, and what more would bring.

    Raises DataRejected where they are too few and `stop_if_too_few` is set.
    """
    rows = read_split(dataset, "train")
    found = suitability(
        len(rows), len(dataset.labels), technique, count_parameters(Path(resolve_base_model(base_model)))
    )
    curve = _curve(rows, config) if config.learning_curve and dataset.task == "classification" else None
    sentences = [found.sentence, on_quality(len(rows), dataset.qualities.get("alignment")), _on_more(curve)]
    sentence = " ".join(words for words in sentences if words)
    with workspace("advise") as folder:
        report = folder / "report"
        report.mkdir()
        (report / "advice.md").write_text(advice_page(sentence, curve), encoding="utf-8")
        if curve is not None:
            draw_curve(curve, report / "learning_curve.png")
        stored = keep("advice", folder)
    if found.state == "too_few" and config.stop_if_too_few:
        raise DataRejected(f"{found.sentence} advice.stop_if_too_few stopped the run", report_uri=stored.uri)
    return Advice(
        uri=stored.uri,
        digest=stored.digest,
        dataset_digest=dataset.digest,
        state=found.state,
        sentence=sentence,
        expected_accuracy={f"{multiple}x": value for multiple, value in curve.expected.items()} if curve else {},
    )


def _on_more(curve: LearningCurve | None) -> str | None:
    if curve is None:
        return None
    now, twice = curve.expected[1], curve.expected[2]
    gain = (twice.value - now.value) * 100
    interval = f" [{twice.low:.1%}, {twice.high:.1%}]" if twice.low is not None and twice.high is not None else ""
    return (
        f"A probe on frozen embeddings learns {now.value:.1%} from these rows; its learning curve expects "
        f"{twice.value:.1%}{interval} from twice as many, {gain:.1f} points more."
    )


def _curve(rows: pd.DataFrame, config: AdviceConfig) -> LearningCurve | None:
    if len(rows) < FEWEST_FOR_A_CURVE:
        return None
    from tasks.embeddings.encoder import embed
    from tasks.embeddings.probe import fit_probe

    if len(rows) > config.max_rows:
        rows = rows.sample(config.max_rows, random_state=config.seed).sort_index()
    vectors = embed(rows["text"].tolist())
    labels = rows["label"].to_numpy(dtype=str)

    def correct(fitted: npt.NDArray[np.int64], judged: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        probe = fit_probe(vectors[fitted], labels[fitted].tolist())
        return np.asarray(probe.predict(vectors[judged]) == labels[judged])

    return learning_curve(np.unique(labels, return_inverse=True)[1].astype(np.int64), correct, config.seed)
