"""A reward model puts pairs in order, is sealed in its stage's folder, and leaves the policy alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tasks.errors import TrainingFailed, UserInputError
from tasks.train.checkpoints import is_whole
from tasks.train.language.reward import ModelReward, newest_reward_model, run_reward
from tasks.train.language.stage_figures import stage_figures
from tests.tasks.train.language.conftest import MakeWork
from tests.tasks.train.language.tiny_language import BAD

STAGES = [{"kind": "reward", "learning_rate": 5e-3}, "rloo"]
TECHNIQUES = [{"kind": "full"}, {"kind": "lora", "rank": 4, "alpha": 16}]


@pytest.mark.parametrize("technique", TECHNIQUES, ids=["full", "lora"])
def test_a_reward_model_puts_pairs_in_order(make_work: MakeWork, technique: dict[str, object]) -> None:
    work = make_work("preference", stages=STAGES, technique=technique, epochs=4)
    before = [weights.clone() for weights in work.network.parameters()]
    found = stage_figures("reward", run_reward(work))
    assert found["reward_accuracy"] == 1.0
    assert found["reward_margin"] > 0.3
    assert all(map(torch.equal, before, work.network.parameters())), "the policy was changed"

    later = make_work("preference", stage=1, stages=STAGES, technique=technique, epochs=4)
    score = ModelReward(newest_reward_model(later.folder), later)
    texts = list(work.rows["validation"]["text"])
    good = score([[{"role": "assistant", "content": said}] for said in work.rows["validation"]["answer"]], text=texts)
    bad = score([BAD] * len(texts), text=texts)
    assert all(one > other for one, other in zip(good, bad, strict=True))
    assert score([""], text=texts[:1]) == pytest.approx(score([" "], text=texts[:1]))


def test_an_altered_reward_model_is_not_used(make_work: MakeWork) -> None:
    work = make_work("preference", stages=STAGES, epochs=1)
    run_reward(work)
    folder = work.folder / "reward-model"
    assert is_whole(folder)
    assert (folder / "model.safetensors").is_file()
    (folder / "config.json").write_text("{}")
    with pytest.raises(TrainingFailed, match="missing or was altered"):
        newest_reward_model(work.folder.parent / "1-rloo")


def test_the_newest_reward_model_before_a_stage_is_taken(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="no stage reward has been trained before 1-rloo"):
        newest_reward_model(tmp_path / "1-rloo")


def test_an_architecture_without_a_head_for_scores_is_refused(make_work: MakeWork, tiny_mamba: Path) -> None:
    work = make_work("preference", stages=STAGES, base_model=str(tiny_mamba))
    with pytest.raises(UserInputError, match="cannot become a reward model"):
        run_reward(work)
