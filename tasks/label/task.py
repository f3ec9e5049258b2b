"""The door of the stage `label`: answers in before curation, questions out after evaluation."""

from __future__ import annotations

from infra.settings import settings
from tasks.label.answers import keep_answers
from tasks.label.ask import asks_people, open_questions
from tasks.label.config import FileQueueConfig
from tasks.label.file_queue import FileQueue
from tasks.records import Answers, DatasetRef, ModelRef
from tasks.stage import run_logger, stage


def queue_of(model: str) -> FileQueue:
    """The embedded queue of a model."""
    return FileQueue(settings().queue / model)


@stage(says=lambda answers: f"{answers.count} rows labelled by people")
def pull_answers(model: str, config: FileQueueConfig) -> Answers:
    """Every answer that the queue holds now."""
    del config  # one kind of queue needs no choice; the parameter is the stage's section of the YAML
    return keep_answers(queue_of(model).pull())


@stage(says=lambda asked: f"{asked} rows put to people" if asked else "nothing new to ask")
def ask_for_labels(model: str, candidate: ModelRef, dataset: DatasetRef, config: FileQueueConfig) -> int:
    """Put the unlabelled rows that the candidate is least sure of into the queue; return how many."""
    if not asks_people(dataset):
        run_logger().info(f"rows of the task {dataset.task} have no label, so a language model puts none to people")
        return 0
    queue = queue_of(model)
    if config.batch_size == 0 or len(queue.waiting()) >= config.max_open:
        return 0
    questions = open_questions(candidate, dataset, queue)
    return queue.push(questions, at_most=config.batch_size, max_open=config.max_open)
