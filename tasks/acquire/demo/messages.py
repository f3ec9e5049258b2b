"""The demo data `support-intents`: made-up customer messages of an online shop, the same bytes for the same seed.

`python -m tasks.acquire.demo.messages FOLDER` writes the three files for somebody who wants to look at them.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from dataclasses import dataclass
from pathlib import Path

from tasks.acquire.demo.blemishes import BLEMISHES, Message, plant
from tasks.acquire.demo.text import Dice, compose

ROWS = {"train": 1650, "holdout": 600, "unlabelled": 150}
GROUPS = {"native": 0.72, "non_native": 0.28}
SHARES = {
    "order_status": 18.0,
    "refund_request": 14.0,
    "return_item": 11.5,
    "login_problem": 11.0,
    "damaged_item": 9.0,
    "payment_failed": 8.0,
    "cancel_order": 7.5,
    "change_address": 6.0,
    "product_question": 5.0,
    "invoice_request": 4.0,
    "discount_code": 3.0,
    "account_deletion": 3.0,
}
"""Share of each intent, in percent: the largest is six times the smallest."""
LABELS = tuple(sorted(SHARES))
MAX_LIKENESS = 0.7
"""Two messages of one intent share at most this part of their words (Jaccard), unless one is a planted copy."""
TRIES = 5000


@dataclass(frozen=True)
class Demo:
    """The rows of the three parts, in the order of their files."""

    train: tuple[Message, ...]
    holdout: tuple[Message, ...]
    unlabelled: tuple[Message, ...]


@functools.lru_cache(maxsize=4)
def build_demo(seed: int) -> Demo:
    """Make up the demo. Holdout and unlabelled rows are clean; the training rows carry BLEMISHES in known numbers."""
    dice = Dice(seed)
    written = Written()
    holdout = clean_messages(ROWS["holdout"], written, dice)
    unlabelled = clean_messages(ROWS["unlabelled"], written, dice)
    base = clean_messages(ROWS["train"] - BLEMISHES.added, written, dice)
    return Demo(tuple(plant(base, holdout, BLEMISHES, dice)), tuple(holdout), tuple(unlabelled))


def demo_csv(part: str, seed: int) -> bytes:
    """The file of one part (`train`, `holdout`, `unlabelled`): UTF-8, header `text,label,group`, lines end in LF.

    The unlabelled part has the columns `text,group`.
    """
    rows: tuple[Message, ...] = getattr(build_demo(seed), part)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("text", "group") if part == "unlabelled" else ("text", "label", "group"))
    for place, row in enumerate(rows):
        if part == "unlabelled":
            writer.writerow((row.text, row.group))
        elif row.blemish == "ragged_rows":
            # What a careless export writes: a comma that nobody quoted, or a field that is not there.
            file.write(f"{row.text}, thanks,{row.label},{row.group}\n" if place % 3 else f"{row.text},{row.label}\n")
        else:
            writer.writerow((row.text, row.label, row.group))
    return file.getvalue().encode()


class Written:
    """The messages so far, so that no two are alike by accident."""

    def __init__(self) -> None:
        self._folded: set[str] = set()
        self._words: dict[str, list[frozenset[str]]] = {intent: [] for intent in SHARES}

    def accepts(self, intent: str, text: str) -> bool:
        """Whether the text is new; if so it counts as written."""
        folded = " ".join(text.casefold().split())
        words = frozenset(re.findall(r"\w+", folded))
        if folded in self._folded or any(_likeness(words, other) > MAX_LIKENESS for other in self._words[intent]):
            return False
        self._folded.add(folded)
        self._words[intent].append(words)
        return True


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def clean_messages(rows: int, written: Written, dice: Dice) -> list[Message]:
    """Messages of all intents in their shares, in random order; none of them is like one that was `written`."""
    messages = []
    for intent, wanted in _counts(rows).items():
        for _ in range(wanted):
            group = dice.weighted(GROUPS)
            messages.append(Message(_new_text(intent, group, written, dice), intent, group, intent))
    return dice.shuffled(messages)


def _counts(rows: int) -> dict[str, int]:
    """Rows of each intent: its share, rounded down, and what is left over to the largest ones."""
    total = sum(SHARES.values())
    counts = {intent: int(rows * share / total) for intent, share in SHARES.items()}
    for intent in list(SHARES)[: rows - sum(counts.values())]:
        counts[intent] += 1
    return counts


def _new_text(intent: str, group: str, written: Written, dice: Dice) -> str:
    for _ in range(TRIES):
        text = compose(intent, group, dice)
        if written.accepts(intent, text):
            return text
    raise RuntimeError(f"no new message for {intent} in {TRIES} tries: the demo needs more phrases")


def main(folder: Path, seed: int = 7) -> None:
    """Write the three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ROWS:
        (folder / f"support-intents-{part}.csv").write_bytes(demo_csv(part, seed))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
