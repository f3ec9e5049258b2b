"""The queue asks each row once, and what people wrote is neither lost nor doubled."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.errors import StorageError
from tasks.label.csv_file import Question, question_id, read_questions, write_questions
from tasks.label.file_queue import FileQueue


def rows(*texts: str) -> list[Question]:
    return [Question(question_id(text), text, "refund", "0.50") for text in texts]


@pytest.fixture
def queue(tmp_path: Path) -> FileQueue:
    return FileQueue(tmp_path / "queue")


def fill(path: Path, answers: dict[str, str], annotator: str = "") -> None:
    """Fill in a batch as a person would; an empty label takes the answer away."""
    changed = [row.answer(answers[row.text], annotator) if row.text in answers else row for row in read_questions(path)]
    write_questions(path, changed, new=False)


def test_an_empty_queue_has_no_answers(queue: FileQueue) -> None:
    assert queue.pull() == []
    assert queue.waiting() == []


def test_rows_that_were_asked_are_not_asked_again(queue: FileQueue) -> None:
    assert queue.push(rows("a", "b"), at_most=10, max_open=100) == 2
    assert queue.push(rows("a", "b", "c"), at_most=10, max_open=100) == 1
    assert queue.push(rows("a", "b", "c"), at_most=10, max_open=100) == 0
    assert [path.name for path in queue.batches()] == ["batch-0001.csv", "batch-0002.csv"]


def test_a_text_that_differs_in_white_space_is_the_same_question(queue: FileQueue) -> None:
    queue.push(rows("where is  it\n"), at_most=10, max_open=100)
    assert queue.push(rows("where is it"), at_most=10, max_open=100) == 0


def test_at_most_a_batch_is_asked_in_the_given_order(queue: FileQueue) -> None:
    assert queue.push(rows("a", "b", "c"), at_most=2, max_open=100) == 2
    assert [row.text for row in queue.waiting()] == ["a", "b"]


@pytest.mark.parametrize(("max_open", "asked"), [(0, 0), (2, 0), (3, 1), (10, 2)])
def test_nothing_is_asked_beyond_what_may_wait(queue: FileQueue, max_open: int, asked: int) -> None:
    queue.push(rows("a", "b"), at_most=10, max_open=100)
    assert queue.push(rows("c", "d"), at_most=10, max_open=max_open) == asked


def test_answers_are_pulled_every_time_alike(queue: FileQueue) -> None:
    queue.push(rows("a", "b"), at_most=10, max_open=100)
    fill(queue.batches()[0], {"a": "login"}, "ann")
    assert [(row.text, row.label, row.annotator) for row in queue.pull()] == [("a", "login", "ann")]
    assert queue.pull() == queue.pull()
    assert [row.text for row in queue.waiting()] == ["b"]


def test_an_edited_answer_replaces_the_former_and_a_deleted_one_is_gone(queue: FileQueue) -> None:
    queue.push(rows("a", "b"), at_most=10, max_open=100)
    fill(queue.batches()[0], {"a": "login", "b": "card"})
    fill(queue.batches()[0], {"a": "refund", "b": ""})
    assert [(row.text, row.label) for row in queue.pull()] == [("a", "refund")]


def test_a_copied_batch_counts_once_and_the_later_answer_holds(queue: FileQueue) -> None:
    queue.push(rows("a", "b"), at_most=10, max_open=100)
    original = queue.batches()[0]
    fill(original, {"a": "login"})
    copy = original.with_name("batch-0001-copy.csv")
    shutil.copy(original, copy)
    assert [row.label for row in queue.pull()] == ["login"]
    fill(original, {"a": "card"})
    assert [row.label for row in queue.pull()] == ["card"]
    assert len(queue.waiting()) == 1
    assert queue.push(rows("c"), at_most=10, max_open=100) == 1
    assert queue.batches()[-1].name == "batch-0002.csv"


def test_two_annotators_of_one_row_are_both_kept(queue: FileQueue) -> None:
    queue.push(rows("a"), at_most=10, max_open=100)
    original, other = queue.batches()[0], queue.folder / "batch-0001-bob.csv"
    shutil.copy(original, other)
    fill(original, {"a": "login"}, "ann")
    fill(other, {"a": "card"}, "bob")
    assert sorted((row.annotator, row.label) for row in queue.pull()) == [("ann", "login"), ("bob", "card")]


def test_what_a_spreadsheet_leaves_beside_its_file_is_not_read(queue: FileQueue) -> None:
    queue.push(rows("a"), at_most=10, max_open=100)
    (queue.folder / ".~lock.batch-0001.csv#").write_text("somebody has it open")
    assert len(queue.questions()) == 1


def test_an_answer_is_written_into_its_file_and_leaves_the_others(queue: FileQueue) -> None:
    queue.push(rows("a", "b"), at_most=10, max_open=100)
    queue.answer(question_id("b"), "card", "ann")
    assert [(row.text, row.label) for row in queue.questions()] == [("a", ""), ("b", "card")]


def test_runs_that_push_at_the_same_time_ask_each_row_once(queue: FileQueue) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: queue.push(rows(*"abcdefgh"), at_most=8, max_open=100), range(4)))
    assert sorted(asked) == [0, 0, 0, 8]
    assert len(queue.questions()) == 8


def test_a_queue_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"the labelling queue .* cannot be written"):
        FileQueue(tmp_path / "file").push(rows("a"), at_most=1, max_open=1)
