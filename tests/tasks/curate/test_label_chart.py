"""The chart of labels is drawn whatever labels there are, quietly, and always the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tasks.curate.label_chart import draw_label_counts
from tests.tasks.pii.made_up_rows import good_rows, rows


def draw(path: Path, labels: tuple[str, ...]) -> bytes:
    splits = {"train": rows(good_rows(300, labels)), "holdout": rows([("a", labels[0]), ("b", "only here")])}
    draw_label_counts(splits, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "labels",
    [("a", "b"), ("$x", "$_{", "50% off", "_hidden", "a@example.com"), ("注文", "返金"), tuple(map(str, range(150)))],
    ids=["two", "odd signs", "other scripts", "many"],
)
def test_any_labels_can_be_drawn_without_a_warning(labels: tuple[str, ...], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw(tmp_path / "chart.png", labels).startswith(b"\x89PNG")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "one.png", ("a", "b")) == draw(tmp_path / "two.png", ("a", "b"))


def test_a_split_without_rows_can_be_drawn(tmp_path: Path) -> None:
    draw_label_counts({"train": rows([]), "holdout": rows([])}, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").is_file()
