"""Retrain a model, and release it only if it has earned it.

python -m flows.retrain deployments/support-intents.yaml
python -m flows.retrain my.yaml --set training.epochs=2 --outcome outcome.json
"""

from __future__ import annotations

from prefect import flow

from flows.config import RetrainConfig
from flows.train import train_candidate
from tasks.acquire.task import acquire
from tasks.curate.task import curate
from tasks.evaluate.task import evaluate
from tasks.export.task import export
from tasks.gate.task import gate
from tasks.label.task import ask_for_labels, pull_answers
from tasks.records import Outcome
from tasks.release.task import champion_model, release
from tasks.track.task import tracked_run
from tasks.validate.task import validate


@flow(name="retrain")
def retrain(config: RetrainConfig) -> Outcome:
    """Refresh the data, train a candidate, and release it only if it has earned it."""
    with tracked_run(config.model, config) as run:
        raw = acquire(config.data)
        checked = validate(raw, config.validation)  # DataRejected stops here, before any GPU
        answers = pull_answers(config.model, config.labelling)
        dataset = curate(checked, answers, config.curation)
        candidate = export(train_candidate(dataset, config.training), config.export)
        report = evaluate(candidate, dataset, config.evaluation)
        champion = champion_model(config.model)
        champion_report = evaluate(champion, dataset, config.evaluation) if champion else None
        verdict = gate(report, champion_report, config.gates)
        ask_for_labels(config.model, candidate, dataset, config.labelling)
        released = release(config.model, candidate, verdict, config.release) if verdict.passed else None
        return run.finish(dataset, candidate, report, verdict, released)


if __name__ == "__main__":
    from flows.command.terminal import main

    main(retrain)
