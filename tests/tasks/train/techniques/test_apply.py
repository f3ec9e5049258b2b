"""What cannot go together is refused before anything is loaded."""

from __future__ import annotations

import pytest

from tasks.errors import UserInputError
from tasks.train.technique_kinds import (
    ExpertLoraTechnique,
    FullTechnique,
    LoraTechnique,
    QloraTechnique,
    Technique,
)
from tasks.train.techniques.apply import apply_technique, check_together, merge_adapters
from tests.tasks.train.techniques.networks import make, trained


@pytest.mark.parametrize(
    ("technique", "reason"),
    [
        (QloraTechnique(), "qlora, whose base is in 4 bits already: choose lora"),
        (ExpertLoraTechnique(), "fused experts that expert_lora trains"),
        (LoraTechnique(dora=True), "dora is true, which cannot be combined"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_quantisation_aware_training_does_not_go_with_every_technique(technique: Technique, reason: str) -> None:
    with pytest.raises(UserInputError, match=reason):
        check_together(technique, "int4")
    check_together(technique, None)


def test_full_training_trains_everything_and_has_nothing_to_merge() -> None:
    network = apply_technique(make("mamba"), FullTechnique(), [])
    assert trained(network) == {name for name, _ in network.named_parameters()}
    assert merge_adapters(network) is network
