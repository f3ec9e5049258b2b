"""A person can release what a verdict rejected, by name and with a reason, and neither is ever forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import CorruptArtefact, ReleaseConflict, ReleaseRefused, UserInputError
from tasks.records import AskedOverride, ModelRef, Release, State, Verdict
from tasks.release.decide import champion_of, let_in, put_back
from tasks.release.log import read_log
from tasks.release.override import let_in_anyway
from tasks.release.verdicts import require_bound
from tasks.signatures import Signer
from tests.stored_model import stored_model
from tests.tasks.release.signed_verdict import MODEL, judged, stored_again

REASON = "the failed gate measured last year's labels; ticket 812"


def ask(candidate: ModelRef, verdict: Verdict, by: str = "Ann Smith", why: str = REASON) -> AskedOverride:
    return AskedOverride(candidate=candidate.digest, verdict_uri=verdict.uri, by=by, why=why)


def overridden(candidate: ModelRef, champion: ModelRef | None = None, signer: Signer | None = None) -> Release:
    keys = [signer.public_key] if signer else []
    return let_in_anyway(MODEL, ask(candidate, judged(candidate, signer, "fail", champion)), signer, keys)


@pytest.mark.parametrize("state", ["fail", "inconclusive"])
def test_a_candidate_that_did_not_pass_is_released_by_a_named_person(state: State) -> None:
    candidate = stored_model()
    verdict = judged(candidate, state=state)
    entry = let_in_anyway(MODEL, ask(candidate, verdict))
    assert (entry.kind, entry.by, entry.why) == ("override", "Ann Smith", REASON)
    assert entry.verdict_digest == verdict.digest
    assert entry.override is not None
    assert (entry.override.verdict_state, entry.override.by, entry.override.why) == (state, "Ann Smith", REASON)
    champion = champion_of(MODEL)
    assert champion is not None
    assert champion.digest == candidate.digest


def test_the_candidate_can_be_named_by_its_uri_and_the_verdict_by_its_digest() -> None:
    candidate = stored_model()
    verdict = judged(candidate, state="fail")
    asked = AskedOverride(candidate=candidate.uri, verdict_uri=verdict.digest, by="Ann", why=REASON)
    assert let_in_anyway(MODEL, asked).number == 1


@pytest.mark.parametrize(
    ("by", "why", "reason"),
    [
        ("", REASON, "needs the name of the person"),
        (" \n ", REASON, "needs the name of the person"),
        ("Ann", "", "at least 20 characters"),
        ("Ann", "because", "'because' has 7"),
        ("Ann", "x" + " " * 30 + "y", "'x y' has 3"),
    ],
)
def test_without_a_name_or_a_real_reason_nothing_is_released(by: str, why: str, reason: str) -> None:
    candidate = stored_model()
    with pytest.raises(UserInputError, match=reason):
        let_in_anyway(MODEL, ask(candidate, judged(candidate, state="fail"), by, why))
    assert read_log(MODEL) == []


def test_a_verdict_cannot_be_skipped() -> None:
    candidate, other = stored_model(), stored_model(1)
    about_other = judged(other, state="fail")
    with pytest.raises(UserInputError, match="name the verdict about this candidate"):
        let_in_anyway(MODEL, ask(candidate, about_other))
    gone = about_other.model_copy(update={"uri": about_other.uri.replace(about_other.digest, "0" * 64)})
    with pytest.raises(UserInputError, match="there is no whole verdict"):
        let_in_anyway(MODEL, ask(candidate, gone))
    for elsewhere in (f"file:///tmp/verdicts/{about_other.digest}", "none", f"../{about_other.digest}"):
        with pytest.raises(UserInputError, match="names no verdict of this store"):
            let_in_anyway(MODEL, ask(other, about_other.model_copy(update={"uri": elsewhere})))
    assert read_log(MODEL) == []


def test_a_candidate_that_is_not_whole_or_not_there_is_not_released() -> None:
    candidate = stored_model()
    verdict = judged(candidate, state="fail")
    with pytest.raises(UserInputError, match="there is no whole model"):
        let_in_anyway(MODEL, ask(candidate.model_copy(update={"digest": "0" * 64}), verdict))
    (Path(candidate.uri.removeprefix("file://")) / "model.safetensors").write_bytes(b"other")
    with pytest.raises(CorruptArtefact, match="was altered"):
        let_in_anyway(MODEL, ask(candidate, verdict))


def test_a_pass_needs_no_override_and_the_champion_no_release() -> None:
    candidate = stored_model()
    with pytest.raises(UserInputError, match="is a pass, so there is nothing to override"):
        let_in_anyway(MODEL, ask(candidate, judged(candidate)))
    overridden(candidate)
    with pytest.raises(UserInputError, match="is the champion of intents already"):
        overridden(candidate)


def test_a_verdict_against_a_former_champion_does_not_do() -> None:
    overridden(stored_model())
    with pytest.raises(ReleaseConflict, match="compared the candidate with no champion"):
        overridden(stored_model(1))


def test_a_verdict_about_a_candidate_of_another_model_does_not_do() -> None:
    candidate = stored_model()
    with pytest.raises(UserInputError, match="judges a candidate of other, and not of intents"):
        let_in_anyway(MODEL, ask(candidate, judged(candidate, state="fail", model="other")))


def test_where_a_key_is_trusted_verdict_and_override_must_be_signed_with_it(
    signer: Signer, new_signer: Callable[[], Signer]
) -> None:
    candidate, keys = stored_model(), [signer.public_key]
    with pytest.raises(ReleaseRefused, match="it is not signed"):
        let_in_anyway(MODEL, ask(candidate, judged(candidate, state="fail")), signer, keys)
    with pytest.raises(UserInputError, match="an override must be signed"):
        let_in_anyway(MODEL, ask(candidate, judged(candidate, signer, "fail")), None, keys)
    with pytest.raises(UserInputError, match="the override would not be served: .* not among the trusted"):
        let_in_anyway(MODEL, ask(candidate, judged(candidate, signer, "fail")), new_signer(), keys)
    forged = stored_again(judged(candidate, signer, "fail"), {"looks": 7})
    with pytest.raises(ReleaseRefused, match="altered after it was signed"):
        let_in_anyway(MODEL, ask(candidate, forged), signer, keys)
    require_bound(overridden(candidate, signer=signer), keys)


@pytest.mark.parametrize(
    "change", [{"by": "Bob"}, {"why": "no reason at all, really"}, {"at": "2020"}, {"signature": None}]
)
def test_a_signed_override_that_was_altered_is_not_served(change: dict[str, str | None], signer: Signer) -> None:
    entry = overridden(stored_model(), signer=signer)
    assert entry.override is not None
    altered = entry.model_copy(update={"override": entry.override.model_copy(update=change)})
    with pytest.raises(CorruptArtefact, match="a person's override of it"):
        require_bound(altered, [signer.public_key])


def test_an_entry_that_lost_its_override_is_not_served() -> None:
    entry = overridden(stored_model())
    with pytest.raises(CorruptArtefact, match="names a verdict that does not let its model"):
        require_bound(entry.model_copy(update={"override": None}))


def test_an_override_stays_in_the_log_through_releases_and_rollbacks(refit_home: Path, signer: Signer) -> None:
    first, second = stored_model(), stored_model(1)
    entry = overridden(first, signer=signer)
    let_in(MODEL, second, judged(second, signer, champion=first), "me", "w")
    back = put_back(MODEL, "me", "worse after all", [signer.public_key])
    assert (back.kind, back.model_digest, back.why) == ("rollback", first.digest, "worse after all")
    assert back.override == entry.override, "who decided for this model is said again"
    require_bound(back, [signer.public_key])
    assert [each.kind for each in read_log(MODEL)] == ["override", "release", "rollback"]
    path = refit_home / f"store/releases/{MODEL}/000001.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "why": "nothing to see here, please move on"}))
    with pytest.raises(CorruptArtefact, match="does not follow from entry 1"):
        read_log(MODEL)


def test_an_override_can_be_undone_like_any_release() -> None:
    first, second = stored_model(), stored_model(1)
    let_in(MODEL, first, judged(first), "me", "w")
    overridden(second, first)
    assert put_back(MODEL, "me", "bad answers").model_digest == first.digest


def test_a_plain_entry_is_stored_as_before(refit_home: Path) -> None:
    let_in(MODEL, stored_model(), judged(stored_model()), "me", "w")
    assert "override" not in json.loads((refit_home / f"store/releases/{MODEL}/000001.json").read_text())
