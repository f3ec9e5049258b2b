"""What the log says about the best step and about stopping."""

from __future__ import annotations

from tasks.train.history import LOSS, best_step, exhausted, history


def log(*losses: float) -> list[dict[str, float]]:
    return [
        {"step": 10 * (n + 1), LOSS: loss, "eval_accuracy": 0.5, "eval_runtime": 3.1} for n, loss in enumerate(losses)
    ]


def test_the_best_step_has_the_lowest_loss_and_the_first_wins() -> None:
    assert best_step(log(3.0, 1.0, 1.0, 2.0)) == 20


def test_training_stops_after_as_many_evaluations_without_gain() -> None:
    assert not exhausted(log(3.0, 1.0, 2.0), patience=2)
    assert exhausted(log(3.0, 1.0, 2.0, 1.5), patience=2)


def test_a_log_without_evaluations_stops_nothing() -> None:
    assert not exhausted([], patience=1)


def test_the_kept_history_has_no_times() -> None:
    entry = {"step": 1, "loss": 2.0, "learning_rate": 0.1, "grad_norm": 5.0, "epoch": 0.1}
    assert history([entry, *log(1.0)]) == {
        "training": [{"step": 1, "loss": 2.0, "learning_rate": 0.1}],
        "validation": [{"step": 10, "loss": 1.0, "accuracy": 0.5}],
    }
