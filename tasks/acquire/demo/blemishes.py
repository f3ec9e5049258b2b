"""What is wrong with the demo's training rows, on purpose and in known numbers, and how each blemish is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from tasks.acquire.demo.text import INTENTS, Dice


@dataclass(frozen=True)
class Message:
    """A row of the demo as it stands in its file, and what a person knows about it."""

    text: str
    label: str
    group: str
    true_label: str
    """The intent it was written for; differs from `label` only where a blemish says so."""
    blemish: str | None = None
    """Field of Blemishes that it was planted for."""


@dataclass(frozen=True)
class Blemishes:
    """How many training rows carry which blemish. No row carries two, and the rows copied from carry none."""

    duplicates: int = 24
    """Rows that repeat another row's text word for word, with its label."""
    folded_duplicates: int = 16
    """Rows that repeat another row in other letter case or spacing, with its label."""
    near_duplicates: int = 30
    """Rows that repeat another row but for one word, with its label."""
    conflicting_duplicates: int = 10
    """Rows that repeat another row's text word for word, with another label."""
    emails: int = 14
    """Texts with an e-mail address."""
    phones: int = 12
    """Texts with a telephone number."""
    ibans: int = 8
    """Texts with an IBAN whose check digits are right."""
    cards: int = 8
    """Texts with a card number that passes the Luhn check."""
    wrong_labels: int = 10
    """Rows whose label is not what the text asks for."""
    empty_texts: int = 6
    """Rows whose text is empty or blank."""
    missing_labels: int = 8
    """Rows whose label is empty."""
    ragged_rows: int = 6
    """Lines with more or fewer fields than the header."""
    contaminations: int = 12
    """Rows that stand word for word, with their label, in the holdout."""

    @property
    def pii(self) -> int:
        """Texts with personal data of any kind."""
        return self.emails + self.phones + self.ibans + self.cards

    @property
    def added(self) -> int:
        """Rows that exist only as a blemish, being copies or empty; the others spoil a row of their own."""
        copies = self.duplicates + self.folded_duplicates + self.near_duplicates + self.conflicting_duplicates
        return copies + self.contaminations + self.empty_texts


BLEMISHES = Blemishes()
Suits = Callable[[Message], bool]
Change = Callable[[Message, Dice], Message]

SYNONYMS = {
    "parcel": "package", "package": "parcel", "arrived": "came", "broken": "damaged", "money": "cash",
    "bought": "purchased", "want": "wish", "wrong": "incorrect", "delivery": "shipping", "delivered": "brought",
    "Please": "Kindly", "check": "verify", "quickly": "soon", "problem": "difficulty", "account": "profile",
    "team,": "people,", "answer": "reply", "hope": "trust", "help": "assist", "new": "fresh",
}  # fmt: skip
EMAILS = ("You can reach me at {}.", "My email is {}.", "Please write to {}.")
PHONES = ("Call me on {}.", "My number is {}.", "You can also phone me: {}.")
IBANS = ("My IBAN is {}.", "My bank account is {}.")
CARDS = ("My card number is {}.", "I used the card {}.")


def plant(base: list[Message], holdout: list[Message], counts: Blemishes, dice: Dice) -> list[Message]:
    """The training rows: `base` with some rows spoilt, and copies added. Every planted row names its blemish."""
    fresh, rows = dice.shuffled(base), list[Message]()
    for kinds, copied in ((SPOILT, False), (COPIED, True)):
        for field, (suits, change) in kinds.items():
            taken = [message for message in fresh if suits(message)][: getattr(counts, field)]
            gone = {message.text for message in taken}
            fresh = [message for message in fresh if message.text not in gone]
            rows += [dataclasses.replace(change(message, dice), blemish=field) for message in taken]
            rows += taken if copied else []
    empty = [Message(dice.pick(("", "   ", "\n")), intent, "native", intent) for intent in sorted(INTENTS)]
    rows += [_marked(message, "empty_texts") for message in dice.shuffled(empty)[: counts.empty_texts]]
    rows += [_marked(message, "contaminations") for message in dice.shuffled(holdout)[: counts.contaminations]]
    return dice.shuffled(rows + fresh)


def made_up_email(dice: Dice) -> str:
    """An address in a domain that is reserved for examples (RFC 2606)."""
    first, last = (
        dice.pick(("anna", "j", "mehmet", "lucia", "tom", "yuki")),
        dice.pick(("kowal", "berg", "rossi", "smith")),
    )
    return f"{first}.{last}{dice.below(90) + 10}@example.{dice.pick(('com', 'org', 'net'))}"


def made_up_phone(dice: Dice) -> str:
    """A number from the ranges that Ofcom, NANPA and the Bundesnetzagentur keep free for fiction."""
    return dice.pick(
        (
            f"+44 7700 900{dice.below(1000):03d}",
            f"07700 900{dice.below(1000):03d}",
            f"(202) 555-01{dice.below(100):02d}",
            f"+1 202-555-01{dice.below(100):02d}",
            f"+49 30 23125{dice.below(1000):03d}",
        )
    )


def made_up_iban(dice: Dice) -> str:
    """A German IBAN with right check digits (ISO 7064, mod 97-10) and a bank code, 9…, that no bank has."""
    account = "".join(str(dice.below(10)) for _ in range(17))
    check = 98 - int(f"9{account}131400") % 97
    iban = f"DE{check:02d}9{account}"
    spaced = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    return spaced if dice.chance(0.6) else iban


def made_up_card(dice: Dice) -> str:
    """A card number that passes the Luhn check, from the range 4000 00 that payment services use for tests."""
    digits = [4, 0, 0, 0, 0, 0, *(dice.below(10) for _ in range(9))]
    doubled = [digit if place % 2 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(digits)]
    number = "".join(map(str, [*digits, -sum(doubled) % 10]))
    return dice.pick((" ", "-", "")).join(number[start : start + 4] for start in range(0, 16, 4))


def _marked(message: Message, field: str) -> Message:
    return dataclasses.replace(message, blemish=field)


def _any(_message: Message) -> bool:
    return True


def _no_need_of_quotes(message: Message) -> bool:
    return not set(message.text) & set(',"\n')


def _has_small_letters(message: Message) -> bool:
    return message.text.upper() != message.text


def _has_synonym(message: Message) -> bool:
    words = message.text.split(" ")
    return len(words) >= 9 and any(word in SYNONYMS for word in words)


def _unchanged(message: Message, _dice: Dice) -> Message:
    return message


def _mislabelled(message: Message, dice: Dice) -> Message:
    """With a label that somebody in a hurry could confuse with the right one."""
    return dataclasses.replace(message, label=dice.pick(INTENTS[message.true_label].neighbours))


def _unlabelled(message: Message, _dice: Dice) -> Message:
    return dataclasses.replace(message, label="")


def _one_word_changed(message: Message, dice: Dice) -> Message:
    words = message.text.split(" ")
    spot = dice.pick([spot for spot, word in enumerate(words) if word in SYNONYMS])
    return dataclasses.replace(message, text=" ".join((*words[:spot], SYNONYMS[words[spot]], *words[spot + 1 :])))


def _refolded(message: Message, dice: Dice) -> Message:
    """In capitals, with doubled spaces, or with blanks around it."""
    text = message.text
    return dataclasses.replace(message, text=dice.pick((text.upper(), text.replace(" ", "  "), f"  {text} ")))


def _with_personal(sentences: tuple[str, ...], made_up: Callable[[Dice], str]) -> Change:
    """A change that adds a sentence with made-up personal data."""

    def change(message: Message, dice: Dice) -> Message:
        return dataclasses.replace(message, text=f"{message.text} {dice.pick(sentences).format(made_up(dice))}")

    return change


SPOILT: dict[str, tuple[Suits, Change]] = {
    "ragged_rows": (_no_need_of_quotes, _unchanged),
    "emails": (_any, _with_personal(EMAILS, made_up_email)),
    "phones": (_any, _with_personal(PHONES, made_up_phone)),
    "ibans": (_any, _with_personal(IBANS, made_up_iban)),
    "cards": (_any, _with_personal(CARDS, made_up_card)),
    "wrong_labels": (_any, _mislabelled),
    "missing_labels": (_any, _unlabelled),
}
COPIED: dict[str, tuple[Suits, Change]] = {
    "near_duplicates": (_has_synonym, _one_word_changed),
    "folded_duplicates": (_has_small_letters, _refolded),
    "duplicates": (_any, _unchanged),
    "conflicting_duplicates": (_any, _mislabelled),
}
