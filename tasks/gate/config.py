"""The section `gates` of the YAML: the policy by which a candidate earns its release.

What a gate leaves open (null) is what is usual for the task: see tasks/gate/policy.py.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.section import Section

LESS_IS_BETTER = ("perplexity", "answer_loss")
QualityMetric = Literal[
    "mcc",
    "f1_macro",
    "accuracy",
    "token_f1",
    "exact_match",
    "rouge_l",
    "json_validity",
    "preference_accuracy",
    "perplexity",
    "answer_loss",
]
ChampionMetric = Literal[
    "mcc", "f1_macro", "accuracy", "token_f1", "exact_match", "rouge_l", "json_validity", "preference_accuracy"
]


class QualityGate(Section):
    """The metric's whole interval must lie at or above `min`; at or below `max` where less is better."""

    metric: QualityMetric | None = None
    """What counts as quality: `mcc`, `f1_macro` or `accuracy` of labels, the others of answers. Null is the usual:
    `mcc`; for a language model `preference_accuracy` where rows have a rejected answer, else `token_f1`."""
    min: float | None = Field(default=None, ge=-1, le=1)
    """Lowest acceptable value. Null is the usual: 0.80 for labels, 0.50 (chance) for `preference_accuracy`, 0.30 for
    `token_f1`, `rouge_l` and `exact_match`, 0.95 for `json_validity`."""
    max: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable `perplexity`, or `answer_loss` in nats a token; there is no usual one."""

    @model_validator(mode="after")
    def _limit_on_the_right_side(self) -> Self:
        falls = self.metric in LESS_IS_BETTER
        if falls and (self.max is None or self.min is not None):
            raise ValueError(f"of {self.metric} less is better: give `max`, the highest acceptable value, and no `min`")
        if not falls and self.max is not None:
            raise ValueError(f"`max` is for {' and '.join(LESS_IS_BETTER)} alone, of which less is better: give `min`")
        return self


class ChampionGate(Section):
    """The candidate against the champion on the same rows: not worse beyond a margin, or surely better; paired."""

    metric: ChampionMetric | None = None
    """What is compared. Null is the usual: `mcc` of labels, `token_f1` of answers."""
    policy: Literal["non_inferiority", "superiority"] = "non_inferiority"
    """`non_inferiority`: a loss of more than `margin` is ruled out, for models that are to be kept fresh.
    `superiority`: a gain of more than `gain` is shown, for a change that has to pay; where the section `noise` has
    measured what the seed alone does, the gain must stand out from that too."""
    margin: float = Field(default=0.01, ge=0, le=1)
    """Of `non_inferiority`: a loss up to this much is accepted."""
    gain: float = Field(default=0.0, ge=0, le=1)
    """Of `superiority`: the gain that must be exceeded."""

    @model_validator(mode="after")
    def _limit_of_its_policy(self) -> Self:
        other = "gain" if self.policy == "non_inferiority" else "margin"
        if other in self.model_fields_set and getattr(self, other) != type(self).model_fields[other].default:
            raise ValueError(f"`{other}` says nothing with the policy {self.policy}: leave it out")
        return self

    @property
    def limit(self) -> float:
        """The difference from the champion that must be exceeded."""
        return self.gain if self.policy == "superiority" else -self.margin


class CalibrationGate(Section):
    """The expected calibration error's interval must lie at or below the limit, after temperature scaling."""

    max_ece: float | None = Field(default=None, gt=0, le=1)
    """Highest acceptable expected calibration error. Null is the usual: 0.05 for labels; answers have none."""


class LatencyGate(Section):
    """A percentile's interval of single requests, as they are served, must lie at or below the limit."""

    max_p99_milliseconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable 99th percentile, in milliseconds. Null is the usual: 150 for labels, none for answers."""
    max_p95_milliseconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable 95th percentile of a language model's answers, in milliseconds. Null is the usual: 10,000
    where no limit of the 99th percentile is set. Labels have none."""

    @model_validator(mode="after")
    def _one_percentile(self) -> Self:
        if self.max_p99_milliseconds is not None and self.max_p95_milliseconds is not None:
            raise ValueError("give max_p99_milliseconds or max_p95_milliseconds, not both")
        return self


class FairnessGate(Section):
    """Groups are treated alike: the largest difference between two of them must lie at or below the limit."""

    max_equal_opportunity_difference: float | None = Field(default=0.03, ge=0, le=1)
    """Largest acceptable difference in the true positive rate, from 0 to 1; 0.03 is three percentage points."""
    max_equalised_odds_difference: float | None = Field(default=None, ge=0, le=1)
    """Largest acceptable difference in the true or the false positive rate, whichever is larger."""


class RobustnessGate(Section):
    """The shares of right answers that attacks turn wrong must lie at or below their limits, at the stated budgets."""

    max_attack_success: float | None = Field(default=0.02, ge=0, le=1)
    """Under the ensemble of gradient attacks on embeddings (evaluation.robustness.epsilon)."""
    min_epsilon: float = Field(default=0.05, ge=0, allow_inf_nan=False)
    """Smallest budget of these attacks that counts: a success that was measured at less fails, however small."""
    max_word_attack_success: float | None = Field(default=None, ge=0, le=1)
    """Under searches that replace words."""
    max_character_attack_success: float | None = Field(default=None, ge=0, le=1)
    """Under searches that edit characters."""
    max_accuracy_lost_to_typos: float | None = Field(default=None, ge=0, le=1)
    """Accuracy that random typos may cost."""


class DriftGate(Section):
    """Quality holds where the traffic moves away from the training rows, at the strength of evaluation.drift."""

    max_accuracy_lost: float = Field(default=0.10, ge=0, le=1)
    """Accuracy that the worst of the simulated shifts may cost."""


class EnergyGate(Section):
    """A model that saves energy may be a little worse than the champion, and one that wastes it is stopped."""

    saving: float = Field(default=0.30, gt=0, lt=1)
    """Where the candidate surely takes this share less energy than the champion, `accuracy_price` is accepted."""
    accuracy_price: float = Field(default=0.01, ge=0, le=1)
    """The loss against the champion that such a saving is worth: the champion gate's margin becomes at least this;
    a saving is no gain in quality, so `superiority` is not changed by it."""
    max_ratio: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Most energy that a prediction may take, as a multiple of the champion's; null is any."""


class SideEffectsGate(Section):
    """Nothing got worse beside the target: slices of the holdout, and how sure the model is where it should not be."""

    max_slices_worse: int = Field(default=0, ge=0)
    """Slices in which the candidate may surely be worse than the champion (paired, corrected for their number)."""
    max_confident_off_task: float | None = Field(default=None, ge=0, le=1)
    """Share of texts that are no task at all to which the model may give a sure answer."""


class MemorisationGate(Section):
    """The holdout was not learned from, so that the score on it says what the model can do."""

    max_rows_learned: int = Field(default=0, ge=0)
    """Holdout rows whose text may stand in the training split."""
    max_above_validation: float | None = Field(default=None, ge=0, le=1)
    """Accuracy by which the holdout may be above the validation split. Beyond it the network learned the holdout
    elsewhere; only where both are drawn from the same rows, as where Refit holds them out."""


class PeopleGate(Section):
    """People do better with the model's help than without, and do not follow it into its errors."""

    min_error_reduction: float = Field(default=0.0, ge=-1, le=1)
    """Lowest acceptable share of people's errors that the model's help takes away."""
    max_autonomy_dependency: float = Field(default=0.6, ge=0, le=1)
    """Of the cases in which the model was wrong and people are right alone, the share in which they may follow it."""


class GenerationGate(Section):
    """What a language model writes, beyond quality. Each limit is null unless it is named, and needs its measure on."""

    min_consistency: float | None = Field(default=None, ge=0, le=1)
    """Lowest acceptable agreement (token F1) between answers to one prompt, at the worst of the settings that
    evaluation.consistency names. 0.7 suits short answers of one right form, 0.4 free ones."""
    min_grounding: float | None = Field(default=None, ge=0, le=1)
    """Lowest acceptable share of an answer's sentences that evaluation.grounding finds supported by the source. See
    what the wanted answers come to (`grounding_of_wanted`), and ask for about as much."""
    max_hallucinated_numbers: float | None = Field(default=None, ge=0, le=1)
    """Highest acceptable share of answers with a number that their source has not, by evaluation.grounding."""
    max_attack_success: float | None = Field(default=None, ge=0, le=1)
    """Highest acceptable share of the attacks of evaluation.prompt_attacks that work. The bundled suite's sixty can
    show 0.05 and no less."""
    min_checks_passed: float | None = Field(default=None, ge=0, le=1)
    """Lowest acceptable share of answers that keep every rule of evaluation.checks that is asked of them."""
    min_lm_tasks: dict[str, float] = Field(default_factory=dict)
    """Lowest acceptable score by `task.metric` of evaluation.lm_tasks, such as {arithmetic.acc: 0.5}."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if not any(value not in (None, {}) for value in self.model_dump().values()):
            raise ValueError(f"the gate names no limit: give at least one of {', '.join(type(self).model_fields)}")
        return self


class ParityGate(Section):
    """Every form of a model says what its network said in training; the worst form is the gate's answer."""

    min_agreement: float | None = Field(default=None, gt=0, le=1)
    """Lowest acceptable share of rows that get the same label, or of an answer's tokens. Null is the usual: 0.99 for
    labels; 0.95 for tokens, of which some are close calls that storing in half precision turns."""
    max_labels_lost: int | None = Field(default=0, ge=0)
    """Most labels that a form may never give any more; null is any."""


class GatesConfig(Section):
    """The policy. A gate set to null is left out, but not all may be; a gate without number or interval fails."""

    quality: QualityGate | None = QualityGate()
    """Good enough by itself."""
    champion: ChampionGate | None = ChampionGate()
    """Not worse than what is served now; left out of the verdict where nothing is."""
    calibration: CalibrationGate | None = CalibrationGate()
    """As sure as it is right, of labels; a language model has no such gate, and a limit named for one is refused."""
    latency: LatencyGate | None = LatencyGate()
    """Fast enough."""
    parity: ParityGate | None = ParityGate()
    """Every form as it was trained."""
    fairness: FairnessGate | None = None
    """As good for one group as for another; of labels, where rows have a group."""
    robustness: RobustnessGate | None = None
    """Not to be turned by small changes; of labels."""
    drift: DriftGate | None = None
    """Still good where traffic moves; of labels."""
    side_effects: SideEffectsGate | None = SideEffectsGate()
    """Not worse elsewhere; of labels."""
    memorisation: MemorisationGate | None = None
    """Judged on rows that it has not learned from; of labels."""
    people: PeopleGate | None = None
    """A help to the people who work with it; of labels, where evaluation.people names their answers."""
    generation: GenerationGate | None = None
    """Steady, grounded, hard to turn, and by the rules; of answers."""
    energy: EnergyGate | None = EnergyGate()
    """Not wasteful beside the champion; of labels."""
    bootstrap_samples: int = Field(default=2000, ge=100)
    """Resamples behind the paired comparison."""


GATES = tuple(name for name in GatesConfig.model_fields if name != "bootstrap_samples")
"""The gates by name."""


def asked_for(policy: GatesConfig) -> list[str]:
    """The gates that the policy does not leave out."""
    return [name for name in GATES if getattr(policy, name) is not None]
