"""Whether so many rows suit a technique: rules of thumb of the field, with their numbers in one table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Suits = Literal["too_few", "suits", "more_than_needed"]

SMALL_MODEL_PARAMETERS = 300_000_000
CURATED_ROWS = (5_000, 15_000)
"""Good rows that can beat ten times as many noisy ones (LIMA, arXiv:2305.11206; AlpaGasus, arXiv:2307.08701)."""


@dataclass(frozen=True)
class Range:
    """The rows that a technique is commonly used with."""

    low: int
    high: int | None
    why: str
    of_each_label: int = 8

    def least(self, labels: int) -> int:
        """Rows for so many labels."""
        return max(self.low, self.of_each_label * labels)


ADAPTERS = Range(
    200, 50_000, "adapters learn from hundreds to a few thousand rows, and stay small beside the base model"
)
FULL_LARGE = Range(10_000, None, "training every parameter of a large model wants tens of thousands of rows")
FULL_SMALL = Range(300, None, "an encoder of this size learns a classification from a few hundred rows")
FEW_SHOT = Range(16, 200, "a few dozen very specific rows, 64 as a rule, can lift a hard task", of_each_label=4)
LAST_LAYERS = Range(200, 50_000, "a few layers have few parameters to settle")


@dataclass(frozen=True)
class Suitability:
    """The answer, in a word and in a sentence."""

    state: Suits
    sentence: str


def suitability(rows: int, labels: int, technique: str, parameters: int | None) -> Suitability:
    """What the rules say of `rows` training rows with so many labels (0 where rows have none).

    `technique` is a kind of `training.technique`; `parameters` of the base model, null where it is not known, which
    counts as large.
    """
    wanted = _range(technique, parameters)
    low = wanted.least(labels)
    high = wanted.high and max(wanted.high, 2 * low)
    size = f" of {parameters / 1e6:,.0f} M parameters" if parameters else ""
    span = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
    of_labels = f" ({wanted.of_each_label} for each of {labels:,} labels)" if low > wanted.low else ""
    told = f"{technique.replace('_', ' ')} fine-tuning{size} is commonly done with {span} rows{of_labels}: {wanted.why}"
    if rows < low:
        return Suitability("too_few", f"{rows:,} rows are few: {told}.{_with_fewer(wanted, rows, labels)}")
    if high is not None and rows > high:
        more = "An adapter (technique: {kind: lora})" if wanted is FEW_SHOT else "Full fine-tuning"
        return Suitability(
            "more_than_needed", f"{rows:,} rows are more than this technique needs: {told}. {more} may do better."
        )
    return Suitability("suits", f"{rows:,} rows suit the technique: {told}.")


def on_quality(rows: int, alignment: float | None) -> str | None:
    """What to do first where rows are many and labels are doubtful; `alignment` is the share of labels in order."""
    if rows <= CURATED_ROWS[1] or alignment is None or alignment >= 0.95:
        return None
    return (
        f"{1 - alignment:.1%} of the labels are doubtful: {CURATED_ROWS[0]:,} to {CURATED_ROWS[1]:,} good rows can "
        "beat ten times as many noisy ones, so mend labels before you collect more."
    )


def count_parameters(folder: Path) -> int | None:
    """Parameters of the safetensors in a model's folder, from their headers alone; null where there are none."""
    from safetensors import safe_open

    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    total = 0
    for file in files:
        with safe_open(file, framework="numpy") as weights:
            for name in weights.keys():  # noqa: SIM118 - not a dict
                size = 1
                for length in weights.get_slice(name).get_shape():
                    size *= length
                total += size
    return total if files else None


def _with_fewer(wanted: Range, rows: int, labels: int) -> str:
    """The technique that so many rows are enough for; nothing where there is none."""
    if wanted is FULL_LARGE and rows >= ADAPTERS.least(labels):
        return " An adapter (technique: {kind: lora}) wants fewer."
    if wanted is not FEW_SHOT and rows >= FEW_SHOT.least(labels):
        return " So few can do with technique: {kind: few_shot}."
    return ""


def _range(technique: str, parameters: int | None) -> Range:
    if technique == "full":
        return FULL_SMALL if parameters is not None and parameters <= SMALL_MODEL_PARAMETERS else FULL_LARGE
    return {"last_layers": LAST_LAYERS, "few_shot": FEW_SHOT}.get(technique, ADAPTERS)
