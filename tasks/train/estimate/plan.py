"""From a dataset and a config to a stored plan: estimate in a process of its own, judge, write the page, keep it."""

from __future__ import annotations

from tasks.errors import UserInputError
from tasks.records import Advice, DatasetRef, TrainingPlan
from tasks.store import fetch_whole, keep, workspace
from tasks.train.config import TrainingConfig
from tasks.train.estimate.judgement import beyond_budget, cost_of, warnings_of
from tasks.train.estimate.page import facts, plan_page, sentence_of
from tasks.train.estimate.process import estimate_of
from tasks.train.estimate.record import Estimate
from tasks.train.plan import prepare_run


def make_plan(dataset: DatasetRef, advice: Advice, config: TrainingConfig) -> TrainingPlan:
    """What a training on the dataset will take. Raises UserInputError where the config allows no training."""
    if config.budget.max_cost is not None and config.budget.price_per_hour is None:
        raise UserInputError(
            "training.budget.max_cost is set, but no price: set training.budget.price_per_hour, or limit max_hours"
        )
    with workspace("plan") as place:
        found = estimate_of(prepare_run(place, dataset, fetch_whole(dataset), config, "plan"))
    warnings, exceeds = warnings_of(found, advice, config), beyond_budget(found, config)
    with workspace("plan") as folder:
        report = folder / "report"
        report.mkdir()
        (report / "plan.json").write_text(found.model_dump_json(indent=1), encoding="utf-8")
        page = plan_page(found, config, advice.sentence, warnings, exceeds)
        (report / "plan.md").write_text(page, encoding="utf-8")
        stored = keep("plans", folder)
    return TrainingPlan(
        uri=stored.uri,
        digest=stored.digest,
        dataset_digest=dataset.digest,
        sentence=sentence_of(found, config),
        facts=tuple(facts(found, config)),
        figures=_figures(found, config),
        warnings=tuple(warnings),
        exceeds=exceeds,
    )


def hold_to_budget(plan: TrainingPlan) -> None:
    """Raise UserInputError where the plan is beyond the budget: nothing has been spent yet."""
    if plan.exceeds:
        raise UserInputError(f"{plan.exceeds}. The plan is in {plan.uri}/report/plan.md")


def _figures(found: Estimate, config: TrainingConfig) -> dict[str, float]:
    figures: dict[str, float | None] = {
        "parameters": found.parameters,
        "trainable_parameters": found.trainable,
        "tokens": sum(stage.tokens for stage in found.stages),
        "steps": sum(stage.steps for stage in found.stages),
        "flops": found.flops,
        "memory_bytes": found.peak_bytes,
        "hours": found.hours,
        "cost": cost_of(found, config),
    }
    return {name: float(value) for name, value in figures.items() if value is not None}
