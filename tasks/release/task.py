"""The door of the stage `release`: the champion, letting a candidate in, and going back."""

from __future__ import annotations

from prefect.context import FlowRunContext

from tasks.actor import actor
from tasks.records import AskedOverride, DatasetRef, InForce, ModelRef, Release, Verdict
from tasks.release.config import ReleaseConfig
from tasks.retries import NETWORK
from tasks.stage import run_logger, stage


@stage(
    called="accepted data",
    retries=NETWORK,
    says=lambda dataset: f"dataset {dataset.digest[:12]}" if dataset else "no release yet, so nothing to compare with",
)
def accepted_dataset(model: str) -> DatasetRef | None:
    """The dataset that the champion was trained on: the last one that led to a release."""
    from tasks.release.decide import dataset_of_champion

    return dataset_of_champion(model)


@stage(retries=NETWORK, says=lambda champion: f"champion {champion.digest[:12]}" if champion else "no champion yet")
def champion_model(model: str) -> ModelRef | None:
    """The model that the newest entry of the release log names."""
    from tasks.release.decide import champion_of

    return champion_of(model)


@stage(says=lambda entry: f"release {entry.number} of {entry.model} is model {entry.model_digest[:12]}")
def release(model: str, candidate: ModelRef, verdict: Verdict, config: ReleaseConfig, in_force: InForce) -> Release:
    """Append the candidate to the release log, if its verdict allows it, and let MLflow's alias follow.

    `in_force` is what the verdict must rest on besides the candidate: holdout, policy, trusted keys.
    """
    from tasks.release.decide import let_in

    entry = let_in(model, candidate, verdict, _actor(), config.why, in_force)
    _follow(model, config.alias)
    return entry


@stage(called="release", says=lambda entry: f"override: release {entry.number} is model {entry.model_digest[:12]}")
def release_anyway(model: str, asked: AskedOverride, private_key: str | None, trusted: tuple[str, ...]) -> Release:
    """Append a candidate that its verdict did not let pass, on a person's word, and let MLflow's alias follow.

    `private_key` names the secret with the key that signs the override; null leaves it unsigned.
    """
    from tasks.release.override import let_in_anyway
    from tasks.signatures import Signer

    signer = Signer.named(private_key, "signing.private_key") if private_key else None
    entry = let_in_anyway(model, asked, signer, trusted)
    _follow(model, None)
    return entry


@stage(says=lambda entry: f"entry {entry.number} of {entry.model} puts model {entry.model_digest[:12]} back")
def roll_back(model: str, why: str, trusted: tuple[str, ...] = ()) -> Release:
    """Append an entry that puts the previous release back, and let MLflow's alias follow.

    Where keys are trusted, one of them must have signed the verdict of the release that comes back.
    """
    from tasks.release.decide import put_back

    entry = put_back(model, _actor(), why, trusted)
    _follow(model, None)
    return entry


@stage(says=lambda version: f"MLflow's alias is at version {version}")
def follow_release_log(model: str) -> str:
    """Set MLflow's alias again from the release log; return the registered version that it points at."""
    from tasks.release.follow import must_follow

    return must_follow(model)


def _actor() -> str:
    context = FlowRunContext.get()
    creator = context.flow_run.created_by if context and context.flow_run else None
    return actor(creator.display_value if creator else None)


def _follow(model: str, alias: str | None) -> None:
    from tasks.release.follow import try_to_follow

    if warning := try_to_follow(model, alias):
        run_logger().warning(warning)
