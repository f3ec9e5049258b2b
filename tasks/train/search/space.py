"""From the ranges of the config to suggestions of the sampler, and from values to a training config."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.records import TaskKind
from tasks.train.config import TrainingConfig
from tasks.train.search.config import LogUniform, OneOf, SearchConfig, Whole
from tasks.train.technique_kinds import ADAPTERS

RANK = "rank"
WHOLE_NUMBERS = ("batch_size", "warmup_steps", RANK)
"""Settings that are whole numbers, whatever the kind of their range."""

Values = dict[str, float]


def distributions(config: SearchConfig) -> dict[str, Any]:
    """Optuna's distribution of each searched setting."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for name, wanted in config.space.ranges().items():
        if isinstance(wanted, OneOf):
            found[name] = CategoricalDistribution(wanted.values)
            continue
        log = isinstance(wanted, LogUniform)
        if isinstance(wanted, Whole) or name in WHOLE_NUMBERS:
            found[name] = IntDistribution(round(wanted.low), round(wanted.high), log=log)
        else:
            found[name] = FloatDistribution(wanted.low, wanted.high, log=log)
    return found


def own_values(training: TrainingConfig, task: TaskKind, config: SearchConfig) -> Values | None:
    """What the config itself sets for the searched settings; None where that lies outside of a range."""
    values: Values = {}
    for name, distribution in distributions(config).items():
        value = _own(training, task, name)
        allowed = distribution.choices if hasattr(distribution, "choices") else None
        inside = value in allowed if allowed is not None else distribution.low <= value <= distribution.high
        if not inside:
            return None
        values[name] = value
    return values


def with_values(training: TrainingConfig, task: TaskKind, values: Values) -> TrainingConfig:
    """The training with other values: in its first stage where that has one of its own, else in the section.

    Alpha moves with a rank, so that the update keeps its scale; a rank-stabilised one keeps alpha, since its scale goes
    with the root of the rank (arXiv:2312.03732). Raises UserInputError for a value that the training does not allow,
    and for a rank where the technique has none.
    """
    content: dict[str, Any] = training.model_dump(mode="json")
    stages = [stage.model_dump(mode="json") for stage in training.stages_for(task)]
    for name, value in values.items():
        if name == RANK:
            technique = content["technique"]
            _require_rank(training)
            if not technique.get("rank_stabilised"):
                technique["alpha"] *= value / technique["rank"]
            technique["rank"] = value
        elif stages[0].get(name) is not None:
            stages[0][name] = value
            content["stages"] = stages
        else:
            content[name] = value
    try:
        return TrainingConfig.model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise UserInputError(
            f"search.space asks for a training.{place} that is not allowed: {problem['msg']}"
        ) from None


def check_space(training: TrainingConfig, task: TaskKind, config: SearchConfig) -> None:
    """Raise UserInputError where nothing is searched, or a range holds what the training does not allow."""
    ranges = config.space.ranges()
    if not ranges:
        raise UserInputError("search.trials is set, but search.space names no setting with a range")
    for name, wanted in ranges.items():
        for value in wanted.values if isinstance(wanted, OneOf) else (wanted.low, wanted.high):
            if name in WHOLE_NUMBERS and value != int(value):
                raise UserInputError(f"search.space.{name} holds {value:g}, but it is a whole number")
            with_values(training, task, {name: value})


def trial_training(training: TrainingConfig, task: TaskKind) -> TrainingConfig:
    """What one trial trains: the first stage alone, because later ones build on it and losses must be comparable."""
    return training.model_copy(update={"stages": training.stages_for(task)[:1]})


def _own(training: TrainingConfig, task: TaskKind, name: str) -> float:
    if name == RANK:
        return _require_rank(training)
    own = getattr(training.stages_for(task)[0], name, None)
    return float(own if own is not None else getattr(training, name))


def _require_rank(training: TrainingConfig) -> float:
    rank = getattr(training.technique, "rank", None)
    if rank is None:
        raise UserInputError(
            f"search.space.rank needs a technique with a rank ({', '.join(ADAPTERS)}), but training.technique "
            f"is {training.technique.kind}"
        )
    return float(rank)
