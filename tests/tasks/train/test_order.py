"""The order of rows follows from seed and epoch alone, and a step's rows can be named."""

from __future__ import annotations

import torch
from torch.utils.data import RandomSampler
from trl.trainer.utils import RepeatSampler

from tasks.train.order import EpochOrder


def test_a_later_epoch_has_the_same_order_whether_or_not_the_ones_before_were_drawn() -> None:
    # TRL's own sampler draws on from epoch to epoch, and would begin again with the first one after a kill.
    def make() -> EpochOrder:
        return EpochOrder(RepeatSampler(list(range(20)), mini_repeat_count=2, batch_size=4, shuffle=True, seed=7), 7)

    through, resumed = make(), make()
    orders = []
    for epoch in range(3):
        through.set_epoch(epoch)
        orders.append(list(through))
    resumed.set_epoch(2)
    assert list(resumed) == orders[2]
    assert orders[0] != orders[1] != orders[2]


def test_the_order_of_a_random_sampler_is_accelerates_and_leaves_the_global_state_alone() -> None:
    from accelerate.data_loader import SeedableRandomSampler

    torch.manual_seed(7)
    theirs = SeedableRandomSampler(list(range(20)), data_seed=7)
    before = torch.random.get_rng_state()
    ours = EpochOrder(RandomSampler(list(range(20))), 7)
    for epoch in range(2):
        theirs.set_epoch(epoch)
        ours.set_epoch(epoch)
        assert list(ours) == list(theirs)
    assert torch.equal(torch.random.get_rng_state(), before)
