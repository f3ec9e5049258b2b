"""Groups count alike within each label, labels count as before, and nothing is weighed by a handful of rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from tasks.errors import UserInputError
from tasks.models.torch_classifier import TorchClassifier
from tasks.train.classifier.group_weights import MOST_TIMES, balanced, weigh_groups
from tasks.train.classifier.learning import learn
from tasks.train.config import TrainingConfig
from tasks.train.plan import RunPlan, check_stages

Prepare = Callable[..., Path]


def rows_of(**counts: int) -> pd.DataFrame:
    """Rows by `label_group`; the group `none` is none."""
    cells = [name.split("_") for name, count in counts.items() for _ in range(count)]
    groups = pd.Series([cell[1] for cell in cells], dtype="object")
    return pd.DataFrame({"label": [cell[0] for cell in cells], "group": groups.where(groups != "none", None)})


def test_every_group_counts_alike_within_a_label_and_every_label_as_before() -> None:
    rows = rows_of(card_a=30, card_b=10, login_a=5, login_b=15, login_none=4)
    weights = balanced(rows, pd.Series(1.0, index=rows.index))
    cells = weights.groupby([rows["label"], rows["group"]]).sum()
    assert cells.to_dict() == pytest.approx(
        {("card", "a"): 20, ("card", "b"): 20, ("login", "a"): 10, ("login", "b"): 10}
    )
    assert (weights[rows["group"].isna()] == 1).all()
    assert weights.mean() == pytest.approx(1)


def test_the_weights_that_rows_have_already_count() -> None:
    rows = rows_of(card_a=10, card_b=10)
    own = pd.Series([3.0] * 10 + [1.0] * 10)
    cells = (own * balanced(rows, own)).groupby(rows["group"]).sum()
    assert cells.to_dict() == pytest.approx({"a": 20, "b": 20})


def test_a_handful_of_rows_does_not_weigh_as_much_as_a_thousand() -> None:
    rows = rows_of(card_a=1000, card_b=1)
    weights = balanced(rows, pd.Series(1.0, index=rows.index))
    times = weights.groupby(rows["group"]).first()
    assert weights.sum() == pytest.approx(1001)
    assert times["b"] / times["a"] == pytest.approx(MOST_TIMES / (1001 / 2000), rel=1e-6)


def test_a_label_that_only_one_group_has_stays_as_it_is() -> None:
    rows = rows_of(card_a=4, card_b=4, login_a=7)
    assert balanced(rows, pd.Series(1.0, index=rows.index)).tolist() == pytest.approx([1.0] * 15)


def with_groups(folder: Path, groups: list[str | None]) -> None:
    path = RunPlan.read(folder).dataset_folder / "train.parquet"
    rows = pd.read_parquet(path)
    rows.assign(group=pd.Series((groups * len(rows))[: len(rows)], index=rows.index, dtype="object")).to_parquet(path)


@pytest.mark.parametrize(("groups", "told"), [([None], "no groups"), (["a", None], "1 group:")])
def test_without_two_groups_there_is_nothing_to_balance(groups: list[str | None], told: str, prepare: Prepare) -> None:
    folder = prepare(group_weighting="balanced")
    with_groups(folder, groups)
    with pytest.raises(UserInputError, match=f"the training rows name {told}.*data.group_column"):
        learn(folder, lambda *_, **__: None)


def test_a_group_of_few_rows_is_learned_better(prepare: Prepare) -> None:
    """In the group `b` the labels card and login are swapped, and it has an eighth of the rows."""
    torch.set_num_threads(1)
    losses = {}
    for weighting in ("none", "balanced"):
        folder = prepare(group_weighting=weighting, epochs=10, learning_rate=1e-2, early_stopping_patience=10)
        path = RunPlan.read(folder).dataset_folder / "train.parquet"
        rows = pd.read_parquet(path)
        if weighting == "none":
            few = pd.Series(range(len(rows)), index=rows.index) % 8 == 0
            swapped = rows["label"].replace({"card": "login", "login": "card"})
            rows = rows.assign(group=few.map({True: "b", False: "a"}), label=rows["label"].where(~few, swapped))
            rows.to_parquet(path)
        learn(folder, lambda *_, **__: None)
        model = TorchClassifier.load(folder / "model")
        small = rows[(rows["group"] == "b") & (rows["label"] != "refund")]
        logits = torch.from_numpy(model.logits(small["text"].tolist()))
        targets = torch.tensor([model.labels.index(label) for label in small["label"]])
        losses[weighting] = torch.nn.functional.cross_entropy(logits, targets).item()
    assert losses["balanced"] < 0.9 * losses["none"]


def test_a_language_model_has_no_groups_to_weigh() -> None:
    with pytest.raises(UserInputError, match="group_weighting is for classifiers.*set it to none"):
        check_stages(TrainingConfig(group_weighting="balanced"), "instruction")


def test_examples_keep_what_they_weighed_before(tmp_path: Path) -> None:
    rows_of(card_a=2, card_b=1).to_parquet(tmp_path / "train.parquet")
    examples = [{"weight": 2.0}, {"weight": 2.0}, {"weight": 1.0}]
    weigh_groups(examples, tmp_path)
    assert [example["weight"] for example in examples] == pytest.approx([1.25, 1.25, 2.5])
