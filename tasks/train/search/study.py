"""The memory of a search: an Optuna study in one SQLite file, so that a killed search goes on with its finished trials.

Optuna's sampler is a tree-structured Parzen estimator (Bergstra et al., 2011), its pruner the median rule. The sampler
is seeded anew for every trial, so that a search that goes on suggests what it would have suggested anyway.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tasks.errors import StorageError
from tasks.records import DatasetRef
from tasks.train.config import TrainingConfig
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import Trial, TrialState

WHY, SECONDS, STEPS, RUN = "why", "seconds", "steps", "mlflow_run_id"
"""What is kept with a trial: why it ended early, its time, the steps that were evaluated, and its MLflow run."""
SHARE_AT_RANDOM = 3
"""One in so many trials, the first ones, is drawn at random."""
FEWEST_AT_RANDOM = 3


def study_key(dataset: DatasetRef, training: TrainingConfig, config: SearchConfig, base: str, code: str) -> str:
    """Names the study: the same data, base, code, training and space are one study, however long it may run."""
    searched = config.model_dump(mode="json", exclude={"trials", "max_minutes"})
    inputs = [dataset.digest, base, training.model_dump(mode="json"), searched, code]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]


def open_study(folder: Path, key: str, config: SearchConfig) -> Any:
    """The study of that key in `folder`, made where there is none. Raises StorageError where it cannot be written."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / f"{key}.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return optuna.create_study(
            storage=f"sqlite:///{path}",
            study_name=key,
            direction="minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=config.unpruned_trials),
        )
    except (OSError, SQLAlchemyError) as error:
        reason = str(error).splitlines()[0]
        raise StorageError(
            f"the search's study {path} cannot be used ({reason}): set REFIT_HOME to a local, writable "
            "folder, or remove the file to begin anew"
        ) from None


def next_trial(study: Any, config: SearchConfig, space: dict[str, Any], first: dict[str, float] | None) -> Any:
    """The trial that was under way when the search was killed, or a new one; the very first has the values `first`."""
    import optuna
    from optuna.trial import TrialState as State

    number = len(study.get_trials(deepcopy=False))
    at_random = max(FEWEST_AT_RANDOM, config.trials // SHARE_AT_RANDOM)
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + number, n_startup_trials=at_random)
    for interrupted in study.get_trials(deepcopy=False, states=[State.RUNNING]):
        if interrupted.params.keys() == space.keys():
            return optuna.trial.Trial(study, interrupted._trial_id)
        # Killed while its values were being chosen: there is nothing to go on with.
        study.tell(interrupted.number, state=State.FAIL)
    if number == 0 and first is not None:
        study.enqueue_trial(first)
    return study.ask(space)


def finished_trials(study: Any) -> tuple[Trial, ...]:
    """What every trial that is not under way came to, in their order."""
    return tuple(_trial(found) for found in study.get_trials(deepcopy=False) if found.state.is_finished())


def _trial(found: Any) -> Trial:
    states: dict[str, TrialState] = {"COMPLETE": "complete", "PRUNED": "pruned"}
    evaluations = tuple(found.intermediate_values[step] for step in sorted(found.intermediate_values))
    losses = [*evaluations, *([] if found.value is None else [found.value])]
    return Trial(
        number=found.number,
        values=found.params,
        state=states.get(found.state.name, "failed"),
        validation_loss=found.value if found.value is not None else min(losses, default=None),
        evaluations=evaluations,
        seconds=found.user_attrs.get(SECONDS, 0.0),
        why=found.user_attrs.get(WHY, ""),
    )
