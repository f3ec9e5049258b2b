"""What the preference and reward stages came to, by the names under which people see them."""

from __future__ import annotations

from tasks.train.history import Log, best_step, evaluations

BEST_BY = {"dpo": "eval_loss", "reward": "eval_loss", "rloo": "eval_missed_reward", "grpo": "eval_missed_reward"}
"""The value, in a stage's log, whose lowest is best."""
NAMES = {
    "dpo": {
        "dpo_validation_loss": "eval_loss",
        "dpo_reward_accuracy": "eval_rewards/accuracies",
        "dpo_margin": "eval_rewards/margins",
    },
    "reward": {
        "reward_validation_loss": "eval_loss",
        "reward_accuracy": "eval_accuracy",
        "reward_margin": "eval_margin",
    },
    "rloo": {"rloo_reward": "eval_reward", "rloo_divergence": "eval_kl"},
    "grpo": {"grpo_reward": "eval_reward", "grpo_divergence": "eval_kl"},
}


def stage_figures(kind: str, log: Log) -> dict[str, float]:
    """Of a stage's best evaluation; nothing of other kinds of stages.

    Losses in nats; accuracies as the share of pairs in the right order; margins as mean difference of the two rewards;
    of `rloo` and `grpo` the mean reward of answers to validation prompts, before the stage (`…_reward_before`) and at
    its best evaluation, and the mean divergence, in nats a token, from the model that the stage began with.
    """
    if kind not in BEST_BY:
        return {}
    key = BEST_BY[kind]
    step = best_step(log, key)
    best = next(entry for entry in evaluations(log, key) if entry["step"] == step)
    figures = {name: best[measured] for name, measured in NAMES[kind].items() if measured in best}
    if kind in ("rloo", "grpo"):
        # The only evaluation without a value to be best by is the one before the first step.
        before = next(entry for entry in evaluations(log, "eval_reward") if key not in entry)
        figures[f"{kind}_reward_before"] = before["eval_reward"]
    return figures
