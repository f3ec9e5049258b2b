"""The stage `train`: a dataset in, a fine-tuned model out, made in a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.settings import settings
from tasks.records import Advice, DatasetRef, ModelRef, Pilot, TrainingPlan
from tasks.retries import MACHINE
from tasks.stage import ProgressReporter, code_digest, run_logger, stage
from tasks.store import fetch_whole, keep
from tasks.train.config import TrainingConfig
from tasks.train.estimate.devices import machine_identity
from tasks.train.estimate.plan import make_plan
from tasks.train.pilot.config import PilotConfig
from tasks.train.plan import pointed_to, prepare_run
from tasks.train.price import with_prices
from tasks.train.process import run_training
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import SearchResult


def in_words(model: ModelRef) -> str:
    """What a training came to, as one line."""
    figures, words = model.metrics, [f"{model.metrics['steps']:.0f} steps"]
    if "validation_loss" in figures:
        words.append(f"validation loss {figures['validation_loss']:.3f}")
    if "validation_perplexity" in figures:
        words[-1] += f" (perplexity {figures['validation_perplexity']:.4g})"
    if "validation_accuracy" in figures:
        words.append(f"accuracy {figures['validation_accuracy']:.1%}")
    if "dpo_reward_accuracy" in figures:
        words.append(f"preference accuracy {figures['dpo_reward_accuracy']:.1%}")
    return ", ".join([*words, f"model {model.digest[:12]}"])


@stage(retries=MACHINE, reuse=True, also=lambda inputs: pointed_to(inputs["config"]), says=in_words)
def train(dataset: DatasetRef, config: TrainingConfig) -> ModelRef:
    """Fine-tune the base model on the dataset, choosing by its validation split; a killed training goes on."""
    runs, code = settings().home_path / "runs", code_digest(Path(__file__).parent)
    folder = prepare_run(runs, dataset, fetch_whole(dataset), config, code)
    progress, note = ProgressReporter("train"), run_logger().info
    metrics = run_training(folder, progress, lambda message: note(f"train: {message}"), progress.measured)
    told = progress, lambda message: note(f"train: {message}")
    metrics = with_prices(metrics, folder / "model", dataset, config, code, *told)
    stored = keep("models", folder / "model")
    shutil.rmtree(folder, ignore_errors=True)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest=dataset.digest, metrics=metrics)


@stage(
    reuse=True,
    also=lambda inputs: f"{pointed_to(inputs['config'])} {machine_identity()}",
    says=lambda plan: plan.sentence,
)
def plan_training(dataset: DatasetRef, advice: Advice, config: TrainingConfig) -> TrainingPlan:
    """What a training will take in memory, time and money, found out before any is spent, and where it is unwise.

    It is made anew where dataset, config, base model, code or machine is another.
    """
    return with_warnings(make_plan(dataset, advice, config))


def with_warnings(plan: TrainingPlan) -> TrainingPlan:
    """The plan, once everything that it warns of is said to whoever follows the run."""
    for warning in plan.warnings:
        run_logger().warning(f"plan: {warning}")
    return plan


def said(found: Pilot | SearchResult | None) -> str:
    """What a pilot or a search came to, as one line."""
    return found.sentence if found else "not asked for"


@stage(
    retries=MACHINE,
    reuse=True,
    also=lambda inputs: pointed_to(inputs["training"]),
    says=said,
)
def pilot(dataset: DatasetRef, training: TrainingConfig, config: PilotConfig) -> Pilot | None:
    """Whether fine-tuning helps, by a few dozen rows; None where the config asks for no pilot."""
    from tasks.train.pilot.piloting import pilot_on

    code, told = code_digest(Path(__file__).parent), run_logger().info
    return pilot_on(dataset, training, config, code, ProgressReporter("pilot"), lambda note: told(f"pilot: {note}"))


@stage(
    retries=MACHINE,
    reuse=True,
    also=lambda inputs: pointed_to(inputs["training"]),
    says=said,
    called="search",
)
def search_settings(dataset: DatasetRef, training: TrainingConfig, config: SearchConfig) -> SearchResult | None:
    """Better settings for the training, found by trials; None where the config asks for none."""
    if config.trials == 0:
        return None
    from tasks.registry.active_run import active_run
    from tasks.train.search.searching import Search, trial_runs

    code, told = code_digest(Path(__file__).parent), run_logger().info
    runs = trial_runs(active_run(), told)
    return Search(dataset, training, config, code, ProgressReporter("search"), told, runs).result()
