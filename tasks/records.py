"""The frozen records that pass between stages. They carry URIs, digests and figures, never rows or weights."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["pass", "fail", "inconclusive"]
TaskKind = Literal["classification", "instruction", "preference", "chat"]
PilotState = Literal["helps", "does_not_help", "not_shown"]
PILOT_STATES: dict[PilotState, State] = {"helps": "pass", "does_not_help": "fail", "not_shown": "inconclusive"}


class Record(BaseModel):
    """A frozen value that one stage hands to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Artefact(Record):
    """A folder in the store, named by the SHA-256 of its manifest. Its `report/` subfolder is what people look at."""

    uri: str
    """Where the folder is, for example `file:///srv/store/datasets/3f…`."""
    digest: str
    """SHA-256 of the folder's manifest, in hexadecimal."""


class DatasetRef(Artefact):
    """Rows as Parquet, one file a split: `train`, `validation`, `holdout` and `unlabelled`, whichever exist.

    Columns, all strings but `row`, and null where a row has none: `id` (unique), `text` (what the model reads: the text
    to classify, the prompt, or a chat up to its last answer as a JSON list of `role` and `content`), `label`, `group`,
    `date` (in UTC, `2026-11-22T08:30:00Z`), `source` (where the row came from), `row` (int64: its line or row there,
    from 1), `answer` (what the model should say), `rejected` (what it should rather not say), `made_by` (null for a
    real row) and `made_from` (the parent's id).
    `quarantined.parquet` holds every row that left, with `split`, `stage` and `reason` added.
    """

    task: TaskKind = "classification"
    """What a row teaches: a label, an answer, a preference between two answers, or a turn of a chat."""
    rows: dict[str, int]
    """Rows kept, by split."""
    rows_in: int
    """Rows that came into the first stage; with those `made`, always kept + quarantined + merged."""
    made: int = 0
    """Synthetic rows that Refit added."""
    quarantined: dict[str, int] = Field(default_factory=dict)
    """Rows set aside so far, by reason."""
    merged: int = 0
    """Rows folded into an identical row so far."""
    labels: tuple[str, ...] = ()
    """The labels of the train split, sorted."""
    qualities: dict[str, float] = Field(default_factory=dict)
    """Share of the rows in order, by quality: relevance, alignment, consistency, formatting, uniqueness, compliance."""


class Measurement(Record):
    """A measured value with its confidence interval; `low` and `high` are null where no interval can be given."""

    value: float
    low: float | None = None
    high: float | None = None


class Advice(Artefact):
    """What is said about the number of rows before anything is trained, and `report/` with the learning curve."""

    dataset_digest: str
    state: Literal["too_few", "suits", "more_than_needed"]
    sentence: str
    """For a person: whether the rows suit the technique, and what more of them would bring."""
    expected_accuracy: dict[str, Measurement] = Field(default_factory=dict)
    """The probe's accuracy that the learning curve expects at `1x`, `2x`, `4x` and `10x` the rows."""


class Answers(Artefact):
    """Labels given by people: `answers.parquet` with `id`, `text`, `label`, `annotator`."""

    count: int


class ModelRef(Artefact):
    """A model folder: safetensors, tokenizer, `refit.json` (labels, temperature, origin), and `onnx/` once exported."""

    dataset_digest: str
    """Digest of the dataset that it was trained on."""
    metrics: dict[str, float] = Field(default_factory=dict)
    """Figures of its making: losses, steps, size in bytes."""


class Report(Artefact):
    """How a model did on one holdout: `predictions.parquet` (a row each) and `report/` with tables and plots."""

    model_digest: str
    holdout_digest: str
    """SHA-256 of the holdout split's file, so that two reports can prove they saw the same rows."""
    rows: int
    confidence: float
    """Confidence level of every interval in `metrics`."""
    metrics: dict[str, Measurement]
    missing: dict[str, str] = Field(default_factory=dict)
    """By part of the section `evaluation`, why a figure that a gate may ask for is not there, and what to do."""


class SideBySide(Artefact):
    """Candidate and champion measured in turns, and compared slice by slice; `report/` has tables and plots."""

    candidate_digest: str
    champion_digest: str | None
    """Null where there is no champion, or it is the candidate itself."""
    metrics: dict[str, Measurement]
    """`joules_per_1000`, `energy_is_modelled`, and with a champion `joules_per_1000_champion`, `energy_ratio`,
    `slices_worse` and `worst_slice_difference`."""


class GateResult(Record):
    """One gate's answer. `measured` is null where the number is missing, which is a failure."""

    name: str
    measured: float | None
    low: float | None
    high: float | None
    limit: float
    state: State
    reason: str
    """One sentence for a person: what was compared with what, and what follows."""
    at_least: bool | None = None
    """Whether the value has to be at or above the limit; False: at or below; null where nobody said."""
    plots: tuple[str, ...] = ()
    """Pictures, by their names in the folder `report/` of the evaluated report or of the comparison side by side."""


class Signature(Record):
    """Who vouches for a piece of JSON: an ed25519 signature over its canonical form (see tasks/signatures.py)."""

    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str
    """The 32 bytes of the key in base64."""
    value: str
    """The 64 bytes of the signature in base64."""


class Verdict(Artefact):
    """The answer of all gates about one candidate, bound to what it was measured on, by what and by whose key."""

    state: State
    gates: tuple[GateResult, ...]
    candidate_digest: str
    champion_digest: str | None
    holdout_digest: str
    policy_digest: str
    """SHA-256 of the gate policy as JSON."""
    model: str | None = None
    """Name of the model that the candidate is one of; null where nobody said."""
    code_digest: str | None = None
    """SHA-256 of the code that measured and judged, and of the locked versions; null in verdicts that name none."""
    looks: int | None = None
    """Which candidate of its model this is that was judged on this holdout, from 1; null where nobody counted."""
    warning: str | None = None
    """Why the holdout wears out, and what to do; null while it does not."""
    signed_by: str | None = None
    """Fingerprint of the public key that the stored verdict is signed with; null where it is not signed."""

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return self.state == "pass"


class InForce(Record):
    """What a verdict must rest on before anything is released on its word."""

    policy_digest: str
    """SHA-256 of the gate policy as JSON."""
    holdout_digest: str
    """SHA-256 of the holdout split's file."""
    trusted: tuple[str, ...] = ()
    """Public keys in base64, of which one must have signed it; where there is none, an unsigned verdict will do."""


class Override(Record):
    """That a person released a candidate although its verdict did not pass. It travels with every later entry."""

    verdict_state: State
    """What the verdict said: `fail` or `inconclusive`."""
    by: str
    why: str
    at: str
    """Time of the decision, ISO 8601, UTC."""
    signature: Signature | None = None
    """Over model, model digest, verdict digest and the fields above; null where there was no key to sign with."""


class AskedOverride(Record):
    """What a person asks for who releases a candidate against its verdict."""

    candidate: str
    """Digest or URI of the model."""
    verdict_uri: str
    """URI or digest of the verdict about it."""
    by: str
    why: str


class Release(Record):
    """One entry of a model's release log. The newest entry is the champion."""

    model: str
    number: int
    kind: Literal["release", "rollback", "override"]
    model_uri: str
    model_digest: str
    verdict_uri: str
    verdict_digest: str
    by: str
    why: str
    at: str
    """Time of the entry, ISO 8601, UTC."""
    previous: str | None
    """SHA-256 of the entry before it, as stored."""
    override: Override | None = None
    """Set where the model serves by a person's decision and not by its verdict; a rollback to one carries it on."""


class Outcome(Record):
    """What a run came to."""

    state: Literal["released", "rejected", "inconclusive"]
    model: str
    release: int | None
    """Number of the release that serves now because of this run; null where nothing was released."""
    unchanged: bool = False
    """True where the candidate already is the champion, so that nothing new was released."""
    candidate_digest: str | None
    """Null where the pilot stopped the run before there was a candidate."""
    dataset_digest: str
    gates: tuple[GateResult, ...]
    metrics: dict[str, Measurement]
    seconds: dict[str, float] = Field(default_factory=dict)
    """Wall time by stage."""
    reused: tuple[str, ...] = ()
    """Stages whose earlier result was used again."""
    mlflow_run_id: str | None = None


class TrainingPlan(Artefact):
    """What a training will take, stated before it begins; `report/` holds `plan.md` and `plan.json`."""

    dataset_digest: str
    sentence: str
    """The plan in one line."""
    facts: tuple[tuple[str, str], ...] = ()
    """What holds for all stages, name and value, for people."""
    figures: dict[str, float] = Field(default_factory=dict)
    """parameters, trainable_parameters, tokens, steps, flops, memory_bytes, hours and cost, those that are known."""
    warnings: tuple[str, ...] = ()
    """Where the choice is poor, each with what would be better."""
    exceeds: str | None = None
    """Why the plan is beyond the budget; null where it is not."""


class Pilot(Artefact):
    """Base, base with the pilot's rows in its prompt, and pilot on the same rows; `report/` has the page and chart."""

    dataset_digest: str
    rows: int
    """Rows that the pilot was trained on."""
    judged_rows: int
    """Rows of the validation split that all three were judged on."""
    state: PilotState
    go_on: bool
    """Whether the full training is to start."""
    sentence: str
    """For a person: whether fine-tuning helps, by how much, and the numbers of the three."""
    scores: dict[str, Measurement]
    """By contestant (`base`, `base_with_rows`, `pilot`); more is better."""
    gains: dict[str, Measurement]
    """The pilot's score less that of `base` and of `base_with_rows`, on the same rows."""

    @property
    def gate(self) -> GateResult:
        """The pilot as a gate: the smaller of its two gains against 0."""
        measured = min(self.gains.values(), key=lambda gain: gain.value)
        return GateResult(
            name="pilot",
            measured=measured.value,
            low=measured.low,
            high=measured.high,
            limit=0.0,
            state=PILOT_STATES[self.state],
            reason=self.sentence,
        )
