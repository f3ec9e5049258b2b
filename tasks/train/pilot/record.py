"""What a pilot came to: a frozen record that says whether fine-tuning helps, by how much, and how sure that is."""

from __future__ import annotations

from typing import Literal

from tasks.records import Artefact, GateResult, Measurement, State

PilotState = Literal["helps", "does_not_help", "not_shown"]
STATES: dict[PilotState, State] = {"helps": "pass", "does_not_help": "fail", "not_shown": "inconclusive"}


class Pilot(Artefact):
    """Base, base with the pilot's rows in its prompt, and pilot on the same rows; `report/` has the page and chart."""

    dataset_digest: str
    rows: int
    """Rows that the pilot was trained on."""
    judged_rows: int
    """Rows of the validation split that all three were judged on."""
    state: PilotState
    go_on: bool
    """Whether the full training is to start."""
    sentence: str
    """For a person: whether fine-tuning helps, by how much, and the numbers of the three."""
    scores: dict[str, Measurement]
    """By contestant (`base`, `base_with_rows`, `pilot`); more is better."""
    gains: dict[str, Measurement]
    """The pilot's score less that of `base` and of `base_with_rows`, on the same rows."""

    @property
    def gate(self) -> GateResult:
        """The pilot as a gate: the smaller of its two gains against 0."""
        measured = min(self.gains.values(), key=lambda gain: gain.value)
        return GateResult(
            name="pilot",
            measured=measured.value,
            low=measured.low,
            high=measured.high,
            limit=0.0,
            state=STATES[self.state],
            reason=self.sentence,
        )
