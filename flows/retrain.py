"""Retrain a model, and release it only if it has earned it.

python -m flows.retrain deployments/support-intents.yaml
python -m flows.retrain my.yaml --set training.epochs=2 --outcome outcome.json
"""

from __future__ import annotations

from prefect import flow

from flows.config import RetrainConfig
from flows.prepare import prepare_data
from flows.train import train_candidate
from tasks.evaluate.task import evaluate
from tasks.export.task import export
from tasks.gate.task import gate
from tasks.label.task import ask_for_labels
from tasks.records import Outcome
from tasks.release.task import champion_model, release
from tasks.track.task import tracked_run


@flow(name="retrain")
def retrain(config: RetrainConfig) -> Outcome:
    """Refresh the data, train a candidate, and release it only if it has earned it."""
    with tracked_run(config.model, config) as run:
        dataset = prepare_data(config)  # acquire to advise: a set that is not fit stops here, before any GPU
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
