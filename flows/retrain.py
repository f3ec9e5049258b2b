"""Retrain a model, and release it only if it has earned it.

python -m flows.retrain deployments/support-intents.yaml
python -m flows.retrain my.yaml --set training.epochs=2 --outcome outcome.json
python -m flows.retrain my.yaml --plan    what a training would take, and no training
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

from prefect import flow

from flows.config import RetrainConfig
from flows.noise import trainer_noise
from flows.prepare import prepare_data
from flows.train import training_place
from tasks.evaluate.task import evaluate, side_by_side
from tasks.export.task import export
from tasks.gate.evidence import Evidence
from tasks.gate.in_force import in_force
from tasks.gate.task import gate
from tasks.label.task import ask_for_labels
from tasks.records import Outcome, TrainingPlan
from tasks.release.task import champion_model, release
from tasks.track.task import tracked_run
from tasks.train.budget_config import without_budget
from tasks.train.estimate.plan import hold_to_budget


@flow(name="retrain")
def retrain(config: RetrainConfig) -> Outcome:
    """Refresh the data, train a candidate, and release it only if it has earned it."""
    with tracked_run(config.model, config) as run:
        config.signing.signer()  # a key that is named and not there must not be found out after the training
        dataset, advice = prepare_data(config)  # acquire to advise: a set that is not fit stops here, before any GPU
        place, training = training_place(), without_budget(config.training)
        hold_to_budget(place.plan(dataset, advice, config.training))
        piloted = place.pilot(dataset, training, config.pilot)
        if piloted and not piloted.go_on:
            return run.stop(dataset, piloted.gate)
        found = place.search(dataset, training, config.search)
        candidate = export(place.train(dataset, found.training if found else training), config.export)
        report = evaluate(candidate, dataset, config.evaluation)
        champion = champion_model(config.model)
        champion_report = evaluate(champion, dataset, config.evaluation) if champion else None
        both = side_by_side(candidate, report, champion, champion_report, dataset, config.evaluation)
        noise = trainer_noise(place, dataset, training, config)
        evidence = Evidence(report=report, champion_report=champion_report, both=both, noise=noise, dataset=dataset)
        verdict = gate(evidence, config.gates, config.model, config.signing)
        ask_for_labels(config.model, candidate, dataset, config.labelling)
        terms = in_force(report, config.gates, config.signing)
        released = release(config.model, candidate, verdict, config.release, terms) if verdict.passed else None
        return run.finish(dataset, candidate, report, verdict, released)


@flow(name="plan")
def plan(config: RetrainConfig) -> TrainingPlan:
    """Prepare the data and say what the training would take in memory, time and money; nothing is trained."""
    dataset, advice = prepare_data(config)
    return training_place().plan(dataset, advice, config.training)


if __name__ == "__main__":
    from flows.command.terminal import main

    main(retrain, plan)
