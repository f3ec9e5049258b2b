"""The whole stage, from config to stored dataset: what is kept, what is set aside, and what names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.acquire.config import DataConfig, DemoSource, FileSource, HubSource, S3Source
from tasks.acquire.demo.blemishes import BLEMISHES
from tasks.acquire.demo.messages import ROWS
from tasks.acquire.task import acquire, summary
from tasks.datasets.folder import COLUMNS, lineage, read_quarantined, read_split
from tasks.errors import DataRejected, UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch, fetch_whole
from tests.tasks.acquire.conftest import BUCKET

GOOD = "text,label\nwhere is my parcel,order\nmoney back please,refund\n"


def run(config: DataConfig) -> DatasetRef:
    dataset: DatasetRef = acquire.fn(config)  # type: ignore[attr-defined]
    return dataset


def config_of(folder: Path, content: str | bytes, name: str = "train.csv", **options: Any) -> DataConfig:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return DataConfig(train=FileSource(path=str(folder / name)), **options)


def demo_config(seed: int = 7) -> DataConfig:
    parts = {part: DemoSource(part=part, seed=seed) for part in ("train", "holdout", "unlabelled")}
    return DataConfig(**parts, group_column="group")


def test_the_demo_is_stored_with_its_malformed_lines_set_aside() -> None:
    dataset = run(demo_config())
    assert dataset.rows == {**ROWS, "train": ROWS["train"] - BLEMISHES.ragged_rows}
    assert dataset.quarantined == {"ragged_row": BLEMISHES.ragged_rows}
    assert dataset.rows_in == sum(ROWS.values())
    assert summary(dataset) == "1,644 train, 600 holdout, 150 unlabelled rows; 6 malformed set aside"
    train, aside = read_split(dataset, "train"), read_quarantined(dataset)
    assert tuple(train.columns) == COLUMNS
    assert train["label"].isna().sum() == BLEMISHES.missing_labels
    assert set(train["group"]) == {"native", "non_native"}
    assert read_split(dataset, "unlabelled")["label"].isna().all()
    assert set(aside["stage"]) == {"acquire"}
    assert aside["text"].str.contains("fields, the header has 3: ").all()
    ids = [*train["id"], *aside["id"], *read_split(dataset, "holdout")["id"], *read_split(dataset, "unlabelled")["id"]]
    assert len(set(ids)) == dataset.rows_in
    fetch_whole(dataset)


def test_the_sources_page_names_every_source_and_shows_no_text_of_the_data() -> None:
    dataset = run(demo_config())
    page = (fetch(dataset) / "report" / "sources.md").read_text(encoding="utf-8")
    sources = lineage(dataset)["sources"]
    assert [source["split"] for source in sources] == ["train", "holdout", "unlabelled"]
    assert set(sources[0]) == {
        "split", "kind", "name", "sha256", "bytes", "rows", "malformed", "licence", "origin",
    }  # fmt: skip
    assert all(source["sha256"] in page and source["name"] in page for source in sources)
    assert page.count("ragged_row") == BLEMISHES.ragged_rows
    assert not any(text.split(": ", 1)[1] in page for text in read_quarantined(dataset)["text"])


def test_the_same_bytes_give_the_same_digest_wherever_they_are(tmp_path: Path) -> None:
    first, second = run(config_of(tmp_path / "a", GOOD)), run(config_of(tmp_path / "b" / "c", GOOD))
    assert first == second


def test_one_changed_byte_gives_another_digest(tmp_path: Path) -> None:
    first = run(config_of(tmp_path / "a", GOOD))
    second = run(config_of(tmp_path / "b", GOOD.replace("please", "Please")))
    third = run(config_of(tmp_path / "c", GOOD + "\n"))
    assert len({first.digest, second.digest, third.digest}) == 3


def test_an_object_in_s3_gives_the_rows_of_the_file(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Bucket=BUCKET, Key="daily/train.csv", Body=GOOD.encode())
    from_s3 = run(DataConfig(train=S3Source(uri=f"s3://{BUCKET}/daily/train.csv")))
    from_file = run(config_of(tmp_path, GOOD))
    assert read_split(from_s3, "train").equals(read_split(from_file, "train"))
    assert lineage(from_s3)["sources"][0]["sha256"] == lineage(from_file)["sources"][0]["sha256"]
    assert lineage(from_s3)["sources"][0]["kind"] == "s3"


def test_a_hub_dataset_is_fingerprinted_by_its_rows(tmp_path: Path) -> None:
    config = DataConfig(train=HubSource(dataset=str(tmp_path / "shop"), split="train"))
    digests = []
    for content in (GOOD, GOOD, GOOD.replace("money", "cash")):
        config_of(tmp_path / "shop", content)
        digests.append(run(config).digest)
    assert digests[0] == digests[1] != digests[2]
    assert lineage(run(config))["sources"][0]["name"] == "shop/train"


def test_an_id_column_is_taken_as_it_is(tmp_path: Path) -> None:
    dataset = run(config_of(tmp_path, "ticket,text,label\nT-1,hello,a\n002,bye,b\n", id_column="ticket"))
    assert list(read_split(dataset, "train")["id"]) == ["T-1", "002"]


def test_a_duplicate_id_is_named_with_both_rows(tmp_path: Path) -> None:
    content = "ticket,text,label\nT-1,hello,a\nT-2,bye,b\nT-1,again,a\n"
    with pytest.raises(UserInputError, match=r"the id 'T-1' stands twice: in row 2 of .*train\.csv.* row 4 of"):
        run(config_of(tmp_path, content, id_column="ticket"))


def test_an_id_that_two_sources_share_is_named_with_both(tmp_path: Path) -> None:
    content = "ticket,text,label\nT-1,hello,a\n"
    held_out = config_of(tmp_path, content, name="test.csv").train
    with pytest.raises(UserInputError, match=r"row 2 of data\.train \(.*/train\.csv\) and in row 2 of data\.holdout"):
        run(config_of(tmp_path, content, id_column="ticket", holdout=held_out))


def test_a_row_without_an_id_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"row 3 has no id in data\.id_column"):
        run(config_of(tmp_path, "ticket,text,label\nT-1,hello,a\n,bye,b\n", id_column="ticket"))


def test_too_many_malformed_lines_refuse_the_file_and_show_none_of_its_text(tmp_path: Path) -> None:
    bad = GOOD + "call me, on 07700 900123,refund\n"
    with pytest.raises(DataRejected) as caught:
        run(config_of(tmp_path, bad))
    message = str(caught.value)
    for part in (
        f"data.train ({tmp_path}/train.csv)",
        "1 of 3 lines (33.3%)",
        "allows 1.0%",
        "line 4",
        "ragged_row: 3 fields, the header has 2",
    ):
        assert part in message
    assert "07700" not in message
    assert run(config_of(tmp_path, bad, max_malformed_share=0.4)).quarantined == {"ragged_row": 1}


def test_a_file_with_malformed_lines_only_is_refused_at_any_share(tmp_path: Path) -> None:
    with pytest.raises(DataRejected, match=r"1 of 1 lines \(100\.0%\) are malformed"):
        run(config_of(tmp_path, "text,label\nonly one field\n", max_malformed_share=1))


def test_a_missing_file_is_named_with_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserInputError, match=rf"data\.train\.path: there is no file {tmp_path}/data/train\.csv"):
        run(DataConfig(train=FileSource(path="data/train.csv")))


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="is a folder; name one CSV, JSONL or Parquet file"):
        run(DataConfig(train=FileSource(path=str(tmp_path))))


def test_a_refused_source_leaves_nothing_behind(tmp_path: Path, refit_home: Path) -> None:
    with pytest.raises(UserInputError):
        run(config_of(tmp_path, b"text,label\ncaf\xe9,b\n"))
    assert not [path for path in refit_home.rglob("*") if path.is_file()]


def test_a_column_in_two_roles_is_refused_by_the_config() -> None:
    with pytest.raises(ValueError, match="only one of text, label, id, group and date"):
        DataConfig(train=DemoSource(), text_column="label")


def test_banking77_is_read_whole(banking77: Path) -> None:
    train, test = (FileSource(path=str(banking77 / f"{name}.csv")) for name in ("train", "test"))
    dataset = run(DataConfig(train=train, holdout=test, label_column="category"))
    assert dataset.rows == {"train": 10_003, "holdout": 3_080}
    assert len(dataset.labels) == 77
    assert dataset.quarantined == {}


def test_the_door_imports_no_heavy_library() -> None:
    heavy = "torch transformers mlflow great_expectations matplotlib sklearn datasets boto3 pyarrow.parquet"
    code = f"import sys, tasks.acquire.task; print([name for name in {heavy.split()} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
