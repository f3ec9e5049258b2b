"""Prefect shows the page of a verdict: with the gate's task run, under a key that stays the model's."""

from __future__ import annotations

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from tasks.gate.config import GatesConfig
from tasks.gate.signing_config import SigningConfig
from tasks.gate.task import gate
from tasks.records import Report, Verdict
from tasks.store import fetch
from tests.tasks.gate.stored_report import evidence_of, predictions, stored_report

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow
def judges(report: Report, champion: Report | None, model: str) -> Verdict:
    """Has the one stage."""
    evidence = evidence_of(report, champion_report=champion)
    verdict: Verdict = gate(evidence, GatesConfig(), model, SigningConfig())
    return verdict


def artefacts(model: str) -> list[Artifact]:
    key = ArtifactFilter(key=ArtifactFilterKey(any_=[f"verdict-{model}"]))
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=key)


def test_the_page_is_an_artefact_of_the_gates_run_with_the_way_to_the_one_with_pictures() -> None:
    report = stored_report(predictions([number % 20 != 0 for number in range(600)]), "a")
    verdict = judges(report, None, "intents")
    (found,) = artefacts("intents")
    text = str(found.data)
    assert (found.type, found.description) == ("markdown", f"Verdict on intents: {verdict.state}")
    assert found.task_run_id is not None
    assert text.startswith("# Verdict on intents\n")
    assert f"`{verdict.uri}/report/verdict.html`" in text
    page = (fetch(verdict) / "report/verdict.md").read_text(encoding="utf-8")
    assert text.endswith(page.partition("\n")[2])
    for each in verdict.gates:
        assert f"| {each.name} |" in text


def test_every_verdict_on_a_model_is_a_version_under_one_key_and_other_models_have_their_own() -> None:
    rows = predictions([number % 20 != 0 for number in range(600)])
    good, unmeasured = stored_report(rows, "a"), stored_report(rows, "b", {})
    for model, report in (("first", good), ("first", unmeasured), ("second", good)):
        judges(report, None, model)
    assert sorted(str(found.description) for found in artefacts("first")) == [
        "Verdict on first: fail",
        "Verdict on first: pass",
    ]
    assert len(artefacts("second")) == 1
