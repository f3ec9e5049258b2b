"""Every executor does the same work: one call a shard, the same outputs, and what failed is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.curate.executors import AllCores, Executor, OneProcess, RayCluster, ShardsFailed, run_over


def in_capitals(shard: Path, output: Path) -> None:
    """The work of these tests."""
    text = shard.read_text(encoding="utf-8")
    if text == "broken":
        raise ValueError(f"{shard.name} is broken")
    output.write_text(text.upper(), encoding="utf-8")


def shards(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{number}.txt" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize("executor", [OneProcess(), AllCores(workers=2)], ids=lambda executor: executor.kind)
def test_each_shard_has_its_output_in_the_order_of_the_shards(tmp_path: Path, executor: Executor) -> None:
    outputs = run_over(in_capitals, shards(tmp_path, "one", "two", "three"), tmp_path / "out", executor)
    assert [path.read_text(encoding="utf-8") for path in outputs] == ["ONE", "TWO", "THREE"]


@pytest.mark.parametrize("executor", [OneProcess(), AllCores(workers=2)], ids=lambda executor: executor.kind)
def test_what_a_shard_raises_reaches_the_caller(tmp_path: Path, executor: Executor) -> None:
    with pytest.raises(ValueError, match=r"1\.txt is broken"):
        run_over(in_capitals, shards(tmp_path, "one", "broken"), tmp_path / "out", executor)


@pytest.mark.slow
def test_a_ray_cluster_does_the_same_through_datatrove_and_names_what_failed(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `cluster`)")
    cluster = RayCluster(workers=2, memory_gigabytes=0.2)
    good = shards(tmp_path, "one", "two", "three")
    outputs = run_over(in_capitals, good, tmp_path / "out", cluster)
    assert [path.read_text(encoding="utf-8") for path in outputs] == ["ONE", "TWO", "THREE"]
    with pytest.raises(ShardsFailed, match="1 of 3 shards were not curated on Ray"):
        run_over(in_capitals, shards(tmp_path, "one", "broken", "three"), tmp_path / "again", cluster)
