"""Where a key is trusted, a release needs a verdict that it has signed, altered in nothing, for what is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import CorruptArtefact, ReleaseRefused
from tasks.records import InForce, Release, Verdict
from tasks.release.decide import let_in, put_back
from tasks.release.log import append, read_log
from tasks.release.verdicts import require_bound
from tasks.signatures import Signer
from tests.stored_model import stored_model
from tests.tasks.release.signed_verdict import MODEL, in_force, judged, stored_again, stored_content

ALTERED = {
    "state": "fail", "gates": [], "candidate_digest": "0" * 64, "champion_digest": "0" * 64, "holdout_digest": "0" * 64,
    "policy_digest": "0" * 64, "model": "other", "code_digest": "0" * 64, "looks": 40, "warning": "worn",
    "signed_by": "0" * 64, "policy": {}, "report_uri": "file:///elsewhere", "champion_report_uri": "file:///elsewhere",
    "pages": {}, "signature": None,
}  # fmt: skip
"""Each field of `verdict.json`, with another value."""
REASONS = (
    "altered after it was signed|it is not signed|the verdict is fail|judges model 0000|judges a candidate of other"
)


def entry_for(verdict: Verdict) -> Release:
    model = stored_model()
    return append(
        read_log(MODEL),
        model=MODEL,
        kind="release",
        released=model,
        verdict=verdict,
        by="me",
        why="w",
    )


def refused(verdict: Verdict, asked: InForce, reason: str) -> None:
    """The release does not take the verdict, nor does the server an entry that names it."""
    with pytest.raises(ReleaseRefused, match=reason):
        let_in(MODEL, stored_model(), verdict, "me", "w", asked)
    with pytest.raises(CorruptArtefact):
        require_bound(entry_for(verdict), asked.trusted)


def test_a_verdict_signed_with_a_trusted_key_lets_its_candidate_in(signer: Signer) -> None:
    verdict = judged(stored_model(), signer)
    entry = let_in(MODEL, stored_model(), verdict, "me", "w", in_force(signer))
    require_bound(entry, [signer.public_key])
    assert verdict.signed_by == signer.fingerprint


def test_every_field_of_a_verdict_is_known_to_this_test(signer: Signer) -> None:
    assert set(stored_content(judged(stored_model(), signer))) == set(ALTERED)


@pytest.mark.parametrize("field", sorted(ALTERED))
def test_a_verdict_altered_in_any_field_is_refused(field: str, signer: Signer) -> None:
    verdict = judged(stored_model(), signer)
    refused(stored_again(verdict, {field: ALTERED[field]}), in_force(signer), REASONS)


@pytest.mark.parametrize("page", ["<h1>Pass</h1>", ""])
def test_a_verdict_with_another_page_is_refused(page: str, signer: Signer) -> None:
    forged = stored_again(judged(stored_model(), signer), page=page)
    refused(forged, in_force(signer), "its pages are not those that it was stored with")


def test_how_a_verdict_is_written_does_not_matter(signer: Signer) -> None:
    verdict = judged(stored_model(), signer)
    again = stored_again(verdict)
    assert again.digest != verdict.digest
    assert let_in(MODEL, stored_model(), again, "me", "w", in_force(signer)).number == 1


def test_an_unsigned_verdict_is_refused_where_a_key_is_trusted_and_taken_where_none_is(signer: Signer) -> None:
    verdict = judged(stored_model())
    with pytest.raises(ReleaseRefused, match="it is not signed, and only what a trusted key has signed counts"):
        let_in(MODEL, stored_model(), verdict, "me", "w", in_force(signer))
    assert let_in(MODEL, stored_model(), verdict, "me", "w", in_force()).number == 1


def test_a_verdict_of_another_key_is_refused(new_signer: Callable[[], Signer]) -> None:
    ours, theirs = new_signer(), new_signer()
    refused(judged(stored_model(), theirs), in_force(ours), "which is not among the trusted")


def test_a_signature_that_does_not_fit_is_refused_even_where_no_key_is_trusted(signer: Signer) -> None:
    verdict = judged(stored_model(), signer)
    with pytest.raises(ReleaseRefused, match="altered after it was signed"):
        let_in(MODEL, stored_model(), stored_again(verdict, {"looks": 99}), "me", "w")
    with pytest.raises(ReleaseRefused, match="signature is not there"):
        let_in(MODEL, stored_model(), stored_again(verdict, {"signature": None}), "me", "w")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"holdout_digest": "9" * 64}, "rests on the holdout hhhhhhhhhhhh, and in force is 999999999999"),
        ({"policy_digest": "9" * 64}, r"rests on the policy \(gates\) .*, and in force is 999999999999"),
    ],
)
def test_a_verdict_on_another_holdout_or_policy_than_is_in_force_is_refused(
    change: dict[str, str], reason: str, signer: Signer
) -> None:
    verdict = judged(stored_model(), signer)
    with pytest.raises(ReleaseRefused, match=reason):
        let_in(MODEL, stored_model(), verdict, "me", "w", in_force(signer).model_copy(update=change))
    assert read_log(MODEL) == []


def test_a_policy_that_is_not_the_one_its_digest_names_is_refused() -> None:
    forged = stored_again(judged(stored_model()), {"policy": {"quality": None}})
    with pytest.raises(ReleaseRefused, match=r"policy \(gates\) as it is written out"):
        let_in(MODEL, stored_model(), forged, "me", "w", in_force())


def test_a_verdict_about_a_candidate_of_another_model_is_refused(signer: Signer) -> None:
    verdict = judged(stored_model(), signer, model="other")
    with pytest.raises(ReleaseRefused, match="judges a candidate of other, not of intents"):
        let_in(MODEL, stored_model(), verdict, "me", "w", in_force(signer))


def test_a_release_without_a_trusted_verdict_is_not_put_back(signer: Signer) -> None:
    first, second = stored_model(), stored_model(1)
    let_in(MODEL, first, judged(first), "me", "w")
    let_in(MODEL, second, judged(second, signer, champion=first), "me", "w")
    with pytest.raises(CorruptArtefact, match="the verdict of release 1 of intents is not trusted: it is not signed"):
        put_back(MODEL, "me", "bad answers", [signer.public_key])
    assert put_back(MODEL, "me", "bad answers").model_digest == first.digest


def test_the_private_key_is_written_nowhere(signer: Signer, refit_home: Path) -> None:
    let_in(MODEL, stored_model(), judged(stored_model(), signer), "me", "w", in_force(signer))
    private = os.environ["SIGNING_KEY"].encode()
    written = [path for path in refit_home.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if private in path.read_bytes()]
