"""The benchmark `references`: each measure against its reference library, on what Banking77's champion says.

The figure is the largest absolute difference of any measure from the library's, in units of ALLOWED. The other model
of the paired tests is the champion that reads only the first half of each text's words.

python -m tests.benchmarks.gates.references [--home HOME] [--epochs 5]
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.datasets.folder import read_split
from tasks.evaluate.classifier.latency import time_requests
from tasks.models.onnx_classifier import OnnxClassifier
from tests.benchmarks.gates.champion import Champion, banking77_champion
from tests.benchmarks.gates.reference_libraries import LIBRARIES, Said
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

ALLOWED = 1e-6
LEAST_SHOWN = 1e-9
"""A comparison takes figures above zero; a thousandth of what is allowed is as good as none."""
ARTICLES = re.compile(r"\b(a|an|the)\b")
PAIRS_OF_TEXTS = 200


@dataclass(frozen=True)
class Difference:
    """How far a measure of ours is from a library's at most, over all its numbers."""

    measure: str
    library: str
    largest: float


def differences(said: Said) -> list[Difference]:
    """Every measure against every library that is installed. Raises ValueError where two are not of one shape."""
    found = []
    for library, pairs_of in LIBRARIES.items():
        if find_spec(library) is not None:
            for measure, (ours, theirs) in pairs_of(said).items():
                found.append(Difference(measure, library, largest_difference(measure, ours, theirs)))
    return found


def largest_difference(measure: str, ours: object, theirs: object) -> float:
    """The largest absolute difference of two numbers or arrays; infinite where only one of them has no value."""
    one, other = (np.asarray(values, dtype=np.float64) for values in (ours, theirs))
    if one.shape != other.shape:
        raise ValueError(f"{measure}: ours is of shape {one.shape} and the library's of {other.shape}")
    unknown = np.isnan(one), np.isnan(other)
    if (unknown[0] != unknown[1]).any():
        return float("inf")
    return float(np.abs(one - other)[~unknown[0]].max(initial=0.0))


def measure(champion: Champion) -> list[Comparison]:
    """The comparison of the largest difference with the one that is allowed."""
    found = differences(what_it_said(champion))
    missing = [library for library in LIBRARIES if find_spec(library) is None]
    worst = max(found, key=lambda each: each.largest)
    by_library = {
        library: {each.measure: each.largest for each in found if each.library == library}
        for library in LIBRARIES
        if library not in missing
    }
    quality = {
        "ours is": f"the largest difference of any measure, in units of the {ALLOWED:g} that is allowed",
        "rows": champion.dataset.rows["holdout"],
        "measures": len(found),
        "beyond it": [f"{each.measure} ({each.library})" for each in found if each.largest > ALLOWED],
        "furthest": f"{worst.measure} ({worst.library})",
        "libraries that are not installed": missing,
        **by_library,
    }
    ours = max(worst.largest, LEAST_SHOWN) / ALLOWED
    return [compare("measures", "reference libraries", ours=ours, theirs=1.0, unit=f"x {ALLOWED:g}", quality=quality)]


def what_it_said(champion: Champion) -> Said:
    """The champion's answers to the holdout, as it is served."""
    classifier, rows = OnnxClassifier.load(champion.folder), read_split(champion.dataset, "holdout")
    texts = rows["text"].tolist()
    halves = [" ".join(words[: -(-len(words) // 2)]) for words in map(str.split, texts)]
    place = {label: number for number, label in enumerate(classifier.labels)}
    return Said(
        labels=np.array([place[label] for label in rows["label"]], dtype=np.int64),
        logits=classifier.logits(texts).astype(np.float64),
        other=classifier.logits(halves).argmax(axis=1),
        groups=rows["group"].to_numpy(dtype=object),
        milliseconds=time_requests(classifier, texts, 400, 0.9, 0),
        texts=pairs_of_texts(rows),
    )


def pairs_of_texts(rows: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Texts and the next one of their label, in words of a-z and 0-9 without articles, as all libraries see them."""
    plain = rows["text"].str.lower().str.replace(ARTICLES, " ", regex=True).str.replace(r"[^a-z0-9]+", " ", regex=True)
    following = plain.groupby(rows["label"]).shift(-1)
    both = following.notna() & plain.str.strip().ne("")
    return tuple(zip(plain[both].str.strip(), following[both].str.strip(), strict=True))[:PAIRS_OF_TEXTS]


def main() -> None:
    """Measure and write `build/bench/gates-references.json`."""
    parser = argparse.ArgumentParser(description="Each measure against its reference library.")
    parser.add_argument("--home", type=Path, help="a Refit home whose release of banking77 is taken over")
    parser.add_argument("--epochs", type=float, default=5, help="of the champion that is trained where none is given")
    options = parser.parse_args()
    with home_of_its_own():
        write_report("gates-references", measure(banking77_champion(options.home, epochs=options.epochs)))


if __name__ == "__main__":
    main()
