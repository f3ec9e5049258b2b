"""The section `evaluation` of the YAML: how a model is measured."""

from __future__ import annotations

from pydantic import Field

from tasks.evaluate.classifier.drift.config import DriftConfig
from tasks.evaluate.classifier.energy.config import EnergyConfig
from tasks.evaluate.classifier.fairness.config import FairnessConfig
from tasks.evaluate.classifier.load.config import LoadConfig
from tasks.evaluate.classifier.memorisation.config import MemorisationConfig
from tasks.evaluate.classifier.people.config import PeopleConfig
from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.side_effects.config import SideEffectsConfig
from tasks.evaluate.language.checks.config import ChecksConfig
from tasks.evaluate.language.consistency.config import ConsistencyConfig
from tasks.evaluate.language.grounding.config import GroundingConfig
from tasks.evaluate.language.lm_tasks.config import LmTasksConfig
from tasks.evaluate.language.prompt_attacks.config import PromptAttacksConfig
from tasks.evaluate.parity.config import ParityConfig
from tasks.section import Section


class EvaluationConfig(Section):
    """How a model is measured. Limits are the gates' business."""

    confidence: float = Field(default=0.9, gt=0.5, lt=1)
    """Confidence level of every interval. At 0.9 each end by itself holds with 95 %, and one end is what a gate looks
    at: a model beyond a limit gets past its gate in at most 5 % of all cases."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples behind every interval."""
    ece_bins: int = Field(default=15, ge=2)
    """A classifier's: equal-width confidence bins of the expected calibration error."""
    latency_requests: int = Field(default=1000, ge=100)
    """A classifier's: single-row requests timed for the latency percentiles; more where the confidence asks for it."""
    generated_rows: int = Field(default=200, ge=1)
    """A language model's: holdout rows that it answers in full, drawn by the seed; all rows where there are fewer."""
    max_answer_tokens: int = Field(default=128, ge=1)
    """A language model's: tokens after which an answer is cut."""
    timed_answers: int = Field(default=100, ge=1)
    """A language model's: answers timed one by one. An interval of the p95 needs 72, one of the p99 needs 368."""
    seed: int = Field(default=0, ge=0)
    """Seed of the resampling, and of the choice of rows to answer and of texts for the timed requests."""
    load: LoadConfig | None = LoadConfig()
    """A classifier's: how it is timed from cold, by length, and with several callers."""
    parity: ParityConfig | None = ParityConfig()
    """Whether every form of the model says what its network said in training."""
    side_effects: SideEffectsConfig | None = SideEffectsConfig()
    """A classifier's: in which slices it may get worse, and how sure it is of texts that are no task."""
    memorisation: MemorisationConfig | None = MemorisationConfig()
    """A classifier's: whether it has seen the holdout before."""
    people: PeopleConfig | None = None
    """A classifier's: what it does to the people who work with it."""
    energy: EnergyConfig | None = EnergyConfig()
    """A classifier's: what predictions cost, beside the champion's."""
    fairness: FairnessConfig | None = None
    """A classifier's: whether groups of rows are served alike."""
    robustness: RobustnessConfig | None = None
    """A classifier's: what attacks and typos do to it."""
    drift: DriftConfig | None = None
    """A classifier's: how it holds where the traffic moves away from its training rows."""
    consistency: ConsistencyConfig | None = None
    """A language model's: whether it says the same when it is asked again."""
    grounding: GroundingConfig | None = None
    """A language model's: whether what it says rests on what it was given."""
    prompt_attacks: PromptAttacksConfig | None = None
    """A language model's: what jailbreaks and injections make it do."""
    checks: ChecksConfig | None = None
    """A language model's: whether its answers keep rules that a program can check."""
    lm_tasks: LmTasksConfig | None = None
    """A language model's: tasks of the LM Evaluation Harness, from local files."""

    def quality_alone(self) -> EvaluationConfig:
        """The same, without what is measured beside quality, and with as little timing as there can be."""
        beside = [name for name in type(self).model_fields if isinstance(getattr(self, name), Section)]
        return self.model_copy(update={**dict.fromkeys(beside), "latency_requests": 100, "timed_answers": 1})
