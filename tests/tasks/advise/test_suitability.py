"""The rules of thumb: what suits what, and that the sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.advise.suitability import count_parameters, on_quality, suitability
from tests.tasks.models.tiny_model import make_base_model

BILLIONS = 8_000_000_000


@pytest.mark.parametrize(
    ("rows", "labels", "technique", "parameters", "state"),
    [
        (1_400, 12, "full", 22_000_000, "suits"),
        (400, 77, "full", 22_000_000, "too_few"),
        (1_400, 0, "full", BILLIONS, "too_few"),
        (30_000, 0, "full", BILLIONS, "suits"),
        (1_400, 0, "full", None, "too_few"),
        (1_400, 0, "lora", BILLIONS, "suits"),
        (60, 0, "lora", BILLIONS, "too_few"),
        (200_000, 0, "lora", BILLIONS, "more_than_needed"),
        (1_400, 12, "last_layers", 22_000_000, "suits"),
        (64, 0, "few_shot", BILLIONS, "suits"),
        (64, 12, "few_shot", 22_000_000, "suits"),
        (64, 77, "few_shot", 22_000_000, "too_few"),
        (400, 77, "few_shot", 22_000_000, "suits"),
        (1_400, 0, "few_shot", BILLIONS, "more_than_needed"),
    ],
)
def test_rows_against_technique(rows: int, labels: int, technique: str, parameters: int | None, state: str) -> None:
    found = suitability(rows, labels, technique, parameters)
    assert found.state == state
    assert f"{rows:,} rows" in found.sentence


def test_too_few_rows_for_a_large_model_point_to_an_adapter() -> None:
    assert "lora" in suitability(1_400, 0, "full", BILLIONS).sentence


def test_a_few_dozen_rows_point_to_few_shot_fine_tuning() -> None:
    for technique in ("full", "lora", "last_layers"):
        assert "few_shot" in suitability(64, 8, technique, BILLIONS).sentence
    assert "few_shot" not in suitability(10, 0, "lora", BILLIONS).sentence
    assert "lora" in suitability(1_400, 0, "few_shot", BILLIONS).sentence


def test_many_doubtful_labels_are_mended_before_more_rows_are_collected() -> None:
    assert on_quality(100_000, 0.8) == (
        "20.0% of the labels are doubtful: 5,000 to 15,000 good rows can beat ten times as many noisy ones, so mend "
        "labels before you collect more."
    )
    assert on_quality(100_000, 0.97) is None
    assert on_quality(9_000, 0.8) is None


def test_parameters_are_counted_without_loading_the_model(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    folder = Path(make_base_model(tmp_path / "base"))
    weights = load_file(folder / "model.safetensors")
    assert count_parameters(folder) == sum(array.size for array in weights.values())
    assert count_parameters(tmp_path / "nowhere") is None
