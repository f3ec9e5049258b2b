"""The demo data `support-replies`: messages, each with a good reply and a worse one, the same bytes for the same seed.

`python -m tasks.acquire.demo.pairs FOLDER` writes the three files for somebody who wants to look at them.
"""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tasks.acquire.demo.blemishes import (
    CARDS,
    EMAILS,
    IBANS,
    PHONES,
    Message,
    made_up_card,
    made_up_email,
    made_up_iban,
    made_up_phone,
)
from tasks.acquire.demo.messages import Written, clean_messages
from tasks.acquire.demo.replies import bad_reply, good_reply, with_order_number
from tasks.acquire.demo.text import Dice

ROWS = {"train": 900, "holdout": 180, "unlabelled": 60}
COLUMNS = ("text", "answer", "rejected", "group")
_STREAM = 1_000_003
"""Keeps the pairs' chance apart from that of the messages to classify, whose seed is the same number."""


@dataclass(frozen=True)
class Pair:
    """A row as it stands in its file, and what a person knows about it."""

    text: str
    answer: str
    rejected: str
    group: str
    intent: str
    fault: str
    """How the rejected reply breaks the rules: one of demo_replies.FAULTS."""
    blemish: str | None = None
    """Field of PairBlemishes that it was planted for."""


@dataclass(frozen=True)
class PairBlemishes:
    """How many training rows carry which blemish. No row carries two, and the rows copied from carry none."""

    emails: int = 8
    """Messages with an e-mail address."""
    phones: int = 6
    """Messages with a telephone number."""
    ibans: int = 4
    """Messages with an IBAN whose check digits are right."""
    cards: int = 4
    """Messages with a card number that passes the Luhn check."""
    empty_answers: int = 6
    """Rows whose good reply is empty."""
    empty_rejected: int = 4
    """Rows whose worse reply is empty."""
    equal_sides: int = 8
    """Rows whose two replies are the same, word for word."""
    duplicates: int = 16
    """Rows that repeat another row word for word."""
    folded_duplicates: int = 8
    """Rows that repeat another row with the message in capitals or in other spacing."""
    swapped_duplicates: int = 6
    """Rows that repeat another row with the worse reply as the better one."""
    empty_texts: int = 4
    """Rows whose message is empty or blank."""
    contaminations: int = 10
    """Rows that stand word for word in the holdout."""

    @property
    def pii(self) -> int:
        """Messages with personal data of any kind."""
        return self.emails + self.phones + self.ibans + self.cards

    @property
    def added(self) -> int:
        """Rows that exist only as a blemish; the others spoil a row of their own."""
        copies = self.duplicates + self.folded_duplicates + self.swapped_duplicates
        return copies + self.contaminations + self.empty_texts


BLEMISHES = PairBlemishes()
Change = Callable[[Pair, Dice], Pair]


@dataclass(frozen=True)
class Pairs:
    """The rows of the parts, in the order of their files."""

    train: tuple[Pair, ...]
    holdout: tuple[Pair, ...]
    unlabelled: tuple[Message, ...]


@functools.lru_cache(maxsize=4)
def build_pairs(seed: int) -> Pairs:
    """Make up the pairs. Holdout and unlabelled rows are clean; training rows carry BLEMISHES in known numbers."""
    dice, written = Dice(seed + _STREAM), Written()
    holdout = [_pair(message, dice) for message in clean_messages(ROWS["holdout"], written, dice)]
    unlabelled = clean_messages(ROWS["unlabelled"], written, dice)
    base = [_pair(message, dice) for message in clean_messages(ROWS["train"] - BLEMISHES.added, written, dice)]
    return Pairs(tuple(_planted(base, holdout, dice)), tuple(holdout), tuple(unlabelled))


def pairs_csv(part: str, seed: int) -> bytes:
    """The file of one part: UTF-8, header `text,answer,rejected,group`, lines end in LF; unlabelled `text,group`."""
    columns = ("text", "group") if part == "unlabelled" else COLUMNS
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(row, column) for column in columns] for row in getattr(build_pairs(seed), part))
    return file.getvalue().encode()


def _pair(message: Message, dice: Dice) -> Pair:
    text = with_order_number(message.text, dice)
    rejected, fault = bad_reply(message.label, text, dice)
    return Pair(text, good_reply(message.label, text, dice), rejected, message.group, message.label, fault)


def _planted(base: list[Pair], holdout: list[Pair], dice: Dice) -> list[Pair]:
    """`base` with some rows spoilt, and copies added. Every planted row names its blemish."""
    fresh, rows = dice.shuffled(base), list[Pair]()
    for field in fields(PairBlemishes):
        if field.name not in _CHANGES:
            continue
        change, copied = _CHANGES[field.name]
        count = getattr(BLEMISHES, field.name)
        taken, fresh = fresh[:count], fresh[count:]
        rows += [replace(change(pair, dice), blemish=field.name) for pair in taken]
        rows += taken if copied else []
    blank = fresh[: BLEMISHES.empty_texts]
    rows += [replace(pair, text=dice.pick(("", "   ", "\n")), blemish="empty_texts") for pair in blank]
    rows += [replace(pair, blemish="contaminations") for pair in dice.shuffled(holdout)[: BLEMISHES.contaminations]]
    return dice.shuffled(rows + fresh)


def _with_personal(sentences: tuple[str, ...], made_up: Callable[[Dice], str]) -> Change:
    """A change that adds a sentence with made-up personal data to the message."""

    def change(pair: Pair, dice: Dice) -> Pair:
        return replace(pair, text=f"{pair.text} {dice.pick(sentences).format(made_up(dice))}")

    return change


def _refolded(pair: Pair, dice: Dice) -> Pair:
    return replace(pair, text=dice.pick((pair.text.upper(), pair.text.replace(" ", "  "), f"  {pair.text} ")))


_CHANGES: dict[str, tuple[Change, bool]] = {
    "emails": (_with_personal(EMAILS, made_up_email), False),
    "phones": (_with_personal(PHONES, made_up_phone), False),
    "ibans": (_with_personal(IBANS, made_up_iban), False),
    "cards": (_with_personal(CARDS, made_up_card), False),
    "empty_answers": (lambda pair, dice: replace(pair, answer=dice.pick(("", " "))), False),
    "empty_rejected": (lambda pair, dice: replace(pair, rejected=dice.pick(("", " "))), False),
    "equal_sides": (lambda pair, _dice: replace(pair, rejected=pair.answer), False),
    "duplicates": (lambda pair, _dice: pair, True),
    "folded_duplicates": (_refolded, True),
    "swapped_duplicates": (lambda pair, _dice: replace(pair, answer=pair.rejected, rejected=pair.answer), True),
}
"""How each is made, and whether the row that it is made from stays beside it."""


def main(folder: Path, seed: int = 7) -> None:
    """Write the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ROWS:
        (folder / f"support-replies-{part}.csv").write_bytes(pairs_csv(part, seed))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
