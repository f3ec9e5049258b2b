"""What a made row must not repeat: exact, and hardly different."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.synthesize.copies import LIKENESS, Existing, LikeTexts, bare_form

HOLDOUT = "Where is the parcel that I ordered two weeks ago?"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Take it back.", "duplicate"),
        ("  Take   it back.", "duplicate"),
        ("take it back", None),
        (HOLDOUT.upper(), "copies_holdout"),
        ("where is the parcel, that i ordered two weeks ago", "copies_holdout"),
        ("Where is the parcle that I ordered two weeks ago?", "copies_holdout"),
        ("Where is the kettle that my mother ordered for us?", None),
        ("Please VALIDATE me", "copies_validation"),
        (" ?! ", "empty"),
    ],
)
def test_a_row_is_refused_with_its_reason(text: str, reason: str | None) -> None:
    existing = Existing([("Take it back.", None)], [HOLDOUT], ["Please, validate me!"])
    assert existing.refusal(text, None) == reason


def test_the_same_prompt_with_another_answer_is_another_row() -> None:
    existing = Existing([("Why?", "Because.")], [], [])
    assert existing.refusal("Why?", "Because.") == "duplicate"
    assert existing.refusal("Why?", "For that reason.") is None
    existing.take_in("Why?", "For that reason.")
    assert existing.refusal("Why?", "For that reason.") == "duplicate"


def test_the_search_finds_exactly_what_comparing_with_every_text_finds() -> None:
    draw = np.random.default_rng(0)
    words = ["card", "order", "refund", "where", "lost", "my", "the", "broken", "lamp", "paid"]
    texts = [" ".join(draw.choice(words, size=8)) for _ in range(150)]
    asked = [text if draw.random() < 0.3 else f"{text[:-2]}{draw.choice(words)}" for text in texts]

    def grams(text: str) -> set[str]:
        form = bare_form(text)
        return {form[start : start + 4] for start in range(max(1, len(form) - 3))}

    def alike(one: str, other: str) -> float:
        return len(grams(one) & grams(other)) / len(grams(one) | grams(other))

    index = LikeTexts(texts[:75])
    expected = [max(alike(text, other) for other in texts[:75]) >= LIKENESS for text in asked]
    assert [index.has_like(text) for text in asked] == expected
    assert 30 < sum(expected) < 140
