"""The release log: numbered without holes, chained by hash, and written by one writer at a time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tasks.errors import CorruptArtefact, ReleaseConflict, StorageError, UserInputError
from tasks.records import Artefact, Release
from tasks.release.log import append, newest, read_log, rollback_target
from tasks.store import store

MODEL = "intents"
VERDICT = Artefact(uri="v", digest="v")


def add(digest: str, kind: str = "release", why: str = "a test") -> Release:
    return append(
        read_log(MODEL),
        model=MODEL,
        kind=kind,
        released=Artefact(uri=f"file:///models/{digest}", digest=digest),
        verdict=Artefact(uri=f"file:///verdicts/{digest}", digest=digest),
        by="me",
        why=why,
    )


def entry_file(home: Path, number: int) -> Path:
    return home / f"store/releases/{MODEL}/{number:06d}.json"


def test_an_empty_log_has_no_newest_entry() -> None:
    assert read_log(MODEL) == []
    assert newest(MODEL) is None


def test_entries_are_numbered_and_name_the_hash_of_the_one_before() -> None:
    first, second = add("a"), add("b")
    assert (first.number, first.previous) == (1, None)
    assert second.number == 2
    assert second.previous is not None
    assert len(second.previous) == 64
    assert read_log(MODEL) == [first, second]
    assert newest(MODEL) == second


def test_logs_of_models_with_like_names_are_apart() -> None:
    add("a")
    assert read_log("intents-two") == []
    assert read_log("intent") == []


@pytest.mark.parametrize("field", ["model_digest", "verdict_digest", "why", "by"])
def test_an_altered_entry_is_noticed(refit_home: Path, field: str) -> None:
    add("a")
    add("b")
    path = entry_file(refit_home, 1)
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, field: "x"}))
    with pytest.raises(CorruptArtefact, match=r"000002\.json does not follow from entry 1"):
        read_log(MODEL)


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_entry_is_noticed(refit_home: Path, number: int) -> None:
    for digest in "abc":
        add(digest)
    entry_file(refit_home, number).unlink()
    with pytest.raises(CorruptArtefact, match=f"entry {number} is expected"):
        newest(MODEL)


def test_an_entry_of_another_model_is_noticed(refit_home: Path) -> None:
    add("a")
    path = entry_file(refit_home, 1)
    path.write_text(path.read_text().replace(f'"model":"{MODEL}"', '"model":"other"'))
    with pytest.raises(CorruptArtefact, match="entry 1 of other"):
        read_log(MODEL)


def test_an_entry_that_is_no_entry_is_noticed(refit_home: Path) -> None:
    add("a")
    entry_file(refit_home, 1).write_text("{}")
    with pytest.raises(CorruptArtefact, match="is not a release entry"):
        read_log(MODEL)


def test_of_two_writers_who_read_the_same_log_one_loses() -> None:
    seen = read_log(MODEL)
    fields: dict[str, Any] = {"model": MODEL, "kind": "release", "by": "me", "why": "race", "verdict": VERDICT}
    append(seen, **fields, released=Artefact(uri="a", digest="a"))
    with pytest.raises(ReleaseConflict, match="release 1 of intents was written by somebody else"):
        append(seen, **fields, released=Artefact(uri="b", digest="b"))
    assert [entry.model_digest for entry in read_log(MODEL)] == ["a"]


def test_writers_at_the_same_moment_leave_one_entry_for_each_number() -> None:
    rounds, writers = 8, 4
    barrier = Barrier(writers)

    def write(writer: int) -> int:
        won = 0
        for _ in range(rounds):
            barrier.wait()
            seen = read_log(MODEL)
            barrier.wait()
            try:
                append(
                    seen,
                    model=MODEL,
                    kind="release",
                    released=Artefact(uri="m", digest=f"{writer}"),
                    verdict=VERDICT,
                    by=f"writer {writer}",
                    why="race",
                )
                won += 1
            except ReleaseConflict:
                continue
        return won

    with ThreadPoolExecutor(writers) as pool:
        won = list(pool.map(write, range(writers)))
    log = read_log(MODEL)
    assert sum(won) == rounds == len(log)
    assert [entry.number for entry in log] == list(range(1, rounds + 1))


def test_a_write_that_is_sent_twice_is_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = store()

    def arrives_but_says_no(key: str, data: bytes) -> bool:
        type(opened).put_if_absent(opened, key, data)
        return False

    monkeypatch.setattr(opened, "put_if_absent", arrives_but_says_no)
    assert add("a").number == 1


def test_a_store_that_cannot_be_written_says_that_nothing_was_released(refit_home: Path) -> None:
    (refit_home / "store").mkdir(parents=True)
    (refit_home / "store/releases").write_text("a file where a folder belongs")
    with pytest.raises(StorageError, match="nothing was released"):
        append([], model=MODEL, kind="release", released=VERDICT, verdict=VERDICT, by="me", why="w")


def target(*entries: str) -> str:
    """Write the entries, `x` a release of x, `!x` by override, `<x` a rollback to it; where would a rollback go?"""
    for entry in entries:
        add(entry.strip("<!"), {"<": "rollback", "!": "override"}.get(entry[0], "release"))
    return rollback_target(MODEL, read_log(MODEL)).model_digest


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (("a", "b"), "a"),
        (("a", "b", "c", "<b"), "a"),
        (("a", "b", "<a", "c"), "a"),
        (("a", "b", "c", "<b", "d"), "b"),
        (("a", "b", "c", "<b", "d", "<b"), "a"),
        (("a", "b", "a"), "b"),
        (("a", "b", "<a", "b"), "a"),
        (("a", "b", "<a", "b", "c"), "b"),
        (("a", "!b", "c"), "b"),
        (("a", "!b", "c", "<b"), "a"),
    ],
)
def test_a_rollback_goes_to_the_newest_release_that_was_not_rolled_back_from(
    entries: tuple[str, ...], expected: str
) -> None:
    assert target(*entries) == expected


@pytest.mark.parametrize("entries", [("a",), ("a", "b", "<a"), ("a", "b", "c", "<b", "<a")])
def test_nothing_to_go_back_to_is_the_users_error(entries: tuple[str, ...]) -> None:
    with pytest.raises(UserInputError, match="the only one left in effect"):
        target(*entries)


def test_a_model_without_releases_is_answered_with_those_that_have_some() -> None:
    add("a")
    with pytest.raises(UserInputError, match=r"it has no release; models with releases: intents"):
        rollback_target("intnets", [])
