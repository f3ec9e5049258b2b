"""Near duplicates: what is found is what the exact similarity says, and each text is alike to the one that leads it."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tasks.curate.quality.minhash import signatures
from tasks.curate.quality.near_duplicates import (
    groups_from_signatures,
    near_duplicate_groups,
    near_duplicate_pairs,
    near_matches,
)
from tasks.curate.quality.shingles import shingle_set

WORDS = [
    f"{a}{b}{c}" for a in ("ka", "lo", "mi", "tu") for b in ("ren", "sab", "dol", "fic") for c in ("", "er", "ing")
]


def planted(rows: int, seed: int) -> list[str]:
    """Texts of 8 to 30 words; a third are earlier ones with some characters changed, from hardly any to many."""
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(8, 30))) + f" {draw.random()}" for _ in range(rows)]
    for place in range(rows // 3, rows, 2):
        text = list(texts[draw.randrange(place)])
        for _ in range(draw.randint(0, 6)):
            text[draw.randrange(len(text))] = draw.choice("xyzäß ")
        texts[place] = "".join(text)
    return texts


def exact(one: str, other: str) -> float:
    left, right = shingle_set(one), shingle_set(other)
    return len(left & right) / len(left | right)


def exact_pairs(texts: list[str], similarity: float) -> dict[tuple[int, int], float]:
    sets = [shingle_set(text) for text in texts]
    places = {run: place for place, run in enumerate(sorted(set().union(*sets)))}
    held = np.zeros((len(texts), len(places)), dtype=np.float32)
    for row, runs in enumerate(sets):
        held[row, [places[run] for run in runs]] = 1
    shared = held @ held.T
    sizes = held.sum(axis=1)
    alike = np.triu(shared / (sizes[:, None] + sizes - shared), k=1)
    return {(int(left), int(right)): float(alike[left, right]) for left, right in np.argwhere(alike >= similarity)}


@pytest.mark.parametrize("similarity", [0.6, 0.8, 0.9])
def test_pairs_are_those_of_the_exact_similarity(similarity: float) -> None:
    texts = planted(900, seed=3)
    wanted = exact_pairs(texts, similarity)
    pairs = near_duplicate_pairs(texts, similarity)
    found = dict(zip(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True), pairs.similarity, strict=True))
    assert len(wanted) > 80
    assert len(wanted.keys() & found.keys()) >= 0.98 * len(wanted)
    assert found == pytest.approx({pair: wanted[pair] for pair in found}), "each is a true pair with its true value"


def test_each_text_is_alike_to_the_earlier_one_that_leads_it_and_leaders_are_unlike() -> None:
    texts = planted(600, seed=5)
    groups = near_duplicate_groups(texts, 0.8)
    followers = np.flatnonzero(groups != np.arange(len(texts)))
    assert len(followers) > 60
    for row in followers:
        assert groups[row] < row
        assert groups[groups[row]] == groups[row], "a leader leads itself"
        assert exact(texts[row], texts[groups[row]]) >= 0.8
    leaders = [texts[row] for row in np.unique(groups)]
    assert len(near_duplicate_pairs(leaders, 0.8).left) <= 0.02 * len(followers)


def test_a_chain_of_small_steps_does_not_join_what_is_not_alike() -> None:
    words = [
        3 * word for word in ("one", "two", "six", "ten", "red", "blue", "grey", "pink", "gold", "navy", "jade", "plum")
    ]
    chain = [" ".join([*("changed" + word for word in words[:step]), *words[step:]]) for step in range(len(words))]
    groups = near_duplicate_groups(chain, 0.7)
    assert groups[1] == 0
    assert groups[-1] != 0
    assert all(exact(chain[row], chain[leader]) >= 0.7 for row, leader in enumerate(groups))


def test_case_blanks_and_final_punctuation_make_no_difference_and_short_texts_are_themselves() -> None:
    texts = ["Where is my card?", "where  is MY card", "ok", "OK!", "no", "", "  "]
    assert near_duplicate_groups(texts).tolist() == [0, 0, 2, 2, 4, 5, 5]


def test_rows_of_different_numbers_are_kept_apart() -> None:
    texts = ["please block my card now", "please block my card now!", "please block my card now"]
    assert near_duplicate_groups(texts, among=np.array([0, 1, 0])).tolist() == [0, 1, 0]


def test_thousands_of_rows_from_one_template_fold_into_a_few() -> None:
    texts = [
        f"Thank you for your order, it has left our warehouse and will arrive soon. Number {n:05}" for n in range(3000)
    ]
    groups = near_duplicate_groups(texts, 0.8)
    assert len(np.unique(groups)) < 5


def test_signatures_of_shards_put_together_give_the_same_groups() -> None:
    texts = planted(400, seed=9)
    shards = [signatures(texts[:150]), signatures(pd.Series(texts[150:300])), signatures(pa.array(texts[300:]))]
    assert np.array_equal(np.concatenate(shards), signatures(texts))
    assert np.array_equal(groups_from_signatures(np.concatenate(shards), texts), near_duplicate_groups(texts))


def test_a_text_of_another_set_is_found_however_long_it_is() -> None:
    long_text = " ".join(planted(300, seed=11))
    others = ["Where is my new card?", long_text]
    texts = ["what is this", "where is my new card", long_text[:-50] + "and something else at the end", ""]
    assert near_matches(texts, others, 0.8).tolist() == [-1, 0, 1, -1]


def test_no_rows_give_no_groups() -> None:
    assert near_duplicate_groups([]).tolist() == []
    assert near_matches([], ["a"]).tolist() == []
    assert near_matches(["a"], []).tolist() == [-1]
