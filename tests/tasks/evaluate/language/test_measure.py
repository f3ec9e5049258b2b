"""A language model's figures are those of its answers, each with the interval that it deserves."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.measure import measure_language_model
from tasks.evaluate.language.report import write_language_report
from tests.tasks.models.known_speaker import KnownSpeaker, make_answered_rows

CONFIG = EvaluationConfig(bootstrap_samples=200, timed_answers=80, generated_rows=150)
ORIGIN = {"model_digest": "m" * 64, "holdout_digest": "h" * 64}


def test_every_row_is_scored_and_a_sample_is_answered() -> None:
    rows = make_answered_rows()
    answers, timed, metrics = measure_language_model(KnownSpeaker(rows), rows, CONFIG)
    assert list(answers["id"]) == list(rows["id"])
    assert answers["answer_log_probability"].notna().all()
    assert answers["generated"].notna().sum() == 150
    assert metrics["exact_match"].value == (answers["exact_match"].dropna() == 1).mean()
    assert len(timed.milliseconds) == 80
    assert {name for name, value in metrics.items() if value.low is None or value.high is None} == {"p99_milliseconds"}


def test_loss_is_nats_over_tokens_and_perplexity_its_exponential() -> None:
    rows = make_answered_rows()
    answers, _, metrics = measure_language_model(KnownSpeaker(rows), rows, CONFIG)
    expected = -answers["answer_log_probability"].sum() / answers["answer_tokens"].sum()
    assert metrics["answer_loss"].value == pytest.approx(expected)
    assert metrics["perplexity"].value == pytest.approx(math.exp(expected))
    low, high = metrics["answer_loss"].low, metrics["answer_loss"].high
    assert low is not None
    assert high is not None
    assert low < expected < high
    assert metrics["perplexity"].high == pytest.approx(math.exp(high))


def test_the_same_rows_and_seed_give_the_same_figures() -> None:
    rows = make_answered_rows()
    first, second = (measure_language_model(KnownSpeaker(rows), rows, CONFIG) for _ in range(2))
    pd.testing.assert_frame_equal(first[0], second[0])
    for name in ("answer_loss", "token_f1", "rouge_l"):
        assert first[2][name] == second[2][name]


def test_a_pair_counts_where_the_wanted_answer_is_the_likelier_one_a_token() -> None:
    rows = make_answered_rows(pairs=True)
    rows.loc[::4, "rejected"] = None
    speaker = KnownSpeaker(rows)
    answers, _, metrics = measure_language_model(speaker, rows, CONFIG)
    right = ~rows.loc[rows["rejected"].notna(), "text"].isin(speaker.mistaken)
    assert answers["preferred"].isna().sum() == 50
    assert metrics["preference_accuracy"].value == right.mean()


def test_without_rejected_answers_there_is_no_preference_accuracy() -> None:
    rows = make_answered_rows()
    _, _, metrics = measure_language_model(KnownSpeaker(rows), rows, CONFIG)
    assert "preference_accuracy" not in metrics
    assert "json_validity" not in metrics


def test_answers_in_json_are_checked_to_be_json() -> None:
    rows = make_answered_rows(100)
    rows["answer"] = ['{"parcel": "on its way"}'] * 60 + ["on its way"] * 40
    speaker = KnownSpeaker(rows, wrong=0.5)
    answers, _, metrics = measure_language_model(speaker, rows, CONFIG)
    assert answers["json_valid"].notna().sum() == 60
    assert metrics["json_validity"].value == (~rows.loc[:59, "text"].isin(speaker.mistaken)).mean()


def test_answers_that_were_cut_are_counted() -> None:
    rows = make_answered_rows()
    short = CONFIG.model_copy(update={"max_answer_tokens": 10})
    _, _, metrics = measure_language_model(KnownSpeaker(rows, wrong=0), rows, short)
    assert metrics["cut_answers"].value == 1
    assert metrics["exact_match"].value == 0


def test_groups_are_measured_apart() -> None:
    rows = make_answered_rows(groups=True)
    answers, _, metrics = measure_language_model(KnownSpeaker(rows), rows, CONFIG)
    for group in ("short", "long"):
        expected = answers.loc[answers["group"] == group, "token_f1"].mean()
        assert metrics[f"token_f1.{group}"].value == pytest.approx(expected)


def test_a_row_without_an_answer_is_refused_by_name() -> None:
    rows = make_answered_rows()
    speaker = KnownSpeaker(rows)
    with pytest.raises(UserInputError, match="1 of 200 holdout rows have no answer, the first being 'r7'"):
        measure_language_model(speaker, rows.assign(answer=rows["answer"].where(rows["id"] != "r7", None)), CONFIG)
    with pytest.raises(UserInputError, match="no holdout rows"):
        measure_language_model(speaker, rows[:0], CONFIG)


def test_the_report_has_tables_plots_and_masked_examples(tmp_path: Path) -> None:
    rows = make_answered_rows(groups=True)
    rows["text"] = [f"{text} Write to ann.{number}@example.org" for number, text in enumerate(rows["text"])]
    answers, timed, metrics = measure_language_model(KnownSpeaker(rows), rows, CONFIG)
    write_language_report(tmp_path, answers, rows["text"], timed, metrics, CONFIG, ORIGIN)
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"metrics.json", "figures.md", "examples.csv", "token_f1.png", "latency.png", "groups.png"}
    assert len(pd.read_parquet(tmp_path / "predictions.parquet")) == 200
    figures = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert figures["metrics"]["token_f1"] == metrics["token_f1"].model_dump()
    page = (tmp_path / "report" / "figures.md").read_text()
    assert "| Words in common with the wanted answer (F1) |" in page
    assert "No idea" in page
    for name in ("figures.md", "examples.csv"):
        assert "@example.org" not in (tmp_path / "report" / name).read_text()
    for plot in (tmp_path / "report").glob("*.png"):
        assert imread(plot)[..., :3].std() > 0.02, f"{plot.name} is empty"
