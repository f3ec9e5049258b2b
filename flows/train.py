"""Where a training is planned, piloted, searched for and done: on the work pool `gpu` if a worker serves it, else here.

Each of the four is a flow of its own with a deployment `<flow>/gpu`. The pool's workers read and write the same store;
on machines of their own they also need a shared result storage (PREFECT_DEFAULT_RESULT_STORAGE_BLOCK), through which
the records come back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prefect import flow

from flows.pool import is_served, sent_to_pool
from tasks.records import Advice, DatasetRef, ModelRef, Pilot, TrainingPlan
from tasks.registry.active_run import Run, active_run, followed_by
from tasks.stage import stage
from tasks.train.config import TrainingConfig
from tasks.train.pilot.config import PilotConfig
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import SearchResult
from tasks.train.task import in_words, pilot, plan_training, said, search_settings, train, with_warnings


@flow(name="plan-training", persist_result=True, result_serializer="json")
def plan_in_place(dataset: DatasetRef, advice: Advice, config: TrainingConfig) -> TrainingPlan:
    """Say what a training takes on the machine that runs this flow."""
    return plan_training(dataset, advice, config)


@flow(name="pilot", persist_result=True, result_serializer="json")
def pilot_in_place(dataset: DatasetRef, training: TrainingConfig, config: PilotConfig) -> Pilot | None:
    """Find out by a few dozen rows whether fine-tuning helps, on the machine that runs this flow."""
    return pilot(dataset, training, config)


@flow(name="search", persist_result=True, result_serializer="json")
def search_in_place(
    dataset: DatasetRef, training: TrainingConfig, config: SearchConfig, mlflow_run: Run | None = None
) -> SearchResult | None:
    """Look for better settings on the machine that runs this flow; trials become runs below `mlflow_run`."""
    with followed_by(lambda: mlflow_run):
        return search_settings(dataset, training, config)


@flow(name="train", persist_result=True, result_serializer="json")
def train_in_place(dataset: DatasetRef, config: TrainingConfig) -> ModelRef:
    """Fine-tune the base model on a dataset, on the machine that runs this flow."""
    return train(dataset, config)


ON_POOL = (plan_in_place, pilot_in_place, search_in_place, train_in_place)
"""The flows that are deployed to the pool."""


@stage(says=lambda plan: plan.sentence, called="plan_training")
def plan_on_pool(dataset: DatasetRef, advice: Advice, config: TrainingConfig) -> TrainingPlan:
    """Have the pool say what a training takes there."""
    return with_warnings(sent_to_pool(plan_in_place, TrainingPlan, dataset=dataset, advice=advice, config=config))


@stage(says=said, called="pilot")
def pilot_on_pool(dataset: DatasetRef, training: TrainingConfig, config: PilotConfig) -> Pilot | None:
    """Have the pool find out whether fine-tuning helps; None where the config asks for no pilot."""
    if not config.wants(dataset.task):
        return None
    return sent_to_pool(pilot_in_place, Pilot, dataset=dataset, training=training, config=config)


@stage(says=said, called="search")
def search_on_pool(dataset: DatasetRef, training: TrainingConfig, config: SearchConfig) -> SearchResult | None:
    """Have the pool look for better settings; None where the config asks for none."""
    if config.trials == 0:
        return None
    inputs = {"dataset": dataset, "training": training, "config": config}
    return sent_to_pool(search_in_place, SearchResult, **inputs, mlflow_run=active_run())


@stage(says=in_words, called="train")
def train_on_pool(dataset: DatasetRef, config: TrainingConfig) -> ModelRef:
    """Have the pool train, and wait for the model."""
    return sent_to_pool(train_in_place, ModelRef, dataset=dataset, config=config)


@dataclass(frozen=True)
class Place:
    """Where the work of a training is done."""

    plan: Callable[[DatasetRef, Advice, TrainingConfig], TrainingPlan]
    pilot: Callable[[DatasetRef, TrainingConfig, PilotConfig], Pilot | None]
    search: Callable[[DatasetRef, TrainingConfig, SearchConfig], SearchResult | None]
    train: Callable[[DatasetRef, TrainingConfig], ModelRef]


HERE = Place(plan_training, pilot, search_settings, train)
POOL = Place(plan_on_pool, pilot_on_pool, search_on_pool, train_on_pool)


def training_place() -> Place:
    """The `gpu` work pool where a worker serves it, and otherwise this process's machine."""
    return POOL if is_served(ON_POOL) else HERE
