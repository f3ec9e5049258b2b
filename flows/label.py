"""Show a model's labelling queue, and answer its questions in the terminal.

python -m flows.label deployments/support-intents.yaml
python -m flows.label deployments/support-intents.yaml --answer
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from flows.command.arguments import Arguments
from flows.command.ending import Ending
from flows.config import load_config
from tasks.actor import actor
from tasks.label.answering import Given, Quit, Unclear, read_reply
from tasks.label.csv_file import Question
from tasks.label.file_queue import FileQueue
from tasks.label.known import known_labels
from tasks.label.task import queue_of
from tasks.release.decide import champion_labels

KEYS = "Enter takes the suggestion; another label or its beginning; s skips; q quits; ? lists the labels"


def show_queue(queue: FileQueue, console: Console) -> None:
    """Print how many questions wait, how many are answered, and where the files are."""
    waiting, answered = len(queue.waiting()), len(queue.pull())
    if not queue.batches():
        console.print(Text("No questions yet: a retrain with unlabelled rows asks them."))
        return
    console.print(Text(f"{waiting} questions wait, {answered} are answered."))
    for path in queue.batches():
        console.print(Text(f"  {path}"), soft_wrap=True)
    console.print(Text("Fill the column label in any spreadsheet, or add --answer to answer here."))


def answer_here(
    queue: FileQueue, labels: Iterable[str], annotator: str, console: Console, ask: Callable[[], str]
) -> int:
    """Ask the waiting questions one by one, until the last or until the person quits; return how many got a label."""
    known, given = sorted(labels), 0
    waiting = queue.waiting()
    console.print(Text(KEYS, "dim"))
    for number, question in enumerate(waiting, start=1):
        console.print(Text(f"\n{number} of {len(waiting)}  {question.text}"))
        reply = _reply(question, known, console, ask)
        if isinstance(reply, Quit):
            break
        if reply is not None:
            queue.answer(question.id, reply.label, annotator)
            given += 1
    return given


def _reply(question: Question, known: list[str], console: Console, ask: Callable[[], str]) -> Given | Quit | None:
    while True:
        console.print(
            Text.assemble("label ", (f"[{question.suggested}]" if question.suggested else "", "bold"), " "), end=""
        )
        try:
            reply = read_reply(ask(), question.suggested, known)
        except EOFError:
            return Quit()
        if not isinstance(reply, Unclear):
            return reply
        console.print(Text(reply.message, "yellow"))


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    with Ending() as ending:
        options = _parser().parse_args(arguments)
        config = load_config(options.config)
        queue, console = queue_of(config.model), Console(highlight=False)
        if options.answer and queue.waiting():
            labels = known_labels(queue, config.validation.labels, champion_labels(config.model))
            given = answer_here(queue, labels, actor(), console, input)
            console.print(Text(f"\n{given} answered; the next retrain learns from them."))
        show_queue(queue, console)
    return ending.code


def _parser() -> Arguments:
    parser = Arguments(prog="python -m flows.label", description="Show and answer the labelling queue.")
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the model's YAML, such as deployments/x.yaml")
    parser.add_argument("--answer", action="store_true", help="answer the questions here, one by one")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
