"""The text that a made model learns from: dialogues with the support of an online shop, and plain sentences about it.

It is written by a grammar with a seeded source of chance, and holds no text of anybody.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tasks.models.made.account_phrases import ACCOUNT
from tasks.models.made.general_phrases import COPYING, RULES, VALUES
from tasks.models.made.grammar import Grammar
from tasks.models.made.order_phrases import ORDERS

TOPICS = {**ORDERS, **ACCOUNT}
KINDS = {"dialogue": 0.5, "sorting": 0.2, "copying": 0.2, "prose": 0.07, "noted": 0.03}
"""Share of each kind of document."""
SORTED_SHARE = 0.25
"""Of the exercises, those that ask what a message is about."""
LONGER_SHARE = 0.15
"""Of the dialogues, those in which the customer says thanks and is answered."""
WORDS = sorted({word for topic in TOPICS.values() for ask in topic.asked for word in ask.split() if "{" not in word})
"""What customers write with, to stand around what is copied."""
Document = list[dict[str, str]] | str
"""A conversation as messages with `role` and `content`, or plain text."""


def documents(seed: int) -> Iterator[Document]:
    """Documents without end; the same seed gives the same ones."""
    dice = random.Random(seed)  # noqa: S311 - made-up text, no secret
    makers = {"dialogue": _dialogue, "sorting": _sorting, "copying": _copying, "prose": _prose, "noted": _noted}
    while True:
        [kind] = dice.choices(list(KINDS), list(KINDS.values()))
        yield makers[kind](dice)


def exercises(seed: int) -> Iterator[Document]:
    """Short conversations without end: an order number is to be found and said again, or what a message is about."""
    dice = random.Random(seed)  # noqa: S311 - made-up text, no secret
    while True:
        yield _sorting(dice) if dice.random() < SORTED_SHARE else _copied(COPYING[0], 3, dice)


def _dialogue(dice: random.Random) -> Document:
    topic = TOPICS[dice.choice(list(TOPICS))]
    grammar = Grammar({**RULES, "ask": topic.asked, "answer": topic.answered}, dice)
    values = _values(dice)
    turns = [grammar.draw("message", values), grammar.draw("reply", values)]
    if dice.random() < LONGER_SHARE:
        turns += [grammar.draw("thanks", values), grammar.draw("welcome", values)]
    return _as_messages(turns)


def _sorting(dice: random.Random) -> Document:
    name = dice.choice(list(TOPICS))
    grammar = Grammar({**RULES, "ask": TOPICS[name].asked}, dice)
    return _as_messages([grammar.draw("message", _values(dice)), f"This is about {name}."])


def _copying(dice: random.Random) -> Document:
    return _copied(dice.choice(COPYING), 6, dice)


def _copied(turns: tuple[str, str], most_words: int, dice: random.Random) -> Document:
    """The turns, with up to `most_words` words at random on each side of what is copied."""
    around = {name: " ".join(dice.choices(WORDS, k=dice.randint(0, most_words))) for name in ("before", "after")}
    grammar, values = Grammar(RULES, dice), _values(dice) | around
    return _as_messages([grammar.say(turn, values).strip() for turn in turns])


def _prose(dice: random.Random) -> Document:
    grammar, values = Grammar(RULES, dice), _values(dice)
    return " ".join(grammar.draw("prose", values) for _ in range(dice.randint(1, 3)))


def _noted(dice: random.Random) -> Document:
    return Grammar(RULES, dice).draw("noted", _values(dice))


def _as_messages(turns: list[str]) -> Document:
    return [{"role": "assistant" if place % 2 else "user", "content": content} for place, content in enumerate(turns)]


def _values(dice: random.Random) -> dict[str, str]:
    """What a document speaks of: the same order, article, city and so on wherever it names them."""
    values = {name: dice.choice(choices) for name, choices in VALUES.items()}
    cents = dice.choice(("00", "50", "90", "95", "99"))
    amount = dice.choice(("€{}.{}", "{}.{} euros", "£{}.{}")).format(dice.randint(5, 250), cents)
    written = dice.choice(("{}", "{}", "#{}", "no. {}"))
    digits, other_digits = (str(dice.randint(10_000, 99_999)) for _ in range(2))
    return values | {
        "amount": amount,
        "digits": digits,
        "number": written.format(digits),
        "other_digits": other_digits,
        "other_number": written.format(other_digits),
        "a_item": _with_article(values["item"]),
        "an_other": _with_article(values["other_item"]),
        "item_plural": _plural(values["item"]),
        "other_plural": _plural(values["other_item"]),
    }


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "sh", "x")) else f"{noun}s"
