"""Grounding: answers are held to what their row was given, and what they make up is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.grounding.config import GroundingConfig
from tasks.evaluate.language.grounding.measure import measure_grounding
from tasks.evaluate.language.grounding.plot import plot_grounding
from tests.tasks.evaluate.language.answering_model import subject_of

EVALUATION = EvaluationConfig(bootstrap_samples=200)
WORDS_ALONE = GroundingConfig(least_similarity=None)
PROMPT = "My order 12345 from Lisbon has not arrived. The courier was to deliver it on 3 May."


def share_of(answer: str, prompt: str = PROMPT, config: GroundingConfig = WORDS_ALONE) -> float:
    found = measure_grounding(subject_of([(prompt, answer, answer)]), config, EVALUATION)
    return found.metrics["grounding"].value


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("Your order 12345 from Lisbon has not arrived.", 1),
        ("The courier delivers the orders on 3 May.", 1),
        ("Your order 54321 from Lisbon has not arrived.", 0),
        ("Your order 12345 from Madrid has not arrived.", 0),
        ("Your order 12345 has not arrived. A free holiday awaits the winners.", 0.5),
        ("Your order 12345 from Lisbon has arrived.", 0),
        ("The courier was not to deliver it on 3 May.", 0),
    ],
)
def test_a_sentence_is_supported_by_its_words_and_never_with_a_strange_number_or_name_or_against_its_source(
    answer: str, share: float
) -> None:
    assert share_of(answer) == share


def test_a_sentence_in_other_words_is_supported_by_its_meaning() -> None:
    prompt, answer = "The parcel will be delivered tomorrow morning.", "The package arrives tomorrow in the morning."
    assert share_of(answer, prompt) == 0
    assert share_of(answer, prompt, GroundingConfig(least_similarity=0.7)) == 1
    assert share_of("Our office dog likes bones.", prompt, GroundingConfig(least_similarity=0.7)) == 0


def test_what_is_made_up_is_counted_by_the_answer_with_an_exact_interval() -> None:
    good, numbers, names = "The order 12345 has not arrived.", "It costs 99 euros.", "It is in Madrid."
    rows = [(PROMPT, good, answer) for answer in [good] * 8 + [numbers] + [names]]
    found = measure_grounding(subject_of(rows), WORDS_ALONE, EVALUATION)
    assert found.metrics["hallucinated_numbers"].value == 0.1
    assert found.metrics["hallucinated_names"].value == 0.1
    assert found.metrics["grounding"].value == 0.8
    assert found.metrics["grounding_of_wanted"].value == 1
    high = found.metrics["hallucinated_numbers"].high
    assert high == pytest.approx(0.394, abs=0.001)
    assert found.table.loc[8, "first_unsupported"] == numbers


def test_answers_that_contradict_their_source_are_counted_unless_its_language_has_other_denials() -> None:
    rows = [(PROMPT, "", "Your order 12345 has arrived."), (PROMPT, "", "Your order 12345 has not arrived.")]
    found = measure_grounding(subject_of(rows), WORDS_ALONE, EVALUATION)
    assert found.metrics["contradicted_sources"].value == 0.5
    assert list(found.table["contradicting"]) == [1, 0]
    unread = measure_grounding(subject_of(rows), WORDS_ALONE.model_copy(update={"denials": False}), EVALUATION)
    assert unread.metrics["contradicted_sources"].value == 0
    assert unread.metrics["grounding"].value == 1


def test_the_source_may_be_a_part_of_the_prompt_and_rows_without_it_are_left_out() -> None:
    config = GroundingConfig(source_pattern=r"(?s)Context:(.*?)Question:", least_similarity=None)
    with_context = "Context: Returns take 30 days. Question: does it take 90 days?"
    rows = [(with_context, "", "Returns take 30 days."), (with_context, "", "Returns take 90 days.")]
    found = measure_grounding(subject_of([*rows, ("90 days?", "", "90 days.")]), config, EVALUATION)
    assert list(found.table["supported"]) == [1, 0]
    nothing = measure_grounding(subject_of([("90 days?", "", "90 days.")]), config, EVALUATION)
    assert nothing.metrics == {}
    assert "1 of 1 answered rows have none (evaluation.grounding.source_pattern)" in nothing.missing


def test_a_file_and_the_wanted_answer_may_be_sources_too(tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("A refund takes 5 working days.\nKind regards, your support team.", encoding="utf-8")
    answer = "Your refund takes 5 working days. Kind regards, your support team."
    assert share_of(answer) == 0
    assert share_of(answer, config=GroundingConfig(sources_path=str(rules), least_similarity=None)) == 1
    assert share_of(answer, config=GroundingConfig(wanted_is_source=True, least_similarity=None)) == 1
    with pytest.raises(UserInputError, match=r"sources_path names .*no.txt, which cannot be read \(No such file"):
        share_of(answer, config=GroundingConfig(sources_path=str(tmp_path / "no.txt")))


def test_the_turns_of_a_chat_are_its_source() -> None:
    chat = '[{"role": "user", "content": "My order is 12345."}]'
    subject = subject_of([(chat, "", "The order is 12345.")], task="chat")
    assert measure_grounding(subject, WORDS_ALONE, EVALUATION).metrics["grounding"].value == 1


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    rows = [(PROMPT, PROMPT, "The order 12345 has not arrived. It costs 7 euros.")] * 12
    found = measure_grounding(subject_of(rows), WORDS_ALONE, EVALUATION)
    plot_grounding(found.table, found.metrics, tmp_path / "grounding.png")
    assert imread(tmp_path / "grounding.png")[..., :3].std() > 0.02
