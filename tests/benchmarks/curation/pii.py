"""The benchmark `pii`: personal data masked in a column of texts, against scrubadub, and how much of it both find.

How much faster ours is hangs on how many texts hold anything: what holds nothing costs it next to nothing, and what
does costs more. So speed is compared on people's own texts where ../shared/data is there (a bank's customers, and
dialogues with an assistant), and at each of MIXES; none of them is the one figure. What is found is judged on
many texts of each kind. A value counts as found when all its characters are masked; a mask is right when it touches a
planted value. What scrubadub masks beyond our kinds (web addresses, Twitter names, dates of birth) is not held
against it. The patterns were mended with texts of this generator at hand, if of other seeds: F1 on foreign texts will
be lower.
"""

from __future__ import annotations

import re
import resource
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.pii.columns import mask_column
from tasks.pii.kinds import find_personal_data
from tests.benchmarks.curation.labelled_texts import PEER_LOOKS_FOR, Labelled, labelled_texts
from tests.benchmarks.report import Comparison, compare, write_report

Spans = list[tuple[int, int]]
Finder = Callable[[str], Spans]
NOT_OUR_KINDS = frozenset(
    {"url", "twitter", "skype", "date_of_birth", "postalcode", "drivers_licence", "vehicle_licence_plate", "unknown"}
)
ROUNDS = 3
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
MIXES = (0.03, 0.10, 0.50)
"""Shares of texts with personal data; as many, but 40 % at most, hold something that only looks like it."""


def measure(texts: int = 50_000, judged: int = 8_000, million: int | None = None) -> list[Comparison]:
    """Ours against scrubadub as it comes, and with its optional detectors; `million` rows more measure memory."""
    to_judge = labelled_texts(judged, personal_share=0.5, negative_share=0.4, seed=1)
    as_it_comes, more = _scrubbers()
    comparisons = []
    for name, of_people in texts_of_people().items():
        comparisons.append(_against(f"scrubadub, {name}", as_it_comes, of_people, of_people, to_judge))
    for share in MIXES:
        timed = labelled_texts(texts, personal_share=share, negative_share=min(share, 0.4))
        comparisons.append(_against(f"scrubadub, {share:.0%} of texts", as_it_comes, timed, timed, to_judge))
    # Its detector of Skype names checks the spelling of words, so a hundredth of the texts must do.
    few = 1 + texts // 100
    timed = labelled_texts(texts, personal_share=MIXES[1], negative_share=MIXES[1])
    name = f"scrubadub, en_GB and optional, {MIXES[1]:.0%}"
    comparisons.append(_against(name, more, timed, timed[:few], to_judge[: 1 + judged // 40]))
    comparisons[0].quality["ours, by kind"] = by_kind(to_judge)
    if million is not None:
        comparisons[0].quality["ours, rows of 200 characters"] = rows_a_second(million)
    return comparisons


def texts_of_people() -> dict[str, list[Labelled]]:
    """Banking77's training texts, and the turns of the preference pairs' dialogues; none where there is no folder."""
    if not DATA.is_dir():
        return {}
    questions = pd.read_csv(DATA / "banking77" / "train.csv", dtype="str")["text"]
    pairs = pd.read_json(DATA / "preferences" / "harmless.jsonl.gz", lines=True)["chosen"]
    turns = [
        turn.strip() for dialogue in pairs for turn in re.split(r"\n\n(?:Human|Assistant):", dialogue) if turn.strip()
    ]
    return {
        "Banking77's questions": [Labelled(text, None) for text in questions],
        "turns of dialogues": [Labelled(text, None) for text in turns],
    }


def _against(
    name: str, scrubber: Any, ours_on: list[Labelled], theirs_on: list[Labelled], judged: list[Labelled]
) -> Comparison:
    """Speed of ours on `ours_on` and of scrubadub on `theirs_on`, and what both find in `judged`."""

    def their_spans(text: str) -> Spans:
        return [(filth.beg, filth.end) for filth in scrubber.iter_filth(text) if filth.type not in NOT_OUR_KINDS]

    texts = [one.text for one in theirs_on]
    column = pd.Series([one.text for one in ours_on], dtype="str")
    mask_column(column)
    our_speeds, their_speeds = [], []
    for _ in range(ROUNDS):
        our_speeds.append(_characters(ours_on) / _seconds(lambda: mask_column(column)))
        their_speeds.append(_characters(theirs_on) / _seconds(lambda: [scrubber.clean(text) for text in texts]))
    its_own = [one for one in judged if not one.is_personal or one.kind in PEER_LOOKS_FOR]
    return compare(
        "pii",
        name,
        ours=statistics.median(our_speeds),
        theirs=statistics.median(their_speeds),
        unit="characters/s",
        less_is_better=False,
        quality={
            "ours": scores(judged, _our_spans),
            "theirs": scores(judged, their_spans),
            "ours, on the kinds that scrubadub looks for": scores(its_own, _our_spans),
            "theirs, on the kinds that scrubadub looks for": scores(its_own, their_spans),
        },
    )


def scores(texts: Sequence[Labelled], find: Finder) -> dict[str, float]:
    """Precision, recall and F1 over spans."""
    masks = right = planted = found = 0
    for one in texts:
        spans = find(one.text)
        touching = [span for span in spans if one.is_personal and span[0] < one.end and span[1] > one.start]
        masks, right = masks + len(spans), right + len(touching)
        if one.is_personal:
            planted += 1
            found += _covers(touching, one)
    precision, recall = right / max(masks, 1), found / max(planted, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def by_kind(texts: Sequence[Labelled]) -> dict[str, dict[str, float]]:
    """Ours: recall of each planted kind, and the share of the hard negatives of each kind that stay untouched."""
    counts, good = Counter[str](), Counter[str]()
    for one in texts:
        spans = _our_spans(one.text)
        counts[str(one.kind)] += 1
        good[str(one.kind)] += _covers(spans, one) if one.is_personal else not spans
    personal = sorted(kind for kind in counts if not kind.startswith(("not_", "None")))
    others = sorted(set(counts) - set(personal))
    return {
        "recall": {kind: good[kind] / counts[kind] for kind in personal},
        "untouched": {kind: good[kind] / counts[kind] for kind in others},
    }


def rows_a_second(rows: int) -> dict[str, float]:
    """A column of 200-character rows through ours: rows a second, and the peak memory of this process."""
    some = [
        one.text[:200].ljust(200) for one in labelled_texts(10_000, personal_share=0.10, negative_share=0.10, seed=2)
    ]
    column = pd.Series(some * (rows // len(some)), dtype="str")
    seconds = _seconds(lambda: mask_column(column))
    peak_gibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"rows": len(column), "rows a second": len(column) / seconds, "peak GiB of the process": peak_gibibytes}


def _our_spans(text: str) -> Spans:
    return [(found.start, found.end) for found in find_personal_data(text)]


def _covers(spans: Spans, one: Labelled) -> bool:
    masked = {place for start, end in spans for place in range(start, end)}
    return masked.issuperset(range(one.start, one.end))


def _characters(texts: Sequence[Labelled]) -> int:
    return sum(len(one.text) for one in texts)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _scrubbers() -> tuple[Any, Any]:
    """scrubadub as it comes (en_US), and in the locale with most detectors, with the optional ones that install."""
    import scrubadub

    warnings.filterwarnings("ignore", module="scrubadub")
    more = scrubadub.Scrubber(locale="en_GB")
    for detector in (scrubadub.detectors.DateOfBirthDetector, scrubadub.detectors.SkypeDetector):
        more.add_detector(detector)
    return scrubadub.Scrubber(), more


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    write_report("curation-pii", measure(size, million=1_000_000 if size >= 50_000 else None))
