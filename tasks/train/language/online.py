"""Reinforcement learning: the policy writes answers itself and learns from the reward that they earn (RLOO, GRPO).

Each step draws new answers from the policy as it then is, and learns from them at once. So nothing that was generated
outlives a step, and a training that was killed goes on from a checkpoint with the very answers it would have drawn.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from datasets import Dataset
from trl import GRPOConfig, RLOOConfig

from tasks.errors import UserInputError
from tasks.models.conversation import messages_of, rendered_prompt
from tasks.train.history import Log
from tasks.train.language.online_trainers import MISSED, OurGRPO, OurRLOO, ScoredBefore
from tasks.train.language.reward import ModelReward, newest_reward_model
from tasks.train.language.rewards import ExactAnswerReward, Rule, rule_of
from tasks.train.language.trainers import (
    fewest_passes,
    frozen_copy,
    left_as_found,
    plain_network,
    remove_spare_adapter,
)
from tasks.train.language.work import StageWork
from tasks.train.stage_kinds import GrpoStage, RewardModel, RlooStage
from tasks.train.steering import load_weights, train_to_the_end

OnlineStage = RlooStage | GrpoStage
EVALUATED_ANSWERS = 256
"""At most so many answers to validation prompts measure the mean reward: one a prompt, or several to few prompts."""
SHOWN_ROWS = 3


def run_online(work: StageWork) -> Log:
    """Train `work.network` against the rewards of the stage, leave the best weights in it, and return the log.

    The log's first entry with `eval_reward` is of step 0: the mean reward before the stage.
    """
    stage = online_stage(work)
    check_rewards(stage, work.rows)
    functions = [
        ModelReward(newest_reward_model(work.folder), work) if isinstance(reward, RewardModel) else rule_of(reward)
        for reward in stage.rewards
    ]
    prompts = {split: prompts_of(work, split) for split in ("train", "validation")}
    with left_as_found(work.network):
        trainer, pauses = make_trainer(work, stage, functions, prompts)
        # Rewards begin flat and vary from evaluation to evaluation, so impatience would end what has hardly begun.
        steering = work.steering(pauses, best_by=MISSED, patience=False)
        trainer.add_callback(ScoredBefore(trainer))
        trainer.add_callback(steering)
        log = train_to_the_end(trainer, steering)
    load_weights(work.network, steering.best(log))
    return log


def online_stage(work: StageWork) -> OnlineStage:
    """The work's stage."""
    if not isinstance(work.stage, OnlineStage):
        raise TypeError(f"run_online runs the stages rloo and grpo, not {work.stage.kind}")
    return work.stage


def check_rewards(stage: OnlineStage, rows: dict[str, pd.DataFrame]) -> None:
    """Refuse, before anything is trained, rewards that could never be earned.

    Raises UserInputError for a pattern or a schema that is not valid, and for rows without the answer that is wanted.
    """
    rules = [rule_of(reward) for reward in stage.rewards if not isinstance(reward, RewardModel)]
    for rule in rules:
        if isinstance(rule, ExactAnswerReward):
            for split, frame in rows.items():
                _refuse_unanswerable(rule, split, frame)


def _refuse_unanswerable(rule: ExactAnswerReward, split: str, rows: pd.DataFrame) -> None:
    pairs = zip(rows["id"], rows["answer"], strict=True)
    lost = [name for name, answer in pairs if not isinstance(answer, str) or not rule.taken_from(answer)]
    if lost:
        pattern = "" if rule.pattern is None else f" that {rule.pattern.pattern!r} (training.stages, pattern) matches"
        raise UserInputError(
            f"the reward exact_answer compares with the rows' answers, but {len(lost)} of {len(rows)} rows of the "
            f"{split} split have none{pattern} (ids {', '.join(map(str, lost[:SHOWN_ROWS]))}): mend the rows or the "
            "pattern, or take another reward"
        )


def prompts_of(work: StageWork, split: str) -> Dataset:
    """The prompts as TRL takes them, with `text` and `answer` for the rewards; of validation, a bounded sample."""
    rows = work.rows[split]
    if split == "validation" and len(rows) > EVALUATED_ANSWERS:
        rows = rows.sample(EVALUATED_ANSWERS, random_state=work.plan.config.seed)
    task, tokenizer = work.plan.task, work.tokenizer
    form = messages_of if tokenizer.chat_template else lambda text, task: rendered_prompt(tokenizer, text, task)
    answers = [answer if isinstance(answer, str) else "" for answer in rows["answer"]]
    names, texts = [str(name) for name in rows["id"]], list(rows["text"])
    prompts = [form(text, task) for text in texts]
    return Dataset.from_dict({"id": names, "prompt": prompts, "text": texts, "answer": answers})


def make_trainer(
    work: StageWork, stage: OnlineStage, functions: list[ModelReward | Rule], prompts: dict[str, Dataset]
) -> tuple[Any, set[int]]:
    """The trainer of the stage's kind, and the steps after which it is evaluated and a checkpoint written."""
    config = work.plan.config
    rows = min(work.rows_per_device, len(prompts["train"]) // config.devices.processes)
    if rows < 1:
        raise UserInputError(
            f"the train split has {len(prompts['train'])} row(s), fewer than training.devices.processes "
            f"({config.devices.processes}): give more rows, or fewer processes"
        )
    # Only whole steps are drawn from an epoch; the prompts left over change from epoch to epoch.
    per_epoch = len(prompts["train"]) // (rows * config.devices.processes)
    schedule = work.schedule(per_epoch * work.batch_size)
    sequences = rows * stage.generations
    passes = fewest_passes(sequences, config.max_tokens + stage.max_answer_tokens)
    at_once = sequences // passes
    several = stage.generations if len(prompts["validation"]) * stage.generations <= EVALUATED_ANSWERS else 1
    kinds: dict[str, tuple[Any, Any]] = {"rloo": (OurRLOO, RLOOConfig), "grpo": (OurGRPO, GRPOConfig)}
    trainer_class, config_class = kinds[stage.kind]
    reference = frozen_copy(work.network, share=config.devices.sharding != "full") if stage.beta else None
    trainer = trainer_class(
        model=work.network,
        reward_funcs=functions,
        args=work.arguments(
            config_class,
            schedule.steps,
            # One round of answers a step (steps_per_generation = accumulated passes), used once (num_iterations).
            per_device_train_batch_size=at_once,
            per_device_eval_batch_size=max(1, at_once // several) * several,
            gradient_accumulation_steps=passes,
            num_iterations=1,
            num_generations=stage.generations,
            num_generations_eval=several,
            max_completion_length=stage.max_answer_tokens,
            temperature=stage.temperature,
            reward_weights=[reward.weight for reward in stage.rewards],
            disable_dropout=True,
            # TRL would take the bare base model for the reference; ours is put in place below.
            beta=0.0,
        ),
        train_dataset=prompts["train"],
        eval_dataset=prompts["validation"],
        processing_class=work.tokenizer,
    )
    remove_spare_adapter(work.network)
    trainer.longest_prompt = config.max_tokens
    if reference is not None:
        trainer.hold_to(plain_network(reference), stage.beta)
    return trainer, schedule.pauses
