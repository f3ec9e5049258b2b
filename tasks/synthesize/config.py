"""The section `synthesis` of the YAML: which rows are made, by whom, how many, and what they must stand up to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tasks.section import Section
from tasks.synthesize.teacher.config import Backend

Form = Literal["lower", "upper", "no_punctuation", "terse", "quoted_email", "list", "formal"]
StressName = Literal["typos", "terse", "new_vocabulary", "formal", "prior_shift", "longer"]


class Amount(Section):
    """How many rows a maker adds, and of which labels."""

    rows: int | None = Field(default=None, ge=1)
    """Rows to make; give this, `share` or `balance`."""
    share: float | None = Field(default=None, gt=0, le=10)
    """Rows to make for each real row of the labels in question: 0.1 adds ten rows to each hundred."""
    labels: tuple[str, ...] | None = None
    """Make rows of these labels only; null is all. Classification only."""
    balance: bool = False
    """Make rows of the rare labels, the rarest first, until each has `balance_to` of the commonest one's rows; where
    `rows` or `share` is given too, at most that many. Classification only."""
    balance_to: float = Field(default=1.0, gt=0, le=1)
    """What balancing aims at: rows of a label as a share of the commonest label's."""
    seed: int = 17
    """Fixes every choice of this maker."""

    @model_validator(mode="after")
    def _says_how_many(self) -> Amount:
        if self.rows is not None and self.share is not None:
            raise ValueError("give rows or share, not both")
        if self.rows is None and self.share is None and not self.balance:
            raise ValueError("say how many rows to make: rows, share, or balance: true")
        return self


class TyposMaker(Amount):
    """Slips of the keyboard: letters swapped, left out, doubled, or a neighbouring key."""

    kind: Literal["typos"] = "typos"
    per_100_characters: float = Field(default=3.0, gt=0, le=30)
    """Slips in a hundred characters; each row gets at least one."""


class ParaphraseMaker(Amount):
    """Rewriting by rules, for English: contractions, politeness, forms of a question, synonyms."""

    kind: Literal["paraphrase"] = "paraphrase"
    changes: int = Field(default=2, ge=1, le=10)
    """Rules applied to a row at most."""


class SlotsMaker(Amount):
    """Numbers, names and products filled with other values that the data has in the same place. Classification only."""

    kind: Literal["slots"] = "slots"
    changes: int = Field(default=2, ge=1, le=10)
    """Slots of a row filled anew at most."""


class ReformatMaker(Amount):
    """The same words in another form."""

    kind: Literal["reformat"] = "reformat"
    forms: tuple[Form, ...] = Field(
        default=("lower", "upper", "no_punctuation", "terse", "quoted_email", "list", "formal"), min_length=1
    )
    """Forms to choose from, evenly; one that does not suit a row is passed over."""


class StandInsMaker(Section):
    """Train rows with personal data give way to rows of the same label and shape with nobody's data in them.

    The original leaves the dataset; its text is kept nowhere, and nothing in the stand-in leads back to it.
    """

    kind: Literal["stand_ins"] = "stand_ins"
    masked_rows: bool = False
    """Also give made-up values to rows whose personal data curation has already masked."""
    names: bool = True
    """Also replace names of people where the text says that it is one ("my name is …", "regards, …")."""
    seed: int = 17
    """Fixes the made-up values."""


class TeacherMaker(Amount):
    """Rows written by a larger model: new texts of a label, or answers to the prompts that are there (distillation)."""

    kind: Literal["teacher"] = "teacher"
    backend: Backend
    """The model that is asked."""
    task_description: str = ""
    """What the texts are and who writes them, in a sentence; it is put before each request."""
    label_descriptions: dict[str, str] = Field(default_factory=dict)
    """What a label means, in a sentence, where its name does not say it."""
    prompts_from: Literal["train", "unlabelled"] = "train"
    """Whose prompts the teacher answers. Instruction and chat only."""
    examples: int = Field(default=5, ge=1, le=50)
    """Real rows of the label that the teacher is shown. Classification only."""
    rows_a_request: int = Field(default=5, ge=1, le=50)
    """New texts asked for at a time. Classification only."""
    rounds: int = Field(default=3, ge=1, le=10)
    """How often rows that are missing or unfit are asked for, the first time included."""
    min_characters: int = Field(default=3, ge=1)
    """A shorter row is refused."""
    max_characters: int = Field(default=4000, ge=1)
    """A longer row is refused."""
    json_answers: bool = False
    """Refuse an answer that is no JSON. Instruction and chat only."""


Maker = Annotated[
    TyposMaker | ParaphraseMaker | SlotsMaker | ReformatMaker | StandInsMaker | TeacherMaker,
    Field(discriminator="kind"),
]


class StressConfig(Section):
    """Synthetic rows that imitate a drift to come, made from the holdout: used to test, never to train."""

    sets: tuple[StressName, ...] = ()
    """Which drifts: `typos`, `terse`, `new_vocabulary`, `formal`, `longer`, `prior_shift` (labels in other shares)."""
    rows: int = Field(default=500, ge=1)
    """Rows of a set at most."""
    typos_per_100_characters: float = Field(default=6.0, gt=0, le=30)
    """Slips in the set `typos`."""
    vocabulary: dict[str, str] = Field(default_factory=dict)
    """Words that will be used instead of today's, for `new_vocabulary`, beside synonyms that the train rows lack."""
    label_weights: dict[str, float] = Field(default_factory=dict)
    """Shares of the labels for `prior_shift`; without them, shares are drawn (Lipton, Wang and Smola 2018)."""
    seed: int = 17
    """Fixes every choice."""

    @model_validator(mode="after")
    def _names_each_once(self) -> StressConfig:
        if len(set(self.sets)) != len(self.sets):
            raise ValueError("each stress set can be named once")
        if any(weight < 0 for weight in self.label_weights.values()):
            raise ValueError("label_weights must not be negative")
        if self.label_weights and not sum(self.label_weights.values()):
            raise ValueError("label_weights must not all be 0")
        return self


class SynthesisConfig(Section):
    """Rows that nobody wrote: added to the train split only, each with its maker and its parent. Off by default."""

    makers: tuple[Maker, ...] = ()
    """Who makes rows. Private stand-ins come first, whatever their place; the others follow in this order."""
    max_synthetic_share: float = Field(default=0.3, ge=0, lt=1)
    """Synthetic rows as a share of the train split at most, stand-ins and earlier ones included. Wishes above it are
    scaled down alike; stand-ins above it stop the run."""
    check_labels: bool = True
    """Refuse a row that a probe on embeddings takes for another label while it reads the parent right."""
    check_imitation: bool = True
    """Measure on the validation split whether the rows help on real rows, and not only on rows like themselves."""
    require_real_gain: bool = False
    """Take the added rows out again unless the gain on real rows is above chance."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the interval around the gain."""
    embedding_model: str = "bundled:minilm-l6"
    """The encoder of both checks."""
    max_embedded_rows: int = Field(default=20_000, ge=100)
    """Real train rows that the probe learns from at most: a sample of this size is drawn from more."""
    stress: StressConfig = StressConfig()
    """Sets that imitate a drift to come."""

    @model_validator(mode="after")
    def _is_consistent(self) -> SynthesisConfig:
        if sum(maker.kind == "stand_ins" for maker in self.makers) > 1:
            raise ValueError("stand_ins can be named once among the makers")
        if self.require_real_gain and not self.check_imitation:
            raise ValueError("require_real_gain needs check_imitation: true")
        return self
