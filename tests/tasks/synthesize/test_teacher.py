"""Rows from a teacher, over real HTTP and from a real small language model: what is asked, paid, refused and kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.errors import MissingSecret, RefitError, UserInputError
from tasks.synthesize.config import TeacherMaker
from tasks.synthesize.copies import Existing
from tasks.synthesize.made import Made
from tasks.synthesize.teacher.rows import teach_rows
from tests.infra.chat_server import ChatServer, Reply, completion
from tests.tasks.pii.made_up_rows import good_rows, rows
from tests.tasks.synthesize.made_up import Writer, asked_for, prompt_rows, write_tiny_language_model


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(Writer()) as running:
        yield running


def maker(server: ChatServer, backend: dict[str, Any] | None = None, **settings: Any) -> TeacherMaker:
    base = {"kind": "endpoint", "base_url": server.url, "model": "big", "timeout_seconds": 5, "backoff_seconds": 0}
    return TeacherMaker.model_validate(
        {"rows": 1, "backend": {**base, "concurrency": 1, **(backend or {})}, **settings}
    )


def taught(
    teacher: TeacherMaker, quotas: dict[str, int], parents: pd.DataFrame | None = None, holdout: tuple[str, ...] = ()
) -> Made:
    return teach_rows(
        teacher,
        rows(good_rows(20)) if parents is None else parents,
        quotas,
        Existing([], holdout, []),
        task="classification" if parents is None else "instruction",
    )


def test_new_rows_have_the_label_their_maker_and_the_first_example_as_parent(server: ChatServer) -> None:
    made = taught(maker(server, rows_a_request=3), {"refund": 7, "delivery": 2})
    assert made.rows["label"].value_counts().to_dict() == {"refund": 7, "delivery": 2}
    assert set(made.rows["made_by"]) == {"teacher:big"}
    assert set(made.rows["made_from"]) <= {f"train-{number}" for number in range(1, 21)}
    assert made.rows["id"].is_unique
    assert [asked_for(request.body)[0] for request in server.requests] == [3, 3, 1, 2]
    shown = server.requests[0].body["messages"][-1]["content"]
    assert shown.count("message number") == 5
    assert made.refused == {}


def test_a_second_run_pays_nothing(server: ChatServer) -> None:
    prices = {"price_in": 10, "price_out": 20}
    first = taught(maker(server, prices), {"refund": 4})
    sent = len(server.requests)
    second = taught(maker(server, prices), {"refund": 4})
    pd.testing.assert_frame_equal(first.rows, second.rows)
    assert len(server.requests) == sent
    assert "0 prompts sent, 1 answered from the cache" in second.remarks[0]
    assert "100 tokens in, 50 out; 0.002 USD" in first.remarks[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Here you are: nothing", "not_json"),
        ('[{"text": "cut', "not_json"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ('[{"text": "something else", "label": "delivery"}]', "wrong_label"),
        ('[{"text": "ab", "label": "refund"}]', "too_short"),
        (json.dumps([{"text": "a" * 5000, "label": "refund"}]), "too_long"),
        ('[{"text": "Message NUMBER 0 about something!", "label": "refund"}]', "copies_example"),
        ('[{"text": "Held OUT, word for word", "label": "refund"}]', "copies_holdout"),
    ],
)
def test_an_unfit_answer_is_counted_by_reason_and_asked_for_again(answer: str, reason: str) -> None:
    good = '```json\n{"rows": [{"text": "give me my money back", "label": "refund"}]}\n```'
    with ChatServer() as server:
        server.replies = [completion(answer), completion(good)]
        parents = rows([("message number 0 about something", "refund")])
        teacher = maker(server, rounds=2)
        made = teach_rows(
            teacher, parents, {"refund": 1}, Existing([], ["held out word for word"], []), task="classification"
        )
        assert made.refused == {reason: 1}
        assert list(made.rows["text"]) == ["give me my money back"]
        assert server.requests[0].body["seed"] != server.requests[1].body["seed"]


def test_asking_again_has_an_end() -> None:
    with ChatServer(lambda _request: completion("no JSON")) as server:
        made = taught(maker(server, rounds=3), {"refund": 1})
        assert len(server.requests) == 3
        assert made.refused == {"not_json": 3}
        assert "1 rows were asked for and 0 were fit to use" in made.remarks[-1]


def test_an_answer_that_was_cut_off_is_not_used() -> None:
    with ChatServer(lambda _request: completion("a good begin", finish_reason="length")) as server:
        made = taught(maker(server, rounds=1), {"": 1}, prompt_rows("Say something"))
        assert made.refused == {"cut_off": 1}


def test_the_spend_limit_stops_asking_and_keeps_what_is_there(server: ChatServer) -> None:
    # An answer costs at most 100 tokens at 1 each, a prompt some thousand bytes at 0.01: about 110 in all; paid are 51.
    backend = {"price_in": 0.01e6, "price_out": 1e6, "max_tokens": 100, "max_cost": 200, "currency": "EUR"}
    made = taught(maker(server, backend, rows_a_request=1), {"refund": 20})
    assert 0 < len(made.rows) < 20
    assert len(made.rows) == len(server.requests)
    assert any("stopped early" in remark and "spend limit of 200 EUR" in remark for remark in made.remarks)
    assert 51 * len(server.requests) <= 200


def test_an_answer_without_a_token_count_is_booked_at_the_most_it_can_cost() -> None:
    with ChatServer(lambda _request: completion("Answer.", prompt_tokens=None)) as server:
        backend = {"price_out": 1e6, "max_tokens": 100, "max_cost": 250}
        made = taught(maker(server, backend), {"": 5}, prompt_rows(*(f"prompt {number}" for number in range(5))))
        assert len(made.rows) == 2
        assert "200 USD at most" in made.remarks[0]


def test_a_request_limit_stops_asking(server: ChatServer) -> None:
    made = taught(maker(server, {"max_requests": 2}, rows_a_request=1), {"refund": 5})
    assert len(made.rows) == len(server.requests) == 2
    assert any("limit of 2 requests" in remark for remark in made.remarks)


def test_a_busy_endpoint_is_waited_for_and_a_broken_answer_asked_for_again() -> None:
    with ChatServer() as server:
        server.replies = [
            Reply(429),
            Reply(500),
            completion("First answer."),
            Reply(200, b"<html>"),
            completion("Second."),
        ]
        made = taught(maker(server, rounds=2), {"": 2}, prompt_rows("one", "two"))
        assert sorted(made.rows["answer"]) == ["First answer.", "Second."]
        assert any("without an answer: answer_lost (1)" in remark for remark in made.remarks)


def test_an_endpoint_that_answers_nothing_is_a_fault_and_not_an_empty_set() -> None:
    with (
        ChatServer(lambda _request: Reply(500)) as server,
        pytest.raises(RefitError, match=r"none of 2 .*unavailable \(2\)"),
    ):
        taught(maker(server, {"retries": 1}), {"": 2}, prompt_rows("one", "two"))


def test_a_slow_answer_is_given_up() -> None:
    slow = Reply(200, b" " * 40, seconds_a_byte=0.05)
    with ChatServer(lambda _request: slow) as server, pytest.raises(RefitError, match="answer_lost"):
        taught(maker(server, {"timeout_seconds": 0.2}), {"": 1}, prompt_rows("one"))


def test_a_wrong_key_is_the_users_to_mend(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingSecret, match="'TEACHER_KEY', which is not set"):
        taught(maker(server, {"api_key_secret": "TEACHER_KEY"}), {"refund": 1})
    monkeypatch.setenv("TEACHER_KEY", "sk-secret")
    server.answer = lambda _request: Reply(401)
    with pytest.raises(UserInputError, match="status 401; the key is missing or wrong") as refused:
        taught(maker(server, {"api_key_secret": "TEACHER_KEY"}), {"refund": 1})
    assert "sk-secret" not in str(refused.value)


def test_no_personal_data_leaves_and_nothing_of_a_row_is_logged(
    server: ChatServer, caplog: pytest.LogCaptureFixture, refit_home: Path
) -> None:
    server.answer = lambda _request: completion("Write to jane.doe@mail.org, she knows.")
    with caplog.at_level(logging.DEBUG):
        made = taught(maker(server), {"": 1}, prompt_rows("My address is john.smith@mail.org, what now?"))
    sent = json.dumps([request.body for request in server.requests])
    kept = "".join(path.read_text() for path in (refit_home / "cache").rglob("*.json"))
    assert "<EMAIL>" in sent
    assert "john.smith" not in sent + caplog.text + kept
    assert list(made.rows["answer"]) == ["Write to <EMAIL>, she knows."]
    assert "she knows" not in caplog.text


def test_answers_can_be_asked_to_be_json(server: ChatServer) -> None:
    server.answer, server.replies = None, [completion("plain"), completion('{"a": 1}')]
    made = taught(maker(server, json_answers=True, rounds=2), {"": 1}, prompt_rows("As JSON?"))
    assert made.refused == {"not_json": 1}
    assert list(made.rows["answer"]) == ['{"a": 1}']
    assert made.rows["made_from"].item() == "train-1"


def test_a_chat_is_answered_in_its_own_turns(server: ChatServer) -> None:
    server.answer = lambda _request: completion("The answer.")
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}]
    made = teach_rows(maker(server), prompt_rows(json.dumps(turns)), {"": 1}, Existing([], [], []), task="chat")
    assert [turn["role"] for turn in server.requests[0].body["messages"]] == ["system", "user"]
    assert list(made.rows["answer"]) == ["The answer."]


def test_requests_in_parallel_come_back_in_order(server: ChatServer) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        return completion(f"Answer to {request['messages'][-1]['content']}")

    server.answer = answer
    prompts = [f"prompt number {number}" for number in range(30)]
    made = taught(maker(server, {"concurrency": 8}), {"": 30}, prompt_rows(*prompts))
    assert all(made.rows["answer"] == "Answer to " + made.rows["text"])


def test_a_local_model_answers_the_same_each_time_and_from_the_cache_the_third(
    tmp_path: Path, refit_home: Path
) -> None:
    write_tiny_language_model(tmp_path / "tiny")
    backend = {"kind": "local", "folder": str(tmp_path / "tiny"), "max_tokens": 6, "temperature": 1.5}
    teacher = TeacherMaker.model_validate({"rows": 3, "backend": backend})
    parents = prompt_rows("where is my card", "please help", "refund the money")
    first = taught(teacher, {"": 3}, parents)
    for path in (refit_home / "cache" / "teacher").rglob("*.json"):
        path.unlink()
    again, cached = taught(teacher, {"": 3}, parents), taught(teacher, {"": 3}, parents)
    assert set(first.rows["made_by"]) == {"teacher:tiny"}
    assert len(first.rows) + first.refused.total() >= 3
    pd.testing.assert_frame_equal(first.rows, again.rows)
    pd.testing.assert_frame_equal(first.rows, cached.rows)
    assert "0 prompts sent" in cached.remarks[0]


def test_a_folder_without_safetensors_is_no_teacher(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"code")
    teacher = TeacherMaker.model_validate({"rows": 1, "backend": {"kind": "local", "folder": str(tmp_path)}})
    with pytest.raises(UserInputError, match="can run code"):
        taught(teacher, {"": 1}, prompt_rows("one"))


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ({"base_url": "api.example.com"}, "must be an address"),
        ({"base_url": "http://api.example.com/v1", "api_key_secret": "KEY"}, "over https only"),
        ({"base_url": "https://user:word@api.example.com/v1"}, "must hold no key"),
        ({"max_cost": 5}, "needs price_in and price_out"),
    ],
)
def test_an_unsafe_backend_is_refused(server: ChatServer, backend: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        maker(server, backend)
