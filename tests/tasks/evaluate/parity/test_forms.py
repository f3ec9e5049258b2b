"""Every form of a model is asked about the rows that its network answered when its training ended."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from infra.settings import settings
from tasks.errors import CorruptArtefact, RefitError
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.forms import forms_of
from tasks.evaluate.parity.measure import measure_parity
from tasks.evaluate.parity.served import served_answers
from tasks.models.trained_logits import FILE, write_trained_logits
from tests.tasks.evaluate.parity.known_forms import subject_of

EVALUATION = EvaluationConfig(bootstrap_samples=100)


def test_a_model_that_was_merged_and_exported_rightly_agrees_with_itself_in_every_form(good: Subject) -> None:
    reference, *forms = forms_of(good, ParityConfig())
    assert [reference.name, *(form.name for form in forms)] == ["trained", "merged", "exported"]
    assert len(np.unique(reference.answers.predicted)) == 3, "every label is given by the reference"
    assert len(reference.answers.ids) == 48, "the rows that were asked about in training, and no others"
    found = measure_parity(good, ParityConfig(), EVALUATION)
    assert found.metrics["parity_agreement"].value == 1
    assert found.metrics["parity_largest_logit_difference"].value < 1e-3


def test_without_a_record_of_these_rows_the_stored_weights_are_the_reference(good: Subject, tmp_path: Path) -> None:
    other = Subject(good.model_folder, tmp_path, good.classifier, good.holdout, good.answers)
    reference, *forms = forms_of(other, ParityConfig(rows=5))
    assert [reference.name, *(form.name for form in forms)] == ["merged", "exported"]
    assert list(reference.answers.ids) == sorted(good.holdout["id"])[:5]


def test_a_record_that_is_none_is_refused(good: Subject, tmp_path: Path) -> None:
    shutil.copytree(good.model_folder, tmp_path / "model")
    write_trained_logits(tmp_path / "model", ["a", "b"], np.zeros((2, 7), dtype=np.float32))
    torn = subject_of(tmp_path / "model", good.dataset_folder)
    with pytest.raises(CorruptArtefact, match=r"logits of shape \(2, 7\), and the model 3 labels"):
        measure_parity(torn, ParityConfig(), EVALUATION)
    (tmp_path / "model" / FILE).write_text("no parquet")
    with pytest.raises(CorruptArtefact, match="is not valid"):
        measure_parity(torn, ParityConfig(), EVALUATION)


def test_the_served_form_is_asked_over_http_and_says_the_same(good: Subject) -> None:
    found = measure_parity(good, ParityConfig(served=True), EVALUATION)
    assert found.metrics["parity_agreement.served"].value == 1
    assert found.metrics["parity_largest_confidence_difference.served"].value < 1e-3
    work = settings().home_path / "work"
    assert list(work.iterdir()) == [], "the server's home is gone, and with it what it logged"


def test_a_server_that_refuses_the_model_is_named_with_its_reason(good: Subject, tmp_path: Path) -> None:
    shutil.copytree(good.model_folder, tmp_path / "model")
    manifest = json.loads((tmp_path / "model/manifest.json").read_text())
    manifest["files"].pop("refit.json")
    (tmp_path / "model/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RefitError, match=r"does not serve the model: .* was altered.*parity\.served: false"):
        served_answers(tmp_path / "model", ["my card"], good.answers)
