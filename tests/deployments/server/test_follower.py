"""The follower serves the newest release that is whole and allowed, and says what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import loader
from infra.settings import settings
from tests.deployments.server.small_models import (
    MODEL,
    OTHER,
    PRESENT,
    keep_language_model,
    keep_model,
    keep_verdict,
    log_entry,
    model_folder,
    release,
)


def follower(retry_seconds: float = 0.0) -> Follower:
    return Follower(MODEL, loader(Limits(), threads=1), retry_seconds)


def served(follower: Follower) -> int | None:
    return follower.serving.entry.number if follower.serving else None


def alter(path: Path) -> bytes:
    """Change one byte in the middle of a file, as a bad disk does; returns what it held."""
    before = path.read_bytes()
    middle = len(before) // 2
    path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    return before


def test_nothing_is_served_before_the_first_release_and_the_first_release_after_it() -> None:
    following = follower()
    following.look()
    assert (served(following), following.newest, following.problem) == (None, None, None)
    release(PRESENT)
    following.look()
    assert served(following) == 1
    assert following.serving is not None
    assert following.serving.labels == ("money", "delivery", "account")


def test_a_new_release_replaces_the_old_one_which_can_still_answer() -> None:
    release(PRESENT)
    following = follower()
    following.look()
    old = following.serving
    release(OTHER)
    following.look()
    assert served(following) == 2
    assert old is not None
    assert old.batcher.model.probabilities(["refund"]).argmax() == 0


def test_a_release_with_an_altered_file_is_refused_and_the_old_one_goes_on() -> None:
    release(PRESENT)
    following = follower()
    following.look()
    altered = release(OTHER)
    alter(model_folder(altered) / "onnx" / "model.onnx")
    following.look()
    assert served(following) == 1
    assert [refused.release for refused in following.refused] == [2]
    assert "altered" in following.refused[0].reason


def test_a_refused_release_is_served_once_its_files_are_restored() -> None:
    release(PRESENT)
    altered = release(OTHER)
    graph = model_folder(altered) / "onnx" / "model.onnx"
    whole = alter(graph)
    following = follower()
    following.look()
    assert served(following) == 1
    graph.write_bytes(whole)
    following.look()
    assert (served(following), following.refused) == (2, [])


def test_a_refused_release_is_not_read_again_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    release(PRESENT)
    altered = release(OTHER)
    graph = model_folder(altered) / "onnx" / "model.onnx"
    whole = alter(graph)
    following = follower(retry_seconds=3600)
    following.look()
    graph.write_bytes(whole)
    following.look()
    assert served(following) == 1


@pytest.mark.parametrize(
    ("state", "judged_another"), [("fail", False), ("inconclusive", False), ("pass", True)], ids=str
)
def test_a_verdict_that_does_not_let_the_model_pass_is_refused(state: str, judged_another: bool) -> None:
    release(PRESENT)
    model = keep_model(OTHER)
    log_entry(model, keep_verdict("f" * 64 if judged_another else model.digest, state))
    following = follower()
    following.look()
    assert served(following) == 1
    assert [refused.release for refused in following.refused] == [2]
    assert "verdict" in following.refused[0].reason


def test_a_rollback_to_the_model_that_serves_keeps_it_loaded_and_counts_as_the_new_entry() -> None:
    first = release(PRESENT)
    following = follower()
    following.look()
    before = following.serving
    bad = release(OTHER)
    alter(model_folder(bad) / "refit.json")
    log_entry(keep_model(PRESENT), keep_verdict(first.model_digest), kind="rollback")
    following.look()
    assert served(following) == 3
    assert before is not None
    assert following.serving is not None
    assert following.serving.batcher is before.batcher


def test_a_server_that_starts_never_goes_back_past_a_rollback() -> None:
    first = release(PRESENT)
    release(OTHER)
    log_entry(keep_model(PRESENT), keep_verdict(first.model_digest), kind="rollback")
    alter(model_folder(first) / "refit.json")
    following = follower()
    following.look()
    assert served(following) is None, "release 2 was taken out of service on purpose"
    assert [refused.release for refused in following.refused] == [3]


def test_a_store_that_is_away_changes_nothing_but_the_problem_that_is_reported() -> None:
    release(PRESENT)
    following = follower()
    following.look()
    store = settings().home_path / "store"
    store.rename(store.with_name("away"))
    following.look()
    assert served(following) == 1
    assert following.problem is not None
    store.with_name("away").rename(store)
    release(OTHER)
    following.look()
    assert served(following) == 2
    assert not following.problem


def test_a_broken_log_is_reported_and_what_serves_goes_on() -> None:
    release(PRESENT)
    following = follower()
    following.look()
    release(OTHER)
    alter(settings().home_path / "store" / "releases" / MODEL / "000001.json")
    following.look()
    assert served(following) == 1
    assert following.problem is not None


def test_a_language_model_is_refused_with_its_reason_and_what_served_before_stays() -> None:
    release(PRESENT)
    following = follower()
    following.look()
    stored = keep_language_model()
    log_entry(stored, keep_verdict(stored.digest))
    following.look()
    assert served(following) == 1
    (refused,) = following.refused
    assert refused.release == 2
    assert "is a language model (task chat), and this server answers with labels alone" in refused.reason
    assert following.problem is None
