"""The round of the stage: a candidate asks about unlabelled rows, people answer, the next run has the answers."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.datasets.folder import COLUMNS, empty_rows, keep_dataset, read_answers
from tasks.errors import UserInputError
from tasks.label import ask
from tasks.label.answers import keep_answers
from tasks.label.ask import open_questions, thinned
from tasks.label.config import FileQueueConfig
from tasks.label.csv_file import question_id
from tasks.label.task import ask_for_labels, pull_answers, queue_of
from tasks.records import DatasetRef
from tests.stored_model import LABELS, stored_model

TEXTS = ["card lost", "refund money", "login password", "card refund", "login money", "card card refund"]


def dataset(texts: list[str]) -> DatasetRef:
    rows = pd.DataFrame({"text": texts}).assign(label=None, group=None, source="test", row=range(1, len(texts) + 1))
    rows["id"] = [f"u{number}" for number in rows["row"]]
    train = empty_rows(COLUMNS)
    splits = {"train": train, "unlabelled": rows}
    return keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin={})


def asked(config: FileQueueConfig, texts: list[str] = TEXTS) -> int:
    return int(ask_for_labels.fn("intents", stored_model(), dataset(texts), config))  # type: ignore[attr-defined]


def pulled() -> pd.DataFrame:
    return read_answers(pull_answers.fn("intents", FileQueueConfig()))  # type: ignore[attr-defined]


def test_the_unsure_rows_are_asked_with_the_candidates_suggestion() -> None:
    assert asked(FileQueueConfig(batch_size=3)) == 3
    questions = queue_of("intents").waiting()
    assert {row.text for row in questions} >= {"card refund", "login money"}
    assert all(row.suggested in LABELS and 0 < float(row.confidence) <= 1 for row in questions)


def test_the_next_runs_ask_for_the_rest_and_then_for_nothing() -> None:
    config = FileQueueConfig(batch_size=4)
    assert [asked(config), asked(config), asked(config)] == [4, 2, 0]


@pytest.mark.parametrize("config", [FileQueueConfig(batch_size=0), FileQueueConfig(max_open=0)])
def test_a_queue_that_is_off_or_full_scores_nothing(config: FileQueueConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.label.task.open_questions", None)
    assert asked(config) == 0


def test_a_dataset_without_unlabelled_rows_asks_nothing() -> None:
    assert open_questions(stored_model(), dataset([]), queue_of("intents")) == []


def test_many_rows_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "SCORED_AT_MOST", 3)
    assert thinned(pd.DataFrame({"x": range(5)}))["x"].tolist() == [0, 2, 4]


def test_answers_are_stored_under_their_content() -> None:
    empty = pull_answers.fn("intents", FileQueueConfig())  # type: ignore[attr-defined]
    assert empty.count == 0
    assert read_answers(empty).columns.tolist() == ["id", "text", "label", "annotator"]
    asked(FileQueueConfig(batch_size=2))
    first = queue_of("intents").waiting()[0]
    queue_of("intents").answer(first.id, "card", "ann")
    assert pulled().to_dict("records") == [
        {"id": question_id(first.text), "text": first.text, "label": "card", "annotator": "ann"}
    ]
    assert keep_answers(queue_of("intents").pull()).digest == keep_answers(queue_of("intents").pull()).digest


def test_a_broken_batch_stops_the_run_with_its_name() -> None:
    folder = queue_of("intents").folder
    folder.mkdir(parents=True)
    (folder / "batch-0001.csv").write_text("nonsense")
    with pytest.raises(UserInputError, match=r"batch-0001\.csv: the header has no column id, text, label"):
        pulled()


def test_a_language_model_puts_no_rows_to_people(caplog: pytest.LogCaptureFixture) -> None:
    answered = dataset(TEXTS).model_copy(update={"task": "chat"})
    with caplog.at_level("INFO"):
        assert ask_for_labels.fn("intents", stored_model(), answered, FileQueueConfig()) == 0  # type: ignore[attr-defined]
    assert "rows of the task chat have no label, so a language model puts none to people" in caplog.text
    assert open_questions(stored_model(), answered, queue_of("intents")) == []
