"""Hugging Face datasets from local folders and from a hub, and what is said when there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.acquire.config import HubSource
from tasks.acquire.hub import parquet
from tasks.acquire.hub.source import hub_files, hub_licence
from tasks.acquire.source_file import SourceFile
from tasks.errors import MissingSecret, StorageError, UserInputError
from tests.tasks.acquire.hub.hub_server import COMMIT, Hub


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder for a dataset, beside the home and what is fetched."""
    (tmp_path / "d").mkdir()
    return tmp_path / "d"


def listed(folder: Path | str, **fields: Any) -> SourceFile:
    (file,) = hub_files(HubSource(dataset=str(folder), **fields), "data.train")
    return file


def saved(folder: Path, *, as_dict: bool) -> str:
    """A folder of `save_to_disk` with a ClassLabel column, whose last row has no label."""
    import datasets

    features = datasets.Features(text=datasets.Value("string"), label=datasets.ClassLabel(names=["refund", "order"]))
    rows = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    (datasets.DatasetDict(test=rows) if as_dict else rows).save_to_disk(str(folder))
    return str(folder)


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_saved_dataset_is_read_and_class_numbers_become_names(tmp_path: Path, as_dict: bool) -> None:
    file = listed(saved(tmp_path / "d", as_dict=as_dict), split="test")
    assert (file.name, file.format) == ("d/test", "parquet")
    read = pq.read_table(file.fetch(tmp_path))
    assert read.to_pydict() == {"text": ["a", "b", "c"], "label": ["order", "refund", None]}


def test_a_folder_of_data_files_is_read_by_its_splits(data: Path, tmp_path: Path) -> None:
    pd.DataFrame({"text": ["a"], "label": ["x"]}).to_parquet(data / "train.parquet")
    pd.DataFrame({"text": ["b", "c"], "label": ["y", "z"]}).to_parquet(data / "test.parquet")
    file = listed(data, split="test")
    assert pq.read_table(file.fetch(tmp_path)).column("label").to_pylist() == ["y", "z"]


def test_a_split_is_known_by_its_content_wherever_it_lies(tmp_path: Path) -> None:
    for name, text in (("one", "a"), ("same", "a"), ("other", "b")):
        (tmp_path / name).mkdir()
        pd.DataFrame({"text": [text]}).to_parquet(tmp_path / name / "train.parquet")
    one, same, other = (listed(tmp_path / name).version for name in ("one", "same", "other"))
    assert one == same != other
    assert one.startswith("sha256:")


def test_types_stay_nested_columns_become_json_and_bytes_are_left_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 2)
    chat = [{"role": "user", "content": "Grüße"}, {"role": "assistant", "content": "ja"}]
    content = {
        "messages": [chat, None, []],
        "score": [0.5, None, 2.0],
        "text": ["", None, "x"],
        "number": pa.array([1, None, 3], pa.int32()),
        "picture": [{"bytes": b"\x89", "path": "a.png"}, None, None],
        "raw": [b"\xff", None, b""],
    }
    pq.write_table(pa.table(content), data / "train.parquet")
    path = listed(data).fetch(tmp_path)
    read = pq.read_table(path)
    assert {name: str(read.schema.field(name).type) for name in read.column_names} == {
        "messages": "string",
        "score": "double",
        "text": "string",
        "number": "int32",
    }
    messages = [None if cell is None else json.loads(cell) for cell in read.column("messages").to_pylist()]
    assert messages == [chat, None, []]
    assert read.column("text").to_pylist() == ["", None, "x"]
    assert pq.ParquetFile(path).num_row_groups == 2, "a batch at a time"


def test_turns_of_a_chat_that_differ_in_their_fields_keep_them(data: Path, tmp_path: Path) -> None:
    rows = [
        {"messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"role": "user", "content": "a", "tool": {"name": "t", "arguments": {"x": 1}}}]},
    ]
    (data / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = pq.read_table(listed(data).fetch(tmp_path)).column("messages").to_pylist()
    (first,), (second,) = map(json.loads, read)
    assert (first["content"], second["tool"]) == ("a", {"name": "t", "arguments": {"x": 1}})


@pytest.mark.parametrize("from_disk", [True, False])
def test_an_unknown_split_is_answered_with_the_known_ones(tmp_path: Path, from_disk: bool) -> None:
    if from_disk:
        saved(tmp_path / "d", as_dict=True)
    else:
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "test.csv").write_text("text,label\na,b\n", encoding="utf-8")
    with pytest.raises(UserInputError, match=r"data\.train \(dataset .*, split nowhere\).*'test'"):
        listed(tmp_path / "d", split="nowhere")


def test_a_split_without_rows_or_with_nothing_but_bytes_is_refused(data: Path) -> None:
    import datasets

    datasets.Dataset.from_dict({"text": []}).save_to_disk(str(data / "empty"))
    with pytest.raises(UserInputError, match="has columns but no rows"):
        listed(data / "empty")
    shutil.rmtree(data / "empty")
    pd.DataFrame({"text": [b"a"]}).to_parquet(data / "train.parquet")
    with pytest.raises(UserInputError, match="no columns but of bytes"):
        listed(data)


def test_a_folder_with_a_script_is_refused_and_its_code_does_not_run(tmp_path: Path) -> None:
    script = tmp_path / "evil" / "evil.py"
    script.parent.mkdir()
    script.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", encoding="utf-8")
    with pytest.raises(UserInputError, match="scripts are no longer supported"):
        listed(script.parent)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_data_and_a_damaged_file_are_refused(data: Path) -> None:
    with pytest.raises(UserInputError, match="doesn't contain any data files"):
        listed(data)
    (data / "train.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(UserInputError, match="cannot be loaded"):
        listed(data)


def test_an_id_without_a_network_is_a_storage_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(StorageError, match=r"cannot be fetched.*Check the spelling and the network.*local folder"):
        listed("nobody/has-this-data")


def test_a_hub_that_cannot_be_reached_is_a_storage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=r"cannot be fetched.*Check the spelling and the network"):
        listed("shop/faq")


def test_a_token_that_is_not_set_is_named() -> None:
    with pytest.raises(MissingSecret, match=r"data\.train\.token_secret names the secret 'NO_TOKEN'"):
        listed("nobody/has-this-data", token_secret="NO_TOKEN")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that this process talks to."""
    import huggingface_hub.constants

    hub = Hub()
    threading.Thread(target=hub.server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


def test_a_dataset_of_the_hub_is_fetched_at_the_commit_that_was_listed(
    hub: Hub, tmp_path: Path, refit_home: Path
) -> None:
    tree, files = f"/api/datasets/shop/faq/tree/{COMMIT}", f"/datasets/shop/faq/resolve/{COMMIT}"
    hub.answers["/api/datasets/shop/faq"] = {"id": "shop/faq", "sha": COMMIT}
    hub.answers[f"/api/datasets/shop/faq/revision/{COMMIT}"] = {"id": "shop/faq", "sha": COMMIT}
    hub.answers[f"{tree}/data"] = []
    hub.answers[tree] = [{"type": "file", "path": "train.csv", "size": 15, "oid": "a" * 40}]
    hub.answers[f"{files}/train.csv"] = b"text,label\na,b\n"
    script = (
        "import sys; from pathlib import Path; from tasks.acquire.config import HubSource; "
        "from tasks.acquire.hub.source import hub_files; "
        "(file,) = hub_files(HubSource(dataset='shop/faq'), 'data.train'); print(file.fetch(Path(sys.argv[1])))"
    )
    # A process of its own, since the hub's address is read when the library is imported.
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "REFIT_HOME": str(refit_home)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert pq.read_table(done.stdout.strip()).to_pydict() == {"text": ["a"], "label": ["b"]}
    assert all(COMMIT in path for path in hub.asked if "resolve" in path or "tree" in path)


def test_a_dataset_of_the_hub_is_known_by_its_commit_before_it_is_fetched(hub: Hub) -> None:
    hub.answers["/api/datasets/shop/faq/revision/v2"] = {"id": "shop/faq", "sha": COMMIT}
    file = listed("shop/faq", revision="v2")
    assert (file.version, file.name) == (f"commit:{COMMIT}", "shop/faq@v2/train")


def test_an_unknown_dataset_is_the_users_to_mend_and_a_failing_hub_is_not(hub: Hub) -> None:
    hub.answers["/api/datasets/shop/missing"] = 404
    hub.answers["/api/datasets/shop/private"] = 401
    hub.answers["/api/datasets/shop/broken"] = 500
    for dataset in ("shop/missing", "shop/private"):
        with pytest.raises(UserInputError, match=rf"{dataset}.*Check its id, revision and token"):
            listed(dataset)
    with pytest.raises(StorageError, match=r"shop/broken.*Check the spelling and the network"):
        listed("shop/broken")


def test_the_licence_is_the_one_that_the_card_states(hub: Hub, tmp_path: Path) -> None:
    hub.answers["/api/datasets/shop/faq"] = {
        "id": "shop/faq",
        "sha": COMMIT,
        "cardData": {"license": ["mit", "cc0-1.0"]},
    }
    assert hub_licence(HubSource(dataset="shop/faq")) == "mit, cc0-1.0"
    local = HubSource(dataset=str(tmp_path))
    assert hub_licence(local) is None
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Data\n", encoding="utf-8")
    assert hub_licence(local) == "cc-by-4.0"
    (tmp_path / "README.md").write_text("---\nlicense: [\n---\n", encoding="utf-8")
    with pytest.raises(UserInputError, match=r"README\.md, whose head is no YAML"):
        hub_licence(local)
