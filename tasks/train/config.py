"""The section `training` of the YAML: the base model, the technique, the stages, and the schedule."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from tasks.records import TaskKind
from tasks.section import Section
from tasks.train.budget_config import BudgetConfig
from tasks.train.classifier.adversarial_config import AdversarialConfig
from tasks.train.stage_kinds import AnyStage, ClassifyStage, DpoStage, SftStage, Stage
from tasks.train.technique_kinds import FEW_SHOT_DEFAULTS, FewShotTechnique, FullTechnique, Technique


class DevicesConfig(Section):
    """On how many devices one training runs. One process trains on one GPU, or on the CPU where there is none."""

    processes: int = Field(default=1, ge=1)
    """Processes that train together (torchrun's world size): on this machine, or shared out evenly over several nodes,
    which infra/kubernetes/training-job.yaml starts."""
    sharding: Literal["none", "full"] = "none"
    """`none` keeps the whole model on each device (DDP); `full` splits parameters, gradients and optimiser (FSDP2)."""


class TrainingConfig(Section):
    """The base model, the technique, the stages, and the schedule."""

    base_model: str = "bundled:minilm-l6"
    """What is fine-tuned: `bundled:minilm-l6`, `made:tiny-qwen3`, a hub id, or a local folder with safetensors."""
    technique: Technique = FullTechnique()
    """Which parameters are trained."""
    stages: tuple[Stage, ...] = ()
    """What the model is taught, in order, as in `[sft, dpo]`; none means what is usual for the rows: `classify` for
    labels, `sft` for instructions and chats, `sft` and `dpo` for preferences."""
    epochs: float = Field(default=4, gt=0)
    """Passes over the training rows."""
    batch_size: int = Field(default=32, ge=1)
    """Rows a step, over all devices."""
    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate; it rises over the warm-up and falls along a cosine."""
    warmup_steps: int = Field(default=50, ge=0)
    """Steps of linear warm-up; at most a fifth of all steps is used."""
    weight_decay: float = Field(default=0.01, ge=0)
    """AdamW's weight decay."""
    adversarial: AdversarialConfig | None = None
    """A classifier's: training against small changes of the embeddings, for the gate `robustness`; null is none."""
    group_weighting: Literal["none", "balanced"] = "none"
    """A classifier's: `balanced` lets every group of rows count alike within each label, for the gate `fairness`."""
    measure_price: bool = True
    """Where `adversarial` or `group_weighting` is on, train once more without each of them, and say in the model's
    report what it costs in accuracy. Each takes another training."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each target spread over all labels (Szegedy et al., 2016); 0 leaves the targets as they are."""
    max_tokens: int = Field(default=128, ge=8)
    """Longer texts are cut to this many tokens."""
    early_stopping_patience: int = Field(default=2, ge=1)
    """Evaluations without a better validation loss before training stops; the best checkpoint is kept."""
    evaluations_per_epoch: int = Field(default=1, ge=1)
    """How often the validation split is scored, and a checkpoint written."""
    checkpoint_minutes: float = Field(default=10, gt=0)
    """Between evaluations a checkpoint is written this often: what a training loses at most when it is killed."""
    activation_checkpointing: bool = False
    """Keep only the inputs of each layer for the backward pass and compute the rest again: far less memory for long
    rows and large models, for a third more arithmetic."""
    quantisation_aware: Literal["int8", "int4"] | None = None
    """Train a language model so that it loses little when its weights are rounded to so many bits afterwards."""
    devices: DevicesConfig = DevicesConfig()
    """On how many devices one training runs."""
    budget: BudgetConfig = BudgetConfig()
    """The device that is planned for, and how much of it may be spent."""
    seed: int = Field(default=17, ge=0)
    """Seed of initialisation, order and dropout; on CPU the same seed gives the same model."""

    @model_validator(mode="before")
    @classmethod
    def _few_shots_have_defaults_of_their_own(cls, content: Any) -> Any:
        technique = content.get("technique") if isinstance(content, dict) else None
        few = isinstance(technique, FewShotTechnique) or (
            isinstance(technique, dict) and technique.get("kind") == "few_shot"
        )
        return {**FEW_SHOT_DEFAULTS, **content} if few else content

    def stages_for(self, task: TaskKind) -> tuple[AnyStage, ...]:
        """The stages that rows of this kind are taught with: those of the config, or the usual ones."""
        usual: dict[TaskKind, tuple[AnyStage, ...]] = {
            "classification": (ClassifyStage(),),
            "instruction": (SftStage(),),
            "chat": (SftStage(),),
            "preference": (SftStage(), DpoStage()),
        }
        return self.stages or usual[task]
