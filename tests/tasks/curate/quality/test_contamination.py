"""Contamination: a training row that holds a test row is found, and a shared phrase alone does not make one."""

from __future__ import annotations

from tasks.curate.quality.contamination import contaminated

QUESTION = "Natalia sold clips to forty eight of her friends in April and then she sold half as many clips in May"


def test_a_test_row_inside_a_longer_text_is_found_whatever_its_case_and_punctuation() -> None:
    inside = f"Here is a puzzle for you: {QUESTION.upper().replace(' ', '  ')}! What do you say, and why do you say so?"
    assert contaminated(
        [inside, "A text about something else that is long enough to have runs"], [QUESTION]
    ).tolist() == [1, 0]


def test_the_share_is_that_of_the_test_rows_runs() -> None:
    half = " ".join(QUESTION.split()[:14])
    words, length = len(QUESTION.split()), 8
    assert contaminated([half], [QUESTION]).tolist() == [(14 - length + 1) / (words - length + 1)]


def test_the_runs_of_different_test_rows_do_not_add_up() -> None:
    other = "Weng earns twelve dollars an hour for babysitting and yesterday she just did fifty minutes of babysitting"
    mixed = " ".join(QUESTION.split()[:14]) + " " + " ".join(other.split()[:12])
    assert contaminated([mixed], [QUESTION, other])[0] < 0.6


def test_a_short_test_row_is_found_only_as_the_whole_row() -> None:
    assert contaminated(["Where is my card", "tell me where is my card"], ["where is my card?"]).tolist() == [1, 0]


def test_a_phrase_of_the_whole_set_tells_of_no_row() -> None:
    phrase = "answer the following question with one letter and nothing else please"
    tests = [f"{phrase} {number} alpha{number} beta{number}" for number in range(50)]
    assert contaminated([phrase + " what is the capital of France"], tests).tolist() == [0]
    assert contaminated([tests[7]], tests).tolist() == [1]


def test_a_script_without_blanks_has_runs_too() -> None:
    question = "小明有十二个苹果他给了小红五个还剩几个"
    assert contaminated([f"问题 {question} 请回答"], [question]).tolist() == [1]
