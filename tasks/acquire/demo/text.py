"""One made-up customer message: phrases put together, slots filled, and a style laid over them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import TypeVar

from tasks.acquire.demo.phrases_account import ACCOUNT
from tasks.acquire.demo.phrases_orders import ORDERS, Phrases

T = TypeVar("T")

INTENTS: dict[str, Phrases] = {**ORDERS, **ACCOUNT}
STYLES = {"normal": 0.36, "terse": 0.17, "long": 0.17, "typos": 0.12, "polite": 0.12, "shouting": 0.06}

WEAR = ("rain jacket", "wool sweater", "summer dress", "winter coat", "denim shirt", "hiking boot set", "running vest")
GADGETS = (
    "coffee grinder",
    "bluetooth speaker",
    "desk lamp",
    "headset",
    "electric toothbrush",
    "kettle",
    "alarm clock",
)
OTHERS = ("backpack", "office chair", "yoga mat", "bookshelf", "sleeping bag", "tea set", "frying pan", "picture frame")
SLOTS: dict[str, tuple[str, ...]] = {
    "days": ("three days", "a week", "ten days", "two weeks", "five days", "almost a month", "twelve days"),
    "date": ("Monday", "Tuesday", "Friday", "3 March", "12 May", "the 14th", "21 June", "the weekend", "1 October"),
    "city": ("Leeds", "Utrecht", "Graz", "Porto", "Ghent", "Lyon", "Cork", "Malmö", "Turin", "Bremen", "Kraków"),
    "card": ("credit card", "debit card", "Visa card", "Mastercard", "gift card", "PayPal account"),
    "code": ("SPRING20", "WELCOME10", "VIP15", "FRIENDS5", "SAVE25", "HELLO15", "AUTUMN30"),
    "device": ("phone", "laptop", "tablet", "work computer", "iPhone", "Android phone"),
    "browser": ("Chrome", "Firefox", "Safari", "Edge"),
    "size": ("M", "L", "XL", "S", "38", "42", "44"),
    "colour": ("dark blue", "red", "olive green", "grey", "black", "yellow"),
    "times": ("twice", "three times", "four times", "five times now"),
}
GREETINGS = (
    "Hi,",
    "Hello,",
    "Hey there,",
    "Good morning,",
    "Hi team,",
    "Hello support,",
    "Good evening,",
    "Dear Sir or Madam,",
)
BACKGROUNDS = (
    "I have been a customer of yours since {year} and never had a problem before.",
    "I already wrote to you on {date} but only got an automatic answer.",
    "I called your hotline {times} and was cut off.",
    "I am writing from my {device}, so sorry for any mistakes.",
    "Last year you replaced a broken {item2} without any fuss, so I hope you can help again.",
    "My last refund came quickly, thank you for that, but this is about something else.",
    "I did change my password last week, in case that matters.",
    "My other parcel arrived on time, by the way.",
    "A friend in {city} told me to write to this address.",
    "I looked through the questions on your site and found no answer.",
    "The chat told me to send an email instead.",
    "I have the invoice and the order number {order} in front of me.",
    "I was not at home when you called back.",
    "The person on the phone was friendly but could not help me.",
    "I usually pay by card and have everything sent to my office.",
    "We ordered several things from you for the new flat.",
)
WISHES = (
    "Please answer before {date}.", "I hope this can be solved quickly.", "It is getting urgent now.",
    "Thanks for looking into it.", "I look forward to your reply.", "Please do not send me a standard reply.",
    "An answer by email is fine.", "I am a bit disappointed, to be honest.", "Tell me if you need anything else.",
)  # fmt: skip
POLITE_OPENINGS = (
    "Dear team, I hope you are well.", "Good day, sorry to bother you.", "Dear customer service,",
    "Hello, I hope you can help me.", "Good afternoon, I have a small request.",
)  # fmt: skip
POLITE_CLOSINGS = (
    "Many thanks in advance!", "Thank you very much for your help.", "I would be very grateful.",
    "With kind regards", "Thank you for your time and patience.", "Much appreciated!",
)  # fmt: skip
TERSE_ENDS = ("", "", "", "", "", " pls", " asap", "??", " thx", " please help", " urgent", " - hello?", " :(")
NON_NATIVE = (
    (r"\bfor \{days\}", "since {days}"),
    (r"\bhas not arrived\b", "is not arrived"),
    (r"\b[Hh]ow do I\b", "How I can"),
    (r"\b[Ww]here do I\b", "Where I can"),
    (r"\bWhy does (\S+) not work\b", r"Why \1 is not working"),
    (r"\bI would like\b", "I am wanting"),
    (r"\b[Cc]an you tell me\b", "Can you say me"),
    (r"\bI need\b", "I am needing"),
    (r"\bstopped working\b", "is not working anymore"),
    (r"\bI have not\b", "I did not"),
    (r"\bdoes not\b", "do not"),
    (r"\bIs it possible to\b", "It is possible to"),
    (r"\bPlease send\b", "Please to send"),
    (r"\bmy money\b", "the my money"),
    (r"\bI want\b", "I am want"),
    (r"\bhow long does\b", "how much time does"),
)
KEYS = {
    "a": "s", "b": "v", "c": "x", "d": "f", "e": "r", "f": "g", "g": "h", "h": "j", "i": "o", "k": "l", "l": "k",
    "m": "n", "n": "m", "o": "p", "p": "o", "r": "t", "s": "d", "t": "r", "u": "i", "v": "b", "w": "e", "y": "t",
}  # fmt: skip


class Dice:
    """Seeded choices that rest on `random.Random.random` alone: only its numbers does Python promise to keep."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up text, no secret

    def chance(self, share: float) -> bool:
        """True in `share` of the cases."""
        return self._random.random() < share

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return int(self._random.random() * limit)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the other."""
        return choices[self.below(len(choices))]

    def weighted(self, shares: dict[str, float]) -> str:
        """A key, as often as its share of the sum."""
        mark = self._random.random() * sum(shares.values())
        for name, share in shares.items():
            mark -= share
            if mark < 0:
                return name
        return next(reversed(shares))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order (Fisher-Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def compose(intent: str, group: str, dice: Dice) -> str:
    """One message of the intent, in a random style, the way a member of the group may write it."""
    style = dice.weighted(STYLES)
    template = _template(INTENTS[intent], style, dice)
    if group == "non_native":
        template = _as_non_native(template, dice)
    text = _fill(template, dice)
    if style == "typos":
        return _with_typos(text, dice)
    if style == "shouting":
        return text.upper().rstrip(".?!") + dice.pick(("!!!", "!!", "?!", "!"))
    return text


def _template(phrases: Phrases, style: str, dice: Dice) -> str:
    if style == "terse":
        return dice.pick(phrases.terse) + dice.pick(TERSE_ENDS)
    body = _body(phrases, dice)
    if style == "polite":
        return " ".join((dice.pick(POLITE_OPENINGS), *body, dice.pick(POLITE_CLOSINGS)))
    if style == "long":
        background = dice.shuffled(BACKGROUNDS)[: 2 + dice.below(2)]
        parts = (dice.pick(GREETINGS), *background[:-1], *body[:-1], background[-1], body[-1], dice.pick(WISHES))
        return ("\n\n" if dice.chance(0.3) else " ").join((parts[0], " ".join(parts[1:])))
    return " ".join((dice.pick(GREETINGS), *body)) if dice.chance(0.35) else " ".join(body)


def _body(phrases: Phrases, dice: Dice) -> list[str]:
    """A situation and an ask, or one of them; the situation may be a neighbour's, for the ask decides the intent."""
    kind = dice.weighted({"both": 0.48, "neighbour": 0.16, "ask": 0.20, "situation": 0.10, "two": 0.06})
    if kind == "situation":
        return [dice.pick(phrases.situations)]
    ask = dice.pick(phrases.asks)
    if kind == "ask":
        return [ask]
    if kind == "neighbour":
        return [dice.pick(INTENTS[dice.pick(phrases.neighbours)].situations), ask]
    first, second = dice.shuffled(phrases.situations)[:2]
    return [first, second, ask] if kind == "two" else [first, ask]


def _fill(template: str, dice: Dice) -> str:
    """Fill the slots; a message speaks of one article throughout, one that its sentences suit."""
    kinds = {"wear": WEAR, "gadget": GADGETS}
    suited = [things for slot, things in kinds.items() if f"{{{slot}}}" in template]
    thing = dice.pick(suited[0] if suited else WEAR + GADGETS + OTHERS)
    values = {name: dice.pick(choices) for name, choices in SLOTS.items()}
    digits = str(10000 + dice.below(90000))
    pounds, cents = 5 + dice.below(240), dice.pick(("00", "50", "90", "95", "99"))
    values |= {"item": thing, "wear": thing, "gadget": thing, "item2": dice.pick(OTHERS)}
    values |= {"order": dice.pick(("#{}", "{}", "no. {}", "#{}")).format(digits)}
    values |= {"amount": dice.pick(("€{}.{}", "{}.{} euros", "£{}.{}", "EUR {}.{}")).format(pounds, cents)}
    values |= {"number": str(1 + dice.below(180)), "year": str(2014 + dice.below(11))}
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", template.format_map(values))


def _as_non_native(template: str, dice: Dice) -> str:
    for pattern, replacement in NON_NATIVE:
        if dice.chance(0.7):
            template = re.sub(pattern, replacement, template)
    words = [word for word in template.split(" ") if word not in {"the", "a", "an"} or dice.chance(0.45)]
    return " ".join(words)


def _with_typos(text: str, dice: Dice) -> str:
    """Two to four slips of the finger in the letters; figures and capitals are left alone."""
    letters = list(text)
    for _ in range(2 + dice.below(3)):
        spots = [spot for spot in range(1, len(letters) - 1) if letters[spot] in KEYS and letters[spot + 1] in KEYS]
        if not spots:
            break
        spot = dice.pick(spots)
        slip = dice.pick(("swap", "drop", "double", "neighbour"))
        if slip == "swap":
            letters[spot], letters[spot + 1] = letters[spot + 1], letters[spot]
        elif slip == "drop":
            del letters[spot]
        else:
            letters[spot] = letters[spot] * 2 if slip == "double" else KEYS[letters[spot]]
    text = "".join(letters)
    return text.lower() if dice.chance(0.5) else text
