"""What a person is told to do after a verdict."""

from __future__ import annotations

import re

import pytest

from flows.config import RetrainConfig
from tasks.gate.config import GATES
from tasks.gate.looks import Looks
from tasks.gate.next_steps import MEND, next_steps
from tasks.records import GateResult, State
from tasks.section import Section

LOOKS = Looks(1, "once", None)


def gate(name: str, state: State = "fail", measured: float | None = 0.5) -> GateResult:
    return GateResult(name=name, measured=measured, low=0.4, high=0.6, limit=0.1, state=state, reason="why")


def test_every_gate_that_can_fail_has_a_remedy() -> None:
    assert set(GATES) <= set(MEND)


@pytest.mark.parametrize("name", sorted(MEND))
def test_a_remedy_names_settings_that_there_are(name: str) -> None:
    for setting in re.findall(r"\b((?:training|export|evaluation)(?:\.\w+)+)", MEND[name]):
        schema: type[Section] = RetrainConfig
        for field in setting.split("."):
            assert field in schema.model_fields, setting
            schema = inner_section(schema, field)


def inner_section(schema: type[Section], field: str) -> type[Section]:
    annotation = schema.model_fields[field].annotation
    kinds = getattr(annotation, "__args__", (annotation,))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), schema)


def test_the_parts_of_one_gate_are_mended_once() -> None:
    steps = next_steps("fail", [gate("robustness"), gate("robustness: attack success words")], LOOKS)
    assert [MEND["robustness"] in step for step in steps] == [True, False, False]
    assert steps[1] == "robustness: attack success words failed: why."


def test_a_part_that_failed_alone_is_mended_as_its_whole_is() -> None:
    assert MEND["robustness"] in next_steps("fail", [gate("robustness: attack success words")], LOOKS)[0]


def test_what_is_missing_or_open_is_not_mended_by_training() -> None:
    gates = [gate("drift", "inconclusive"), gate("quality", measured=None)]
    assert next_steps("fail", gates, LOOKS)[:2] == ["quality could not be judged: why.", "drift is not settled: why."]


def test_a_pass_leaves_nothing_to_do() -> None:
    (step,) = next_steps("pass", [gate("quality", "pass")], LOOKS)
    assert step.startswith("Nothing is left to do")
