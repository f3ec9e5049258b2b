"""`python -m flows.label`: what it shows, and answering in the terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from flows.label import answer_here, show_queue
from tasks.label.csv_file import Question, question_id
from tasks.label.file_queue import FileQueue
from tasks.label.task import queue_of

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def queue() -> FileQueue:
    queue = queue_of("intents")
    texts = ["where is my card", "money back", "cannot log in"]
    rows = [Question(question_id(text), text, "refund", "0.40") for text in texts]
    queue.push(rows, at_most=10, max_open=10)
    return queue


def console() -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(file=shown, width=100, highlight=False), shown


def typing(*lines: str) -> Callable[[], str]:
    typed: Iterator[str] = iter(lines)

    def ask() -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    return ask


def test_the_queue_is_shown_with_counts_and_files(queue: FileQueue) -> None:
    queue.answer(question_id("money back"), "refund", "ann")
    out, shown = console()
    show_queue(queue, out)
    assert "2 questions wait, 1 are answered." in shown.getvalue()
    assert str(queue.folder / "batch-0001.csv") in shown.getvalue()


def test_an_empty_queue_says_how_questions_come() -> None:
    out, shown = console()
    show_queue(queue_of("nothing"), out)
    assert "a retrain with unlabelled rows asks them" in shown.getvalue()


def test_questions_are_answered_one_by_one_and_kept_at_once(queue: FileQueue) -> None:
    out, shown = console()
    given = answer_here(queue, ["card", "login", "refund"], "ann", out, typing("ca", "s", "zebra", "lo"))
    assert given == 2
    assert {row.text: (row.label, row.annotator) for row in queue.pull()} == {
        "where is my card": ("card", "ann"),
        "cannot log in": ("login", "ann"),
    }
    assert "no known label begins with zebra" in shown.getvalue()


@pytest.mark.parametrize("last", [("q",), ()])
def test_whoever_quits_keeps_what_was_answered(queue: FileQueue, last: tuple[str, ...]) -> None:
    out, _ = console()
    assert answer_here(queue, ["refund"], "ann", out, typing("", *last)) == 1
    assert [row.label for row in queue.pull()] == ["refund"]


def test_the_command_answers_from_standard_input_and_names_wrong_input(queue: FileQueue, tmp_path: Path) -> None:
    config = tmp_path / "intents.yaml"
    config.write_text("model: intents\ndata: {train: {kind: demo}}\n")
    environment = {**os.environ, "REFIT_ACTOR": "ann"}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows.label", *arguments],
            cwd=ROOT,
            env=environment,
            input="\n=card\nq\n",
            capture_output=True,
            text=True,
            check=False,
        )

    done = command(str(config), "--answer")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 answered; the next retrain learns from them." in done.stdout
    assert sorted(row.label for row in queue.pull()) == ["card", "refund"]
    wrong = command(str(tmp_path / "nothing.yaml"))
    assert wrong.returncode == 3
    assert "there is no config" in wrong.stderr
