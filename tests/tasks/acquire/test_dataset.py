"""What the whole stage promises beyond one classification file: task kinds, several files, test sets, and the store."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.settings import settings
from tasks.acquire import parts
from tasks.acquire.config import DataConfig, FileSource, S3Source, TrafficSource
from tasks.acquire.dataset import acquire_dataset
from tasks.datasets.folder import lineage, read_quarantined, read_split, read_test_sets
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch, fetch_whole
from tasks.traffic.feedback import Feedback, append_feedback
from tasks.traffic.served import Served
from tasks.traffic.writer import TrafficWriter
from tests.conftest import SHARED_DATA
from tests.tasks.acquire.conftest import BUCKET


def source(folder: Path, name: str, content: str | bytes, **options: Any) -> FileSource:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return FileSource(path=str(folder / name), **options)


def said(config: DataConfig) -> tuple[DatasetRef, str]:
    """The dataset, and the last thing that was said about the files."""
    words: list[str] = []
    dataset = acquire_dataset(config, lambda _done, _total, line: words.append(line))
    return dataset, words[-1]


def daily(folder: Path, days: int) -> DataConfig:
    for day in range(days):
        source(folder, f"day-{day}.csv", f"text,label\nsame first,a\nrow of day {day},b\nragged\n")
    return DataConfig(train=FileSource(path=f"{folder}/*.csv"), max_malformed_share=0.5)


def test_a_file_that_was_read_before_is_taken_from_the_store(tmp_path: Path) -> None:
    first, words = said(daily(tmp_path / "in", 2))
    assert words == "2 files, 2 of them new, 0 read before"
    config = daily(tmp_path / "in", 3)
    second, words = said(config)
    assert words == "3 files, 1 of them new, 2 read before"
    full, words = said(config.model_copy(update={"reading": "full"}))
    assert words == "3 files, 3 of them new, 0 read before"
    assert full == second
    assert second.rows == {"train": 6}
    assert set(read_split(first, "train")["id"]) < set(read_split(second, "train")["id"])
    fetch_whole(second)


def test_an_object_whose_version_was_read_before_is_not_fetched_again(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(2):
        bucket.put_object(Bucket=BUCKET, Key=f"daily/{day}.csv", Body=f"text,label\nrow of day {day},a\n".encode())
    config = DataConfig(train=S3Source(uri=f"s3://{BUCKET}/daily/"))
    first, _ = said(config)
    monkeypatch.setattr(parts, "_read", None)  # fetching and reading are done there
    assert said(config) == (first, "2 files, 0 of them new, 2 read before")


def test_served_traffic_keeps_its_own_ids_whatever_the_other_columns_are_called(tmp_path: Path) -> None:
    noon = datetime.now(UTC).replace(hour=0, minute=0) - timedelta(hours=12)
    answer = {"position": 0, "time": noon, "release": 1, "model_digest": "d", "label": "predicted", "confidence": 0.9}
    with TrafficWriter("shop") as writer:
        writer.add(Served(request_id=name, text=f"text {name}", **answer) for name in ("r0", "r1"))
    append_feedback("shop", Feedback(request_id="r0", position=0, label="refund", by="ann", time=noon))
    config = DataConfig(
        train=TrafficSource(model="shop"),
        holdout=source(tmp_path, "h.csv", "body,intent,segment\na,b,c\n"),
        unlabelled=TrafficSource(model="shop"),
        text_column="body",
        label_column="intent",
        group_column="segment",
    )
    dataset = acquire_dataset(config)
    assert read_split(dataset, "train")[["id", "text", "label"]].to_numpy().tolist() == [["r0-0", "text r0", "refund"]]
    assert read_split(dataset, "unlabelled")[["id", "text"]].to_numpy().tolist() == [["r1-0", "text r1"]]
    assert read_split(dataset, "train")["date"].tolist() == [f"{noon:%Y-%m-%dT%H:%M:%SZ}"]


def test_dates_come_into_the_dataset_and_a_row_with_none_that_can_be_read_is_set_aside(tmp_path: Path) -> None:
    rows = "text,label,day\na,x,2026-11-22\nb,x,22/11/26\nc,x,\n"
    config = DataConfig(train=source(tmp_path, "t.csv", rows), date_column="day", max_malformed_share=0.5)
    dataset = acquire_dataset(config)
    train = read_split(dataset, "train")
    assert train["date"].fillna("").tolist() == ["2026-11-22T00:00:00Z", ""]
    assert read_quarantined(dataset)[["reason", "row"]].to_numpy().tolist() == [["bad_date", 3]]


def test_a_damaged_part_is_read_again(tmp_path: Path) -> None:
    config = daily(tmp_path / "in", 1)
    first, _ = said(config)
    for path in (settings().home_path / "store" / "parts").glob("*/rows.parquet"):
        path.write_bytes(path.read_bytes()[:-1])
    assert said(config) == (first, "1 files, 1 of them new, 0 read before")
    for path in (settings().home_path / "store" / "parts").glob("*/manifest.json"):
        shutil.rmtree(path.parent)
    assert said(config)[0] == first
    assert said(config)[1] == "1 files, 0 of them new, 1 read before"


def test_another_reading_of_the_same_file_is_not_taken_from_the_store(tmp_path: Path) -> None:
    train = source(tmp_path, "train.csv", "text,body,label\na,b,c\n".encode("cp1252"))
    said(DataConfig(train=train))
    dataset, words = said(DataConfig(train=train, text_column="body"))
    assert words == "1 files, 1 of them new, 0 read before"
    assert list(read_split(dataset, "train")["text"]) == ["b"]


def test_a_compressed_file_gives_the_rows_of_the_plain_one(tmp_path: Path) -> None:
    content = b"text,label\nhello,a\nbye,b\n"
    plain = acquire_dataset(DataConfig(train=source(tmp_path, "train.csv", content)))
    packed = acquire_dataset(DataConfig(train=source(tmp_path, "train.csv.gz", gzip.compress(content))))
    texts = [read_split(dataset, "train")["text"].tolist() for dataset in (plain, packed)]
    assert texts[0] == texts[1] == ["hello", "bye"]


def test_the_same_text_in_the_same_row_of_two_files_is_two_rows(tmp_path: Path) -> None:
    rows = read_split(acquire_dataset(daily(tmp_path, 2)), "train")
    assert rows["text"].tolist().count("same first") == 2
    assert rows["id"].is_unique
    assert rows["source"].tolist() == ["day-0.csv"] * 2 + ["day-1.csv"] * 2


def test_instructions_have_an_answer(tmp_path: Path) -> None:
    lines = [{"question": "2+2?", "answer": "4"}, {"question": "3+3?", "answer": " "}]
    train = source(tmp_path, "math.jsonl", "\n".join(map(json.dumps, lines)))
    dataset = acquire_dataset(DataConfig(task="instruction", train=train, text_column="question"))
    rows = read_split(dataset, "train")
    assert dataset.task == "instruction"
    assert rows["answer"].fillna("none").tolist() == ["4", "none"]
    assert rows["label"].isna().all()
    assert dataset.labels == ()


def test_preferences_of_one_prompt_have_two_answers(tmp_path: Path) -> None:
    train = source(tmp_path, "p.csv", "text,answer,rejected\nHi,Hello.,Go.\n")
    rows = read_split(acquire_dataset(DataConfig(task="preference", train=train)), "train")
    assert rows[["text", "answer", "rejected"]].to_numpy().tolist() == [["Hi", "Hello.", "Go."]]


def test_real_dialogues_are_cut_into_prompt_and_answers() -> None:
    path = SHARED_DATA / "preferences" / "harmless.jsonl.gz"
    if not path.is_file():
        pytest.skip("the preferences are not beside the project (../shared/data/preferences)")
    config = DataConfig(task="preference", train=FileSource(path=str(path)), text_column=None, answer_column="chosen")
    dataset = acquire_dataset(config)
    assert dataset.rows["train"] + sum(dataset.quarantined.values()) == dataset.rows_in == 2312
    assert dataset.quarantined == {"more_than_one_turn": 5}
    rows = read_split(dataset, "train")
    assert rows["text"].str.endswith("\n\nAssistant:").all()
    assert not rows["answer"].fillna("").str.contains("\n\nHuman:", regex=False).any()


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv"])
def test_a_chat_gives_the_same_row_from_every_format(tmp_path: Path, kind: str) -> None:
    import pandas as pd

    turns = [{"role": "user", "content": 'Hi, "you"'}, {"role": "assistant", "content": "Hello"}]
    path = tmp_path / f"chat.{kind}"
    if kind == "jsonl":
        path.write_text(json.dumps({"messages": turns}), encoding="utf-8")
    elif kind == "parquet":
        pd.DataFrame({"messages": [turns]}).to_parquet(path)
    else:
        pd.DataFrame({"messages": [json.dumps(turns)]}).to_csv(path, index=False)
    rows = read_split(acquire_dataset(DataConfig(task="chat", train=FileSource(path=str(path)))), "train")
    assert rows[["text", "answer"]].to_numpy().tolist() == [['[{"role":"user","content":"Hi, \\"you\\""}]', "Hello"]]


def test_a_malformed_chat_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    lines = ['{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}',
             '{"messages": [{"role": "user", "content": "Hi"}]}', '{"messages": 7}', "{}"]  # fmt: skip
    train = source(tmp_path, "chat.jsonl", "\n".join(lines))
    dataset = acquire_dataset(DataConfig(task="chat", train=train, max_malformed_share=0.8))
    assert dataset.quarantined == {"no_assistant_turn": 1, "not_a_conversation": 1, "empty_conversation": 1}
    aside = read_quarantined(dataset)
    assert aside["text"].tolist()[0] == 'no turn of the role assistant: [{"role":"user","content":"Hi"}]'
    assert aside["row"].tolist() == [2, 3, 4]


def test_validation_is_a_split_of_its_own(tmp_path: Path) -> None:
    train = source(tmp_path, "train.csv", "text,label\na,x\n")
    validation = source(tmp_path, "validation.csv", "text,label\nb,x\n")
    dataset = acquire_dataset(DataConfig(train=train, validation=validation))
    assert dataset.rows == {"train": 1, "validation": 1}
    assert read_split(dataset, "validation")["text"].tolist() == ["b"]


def test_public_test_sets_are_carried_as_texts_and_are_no_rows_of_the_set(tmp_path: Path) -> None:
    train = source(tmp_path, "train.csv", "text,label\na,x\n")
    tests = {"gsm8k": source(tmp_path, "gsm.csv", "text\nHow many?\nHow old?\n", licence="MIT")}
    dataset = acquire_dataset(DataConfig(train=train, public_test_sets=tests))
    assert (dataset.rows, dataset.rows_in) == ({"train": 1}, 1)
    assert {name: texts.tolist() for name, texts in read_test_sets(dataset).items()} == {
        "gsm8k": ["How many?", "How old?"]
    }
    assert lineage(dataset)["public_test_sets"][0]["rows"] == 2
    assert [item["split"] for item in lineage(dataset)["sources"]] == ["train"]
    with pytest.raises(ValueError, match="public_test_sets"):
        DataConfig(train=train, public_test_sets={"../evil": train})


@pytest.mark.parametrize("task", ["classification", "chat"])
def test_a_test_set_may_call_its_text_something_else(tmp_path: Path, task: Any) -> None:
    chat = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    rows = {"classification": ("train.csv", "text,label\na,x\n"), "chat": ("train.jsonl", chat)}
    tests = {"gsm8k": source(tmp_path, "gsm.csv", "question\nHow many?\n", text_column="question")}
    dataset = acquire_dataset(DataConfig(task=task, train=source(tmp_path, *rows[task]), public_test_sets=tests))
    assert read_test_sets(dataset)["gsm8k"].tolist() == ["How many?"]


def test_licence_and_origin_are_recorded_and_unknown_ones_say_so(tmp_path: Path) -> None:
    train = source(tmp_path, "a.csv", "text,label\na,x\n", licence="CC-BY-4.0", origin="our | help desk")
    holdout = source(tmp_path, "b.csv", "text,label\nb,x\n")
    dataset = acquire_dataset(DataConfig(train=train, holdout=holdout))
    stated = [(item["licence"], item["origin"]) for item in lineage(dataset)["sources"]]
    assert stated == [("CC-BY-4.0", "our | help desk"), (None, None)]
    page = (fetch(dataset) / "report" / "sources.md").read_text(encoding="utf-8")
    assert "| train | file | CC-BY-4.0 | our \\| help desk |" in page
    assert "| holdout | file | not stated | not stated |" in page


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = source(tmp_path, "train.csv", "text,label\na,x\n")
    write = parts._write

    def disturbed(*args: Any) -> tuple[int, int]:
        counts = write(*args)
        source(tmp_path, "train.csv", "text,label\na,x\nb,y\n")
        return counts

    monkeypatch.setattr(parts, "_write", disturbed)
    with pytest.raises(UserInputError, match=r"train\.csv\) changed while it was read"):
        acquire_dataset(DataConfig(train=train))


def test_a_forgotten_header_shows_no_personal_data(tmp_path: Path) -> None:
    train = source(tmp_path, "train.csv", "write to jane.doe@example.com,refund\nbye,order\n")
    with pytest.raises(UserInputError, match="no column 'text'; its columns are 'write to <EMAIL>', 'refund'"):
        acquire_dataset(DataConfig(train=train))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "chat", "group_column": "messages"}, "only one of messages, id, group and date"),
        ({"task": "preference", "answer_column": "rejected"}, "only one of text, answer, rejected, id, group and date"),
        ({"text_column": None}, "text_column is null, but rows for classification need a text"),
    ],
)
def test_columns_that_make_no_sense_are_refused_by_the_config(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DataConfig(train=FileSource(path="x.csv"), **options)


PEAK = """
import sys
from tasks.acquire.config import DataConfig, FileSource
from tasks.acquire.dataset import acquire_dataset

dataset = acquire_dataset(DataConfig(train=FileSource(path=sys.argv[1])))
print(dataset.rows_in, next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_million_rows_of_200_characters_take_less_than_a_gigabyte(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"large.{kind}"
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n" if kind == "csv" else "")
        for number in range(1_000_000):
            text = f"{number:09d} a text, of two hundred ".ljust(200, "x")
            line = f'"{text}",a' if kind == "csv" else json.dumps({"text": text, "label": "a"})
            file.write(line + "\n")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    rows, peak_kilobytes = map(int, done.stdout.split())
    assert rows == 1_000_000
    assert peak_kilobytes < 1_000_000
