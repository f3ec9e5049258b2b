"""The benchmark `near-duplicates`: raw texts to flags, against datasketch and rensa, and each answer against the truth.

All take the same sets: the runs of five characters of each text's normal form. datasketch runs as its documentation
shows (MinHash with 128 permutations and `update_batch`, MinHashLSH at the threshold, a query a row); rensa in each of
its documented ways on token lists, of which the fastest counts. Ours does more than both: it compares the candidates
exactly and says which row each one repeats.

The truth is the exact Jaccard similarity of all pairs, on generated rows with near duplicates planted at similarities
around the threshold and, where ../shared/data is there, on Banking77's training texts.

python -m tests.benchmarks.curation.near_duplicates [--rows 30000] [--exact-rows 5000] [--rounds 3] [--memory-rows 0]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from tasks.curate.normal_form import normal_form
from tasks.curate.quality.near_duplicates import near_duplicate_groups, near_duplicate_pairs
from tasks.curate.quality.shingles import CHARACTERS, shingle_set
from tests.benchmarks.report import Comparison, compare, write_report

ROOT = Path(__file__).resolve().parents[3]
BANKING77 = ROOT.parent / "shared" / "data" / "banking77" / "train.csv"
THRESHOLD, PERMUTATIONS, SEED = 0.8, 128, 42
SYLLABLES = "ba ko ri mun tes lar pin do sho wel gra fen ti que os ran"

console = Console(highlight=False)


def generated(rows: int, seed: int, words: tuple[int, int] = (5, 30)) -> list[str]:
    """Texts of 5 to 30 words of a vocabulary as uneven as a language's; each fifth is an earlier one, changed.

    It is changed in none to six of its characters or in up to three words, which spreads similarities around 0.8.
    """
    draw = np.random.default_rng(seed)
    parts = SYLLABLES.split()
    vocabulary = ["".join(parts[n] for n in draw.integers(0, len(parts), draw.integers(1, 5))) for _ in range(5000)]
    chance = 1 / np.arange(3, 5003)
    lengths = draw.integers(words[0], words[1] + 1, rows)
    drawn = draw.choice(5000, size=int(lengths.sum()), p=chance / chance.sum())
    ends = np.cumsum(lengths)
    texts = [
        " ".join(vocabulary[n] for n in drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)
    ]
    for place in range(5, rows, 5):
        texts[place] = _changed(texts[int(draw.integers(place))], draw, vocabulary)
    return texts


def _changed(text: str, draw: np.random.Generator, vocabulary: list[str]) -> str:
    if draw.random() < 0.5:
        letters = list(text)
        for _ in range(int(draw.integers(0, 7))):
            letters[int(draw.integers(len(letters)))] = "xyz "[int(draw.integers(4))]
        return "".join(letters)
    tokens = text.split()
    for _ in range(int(draw.integers(1, 4))):
        tokens[int(draw.integers(len(tokens)))] = vocabulary[int(draw.integers(len(vocabulary)))]
    return " ".join(tokens)


def token_lists(texts: list[str]) -> list[list[str]]:
    """The runs of each text as the peers take them, by the fastest way that Python has."""
    forms = [normal_form(text) for text in texts]
    return [[form[at : at + CHARACTERS] for at in range(max(1, len(form) - CHARACTERS + 1))] for form in forms]


def ours(texts: list[str]) -> list[bool]:
    """Whether each row stands in a group of several."""
    groups = near_duplicate_groups(texts, THRESHOLD)
    flags: list[bool] = (np.bincount(groups, minlength=len(groups))[groups] > 1).tolist()
    return flags


def datasketch_flags(texts: list[str]) -> list[bool]:
    """Whether a query for each row finds another, as in datasketch's documentation."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    sketches = []
    for row, tokens in enumerate(token_lists(texts)):
        sketch = MinHash(num_perm=PERMUTATIONS, seed=SEED)
        sketch.update_batch([token.encode() for token in tokens])
        index.insert(row, sketch)
        sketches.append(sketch)
    return [len(index.query(sketch)) > 1 for sketch in sketches]


def rensa_batch(texts: list[str]) -> list[bool]:
    """rensa's R-MinHash matrix and the flags of its index in one pass, in 16 bands."""
    from rensa import RMinHash, RMinHashLSH

    matrix = RMinHash.digest_matrix_from_token_sets(token_lists(texts), PERMUTATIONS, SEED)
    return list(RMinHashLSH(THRESHOLD, PERMUTATIONS, 16).query_duplicate_flags_matrix_one_shot(matrix))


def rensa_rho(texts: list[str]) -> list[bool]:
    """rensa's faster sketch of sampled tokens, in the 8 bands of its own benchmark."""
    from rensa import RMinHash, RMinHashLSH

    matrix = RMinHash.digest_matrix_from_token_sets_rho(token_lists(texts), PERMUTATIONS, SEED)
    return list(RMinHashLSH(THRESHOLD, PERMUTATIONS, 8).query_duplicate_flags_matrix_one_shot(matrix))


def rensa_deduplicator(texts: list[str]) -> list[bool]:
    """rensa's deduplicator, as the README shows it; flags the later row of a pair only."""
    from rensa import RMinHashDeduplicator

    index = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=PERMUTATIONS, use_lsh=True)
    return [not kept for kept in index.add_pairs((str(row), tokens) for row, tokens in enumerate(token_lists(texts)))]


RENSA = {"batch": rensa_batch, "rho": rensa_rho, "deduplicator": rensa_deduplicator}


def exact_pairs(texts: list[str], similarity: float = THRESHOLD) -> set[tuple[int, int]]:
    """All pairs of rows whose sets of runs are at least `similarity` alike, from the product of all rows with all."""
    from sklearn.feature_extraction.text import CountVectorizer

    held = CountVectorizer(analyzer=shingle_set, binary=True, dtype=np.int32).fit_transform(texts).tocsr()
    sizes = np.asarray(held.sum(axis=1)).ravel()
    pairs: set[tuple[int, int]] = set()
    for begin in range(0, len(texts), 500):
        shared = (held[begin : begin + 500] @ held.T).tocoo()
        left, right = shared.row + begin, shared.col
        alike = (shared.data / (sizes[left] + sizes[right] - shared.data) >= similarity) & (left < right)
        pairs.update(zip(left[alike].tolist(), right[alike].tolist(), strict=True))
    return pairs


def quality(texts: list[str]) -> dict[str, Any]:
    """How the pairs found, and the rows that each way flags, compare with the truth."""
    wanted = exact_pairs(texts)
    pairs = near_duplicate_pairs(texts, THRESHOLD)
    found = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    paired = np.zeros(len(texts), dtype=bool)
    paired[[row for pair in wanted for row in pair]] = True
    return {
        "rows": len(texts),
        "pairs": len(wanted),
        "pair_recall": len(wanted & found) / len(wanted),
        "pair_precision": len(wanted & found) / len(found),
        "flags_ours": _flag_quality(ours(texts), paired),
        "flags_datasketch": _flag_quality(datasketch_flags(texts), paired),
        "flags_rensa_batch": _flag_quality(rensa_batch(texts), paired),
        "flags_rensa_rho": _flag_quality(rensa_rho(texts), paired),
    }


def _flag_quality(flags: list[bool], wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
    given = np.array(flags)
    right = float((given & wanted).sum())
    return {"recall": right / float(wanted.sum()), "precision": right / max(float(given.sum()), 1.0)}


def measure(rows: int = 30_000, exact_rows: int = 5_000, rounds: int = 3, memory_rows: int = 0) -> list[Comparison]:
    """Both comparisons; `memory_rows` texts of 200 characters, where above 0, go through a process of their own."""
    texts = generated(rows, seed=1)
    seconds: dict[str, list[float]] = {}
    ways: dict[str, Callable[[list[str]], list[bool]]] = {"ours": ours, **RENSA, "datasketch": datasketch_flags}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else list(reversed(ways)):
            seconds.setdefault(name, []).append(_seconds(ways[name], texts))
            console.print(f"round {number + 1} of {rounds}: {name} {seconds[name][-1]:.2f} s")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    figures: dict[str, Any] = {"rows": rows, "rounds": rounds, "seconds": seconds}
    figures["generated"] = quality(generated(exact_rows, seed=2))
    if BANKING77.is_file():
        figures["banking77"] = quality(pd.read_csv(BANKING77, dtype="str")["text"].tolist())
    if memory_rows:
        figures["memory"] = memory(memory_rows)
    fastest = min(RENSA, key=lambda name: medians[name])
    against_rensa = {"way": fastest, "rows": rows, "medians": medians}
    peers = {"datasketch": ("datasketch", figures), "rensa": (fastest, against_rensa)}
    return [
        compare("near-duplicates", peer, ours=medians["ours"], theirs=medians[way], unit="s", quality=said)
        for peer, (way, said) in peers.items()
    ]


def _seconds(way: Callable[[list[str]], list[bool]], texts: list[str]) -> float:
    begun = time.perf_counter()
    way(texts)
    return time.perf_counter() - begun


def memory(rows: int) -> dict[str, float]:
    """Seconds and the peak of memory, in GiB, of a process that groups `rows` texts of 200 characters."""
    command = [sys.executable, "-m", "tests.benchmarks.curation.near_duplicates", "--only-memory", str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _group_long_rows(rows: int) -> dict[str, float]:
    texts = pd.Series([text[:200] for text in generated(rows, seed=3, words=(27, 34))], dtype="str")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, busy = time.perf_counter(), time.process_time()
    groups = near_duplicate_groups(texts, THRESHOLD)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": rows,
        "characters": float(texts.str.len().mean()),
        "folded": float((groups != np.arange(rows)).sum()),
        "seconds": seconds,
        "processor_seconds": busy,
        "peak_gib": peak / 2**20,
        "peak_gib_of_the_generator": before / 2**20,
    }


def main() -> None:
    """Measure and write `build/bench/near-duplicates.json`."""
    parser = argparse.ArgumentParser(description="Near duplicates against datasketch and rensa.")
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--exact-rows", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-rows", type=int, default=0)
    parser.add_argument("--only-memory", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_memory:
        sys.stdout.write(json.dumps(_group_long_rows(options.only_memory)))
        return
    comparisons = measure(options.rows, options.exact_rows, options.rounds, options.memory_rows)
    write_report("near-duplicates", comparisons, ROOT / "build" / "bench")


if __name__ == "__main__":
    main()
