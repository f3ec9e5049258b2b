"""A column is masked as each text by itself is: what RE2 passes over holds nothing."""

from __future__ import annotations

import json
import random

import pandas as pd

from tasks.pii.columns import mask_column
from tasks.pii.kinds import KINDS, Scope
from tasks.pii.masking import mask
from tests.benchmarks.curation.labelled_texts import labelled_texts


def test_a_column_is_masked_as_each_of_its_texts() -> None:
    texts = [one.text for one in labelled_texts(600, personal_share=0.6, negative_share=0.3, seed=4)]
    dice = random.Random(2)
    numbers = ["07700", "900123", "(202)", "555-0112", "+44", "DE89370400440532013000", "2a02::1", "1.2.3.4", "4821"]
    ids = ["ssn", "536-22-1234", "nif", "501964843"]
    pieces = [*numbers, *ids, "a@b.de", "at b dot de", "[at]", "x.de", "::1", "pass:", "key", "pin", ","]
    texts += [dice.choice(("", " ")).join(dice.choices(pieces, k=dice.randrange(2, 8))) for _ in range(600)]
    for scope in (Scope(), *(Scope(kinds=frozenset({kind})) for kind in KINDS)):
        masked = mask_column(pd.Series(texts, dtype="str"), scope)
        expected = [mask(text, scope)[0] for text in texts]
        assert masked.texts.tolist() == expected
        assert masked.concerned.tolist() == [new != old for new, old in zip(expected, texts, strict=True)]


def test_nulls_the_index_and_texts_without_personal_data_stay() -> None:
    column = pd.Series([None, "a@firma.de", "fine", None], index=[4, 7, 1, 9], dtype="str", name="answer")
    masked = mask_column(column)
    assert masked.texts.isna().tolist() == [True, False, False, True]
    assert masked.texts.dropna().to_dict() == {7: "<EMAIL>", 1: "fine"}
    assert (masked.texts.name, masked.found) == ("answer", {"email": 1})


def test_json_stays_json_in_its_own_layout_even_where_it_hides_characters() -> None:
    texts = [
        '{"mail": "a\\u0040firma.de"}',
        json.dumps({"to": ["a@firma.de"]}, indent=2),
        '{"a":1,"b":"fine"}',
        "[a@firma.de",
    ]
    assert mask_column(pd.Series(texts, dtype="str")).texts.tolist() == [
        '{"mail": "<EMAIL>"}',
        json.dumps({"to": ["<EMAIL>"]}, indent=2),
        '{"a":1,"b":"fine"}',
        "[<EMAIL>",
    ]
