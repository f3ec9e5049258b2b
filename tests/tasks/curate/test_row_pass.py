"""The pass over the rows gives the same whichever executor it runs on, and never carries the key of the stand-ins."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from tasks.curate import row_pass
from tasks.curate.executors import AllCores, Executor, OneProcess, RayCluster
from tasks.curate.quality.compliance import Compliance
from tasks.curate.quality.formatting import Formatting
from tasks.curate.row_pass import Passed, RowRules, pass_rows, pass_shard, pass_splits
from tests.tasks.pii.made_up_rows import rows

RULES = RowRules("classification", Compliance(), Formatting(), signed=True)
SPLITS = {
    "train": rows([(f"Mail user{number}@mail.acme.io now!", "refund") for number in range(7)]),
    "holdout": rows([("x" * 40, "refund"), ("Plain?", "delivery")], "holdout"),
}


def same(one: dict[str, Passed], other: dict[str, Passed]) -> bool:
    return all(one[name].found == other[name].found for name in one) and all(
        one[name].rows.equals(other[name].rows) for name in one
    )


def test_rows_get_their_normal_form_and_reasons() -> None:
    passed = pass_rows(SPLITS["holdout"], RULES)
    assert passed.rows["key"].tolist() == ["x" * 40, "plain"]
    assert passed.rows["fault"].tolist()[0] == "degenerate_repetition"
    assert pd.isna(passed.rows["fault"].tolist()[1])
    trained = pass_rows(SPLITS["train"], RULES)
    assert trained.rows["text"].unique().tolist() == ["Mail <EMAIL> now!"]
    assert (trained.rows["pii"] == "pii").all()
    assert trained.found["email"] == 7


@pytest.mark.parametrize("executor", [AllCores(workers=2)], ids=lambda executor: executor.kind)
def test_shards_on_all_cores_give_the_same_rows(monkeypatch: pytest.MonkeyPatch, executor: Executor) -> None:
    monkeypatch.setattr(row_pass, "SHARD_ROWS", 3)
    assert same(pass_splits(SPLITS, RULES, executor), pass_splits(SPLITS, RULES, OneProcess()))


@pytest.mark.slow
def test_shards_on_a_ray_cluster_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `cluster`)")
    monkeypatch.setattr(row_pass, "SHARD_ROWS", 3)
    cluster = RayCluster(workers=2, memory_gigabytes=0.3)
    assert same(pass_splits(SPLITS, RULES, cluster), pass_splits(SPLITS, RULES, OneProcess()))


def test_what_is_sent_to_other_processes_names_the_key_and_does_not_hold_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STAND_IN_KEY", "a key of more than sixteen")
    rules = RowRules(
        "classification", Compliance(treatment="pseudonymise", key_secret="STAND_IN_KEY"), Formatting(), signed=True
    )
    SPLITS["train"].to_parquet(tmp_path / "in.parquet", index=False)
    work = partial(pass_shard, rules)
    assert b"more than sixteen" not in pickle.dumps(work)
    work(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert b"more than sixteen" not in (tmp_path / "out.parquet").read_bytes()
    texts = pd.read_parquet(tmp_path / "out.parquet")["text"]
    assert texts.nunique() == 7
    assert not texts.str.contains("user").any()
