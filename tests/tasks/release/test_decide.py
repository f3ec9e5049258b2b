"""What may be released, what is refused and why, and what a rollback puts back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.errors import CorruptArtefact, ReleaseConflict, ReleaseRefused
from tasks.records import ModelRef, Release
from tasks.release.decide import champion_labels, champion_of, let_in, put_back
from tasks.release.log import read_log
from tasks.store import fetch
from tests.stored_model import LABELS, stored_model, stored_verdict

MODEL = "intents"


def released(seed: int, champion: ModelRef | None = None) -> ModelRef:
    candidate = stored_model(seed)
    let_in(MODEL, candidate, stored_verdict(candidate, champion), "me", "a test")
    return candidate


def release_three() -> list[ModelRef]:
    models: list[ModelRef] = []
    for seed in range(3):
        models.append(released(seed, models[-1] if models else None))
    return models


def test_a_model_that_passed_becomes_the_champion() -> None:
    assert champion_of(MODEL) is None
    candidate = released(0)
    champion = champion_of(MODEL)
    assert champion is not None
    assert (champion.uri, champion.digest, champion.dataset_digest) == (candidate.uri, candidate.digest, "d" * 64)
    assert champion_labels(MODEL) == LABELS


@pytest.mark.parametrize("state", ["fail", "inconclusive"])
def test_a_verdict_that_is_no_pass_is_refused_with_the_gates_reason(state: str) -> None:
    candidate = stored_model()
    with pytest.raises(ReleaseRefused, match=f"the verdict is {state}.*quality: it is {state}"):
        let_in(MODEL, candidate, stored_verdict(candidate, state=state), "me", "w")  # type: ignore[arg-type]
    assert read_log(MODEL) == []


def test_a_verdict_about_another_model_is_refused() -> None:
    with pytest.raises(ReleaseRefused, match="judges model"):
        let_in(MODEL, stored_model(1), stored_verdict(stored_model(0)), "me", "w")


def test_a_record_that_says_more_than_the_stored_verdict_is_refused() -> None:
    candidate = stored_model()
    failed = stored_verdict(candidate, state="fail")
    forged = failed.model_copy(update={"state": "pass"})
    with pytest.raises(ReleaseRefused, match="differs from the one handed over in state"):
        let_in(MODEL, candidate, forged, "me", "w")


def test_a_verdict_against_a_former_champion_is_a_conflict() -> None:
    released(0)
    candidate = stored_model(1)
    with pytest.raises(
        ReleaseConflict, match="was compared with no champion, but the champion of intents now is model"
    ):
        let_in(MODEL, candidate, stored_verdict(candidate), "me", "w")


def test_a_candidate_with_an_altered_file_is_refused() -> None:
    candidate = stored_model()
    verdict = stored_verdict(candidate)
    weights = fetch(candidate) / "model.safetensors"
    weights.write_bytes(b"other weights")
    with pytest.raises(CorruptArtefact, match="was altered"):
        let_in(MODEL, candidate, verdict, "me", "w")
    assert read_log(MODEL) == []


def test_an_altered_verdict_is_refused() -> None:
    candidate = stored_model()
    verdict = stored_verdict(candidate)
    path = fetch(verdict) / "verdict.json"
    path.write_text(path.read_text().replace("0.9", "0.99"))
    with pytest.raises(CorruptArtefact, match="was altered"):
        let_in(MODEL, candidate, verdict, "me", "w")


def test_the_present_champion_is_not_released_again() -> None:
    candidate = released(0)
    again = let_in(MODEL, candidate, stored_verdict(candidate, candidate), "me", "w")
    assert again.number == 1
    assert len(read_log(MODEL)) == 1


def test_rolling_back_twice_goes_two_releases_back() -> None:
    first, second, _ = release_three()
    entry: Release = put_back(MODEL, "me", "bad answers")
    assert (entry.kind, entry.number, entry.model_digest, entry.why) == ("rollback", 4, second.digest, "bad answers")
    assert entry.verdict_digest == read_log(MODEL)[1].verdict_digest
    assert put_back(MODEL, "me", "still bad").model_digest == first.digest
    champion = champion_of(MODEL)
    assert champion is not None
    assert champion.digest == first.digest


def test_a_rollback_to_a_damaged_model_changes_nothing() -> None:
    _, second, _ = release_three()
    (fetch(second) / "onnx/model.onnx").unlink()
    with pytest.raises(CorruptArtefact, match="release 2 of intents cannot be put back"):
        put_back(MODEL, "me", "bad answers")
    assert len(read_log(MODEL)) == 3


def test_a_newest_entry_that_names_a_model_its_verdict_did_not_judge_is_noticed(refit_home: Path) -> None:
    released(0)
    other = stored_model(1)
    path = refit_home / f"store/releases/{MODEL}/000001.json"
    content = {**json.loads(path.read_text()), "model_uri": other.uri, "model_digest": other.digest}
    path.write_text(json.dumps(content))
    with pytest.raises(CorruptArtefact, match="names a verdict that does not let its model"):
        champion_of(MODEL)
