"""The quality `compliance`: every text of a row is treated as the config says, and rows that held any say so."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from pydantic import ValidationError

from tasks.curate.personal_data import masked_quarantine, stand_in_key
from tasks.curate.quality.compliance import Compliance, treat_rows
from tasks.datasets.folder import QUARANTINE_COLUMNS, with_all_columns
from tasks.errors import MissingSecret, UserInputError
from tests.tasks.pii.made_up_rows import rows

KEY = b"a key of the tests, long enough"
SECRET = "REFIT_TEST_STAND_INS"
PSEUDONYMISE = Compliance(treatment="pseudonymise", key_secret=SECRET)


def some_rows() -> pd.DataFrame:
    return rows([("mail anna.k@firma.de", "a"), ("all is well", "b"), ("mail Anna.K@firma.de again", "a")])


def test_rows_with_personal_data_are_masked_and_carry_their_reason() -> None:
    treated = treat_rows(some_rows(), Compliance())
    assert treated.rows["text"].tolist() == ["mail <EMAIL>", "all is well", "mail <EMAIL> again"]
    assert treated.reasons.fillna("in order").tolist() == ["pii", "in order", "pii"]
    assert treated.found == {"email": 2}


def test_rows_to_be_dropped_are_masked_as_well_since_the_quarantine_is_kept() -> None:
    treated = treat_rows(some_rows(), Compliance(treatment="drop"))
    assert treated.rows["text"].tolist() == ["mail <EMAIL>", "all is well", "mail <EMAIL> again"]
    assert treated.reasons.notna().sum() == 2


def test_kept_rows_are_counted_and_left_as_they_are() -> None:
    treated = treat_rows(some_rows(), Compliance(treatment="keep"))
    assert treated.rows.equals(some_rows())
    assert (treated.reasons.notna().sum(), treated.found) == (2, {"email": 2})


def test_a_value_has_one_stand_in_in_every_row_and_every_run() -> None:
    first, _, again = treat_rows(some_rows(), PSEUDONYMISE, KEY).rows["text"]
    assert treat_rows(some_rows(), PSEUDONYMISE, KEY).rows["text"].tolist()[0] == first
    assert again.lower() == f"{first} again".lower()
    assert "firma" not in first
    assert treat_rows(some_rows(), PSEUDONYMISE, KEY[::-1]).rows["text"].tolist()[0] != first
    with pytest.raises(ValueError, match="needs a key"):
        treat_rows(some_rows(), PSEUDONYMISE)


def test_a_key_that_is_missing_or_short_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET, raising=False)
    with pytest.raises(MissingSecret, match=f"key_secret names the secret '{SECRET}', which is not set"):
        stand_in_key(PSEUDONYMISE)
    monkeypatch.setenv(SECRET, "too-short")
    with pytest.raises(UserInputError, match="shorter than 16 characters") as caught:
        stand_in_key(PSEUDONYMISE)
    assert "too-short" not in str(caught.value)
    monkeypatch.setenv(SECRET, KEY.decode())
    assert (stand_in_key(PSEUDONYMISE), stand_in_key(Compliance())) == (KEY, None)
    with pytest.raises(ValidationError, match="set both or neither"):
        Compliance(treatment="pseudonymise")


def test_every_text_of_a_row_is_treated_and_a_chat_stays_valid_json() -> None:
    chat = [
        {"role": "system", "content": 'say "hi"\nanna@firma.de\tnow'},
        {"role": "user", "content": '{"password": "correcthorse", "phone": 447700900123, "order": 447700900123}'},
    ]
    row = {
        "text": json.dumps(chat, ensure_ascii=False, separators=(",", ":")),
        "answer": "ask anna@firma.de",
        "rejected": "IBAN DE89370400440532013000",
    }
    treated = treat_rows(with_all_columns(pd.DataFrame([row, {"text": "clean"}]).assign(row=1)), Compliance())
    first = treated.rows.iloc[0]
    contents = [turn["content"] for turn in json.loads(first["text"])]
    assert contents[0] == 'say "hi"\n<EMAIL>\tnow'
    assert json.loads(contents[1]) == {"password": "<SECRET>", "phone": "<PHONE>", "order": 447700900123}
    assert (first["answer"], first["rejected"]) == ("ask <EMAIL>", "IBAN <IBAN>")
    assert treated.reasons.tolist()[0] == "pii"
    assert treated.reasons.isna().tolist() == [False, True]
    assert treated.rows["answer"].isna().tolist() == [False, True]


def test_only_what_the_config_names_is_looked_for() -> None:
    frame = rows([("anna@firma.de +44 7700 900123", None), ("pesel 44051401359", None)])
    emails = treat_rows(frame, Compliance(kinds=("email",))).rows["text"].tolist()
    assert emails == ["<EMAIL> +44 7700 900123", "pesel 44051401359"]
    abroad = treat_rows(frame, Compliance(kinds=("national_id",), locales=("US", "GB")))
    assert abroad.reasons.isna().all()
    assert treat_rows(frame, Compliance(kinds=("national_id",))).rows["text"].tolist()[1] == "pesel <NATIONAL_ID>"


def test_the_quarantine_is_treated_like_the_rows() -> None:
    frame = with_all_columns(rows([("anna@firma.de", None)]), QUARANTINE_COLUMNS)
    assert masked_quarantine(frame, Compliance(treatment="drop"))["text"].tolist() == ["<EMAIL>"]
    assert masked_quarantine(frame, Compliance(treatment="keep"))["text"].tolist() == ["anna@firma.de"]


def test_no_rows_are_treated_without_complaint() -> None:
    treated = treat_rows(rows([]), Compliance())
    assert (len(treated.rows), len(treated.reasons), treated.found) == (0, 0, {})
