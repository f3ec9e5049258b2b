"""The demo data: the same bytes for the same seed, clean where it says so, and blemished in the numbers it says."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import fields

import pytest

from tasks.acquire.demo.blemishes import BLEMISHES, Blemishes, made_up_card, made_up_iban
from tasks.acquire.demo.messages import GROUPS, LABELS, ROWS, build_demo, demo_csv
from tasks.acquire.demo.text import INTENTS, Dice

SEED = 7
EMAIL = re.compile(r"[\w.]+@example\.(com|org|net)")
PHONE = re.compile(r"(\+44 7700 900|07700 900|\(202\) 555-01|\+1 202-555-01|\+49 30 23125)\d+")
IBAN = re.compile(r"\bDE[\d ]{20,28}")
CARD = re.compile(r"\b4000([ -]?\d{4}){3}\b")


def lines_of(part: str, seed: int = SEED) -> list[list[str]]:
    """The file's records without the header, as any CSV parser sees them."""
    return list(csv.reader(io.StringIO(demo_csv(part, seed).decode())))[1:]


def good_rows(part: str, seed: int = SEED) -> list[tuple[str, str, str]]:
    return [(text, label, group) for text, label, group in (line for line in lines_of(part, seed) if len(line) == 3)]


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def test_the_bytes_of_seed_7_are_these_on_every_platform() -> None:
    digests = {part: hashlib.sha256(demo_csv(part, SEED)).hexdigest()[:16] for part in ROWS}
    assert digests == {
        "train": "143372d0cf7e41e1",
        "holdout": "d471c23eaef306f5",
        "unlabelled": "c7114a21555d118a",
    }


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = {part: demo_csv(part, 11) for part in ROWS}
    build_demo.cache_clear()
    assert {part: demo_csv(part, 11) for part in ROWS} == first


@pytest.mark.parametrize("seed", [SEED, 0, 12345])
def test_every_seed_plants_the_same_numbers(seed: int) -> None:
    demo = build_demo(seed)
    planted = Counter(message.blemish for message in demo.train if message.blemish)
    assert planted == {field.name: getattr(BLEMISHES, field.name) for field in fields(Blemishes)}
    assert {part: len(getattr(demo, part)) for part in ROWS} == ROWS


def test_another_seed_gives_other_messages() -> None:
    texts = {seed: {text for text, _, _ in good_rows("holdout", seed)} for seed in (7, 8)}
    assert len(texts[7] & texts[8]) < 40


def test_all_twelve_intents_are_there_and_the_largest_is_six_times_the_smallest() -> None:
    counts = Counter(label for _, label, _ in good_rows("holdout"))
    assert tuple(sorted(counts)) == LABELS == tuple(sorted(INTENTS))
    assert len(LABELS) == 12
    assert 5 <= max(counts.values()) / min(counts.values()) <= 7


def test_both_groups_are_well_represented_in_every_part() -> None:
    for part in ROWS:
        share = Counter(line[-1] for line in lines_of(part))["non_native"] / ROWS[part]
        assert share == pytest.approx(GROUPS["non_native"], abs=0.08)


def test_the_files_hold_as_many_ragged_empty_and_unlabelled_lines_as_promised() -> None:
    lines = lines_of("train")
    ragged = [line for line in lines if len(line) != 3]
    assert len(ragged) == BLEMISHES.ragged_rows
    assert {len(line) for line in ragged} == {2, 4}
    assert sum(not text.strip() for text, _, _ in good_rows("train")) == BLEMISHES.empty_texts
    assert sum(not label for _, label, _ in good_rows("train")) == BLEMISHES.missing_labels


def test_the_training_file_repeats_itself_as_often_as_promised() -> None:
    rows = [row for row in good_rows("train") if row[0].strip()]
    word_for_word = Counter((text, label) for text, label, _ in rows)
    assert sum(count - 1 for count in word_for_word.values()) == BLEMISHES.duplicates
    same_when_folded = Counter((folded(text), label) for text, label, _ in rows)
    repeats = sum(count - 1 for count in same_when_folded.values())
    assert repeats == BLEMISHES.duplicates + BLEMISHES.folded_duplicates
    labels_of_text: dict[str, set[str]] = {}
    for text, label, _ in rows:
        labels_of_text.setdefault(text, set()).add(label)
    assert sum(len(labels) > 1 for labels in labels_of_text.values()) == BLEMISHES.conflicting_duplicates


def test_a_near_duplicate_differs_from_its_row_by_one_word() -> None:
    train = build_demo(SEED).train
    words = [message.text.split(" ") for message in train if message.blemish is None]
    for message in (message for message in train if message.blemish == "near_duplicates"):
        mine = message.text.split(" ")
        distances = [
            sum(a != b for a, b in zip(mine, other, strict=True)) for other in words if len(other) == len(mine)
        ]
        assert min(distances) == 1


def test_the_training_texts_hold_personal_data_as_often_as_promised() -> None:
    texts = [text for text, _, _ in good_rows("train")]
    found = {
        name: sum(bool(pattern.search(text)) for text in texts)
        for name, pattern in {"emails": EMAIL, "phones": PHONE, "ibans": IBAN, "cards": CARD}.items()
    }
    assert found == {name: getattr(BLEMISHES, name) for name in found}
    assert sum(found.values()) == BLEMISHES.pii


def test_holdout_and_unlabelled_texts_hold_no_personal_data() -> None:
    texts = [line[0] for part in ("holdout", "unlabelled") for line in lines_of(part)]
    assert not [text for text in texts if any(p.search(text) for p in (EMAIL, PHONE, IBAN, CARD)) or "@" in text]


def test_made_up_numbers_pass_the_checks_that_detectors_make() -> None:
    dice = Dice(1)
    for _ in range(200):
        digits = [int(digit) for digit in re.sub(r"\D", "", made_up_card(dice))]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        assert len(digits) == 16
        assert (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
        iban = made_up_iban(dice).replace(" ", "")
        assert len(iban) == 22
        assert int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def test_wrong_labels_are_those_of_a_neighbouring_intent() -> None:
    demo = build_demo(SEED)
    wrong = [message for message in demo.train if message.label not in ("", message.true_label)]
    assert len(wrong) == BLEMISHES.wrong_labels + BLEMISHES.conflicting_duplicates
    assert all(message.label in INTENTS[message.true_label].neighbours for message in wrong)


def test_only_the_planted_rows_stand_in_the_holdout_too() -> None:
    held_out = {(folded(text), label) for text, label, _ in good_rows("holdout")}
    assert len(held_out) == ROWS["holdout"]
    unlabelled = {folded(line[0]) for line in lines_of("unlabelled")}
    known = [(text, label) for text, label, _ in good_rows("train") if folded(text) in {text for text, _ in held_out}]
    assert len(known) == BLEMISHES.contaminations
    assert all((folded(text), label) in held_out for text, label in known)
    assert not unlabelled & {text for text, _ in held_out}


def test_the_holdout_is_labelled_correctly() -> None:
    assert all(message.label == message.true_label and message.blemish is None for message in build_demo(SEED).holdout)
