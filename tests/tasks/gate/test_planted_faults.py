"""The faults that the verdict is there for, each planted and caught by the gate that exists for it, with its reason.

Every fault goes the way of a real candidate: a classifier answers a holdout, the rooms of `evaluate` measure it, and
all gates judge the report. Faults that take a trained network are planted where it is made: a broken merge, rounding
to 8 bits and a slow export in tests/tasks/evaluate/parity/test_planted_faults.py, attacks in tests/tasks/evaluate/
robustness; waste of energy in test_side_by_side.py, altered files and verdicts in test_task.py and tests/tasks/release.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tasks.curate.config import CurationConfig
from tasks.curate.curated import curate_dataset
from tasks.datasets.folder import read_quarantined, read_split
from tasks.errors import DataRejected
from tasks.evaluate.classifier.answers import answer, predictions
from tasks.evaluate.classifier.fairness.config import FairnessConfig
from tasks.evaluate.classifier.fairness.measure import measure_fairness
from tasks.evaluate.classifier.measure import measure
from tasks.evaluate.classifier.memorisation.config import MemorisationConfig
from tasks.evaluate.classifier.memorisation.measure import measure_memorisation
from tasks.evaluate.classifier.side_effects.compare import side_effects
from tasks.evaluate.classifier.side_effects.slices import slices_of
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.forms import Form
from tasks.evaluate.parity.measure import forms_compared
from tasks.gate.config import GatesConfig, MemorisationGate, ParityGate
from tasks.gate.every_gate import judge_every_gate
from tasks.gate.judge import overall
from tasks.records import Answers, DatasetRef, GateResult, Report, SideBySide
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout
from tests.tasks.gate.stored_report import evidence_of, stored_report
from tests.tasks.pii.made_up_rows import dataset, good_rows

EVALUATION = EvaluationConfig(bootstrap_samples=200, latency_requests=100)
HOLDOUT = make_holdout(600)
POLICY = GatesConfig.model_validate({"fairness": {}, "latency": {"max_p99_milliseconds": 50}, "parity": None})
HONEST_LOGIT = 10.8
"""At the temperature of 2 this states 95 %, which is how often the healthy classifier is right."""


def healthy(holdout: pd.DataFrame = HOLDOUT) -> KnownClassifier:
    return KnownClassifier(holdout, wrong=0.05, logit=HONEST_LOGIT)


def reported(classifier: KnownClassifier, model: str, holdout: pd.DataFrame = HOLDOUT) -> Report:
    """The stored report of a classifier, as the stage makes it."""
    answers, _, metrics = measure(classifier, holdout, EVALUATION)
    nowhere = Path("unused")
    found = measure_fairness(Subject(nowhere, nowhere, classifier, holdout, answers), FairnessConfig(), EVALUATION)
    return stored_report(predictions(answers), model, {**metrics, **found.metrics})


def judged(
    report: Report, champion: Report | None = None, both: SideBySide | None = None, policy: GatesConfig = POLICY
) -> dict[str, GateResult]:
    evidence = evidence_of(report, champion_report=champion, both=both)
    return {gate.name: gate for gate in judge_every_gate(evidence, policy)}


def assert_caught(gates: dict[str, GateResult], name: str, reason: str, *, alone: bool = True) -> None:
    """The gate fails for this reason, and no other fails unless the fault is one for several."""
    assert gates[name].state == "fail", gates[name].reason
    assert re.search(reason, gates[name].reason), gates[name].reason
    assert overall(list(gates.values())) == "fail"
    if alone:
        assert [gate for gate in gates if gates[gate].state == "fail"] == [name]


def test_a_healthy_candidate_fails_no_gate_so_that_what_follows_is_due_to_the_fault() -> None:
    gates = judged(reported(healthy(), "a"), reported(healthy(), "b"))
    assert {"quality", "calibration", "latency", "fairness", "champion"} == set(gates)
    assert [gate.reason for gate in gates.values() if gate.state == "fail"] == []
    assert gates["quality"].state == gates["calibration"].state == gates["latency"].state == "pass"


class Slow(KnownClassifier):
    """Takes a hundredth of a second for each request of a single row."""

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        time.sleep(0.01)
        return super().probabilities(texts)


class Shifted(KnownClassifier):
    """Every answer is the label after the one that was meant, as after an error by one in the list of labels."""

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        return np.roll(super().logits(texts), 1, axis=1)


def failing_a_group() -> KnownClassifier:
    # As sure as it is right on the whole, 86 %, so that calibration is not at fault.
    classifier = KnownClassifier(HOLDOUT, wrong=0.05, logit=8.4)
    classifier.mistaken |= set(HOLDOUT.loc[HOLDOUT["group"] == "terse", "text"].tolist()[::5])
    return classifier


@dataclass(frozen=True)
class Fault:
    """A classifier with a fault, and the gate and the reason by which it is caught."""

    classifier: KnownClassifier
    gate: str
    reason: str
    alone: bool = True
    policy: GatesConfig = POLICY


FAULTS = {
    "surer than right": Fault(
        KnownClassifier(HOLDOUT, wrong=0.1, logit=30.0),
        "calibration",
        r"^expected calibration error 0\.\d+ \[0\.0[6-9].*the whole interval is above the limit of 0\.050$",
    ),
    "less sure than right": Fault(
        KnownClassifier(HOLDOUT, wrong=0.05, logit=6.0),
        "calibration",
        r"^expected calibration error 0\.[2-9]\d+ .*the whole interval is above the limit of 0\.050$",
    ),
    "slow as it is served": Fault(
        Slow(HOLDOUT, wrong=0.05, logit=HONEST_LOGIT),
        "latency",
        r"^p99 latency \d+\.\d .* ms: the whole interval is above the limit of 5\.0 ms$",
        policy=POLICY.model_copy(update={"latency": POLICY.latency.model_copy(update={"max_p99_milliseconds": 5.0})}),  # type: ignore[union-attr]
    ),
    "fails a group": Fault(
        failing_a_group(),
        "fairness",
        r"^equal opportunity difference 0\.[12].*the whole interval is above the limit of 0\.030$",
    ),
    "weak": Fault(
        KnownClassifier(HOLDOUT, wrong=0.4, logit=5.8),
        "quality",
        r"^MCC 0\.[56].*the whole interval is below the limit of 0\.800$",
        alone=False,
    ),
    "its labels are shifted by one": Fault(
        Shifted(HOLDOUT, wrong=0.05, logit=HONEST_LOGIT),
        "quality",
        r"^MCC -?0\.0.*the whole interval is below the limit of 0\.800$",
        alone=False,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_classifier_is_caught(name: str) -> None:
    fault = FAULTS[name]
    assert_caught(
        judged(reported(fault.classifier, "a"), policy=fault.policy), fault.gate, fault.reason, alone=fault.alone
    )


def test_a_candidate_that_is_worse_than_the_champion_is_caught_though_it_is_good_enough_by_itself() -> None:
    worse = KnownClassifier(HOLDOUT, wrong=0.12, logit=8.9)
    gates = judged(reported(worse, "a"), reported(healthy(), "b"))
    assert_caught(gates, "champion", r"^-\d+\.\d points of MCC \[.*: the loss is surely more than 1 point$")


def test_a_candidate_that_lost_a_label_is_caught_though_it_is_better_on_the_whole() -> None:
    ours, theirs = healthy(), KnownClassifier(HOLDOUT, wrong=0.2, logit=8.0)
    ours.mistaken = set(HOLDOUT.loc[HOLDOUT["label"] == "intent_03", "text"])
    candidate, champion = reported(ours, "a"), reported(theirs, "b")
    first, second = (predictions(answer(each, HOLDOUT)) for each in (ours, theirs))
    slices = slices_of(HOLDOUT, HOLDOUT["label"], smallest=10)
    found = side_effects(first, second, slices, confidence=0.9, samples=200, seed=0)
    both = SideBySide(uri="u", digest="d", candidate_digest="a", champion_digest="b", metrics=found.metrics)
    worst = found.table.iloc[1]
    assert (worst["slice"], worst["ours"], worst["state"]) == ("label: intent_03", 0, "worse")
    gates = judged(candidate, champion, both)
    assert gates["champion"].state == "pass"
    assert_caught(gates, "side_effects", r"^slices that are surely worse than the champion's 1 .* above the limit of 0")


LEAKED = [("held out one", "refund"), ("held out two, please", "delivery")]
NO_ANSWERS = Answers(uri="none", digest="none", count=0)


def leaky(**uniqueness: Any) -> DatasetRef:
    """Forty good rows and a holdout whose rows stand among those to train on as well, one in another form."""
    rows = dataset(train=[*good_rows(40), LEAKED[0], ("Held  out TWO, please!", "delivery")], holdout=LEAKED)
    config = CurationConfig.model_validate({"max_embedded_rows": 0, "uniqueness": uniqueness})
    return curate_dataset(rows, NO_ANSWERS, config)


def test_a_holdout_in_the_training_rows_is_not_memorised_because_curation_sets_those_rows_aside() -> None:
    curated = leaky()
    left = read_quarantined(curated).set_index("text")["reason"]
    assert left.to_dict() == {"held out one": "in_holdout", "Held  out TWO, please!": "in_holdout"}
    learned = pd.concat([read_split(curated, split) for split in ("train", "validation")])
    assert not learned["text"].str.contains("held out", case=False).any()
    assert curated.rows["holdout"] == 2


def test_a_holdout_in_the_training_rows_stops_the_run_where_rows_are_only_reported_and_uniqueness_has_a_gate() -> None:
    with pytest.raises(DataRejected, match=r"uniqueness .*\d"):
        leaky(remove=False, min=0.99)


def test_a_champion_whose_holdout_got_other_labels_since_is_caught() -> None:
    renamed = HOLDOUT.assign(label=HOLDOUT["label"].replace("intent_03", "intent_04"))
    champion = reported(healthy(renamed), "b", renamed)
    gates = judged(reported(healthy(), "a"), champion)
    reason = "cannot be compared with the champion: 50 rows have another true label in one of the reports, such as 'r"
    assert_caught(gates, "champion", reason)


def test_a_champion_that_was_measured_on_another_holdout_is_caught() -> None:
    champion = reported(healthy(), "b").model_copy(update={"holdout_digest": "i" * 64})
    assert_caught(judged(reported(healthy(), "a"), champion), "champion", r"different holdouts \(h{12} and i{12}\)")


class WithoutOneLabel(KnownClassifier):
    """Never gives the fourth label, as a form that was rounded too far."""

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        logits = super().logits(texts)
        logits[:, 3] = -100
        return logits


def test_a_rounded_form_that_lost_a_label_is_caught_beside_an_exported_one_that_did_not() -> None:
    texts, forms = HOLDOUT["text"].tolist(), []
    kinds = {"trained": KnownClassifier, "exported": KnownClassifier, "int8": WithoutOneLabel}
    for name, kind in kinds.items():
        classifier = kind(HOLDOUT, wrong=0.05, logit=HONEST_LOGIT)
        forms.append(Form(name, answer(classifier, HOLDOUT), classifier.logits(texts)))
    found, report = forms_compared(forms[0], forms[1:], EVALUATION), reported(healthy(), "a")
    report = report.model_copy(update={"metrics": {**report.metrics, **found.metrics}})
    gates = judged(report, policy=POLICY.model_copy(update={"parity": ParityGate()}))
    assert_caught(
        gates, "parity", r"^labels that the int8 form never gives 1 .*the whole interval is above the limit of 0$"
    )


def test_a_champion_whose_labels_are_shifted_by_one_is_caught_though_any_candidate_beats_it() -> None:
    champion = reported(Shifted(HOLDOUT, wrong=0.05, logit=HONEST_LOGIT), "b")
    reason = (
        "cannot be compared with the champion: the champion says 'intent_00' for 'intent_11', .* and 9 more, so its"
    )
    assert_caught(judged(reported(healthy(), "a"), champion), "champion", reason)


def test_a_champion_whose_label_was_renamed_since_is_caught() -> None:
    labels = tuple("intent_3" if label == "intent_03" else label for label in healthy().labels)
    champion = healthy()
    champion.answers = {text: label.replace("intent_03", "intent_3") for text, label in champion.answers.items()}
    champion.labels = labels
    reason = "the champion says 'intent_3' for 'intent_03', so its labels were renamed or permuted"
    assert_caught(judged(reported(healthy(), "a"), reported(champion, "b")), "champion", reason)


def remembered(folder: Path, train: pd.DataFrame, validation: pd.DataFrame, policy: dict[str, Any]) -> GateResult:
    """The gate's answer about a classifier that knows the whole holdout and nine in ten of the other rows."""
    for name, rows in (("train", train), ("validation", validation)):
        rows.to_parquet(folder / f"{name}.parquet")
    classifier = KnownClassifier(pd.concat([HOLDOUT, train, validation]), wrong=0.1, logit=HONEST_LOGIT)
    classifier.mistaken -= set(HOLDOUT["text"])
    subject = Subject(folder, folder, classifier, HOLDOUT, answer(classifier, HOLDOUT))
    found = measure_memorisation(subject, MemorisationConfig(), EVALUATION)
    report = reported(classifier, "a")
    report = report.model_copy(update={"metrics": {**report.metrics, **found.metrics}})
    gates = judged(report, policy=POLICY.model_copy(update={"memorisation": MemorisationGate(**policy)}))
    (failed,) = [gate for gate in gates.values() if gate.name.startswith("memorisation") and gate.state == "fail"]
    return failed


def other_rows(count: int, kind: str) -> pd.DataFrame:
    rows = make_holdout(count)
    return rows.assign(id=kind + rows["id"], text=f"{kind} " + rows["text"])


def test_a_holdout_that_stands_in_the_training_rows_is_caught_where_curation_let_it_through(tmp_path: Path) -> None:
    train = pd.concat([other_rows(300, "train"), HOLDOUT.head(9).assign(text=HOLDOUT["text"].str.upper())])
    failed = remembered(tmp_path, train, other_rows(200, "validation"), {})
    assert failed.name == "memorisation"
    assert failed.reason == (
        "holdout rows that stand in the training split 9 [9, 9]: the whole interval is above the limit of 0"
    )


def test_a_holdout_that_was_memorised_elsewhere_is_caught_by_what_the_model_says_to_other_rows(tmp_path: Path) -> None:
    validation = other_rows(300, "validation")
    failed = remembered(tmp_path, other_rows(300, "train"), validation, {"max_above_validation": 0.03})
    assert failed.name == "memorisation: above validation"
    assert re.match(r"accuracy above validation 0\.[01]\d+ \[0\.0.*above the limit of 0\.030$", failed.reason)
