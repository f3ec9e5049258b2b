"""The stages of the section `training`: what a model is taught, one after the other, with the same parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from tasks.rules import kinds
from tasks.section import Section


class TrainingStage(Section):
    """What every stage may say for itself; what it leaves out is the section's."""

    epochs: float | None = Field(default=None, gt=0)
    """Passes over the rows, where it is not `training.epochs`."""
    batch_size: int | None = Field(default=None, ge=1)
    """Rows a step, where it is not `training.batch_size`."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Peak learning rate, where it is not `training.learning_rate`."""


class ClassifyStage(TrainingStage):
    """The rows' labels, by a classification head."""

    kind: Literal["classify"] = "classify"


class SftStage(TrainingStage):
    """The rows' answers, word for word (supervised fine-tuning)."""

    kind: Literal["sft"] = "sft"
    loss_on: Literal["answer", "everything"] = "answer"
    """Which tokens carry loss: those of the assistant's answers, or the prompt's as well."""
    packing: bool = True
    """Several short rows share one sequence, without seeing each other, so that nothing is padded."""


class DpoStage(TrainingStage):
    """The preference of one answer over another, without a reward model (DPO, arXiv:2305.18290)."""

    kind: Literal["dpo"] = "dpo"
    learning_rate: float | None = Field(default=5e-5, gt=0)
    """Peak learning rate; lower than that of SFT as a rule."""
    beta: float = Field(default=0.1, gt=0)
    """How firmly the policy is held to the model that the stage began with."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Share of the pairs that are taken to be the wrong way round (conservative DPO)."""


class RewardStage(TrainingStage):
    """A reward model from preference pairs (Bradley-Terry), which a later `rloo` or `grpo` stage is trained against."""

    kind: Literal["reward"] = "reward"


class RewardModel(Section):
    """The score of the reward model that the stage `reward` before made."""

    kind: Literal["reward_model"] = "reward_model"
    weight: float = 1.0
    """Factor in the sum of rewards."""


class ExactAnswer(kinds.ExactAnswer):
    """1 where what is asked for, taken out of the model's text, equals that of the row's answer; else 0."""

    weight: float = 1.0
    """Factor in the sum of rewards."""


class JsonSchema(kinds.JsonSchema):
    """1 where the model's text is JSON that satisfies a schema; else 0."""

    weight: float = 1.0
    """Factor in the sum of rewards."""


Reward = Annotated[RewardModel | ExactAnswer | JsonSchema, Field(discriminator="kind")]


class OnlineStage(TrainingStage):
    """What the model writes itself, by the reward that it earns."""

    learning_rate: float | None = Field(default=1e-5, gt=0)
    """Peak learning rate; much lower than that of SFT as a rule."""
    rewards: tuple[Reward, ...] = (RewardModel(),)
    """What earns how much; the sum is the reward."""
    generations: int = Field(default=4, ge=2)
    """Answers to each prompt that are compared with one another."""
    max_answer_tokens: int = Field(default=64, ge=1)
    """Answers are cut to this many tokens."""
    temperature: float = Field(default=1.0, gt=0)
    """Temperature at which answers are sampled."""
    beta: float = Field(default=0.05, ge=0)
    """Weight of the divergence from the model that the stage began with."""


class RlooStage(OnlineStage):
    """REINFORCE with the other answers as baseline (RLOO, arXiv:2402.14740)."""

    kind: Literal["rloo"] = "rloo"


class GrpoStage(OnlineStage):
    """Advantages relative to the answers of one prompt (GRPO, arXiv:2402.03300)."""

    kind: Literal["grpo"] = "grpo"


class DistilStage(TrainingStage):
    """A teacher's knowledge: its answers (`sequence`), or its distribution at every place (`logits`)."""

    kind: Literal["distil"] = "distil"
    teacher: str = Field(min_length=1)
    """The teacher: a local folder with safetensors, or a hub id; for `logits` of the same tokens or labels."""
    level: Literal["logits", "sequence"] = "logits"
    """What is learned from it (arXiv:1503.02531, arXiv:1606.07947)."""
    temperature: float = Field(default=2.0, gt=0)
    """Softens both distributions, for `logits`."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Weight of the teacher in the loss; the rest is the rows' own labels or answers."""


AnyStage = ClassifyStage | SftStage | DpoStage | RewardStage | RlooStage | GrpoStage | DistilStage


def _by_its_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


Stage = Annotated[Annotated[AnyStage, Field(discriminator="kind")], BeforeValidator(_by_its_name)]
"""One stage; its name alone stands for it with its defaults, as in `stages: [sft, dpo]`."""
