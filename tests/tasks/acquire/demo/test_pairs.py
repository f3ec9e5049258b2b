"""The demo's replies: the same bytes for the same seed, rules that a program can check, blemishes in known numbers."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import fields

import pytest

from tasks.acquire.config import DataConfig, DemoSource
from tasks.acquire.dataset import acquire_dataset
from tasks.acquire.demo.pairs import BLEMISHES, ROWS, PairBlemishes, build_pairs, pairs_csv
from tasks.acquire.demo.replies import FAULTS, NEXT_STEPS, SIGNATURE, order_number
from tasks.acquire.demo.text import INTENTS
from tasks.datasets.folder import read_split
from tasks.errors import UserInputError
from tests.tasks.acquire.demo.test_messages import CARD, EMAIL, IBAN, PHONE, folded

SEED = 7


def rows_of(part: str, seed: int = SEED) -> list[dict[str, str]]:
    """The file's rows, as any CSV parser sees them."""
    return list(csv.DictReader(io.StringIO(pairs_csv(part, seed).decode(), newline="")))


def test_the_bytes_of_seed_7_are_these_on_every_platform() -> None:
    digests = {part: hashlib.sha256(pairs_csv(part, SEED)).hexdigest()[:16] for part in ROWS}
    assert digests == {
        "train": "697dc16c3deaa227",
        "holdout": "c55568a2eb71a166",
        "unlabelled": "643e5a9a40a5bda2",
    }


@pytest.mark.parametrize("seed", [SEED, 0, 12345])
def test_every_seed_plants_the_same_numbers(seed: int) -> None:
    pairs = build_pairs(seed)
    planted = Counter(pair.blemish for pair in pairs.train if pair.blemish)
    assert planted == {field.name: getattr(BLEMISHES, field.name) for field in fields(PairBlemishes)}
    assert {part: len(getattr(pairs, part)) for part in ROWS} == ROWS


def test_another_seed_gives_other_messages() -> None:
    assert len({row["text"] for row in rows_of("holdout", 7)} & {row["text"] for row in rows_of("holdout", 8)}) < 20


def test_every_intent_has_its_next_steps() -> None:
    assert set(NEXT_STEPS) == set(INTENTS)


def test_a_good_reply_keeps_every_rule() -> None:
    for pair in build_pairs(SEED).holdout:
        assert pair.answer.startswith(("Thank", "I am sorry", "We apologise"))
        assert sum(step in pair.answer for step in NEXT_STEPS[pair.intent]) == 1
        assert order_number(pair.answer) == order_number(pair.text)
        assert pair.answer.endswith(SIGNATURE)


def test_a_rejected_reply_breaks_a_rule() -> None:
    pairs = build_pairs(SEED).holdout
    assert set(FAULTS) == {pair.fault for pair in pairs}
    for pair in pairs:
        says_its_step = any(step in pair.rejected for step in NEXT_STEPS[pair.intent])
        ignores_number = order_number(pair.text) is not None and order_number(pair.rejected) is None
        assert not says_its_step or ignores_number, pair
        assert says_its_step == (pair.fault == "number_ignored")


def test_about_half_of_the_messages_name_one_order_number() -> None:
    named = [order_number(row["text"]) for row in rows_of("holdout")]
    assert 0.35 < sum(number is not None for number in named) / len(named) < 0.65


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Where is #48213?", "48213"),
        ("order no. 48213, please", "48213"),
        ("I paid 48213.50 euros", None),
        ("€48213", None),
        ("my card 4000001234567899", None),
        ("since 2019", None),
    ],
)
def test_an_order_number_is_told_from_other_figures(text: str, number: str | None) -> None:
    assert order_number(text) == number


def test_the_files_hold_the_blemishes_that_are_promised() -> None:
    rows = rows_of("train")
    assert sum(not row["text"].strip() for row in rows) == BLEMISHES.empty_texts
    assert sum(not row["answer"].strip() for row in rows) == BLEMISHES.empty_answers
    assert sum(not row["rejected"].strip() for row in rows) == BLEMISHES.empty_rejected
    assert sum(row["answer"] == row["rejected"] for row in rows) == BLEMISHES.equal_sides
    found = {
        name: sum(bool(pattern.search(row["text"])) for row in rows)
        for name, pattern in {"emails": EMAIL, "phones": PHONE, "ibans": IBAN, "cards": CARD}.items()
    }
    assert found == {name: getattr(BLEMISHES, name) for name in found}
    assert sum(found.values()) == BLEMISHES.pii


def test_the_training_file_repeats_itself_as_often_as_promised() -> None:
    rows = [row for row in rows_of("train") if row["text"].strip()]
    same = Counter((folded(row["text"]), row["answer"], row["rejected"]) for row in rows)
    assert sum(count - 1 for count in same.values()) == BLEMISHES.duplicates + BLEMISHES.folded_duplicates
    swapped = {(row["text"], row["rejected"], row["answer"]) for row in rows if row["answer"] != row["rejected"]}
    both_ways = sum((row["text"], row["answer"], row["rejected"]) in swapped for row in rows)
    assert both_ways == 2 * BLEMISHES.swapped_duplicates


def test_only_the_planted_rows_stand_in_the_holdout_too() -> None:
    held_out = {folded(row["text"]) for row in rows_of("holdout")}
    assert len(held_out) == ROWS["holdout"]
    assert sum(folded(row["text"]) in held_out for row in rows_of("train")) == BLEMISHES.contaminations
    assert not held_out & {folded(row["text"]) for row in rows_of("unlabelled")}


def test_the_same_source_gives_what_the_task_asks_for() -> None:
    def acquired(**settings: object) -> DataConfig:
        return DataConfig.model_validate(
            {"train": DemoSource(), "unlabelled": DemoSource(part="unlabelled"), **settings}
        )

    pairs = read_split(acquire_dataset(acquired(task="preference", group_column="group")), "train")
    assert len(pairs) == ROWS["train"]
    assert (pairs["rejected"].isna().sum(), pairs["group"].isna().sum()) == (BLEMISHES.empty_rejected, 0)
    instructions = read_split(acquire_dataset(acquired(task="instruction")), "train")
    assert instructions["rejected"].isna().all()
    assert instructions["answer"].tolist() == pairs["answer"].tolist()
    with pytest.raises(UserInputError, match="data.train is the demo, which has no rows for data.task chat"):
        acquire_dataset(acquired(task="chat"))
