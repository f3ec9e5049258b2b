"""Hugging Face datasets from local folders, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tasks.acquire.config import HubSource
from tasks.acquire.hub_source import read_hub
from tasks.acquire.table import Origin, Wanted
from tasks.errors import MissingSecret, StorageError, UserInputError

ORIGIN = Origin("data.train", "dataset")


def saved(folder: Path, *, as_dict: bool) -> str:
    """A folder of `save_to_disk` with a ClassLabel column, whose last row has no label."""
    import datasets

    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=["refund", "order"]))
    rows = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    (datasets.DatasetDict(test=rows) if as_dict else rows).save_to_disk(str(folder))
    return str(folder)


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_saved_dataset_is_read_and_class_numbers_become_names(tmp_path: Path, wanted: Wanted, as_dict: bool) -> None:
    table = read_hub(HubSource(dataset=saved(tmp_path / "d", as_dict=as_dict), split="test"), wanted, ORIGIN)
    assert [(values["text"], values["label"]) for values in table.values] == [
        ("a", "order"),
        ("b", "refund"),
        ("c", None),
    ]
    assert table.rows == [1, 2, 3]


def test_a_folder_of_data_files_is_read_by_its_splits(tmp_path: Path, wanted: Wanted) -> None:
    pd.DataFrame({"text": ["a"], "label": ["x"]}).to_parquet(tmp_path / "train.parquet")
    pd.DataFrame({"text": ["b", "c"], "label": ["y", "z"]}).to_parquet(tmp_path / "test.parquet")
    table = read_hub(HubSource(dataset=str(tmp_path), split="test"), wanted, ORIGIN)
    assert [values["label"] for values in table.values] == ["y", "z"]


@pytest.mark.parametrize("from_disk", [True, False])
def test_an_unknown_split_is_answered_with_the_known_ones(tmp_path: Path, wanted: Wanted, from_disk: bool) -> None:
    if from_disk:
        saved(tmp_path / "d", as_dict=True)
    else:
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "test.csv").write_text("text,label\na,b\n", encoding="utf-8")
    with pytest.raises(UserInputError, match=r"nowhere.*'test'"):
        read_hub(HubSource(dataset=str(tmp_path / "d"), split="nowhere"), wanted, ORIGIN)


def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path: Path, origin: Origin) -> None:
    wanted = Wanted({"text": "question", "label": "label"}, frozenset({"text", "label"}))
    with pytest.raises(UserInputError, match="no column 'question'; its columns are 'text', 'label'"):
        read_hub(HubSource(dataset=saved(tmp_path / "d", as_dict=False)), wanted, origin)


def test_a_folder_with_a_script_is_refused_and_its_code_does_not_run(tmp_path: Path, wanted: Wanted) -> None:
    script = tmp_path / "evil" / "evil.py"
    script.parent.mkdir()
    script.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", encoding="utf-8")
    with pytest.raises(UserInputError, match="scripts are no longer supported"):
        read_hub(HubSource(dataset=str(script.parent)), wanted, ORIGIN)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_data_and_a_damaged_file_are_refused(tmp_path: Path, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="doesn't contain any data files"):
        read_hub(HubSource(dataset=str(tmp_path)), wanted, ORIGIN)
    (tmp_path / "train.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(UserInputError, match="cannot be loaded"):
        read_hub(HubSource(dataset=str(tmp_path)), wanted, ORIGIN)


def test_an_id_without_a_network_is_a_storage_error_with_advice(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(StorageError, match=r"cannot be fetched.*Check the spelling and the network.*local folder"):
        read_hub(HubSource(dataset="nobody/has-this-data"), wanted, ORIGIN)


def test_a_token_that_is_not_set_is_named(wanted: Wanted) -> None:
    with pytest.raises(MissingSecret, match=r"data\.train\.token_secret names the secret 'NO_TOKEN'"):
        read_hub(HubSource(dataset="nobody/has-this-data", token_secret="NO_TOKEN"), wanted, ORIGIN)
