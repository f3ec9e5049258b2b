"""`RetrainConfig`: the whole of what a user writes, one section a stage, and how it is read from YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import yaml
from prefect.client.schemas.schedules import CronSchedule
from pydantic import Field, ValidationError, model_validator

from flows.suggestions import nearest_name
from tasks.acquire.config import DataConfig
from tasks.advise.config import AdviceConfig
from tasks.curate.config import CurationConfig
from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.export.config import ExportConfig
from tasks.gate.config import GatesConfig
from tasks.gate.policy import policy_for
from tasks.gate.signing_config import SigningConfig
from tasks.label.config import FileQueueConfig
from tasks.noise.config import NoiseConfig
from tasks.release.config import ReleaseConfig
from tasks.section import Section
from tasks.synthesize.config import SynthesisConfig
from tasks.train.config import TrainingConfig
from tasks.train.pilot.config import PilotConfig
from tasks.train.search.config import SearchConfig
from tasks.validate.config import ValidationConfig
from tasks.watch.config import WatchConfig

ROOMS_OF_GATES = ("parity", "fairness", "robustness", "drift", "side_effects", "memorisation", "people")
"""Gates whose figures are measured only where the part of the section `evaluation` with the same name asks for it."""
ROOMS_OF_GENERATION = {
    "min_consistency": "consistency",
    "min_grounding": "grounding",
    "max_hallucinated_numbers": "grounding",
    "max_attack_success": "prompt_attacks",
    "min_checks_passed": "checks",
    "min_lm_tasks": "lm_tasks",
}
"""Limits of the gate `generation`, each with the part of the section `evaluation` that measures it."""
WITHOUT_DEFAULTS = ("people", "checks", "lm_tasks")
"""Parts of the section `evaluation` that have to be told what to measure."""


class RetrainConfig(Section):
    """Everything a retrain run needs to know. Prefect shows it as a form."""

    model: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """Name of the model: its release log, its registered model in MLflow, its labelling queue."""
    data: DataConfig
    """Where rows come from."""
    validation: ValidationConfig = ValidationConfig()
    """What a row and a set must be like."""
    curation: CurationConfig = CurationConfig()
    """What is merged, removed or masked, and how rows are split."""
    synthesis: SynthesisConfig = SynthesisConfig()
    """Which rows are made beside the real ones; none, unless makers are named."""
    advice: AdviceConfig = AdviceConfig()
    """What is said about the number of rows before anything is trained."""
    labelling: FileQueueConfig = FileQueueConfig()
    """Where people answer, and how much they are asked."""
    training: TrainingConfig = TrainingConfig()
    """The base model, the technique, and the schedule."""
    pilot: PilotConfig = PilotConfig()
    """A few dozen rows that must show that fine-tuning helps before all are used."""
    search: SearchConfig = SearchConfig()
    """Which settings of the training are tried for better ones; none, unless trials are asked for."""
    export: ExportConfig = ExportConfig()
    """The form in which the model is served."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """How a model is measured."""
    noise: NoiseConfig = NoiseConfig()
    """How much two trainings differ by their seed alone; not measured, unless seeds are asked for."""
    gates: GatesConfig = GatesConfig()
    """What a candidate must show to be released."""
    signing: SigningConfig = SigningConfig()
    """With which key verdicts are signed, and whose signature counts."""
    release: ReleaseConfig = ReleaseConfig()
    """What happens to a candidate that passed."""
    watch: WatchConfig = WatchConfig()
    """When served traffic has moved too far."""

    @model_validator(mode="after")
    def _gates_suit_the_task(self) -> Self:
        for name, room in self._rooms_needed():
            if getattr(self.evaluation, room) is None:
                how = "say in it what is measured" if room in WITHOUT_DEFAULTS else "{} for its defaults"
                raise ValueError(
                    f"gates.{name} is set, but evaluation.{room} is null, so nothing would measure it: set "
                    f"evaluation.{room} ({how}), or gates.{name} to null"
                )
        return self

    @model_validator(mode="after")
    def _attacks_are_as_large_as_their_gate_asks(self) -> Self:
        gate, room = self.gates.robustness, self.evaluation.robustness
        if gate and room and gate.max_attack_success is not None and room.epsilon < gate.min_epsilon:
            raise ValueError(
                f"evaluation.robustness.epsilon is {room.epsilon:g}, but gates.robustness.min_epsilon counts no attack "
                f"below {gate.min_epsilon:g}: raise the one, or lower the other"
            )
        return self

    @model_validator(mode="after")
    def _forms_suit_the_task(self) -> Self:
        if self.data.task != "classification":
            asked = {
                "export.precision: int8": self.export.precision != "float32",
                "evaluation.parity.served: true": bool(self.evaluation.parity and self.evaluation.parity.served),
            }
            for setting in (name for name, is_set in asked.items() if is_set):
                raise ValueError(
                    f"{setting} is for models that give labels, and a language model (data.task: {self.data.task}) has "
                    "no such form: leave it out"
                )
        return self

    def _rooms_needed(self) -> Iterator[tuple[str, str]]:
        """Each gate or limit that is set, and the part of the section `evaluation` that measures it."""
        policy = policy_for(self.data.task, self.gates)
        yield from ((name, name) for name in ROOMS_OF_GATES if getattr(policy, name) is not None)
        if policy.generation:
            limits = policy.generation.model_dump(exclude_defaults=True)
            yield from ((f"generation.{name}", ROOMS_OF_GENERATION[name]) for name in limits)


class Schedule(Section):
    """When a deployment runs by itself."""

    cron: str
    """Cron expression of five fields."""
    timezone: str = "UTC"
    """IANA time zone of the expression."""

    @model_validator(mode="after")
    def _is_one_that_prefect_takes(self) -> Schedule:
        CronSchedule(cron=self.cron, timezone=self.timezone)
        return self


class DeploymentConfig(RetrainConfig):
    """One file of `deployments/`: a retrain config and when it runs."""

    schedule: Schedule | None = None
    """When the model is retrained by itself; without it only on demand."""
    watch_schedule: Schedule | None = None
    """When served traffic is compared with the reference; without it only on demand."""

    def retrain_config(self) -> RetrainConfig:
        """The part that a run needs."""
        return RetrainConfig.model_validate(self.model_dump(exclude={"schedule", "watch_schedule"}))


def load_config(path: Path, changes: list[str] | None = None) -> DeploymentConfig:
    """Read a YAML config and apply `changes`, each `dotted.name=value` with a YAML value.

    Raises UserInputError, naming file and field, for anything that is not a valid config.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserInputError(f"there is no config {path}; the ones that ship are in deployments/") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserInputError(f"the config {path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise UserInputError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserInputError(f"{path} must hold a mapping of sections (model, data, …), not {type(content).__name__}")
    for change in changes or []:
        _apply(content, change)
    try:
        return DeploymentConfig.model_validate(content)
    except ValidationError as error:
        raise UserInputError(f"{path} is not a valid config:\n{_explain(error)}") from None


def _apply(content: dict[str, Any], change: str) -> None:
    name, equals, text = change.partition("=")
    if not equals or not name:
        raise UserInputError(f"--set {change!r} is not of the form section.field=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UserInputError(f"--set {change!r}: the value is not plain YAML") from None
    *parents, leaf = name.split(".")
    place = content
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise UserInputError(f"--set {change!r}: {parent} is a value, not a section")
    place[leaf] = value


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"]) or "the config"
        reason = problem["msg"]
        if problem["type"] == "extra_forbidden":
            meant = nearest_name(DeploymentConfig, problem["loc"])
            reason = f"there is no such setting{f'; did you mean {meant}?' if meant else ''}"
        lines.append(f"  {place}: {reason}")
    return "\n".join(lines)
