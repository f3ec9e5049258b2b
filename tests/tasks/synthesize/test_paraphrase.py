"""Rewriting rules: every rule says the same in other words, and what must stay stays."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.synthesize.paraphrase import applied_rule, paraphrased
from tasks.synthesize.paraphrase_rules import RULES, SYNONYMS, Rule, RuleKind


def all_rewritings(text: str, kind: RuleKind) -> set[str]:
    """What the rules of a kind make of a text, each rule alone."""
    rules = [rule for rule in RULES if rule.kind == kind]
    found = {applied_rule(text, rule, choice) for rule in rules for choice in range(len(rule.replacements))}
    return {text for text in found if text is not None}


@pytest.mark.parametrize(
    ("kind", "text", "rewriting"),
    [
        ("contraction", "I don't see it.", "I do not see it."),
        ("contraction", "I do not see it.", "I don't see it."),
        ("contraction", "I\u2019m waiting", "I am waiting"),
        ("contraction", "DON'T DO IT", "DO NOT DO IT"),
        ("contraction", "What's new?", "What is new?"),
        ("contraction", "I have tried it", "I've tried it"),
        ("politeness", "Please cancel my order", "Could you please cancel my order"),
        ("politeness", "Please cancel my order", "Cancel my order"),
        ("politeness", "Can you cancel it?", "Would you be able to cancel it?"),
        ("politeness", "I want to leave", "I would like to leave"),
        ("politeness", "Hi, where is it?", "Where is it?"),
        ("question", "How do I pay?", "What do I have to do to pay?"),
        ("question", "Can I pay later?", "Is it possible to pay later?"),
        ("question", "So how can I pay?", "So what is the way to pay?"),
        ("synonym", "I want to buy a lamp", "I want to purchase a lamp"),
        ("synonym", "This is a strange lamp", "This is an odd lamp"),
        ("synonym", "Receive it", "Get it"),
    ],
)
def test_a_rule_says_the_same_in_other_words(kind: RuleKind, text: str, rewriting: str) -> None:
    assert rewriting in all_rewritings(text, kind)


@pytest.mark.parametrize(
    "text",
    [
        "Why won't my card work?",  # not: why will not my card work
        "I have to pay",  # not: I've to pay
        "Yes, I am.",  # not: yes, I'm.
    ],
)
def test_a_contraction_is_left_where_the_other_form_would_be_wrong(text: str) -> None:
    assert all_rewritings(text, "contraction") == set()


def test_masks_addresses_and_numbers_are_never_touched() -> None:
    text = "please buy <EMAIL> at https://buy.example/please and buy2go"
    for seed in range(30):
        new = paraphrased(text, 3, np.random.default_rng(seed))
        assert new is not None
        assert new.endswith("<EMAIL> at https://buy.example/please and buy2go")


def test_the_same_seed_gives_the_same_words_and_another_seed_others() -> None:
    text = "Hi, can you tell me how do I buy a parcel? I don't know."
    made = [paraphrased(text, 3, np.random.default_rng(seed)) for seed in range(20)]
    assert made == [paraphrased(text, 3, np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(made)) > 5
    assert text not in made


def test_a_text_that_no_rule_fits_is_passed_over() -> None:
    assert paraphrased("Zzz 42", 3, np.random.default_rng(0)) is None


def test_no_rule_replaces_a_text_by_itself() -> None:
    def changes(rule: Rule) -> bool:
        return all(other.strip() != rule.pattern.pattern.strip(r"\b") for other in rule.replacements)

    assert all(changes(rule) for rule in RULES)
    assert all(word not in others for word, others in SYNONYMS.items())
