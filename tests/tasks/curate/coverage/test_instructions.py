"""What an instruction asks for is told from its words."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.curate.coverage.instructions import instruction_cells

ASKED = {
    "Write a poem about the sea.": ("write", "prose", "open"),
    "Please could you summarise this article in a table?": ("summarise", "table", "open"),
    "I want you to translate this into French: hello": ("translate", "prose", "open"),
    "You are a careful editor.\nRewrite the sentence below.": ("rewrite", "prose", "open"),
    "Classify the review. Answer only with positive or negative.": ("classify", "one word", "closed"),
    "Extract the names and return them as JSON.": ("extract", "JSON", "open"),
    "Give me five ideas for a party": ("suggest", "list", "open"),
    "Write a Python function that adds two numbers": ("write", "code", "open"),
    "Explain step by step how bread is made": ("explain", "steps", "open"),
    "Tom has 3 apples and eats one. How many apples are left?": ("answer a question", "prose", "closed"),
    "What is the capital of France?": ("answer a question", "prose", "closed"),
    "Why is the sky blue?": ("answer a question", "prose", "open"),
    "The weather is fine today.": ("other", "prose", "open"),
}


@pytest.mark.parametrize(("text", "cells"), ASKED.items())
def test_task_format_and_openness_are_told_by_words(text: str, cells: tuple[str, str, str]) -> None:
    told = instruction_cells(pd.Series([text], index=[3]), pd.Series(["Yes, it is."], index=[3]))
    assert (told["task_type"].item(), told["asked_format"].item(), told["openness"].item()) == cells
    assert told["answer_length"].to_dict() == {3: "1 to 4 words"}


def test_without_an_answer_there_is_no_length_of_it() -> None:
    told = instruction_cells(pd.Series(["Why?"]), pd.Series([None], dtype="str"))
    assert told["answer_length"].isna().all()
