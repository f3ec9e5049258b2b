"""Whole synthesised datasets: a ledger that balances, splits that stay, and rows that never breed."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from tasks.datasets.folder import empty_rows, keep_dataset, lineage, read_quarantined, read_split
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.synthesize import synthesized
from tasks.synthesize.config import SynthesisConfig
from tasks.synthesize.reading import Reader, fit_probe
from tasks.synthesize.synthesized import synthesize_dataset
from tests.infra.chat_server import ChatServer, completion
from tests.tasks.pii.made_up_rows import Cells, dataset
from tests.tasks.synthesize.made_up import prompt_rows, word_vectors

THINGS = ("lamp", "kettle", "jacket", "phone", "chair", "sweater", "backpack", "speaker", "headset", "bookshelf")
VALIDATION: list[Cells] = [("please refund the old table", "refund"), ("has the table been sent", "delivery")]
HOLDOUT: list[Cells] = [("refund me for the carpet", "refund"), ("the carpet never arrived", "delivery")]


def train_rows() -> list[Cells]:
    """Forty rows of `delivery`, and ten of `refund`."""
    asked = ("ordered", "bought yesterday", "paid for", "chose last week", "saw in your shop", "was promised")
    return [
        *(
            (f"where is the {thing} that I {words}", "delivery")
            for row, words in enumerate(asked)
            for column, thing in enumerate(THINGS)
            if (row + column) % 3
        ),
        *((f"I want to return the {thing} and get a refund", "refund") for thing in THINGS),
    ]


@pytest.fixture(autouse=True)
def reader_without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(real: pd.DataFrame, _model: str, most_rows: int, seed: int) -> Reader:
        return Reader(real, embed=word_vectors, fit=fit_probe, most_rows=most_rows, seed=seed)

    monkeypatch.setattr(synthesized, "open_reader", opened)


def config(*makers: dict[str, Any], **settings: Any) -> SynthesisConfig:
    return SynthesisConfig.model_validate({"makers": makers, **settings})


def synthesised(wanted: SynthesisConfig, before: DatasetRef | None = None) -> DatasetRef:
    """A synthesised dataset whose ledger balances and whose other splits are untouched."""
    before = before or dataset(train=train_rows(), validation=VALIDATION, holdout=HOLDOUT)
    after = synthesize_dataset(before, wanted)
    kept, left = sum(after.rows.values()), sum(after.quarantined.values())
    assert after.rows_in + after.made == kept + left + after.merged
    for split in set(before.rows) - {"train"}:
        pd.testing.assert_frame_equal(read_split(before, split), read_split(after, split))
    return after


def page(of: DatasetRef) -> str:
    return (fetch(of) / "report" / "synthesis.md").read_text(encoding="utf-8")


def made_rows(of: DatasetRef) -> pd.DataFrame:
    rows = read_split(of, "train")
    return rows[rows["made_by"].notna()]


ALL = (
    {"kind": "typos", "rows": 5},
    {"kind": "paraphrase", "rows": 5},
    {"kind": "slots", "rows": 5, "labels": ["delivery"]},
    {"kind": "reformat", "rows": 5},
)


def test_without_makers_and_stress_sets_the_dataset_stays_the_same_record() -> None:
    before = dataset(train=train_rows())
    assert synthesize_dataset(before, SynthesisConfig()) is before


def test_every_made_row_names_its_maker_and_a_real_parent_of_its_label() -> None:
    after = synthesised(config(*ALL))
    rows, made = read_split(after, "train"), made_rows(after)
    labels = rows.set_index("id")["label"]
    makers = made["made_by"].str.partition(":")[0].value_counts().to_dict()
    assert makers == {"typos": 5, "paraphrase": 5, "slots": 5, "reformat": 5}
    assert list(labels[made["made_from"]]) == list(made["label"])
    assert set(made["made_from"]) <= set(rows.loc[rows["made_by"].isna(), "id"])
    assert rows["id"].is_unique
    assert after.made == len(made) == 20
    assert set(made["source"].str.partition(":")[0]) == {"synthesize"}


def test_the_same_rows_and_config_give_the_same_bytes() -> None:
    assert synthesised(config(*ALL)).digest == synthesised(config(*ALL)).digest


def test_rare_labels_are_brought_up() -> None:
    after = synthesised(config({"kind": "reformat", "balance": True, "balance_to": 0.5}))
    assert read_split(after, "train")["label"].value_counts().to_dict() == {"delivery": 40, "refund": 20}


def test_the_cap_scales_all_makers_down_and_the_report_says_so() -> None:
    after = synthesised(
        config({"kind": "typos", "rows": 90}, {"kind": "reformat", "rows": 30}, max_synthetic_share=0.2)
    )
    assert after.rows["train"] == 62
    assert made_rows(after)["made_by"].str.partition(":")[0].value_counts().to_dict() == {"typos": 9, "reformat": 3}
    assert "120 rows were asked for, and 12 are as many" in page(after)


def test_synthetic_rows_are_no_parents_in_a_second_run_and_count_under_the_cap() -> None:
    first = synthesised(config({"kind": "typos", "rows": 10}))
    second = synthesised(config({"kind": "typos", "rows": 500, "seed": 18}), first)
    real = set(read_split(first, "train").query("made_by.isna()")["id"])
    assert set(made_rows(second)["made_from"]) <= real
    assert len(made_rows(second)) == 21
    assert len(made_rows(second)) / second.rows["train"] <= 0.3
    assert second.made == 21
    assert "21 of 71 train rows are synthetic" in page(second)


def test_no_made_row_repeats_the_holdout() -> None:
    held: list[Cells] = [(f"{text}!!", label) for text, label in train_rows()]
    before = dataset(train=train_rows(), holdout=held, validation=VALIDATION)
    after = synthesised(config({"kind": "reformat", "rows": 2, "forms": ["upper"]}), before)
    assert after.made == 0
    assert "| copies_holdout |" in page(after)


def test_a_gain_on_real_rows_can_be_required() -> None:
    after = synthesised(config({"kind": "typos", "rows": 10}, require_real_gain=True))
    assert after.made == 0
    assert after.rows["train"] == 50
    assert "| no_real_gain | 10 |" in page(after)
    assert "taken out again, since require_real_gain" in page(after)


def test_stand_ins_take_the_place_of_private_rows_which_leave_no_text_behind() -> None:
    private: list[Cells] = [("refund to DE89 3704 0044 0532 0130 00", "refund"), ("mail me, a.b@mail.org", "delivery")]
    before = dataset(train=[*train_rows(), *private], validation=VALIDATION, holdout=HOLDOUT)
    after = synthesised(config({"kind": "typos", "rows": 3}, {"kind": "stand_ins"}), before)
    assert after.rows["train"] == 52 + 3
    assert after.quarantined == {"private_stand_in": 2}
    assert made_rows(after)["made_by"].value_counts().to_dict() == {"typos": 3, "stand_in": 2}
    everything = "".join(path.read_bytes().decode("latin-1") for path in fetch(after).rglob("*") if path.is_file())
    assert "3704" not in everything
    assert "mail.org" not in everything
    assert read_quarantined(after)["text"].isna().all()


def test_more_private_rows_than_the_cap_allows_stop_the_run() -> None:
    private: list[Cells] = [(f"mail me, a.b{number}@mail.org", "delivery") for number in range(40)]
    with pytest.raises(UserInputError, match=r"40 of 90 train rows hold personal data.*44\.4%.*\(30%\)"):
        synthesised(config({"kind": "stand_ins"}), dataset(train=[*train_rows(), *private]))


def test_chats_are_rewritten_in_the_users_last_turn_and_keep_their_answer() -> None:
    turns = [
        {"role": "user", "content": "Hi, I don't see it"},
        {"role": "assistant", "content": "I don't either"},
        {"role": "user", "content": "Please look again, I don't see it"},
    ]
    rows = prompt_rows(
        *(json.dumps([*turns[:2], {**turns[2], "content": f"{turns[2]['content']} {n}"}]) for n in range(9))
    )
    rows = rows.assign(answer=pd.Series([f"Answer {number}" for number in range(9)], dtype="str"))
    before = keep_dataset({"train": rows}, empty_rows(), rows_in=9, merged=0, origin={}, task="chat")
    after = synthesised(config({"kind": "paraphrase", "rows": 3}), before)
    assert after.task == "chat"
    answers = read_split(after, "train").set_index("id")["answer"]
    for text, answer, parent in made_rows(after)[["text", "answer", "made_from"]].to_numpy(object):
        made = json.loads(text)
        assert made[:2] == turns[:2]
        assert made[2]["content"] != turns[2]["content"]
        assert answer == answers[parent]
    assert len(made_rows(after)) == 3
    assert "neither label drift nor imitation was measured" in page(after)


def test_the_report_quotes_nothing_private_and_the_lineage_goes_on() -> None:
    private: list[Cells] = [(f"write {thing} to a.b@mail.org today", "delivery") for thing in THINGS]
    before = dataset(train=[*train_rows(), *private], validation=VALIDATION)
    after = synthesised(config({"kind": "typos", "rows": 9}), before)
    report = "".join(path.read_text() for path in (fetch(after) / "report").iterdir())
    assert "mail.org" not in report
    assert "EMAIL>" in report
    assert lineage(after)["synthesized_from"] == before.digest
    assert lineage(after)["sources"] == []


def test_a_teacher_answers_the_prompts_that_nobody_has_answered() -> None:
    train = prompt_rows(*(f"prompt {number}" for number in range(10)), answers=["given"] * 10)
    waiting = prompt_rows("an open question", "another question", split="unlabelled")
    splits = {"train": train, "unlabelled": waiting}
    before = keep_dataset(splits, empty_rows(), rows_in=12, merged=0, origin={}, task="instruction")
    with ChatServer(lambda _request: completion("The teacher says so.")) as server:
        backend = {"kind": "endpoint", "base_url": server.url, "model": "big", "price_out": 1.0}
        teacher = {"kind": "teacher", "rows": 2, "prompts_from": "unlabelled", "backend": backend}
        after = synthesised(config(teacher), before)
    made = made_rows(after)
    assert sorted(made["text"]) == ["an open question", "another question"]
    assert set(made["answer"]) == {"The teacher says so."}
    assert set(made["made_from"]) == {"unlabelled-1", "unlabelled-2"}
    assert "2 prompts sent" in page(after)
    assert "The teacher says so." in page(after)


def test_stress_sets_lie_beside_the_splits_and_stay_in_a_second_run() -> None:
    first = synthesised(config(stress={"sets": ["typos", "longer"]}))
    second = synthesised(config({"kind": "typos", "rows": 2}), first)
    for each in (first, second):
        assert sorted(path.name for path in (fetch(each) / "stress").iterdir()) == ["longer.parquet", "typos.parquet"]
        assert not read_split(each, "train")["made_by"].str.startswith("stress").any()
    assert first.made == 0
    assert "| longer | 2 |" in page(first)
