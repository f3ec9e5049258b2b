"""Bring the data in, check and curate it, and say what it is good for; nothing is trained.

python -m flows.prepare deployments/support-intents.yaml
python -m flows.prepare my.yaml --set curation.compliance.treatment=drop
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import sys

from prefect import flow

from flows.config import RetrainConfig
from tasks.acquire.task import acquire
from tasks.advise.task import advise
from tasks.curate.task import curate
from tasks.label.task import pull_answers
from tasks.records import Advice, DatasetRef
from tasks.release.task import accepted_dataset
from tasks.synthesize.task import synthesize
from tasks.validate.task import compare, validate


def prepare_data(config: RetrainConfig) -> tuple[DatasetRef, Advice]:
    """The rows that a model may learn from and be judged on, and whether they are enough.

    A set that is not fit stops here, before any GPU.
    """
    raw = acquire(config.data)
    checked = validate(raw, config.validation)
    compare(checked, accepted_dataset(config.model), config.validation)
    answers = pull_answers(config.model, config.labelling)
    curated = curate(checked, answers, config.curation)
    dataset = synthesize(curated, config.synthesis)
    advice = advise(dataset, config.training.base_model, config.training.technique.kind, config.advice)
    return dataset, advice


@flow(name="prepare")
def prepare(config: RetrainConfig) -> DatasetRef:
    """Bring the data in, check and curate it, and say what it is good for; nothing is trained."""
    return prepare_data(config)[0]


def main(arguments: list[str]) -> None:
    """Do what the command line says; exits with a code where it fails."""
    from flows.command.summary import show_dataset
    from flows.command.terminal import read_config, run_flow

    config = read_config(arguments, "Bring the data in, check and curate it; nothing is trained.")
    run_flow(
        prepare,
        {"config": config.retrain_config()},
        lambda dataset, display: show_dataset(display.console, dataset, display.results),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
