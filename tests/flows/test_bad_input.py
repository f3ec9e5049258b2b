"""Bad input through the whole flow: one clear error, nothing released or half-written, and the next run works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.config import RetrainConfig
from flows.retrain import retrain
from infra.storage import verify_folder
from tasks.errors import DataRejected, MissingSecret, StorageError, UserInputError
from tasks.gate.config import GATES
from tests.tasks.models.tiny_model import make_base_model, make_rows

pytestmark = pytest.mark.usefixtures("prefect_server")

GOOD = make_rows()[["text", "label"]]
LATIN_1 = "text,label\ncaf\xe9,drinks\n".encode("latin-1")
SECRETS = {"access_key_secret": "NOT_SET_HERE", "secret_key_secret": "NOR_HERE"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base_model(tmp_path_factory.mktemp("base"))


def config(base: Path, train: Path | dict[str, Any], **data: Any) -> RetrainConfig:
    source = train if isinstance(train, dict) else {"kind": "file", "path": str(train)}
    return RetrainConfig.model_validate(
        {
            "model": "bad-input",
            "data": {"train": source, **data},
            "validation": {"min_rows": 20},
            "training": {"base_model": str(base), "epochs": 1, "max_tokens": 16},
            "evaluation": {"latency_requests": 100},
            "curation": {"max_embedded_rows": 0},
            "advice": {"learning_curve": False},
            "gates": {**dict.fromkeys(GATES), "quality": {"min": -1}},
        }
    )


def good_csv(folder: Path) -> Path:
    path = folder / "good.csv"
    GOOD.to_csv(path, index=False)
    return path


def ragged(folder: Path) -> dict[str, Any]:
    lines = "".join(f"{text},{label},one,too many\n" for text, label in zip(GOOD["text"], GOOD["label"], strict=True))
    return write(folder, "ragged.csv", ("text,label\n" + lines).encode())


def write(folder: Path, name: str, content: bytes) -> dict[str, Any]:
    (folder / name).write_bytes(content)
    return {"train": folder / name}


def truncated_parquet(folder: Path) -> dict[str, Any]:
    GOOD.to_parquet(folder / "whole.parquet")
    return write(folder, "torn.parquet", (folder / "whole.parquet").read_bytes()[:-200])


def frame(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    return {"train": folder / "rows.csv"}


def unknown_holdout_label(folder: Path) -> dict[str, Any]:
    GOOD.head(5).assign(label="never seen").to_csv(folder / "holdout.csv", index=False)
    return {"train": good_csv(folder), "holdout": {"kind": "file", "path": str(folder / "holdout.csv")}}


CASES: dict[str, tuple[Callable[[Path], dict[str, Any]], type[Exception], str]] = {
    "a missing file": (lambda folder: {"train": folder / "none.csv"}, UserInputError, "none.csv"),
    "not UTF-8": (lambda folder: write(folder, "latin.csv", LATIN_1), UserInputError, "UTF-8"),
    "a truncated Parquet": (truncated_parquet, UserInputError, "torn.parquet"),
    "a ragged CSV": (ragged, DataRejected, "ragged.csv"),
    "an empty set": (lambda folder: write(folder, "empty.csv", b"text,label\n"), UserInputError, "rows"),
    "an empty file": (lambda folder: write(folder, "nothing.csv", b""), UserInputError, "nothing.csv"),
    "one class only": (lambda folder: frame(folder, GOOD.assign(label="card")), DataRejected, "one label"),
    "an unknown label in the holdout": (unknown_holdout_label, DataRejected, "never seen"),
    "no labels": (lambda folder: frame(folder, GOOD.assign(label=None)), DataRejected, "label"),
    "duplicate ids": (
        lambda folder: {**frame(folder, GOOD.assign(id="same")), "id_column": "id"},
        UserInputError,
        "same",
    ),
    "cells of 200 kB": (lambda folder: frame(folder, GOOD.assign(text="x" * 200_000)), DataRejected, "long"),
    "a secret that is not set": (
        lambda folder: {"train": {"kind": "s3", "uri": "s3://bucket/key.csv", **SECRETS}},
        MissingSecret,
        "NOT_SET_HERE",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_data_is_one_clear_error_and_leaves_nothing(
    case: str, base: Path, tmp_path: Path, refit_home: Path
) -> None:
    make, kind, words = CASES[case]
    with pytest.raises(kind, match=words) as raised:
        retrain(config(base, **make(tmp_path)))
    assert raised.value.exit_code == 3  # type: ignore[attr-defined]
    assert "Traceback" not in str(raised.value)
    assert_nothing_half_written(refit_home)
    assert not (refit_home / "store" / "models").exists()


def test_an_unknown_base_model_is_named_with_what_is_allowed(tmp_path: Path, refit_home: Path) -> None:
    with pytest.raises(UserInputError, match="bundled:minilm-l6"):
        retrain(config(tmp_path / "no-such-model", good_csv(tmp_path)))
    assert_nothing_half_written(refit_home)


def test_a_store_that_cannot_be_written_is_named(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("REFIT_STORE", (tmp_path / "file" / "store").as_uri())
    with pytest.raises(StorageError, match="cannot be written.*REFIT_STORE"):
        retrain(config(base, good_csv(tmp_path)))


def test_after_bad_data_the_next_run_works(base: Path, tmp_path: Path, refit_home: Path) -> None:
    with pytest.raises(DataRejected):
        retrain(config(base, **ragged(tmp_path)))
    outcome = retrain(config(base, good_csv(tmp_path)))
    assert outcome.state == "released"
    assert outcome.release == 1
    assert_nothing_half_written(refit_home)


def assert_nothing_half_written(home: Path) -> None:
    assert not list((home / "work").glob("*"))
    assert not list((home / "store").rglob(".incoming-*"))
    for manifest in (home / "store").glob("*/*/manifest.json"):
        verify_folder(manifest.parent, manifest.parent.name)
