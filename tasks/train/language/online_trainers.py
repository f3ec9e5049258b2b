"""TRL's RLOO and GRPO trainers, with a reference, an order of prompts and an evaluation that can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import Sampler
from transformers import TrainerCallback
from trl import GRPOTrainer, RLOOTrainer
from trl.models import prepare_fsdp
from trl.trainer.utils import add_fused_lm_head

from tasks.train.language.stage_figures import BEST_BY
from tasks.train.language.trainers import QuietTrainer

MISSED = BEST_BY["rloo"]
"""Minus the mean reward: the value, in the log, whose lowest is best."""


class PromptSampler(Sampler[int]):  # type: ignore[misc]
    """Prompts in the shape that TRL's trainers want, in an order that follows from seed and epoch alone.

    Each step's prompts come `generations` times one after the other, and all of that once for each of the step's
    passes. TRL's own sampler draws from a generator that a resumed training starts anew.
    """

    def __init__(self, prompts: int, prompts_each: int, generations: int, passes: int, seed: int) -> None:
        self.prompts, self.prompts_each, self.seed, self.epoch = prompts, prompts_each, seed, 0
        self.generations, self.passes = generations, passes

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.prompts // self.prompts_each * self.prompts_each * self.generations * self.passes

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.prompts)
        steps = order[: self.prompts // self.prompts_each * self.prompts_each].reshape(-1, self.prompts_each)
        for step in steps:
            yield from np.tile(np.repeat(step, self.generations), self.passes).tolist()


class ScoredBefore(TrainerCallback):  # type: ignore[misc]
    """Measures the mean reward before the first step, so that a person sees what the stage brought."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 0:
            self.trainer.evaluate()


class OnlineTrainer(QuietTrainer):
    """Mixed in before RLOOTrainer or GRPOTrainer."""

    longest_prompt: int
    """A longer prompt loses its beginning, as it does in supervised fine-tuning."""

    def hold_to(self, reference: Any, beta: float) -> None:
        """Hold the policy to a frozen network, by `beta` times the divergence from it."""
        add_fused_lm_head(reference, temperature=self.temperature)
        self.beta = beta
        if self.is_fsdp_enabled:
            self.ref_model = prepare_fsdp(reference, self.accelerator)
        else:
            self.ref_model = self.accelerator.prepare_model(reference, evaluation_mode=True)

    def evaluate(self, *wanted: Any, **named: Any) -> dict[str, float]:
        """The mean reward of answers drawn with the seed alone: every evaluation draws the same numbers.

        So two evaluations differ by the policy, and the training draws on as if there had been none.
        """
        with torch.random.fork_rng():
            torch.manual_seed(self.args.seed + self.accelerator.process_index)
            return dict(super().evaluate(*wanted, **named))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As TRL does; an evaluation after the first step also has the value whose lowest is best."""
        rewards = self._metrics["eval"].get("reward")
        if rewards and self.state.global_step > 0:
            self._metrics["eval"][MISSED.removeprefix("eval_")] = [-reward for reward in rewards]
        super().log(logs, start_time)

    def _get_train_sampler(self, dataset: Dataset | None = None) -> PromptSampler:
        prompts = len(self.train_dataset if dataset is None else dataset)
        args = self.args
        each = args.generation_batch_size // self.num_generations
        return PromptSampler(prompts, each, self.num_generations, args.steps_per_generation, args.seed)

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[Any, ...]:
        ids, *others = super()._tokenize_prompts(prompts)
        return [row[-self.longest_prompt :] for row in ids], *others

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        if not model.training:
            self.count_rows(len(inputs["completion_ids"]))
        return super()._compute_loss(model, inputs)


class OurRLOO(OnlineTrainer, RLOOTrainer):  # type: ignore[misc]
    """REINFORCE with the other answers as baseline."""


class OurGRPO(OnlineTrainer, GRPOTrainer):  # type: ignore[misc]
    """Advantages relative to the answers of one prompt."""
