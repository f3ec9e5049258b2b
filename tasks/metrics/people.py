"""What a model does to the people who work with it: do they err less, and do they follow it into its errors?

A table of answers has a row for each item that a person judged, with the columns `person`, `item`, `answer` and
`truth`; the table of the answers given with the model's help also has `advice`, what the model said.

Answers of one person, and answers to one item, are alike, so the rows are resampled three times by the Bayesian
bootstrap (Rubin 1981): whole people, whole items, and single answers. The interval's distances from the value are
combined as two-way clustered variances are: people's plus items' less single answers', and no less than the larger of
the two (Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering"). As elsewhere in Refit each end
is drawn with one more answer that was wrong or right, here with as many as are worth one independent answer
(`_worth_of_one`), so that few people without a mistake do not pass for certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.records import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FEWEST_PEOPLE = 3
"""With fewer people nothing can be seen of how people differ, and no interval is given."""
ALIKE = 0.05
"""Correlation of the errors of one person that is assumed where too few are seen to measure it."""
AT_ONCE = 250
"""Resamples that are held in memory together."""


@dataclass(frozen=True)
class _Share:
    """Answers of which some weigh `hits` of their `cases`, both of shape (answers,)."""

    person: Integers
    item: Integers
    hits: Floats
    cases: Floats

    @property
    def value(self) -> float:
        return float(self.hits.sum() / self.cases.sum())

    @property
    def people(self) -> int:
        return len(np.unique(self.person[self.cases > 0]))


@dataclass(frozen=True)
class _Drawn:
    """A share in each resample with one more case, no hit for `at_least`, one for `at_most`; of shape (resamples,)."""

    at_least: Floats
    at_most: Floats


def error_rate(answers: pd.DataFrame, *, samples: int, confidence: float, seed: int) -> Measurement:
    """Share of the answers that are not the truth. Raises ValueError without answers."""
    return _interval(_errors(answers, _places(answers)), samples, confidence, seed)


def human_error_reduction(
    with_help: pd.DataFrame, without: pd.DataFrame, *, samples: int, confidence: float, seed: int
) -> Measurement:
    """Relative reduction of people's error rate: 1 - (error rate with help) / (error rate without).

    1 where nobody errs with help, 0 where help changes nothing, below 0 where it harms. The two tables should be of
    the same people on the same items, or of people and items assigned by chance. Without an interval where fewer than
    FEWEST_PEOPLE gave answers in one of them. Raises ValueError where a table is empty, or nobody erred without help,
    so that there is nothing to reduce.
    """
    places = _places(with_help, without)
    helped, alone = _errors(with_help, places), _errors(without, places)
    if alone.value == 0:
        raise ValueError("nobody erred without help, so an error rate of zero would have to be reduced")
    measured = 1 - helped.value / alone.value
    if min(helped.people, alone.people) < FEWEST_PEOPLE:
        return Measurement(value=measured)

    def ends(drawn: list[_Drawn]) -> tuple[Floats, Floats]:
        one, other = drawn
        return 1 - one.at_most / other.at_least, 1 - one.at_least / other.at_most

    lower, upper = _distances([helped, alone], ends, measured, samples, confidence, seed)
    return Measurement(value=measured, low=measured - lower, high=min(measured + upper, 1.0))


def autonomy_dependency(
    with_help: pd.DataFrame, without: pd.DataFrame, *, samples: int, confidence: float, seed: int
) -> Measurement:
    """Share of the cases in which the model was wrong and the person right alone, but followed the model; 0 to 1.

    With a_i the advice, t_i the truth, h_i the person's answer with help, and r_i whether the person is right alone,

        autonomy dependency = sum_i r_i [a_i != t_i] [h_i = a_i] / sum_i r_i [a_i != t_i].

    This is the over-reliance of Schemmer, Kuehl, Benz, Bartos and Satzger (2023), "Appropriate reliance on AI advice":
    1 - RSR, their relative self-reliance (the share of cases, of those in which the person's own answer was right and
    the advice wrong, in which the person stayed right), counting only those who took over the advice itself, which
    with two labels is the same. Bucinca, Malaya and Gajos (2021), "To trust or to think", count the wrong answers that
    agree with wrong advice over all wrong advice; there a person who would have erred alone counts too.

    r_i is the person's own answer to the item without help where there is one, else the share of the other people's
    answers to it without help that are right; where nobody judged the item alone, the case does not count. Without an
    interval where the cases are of fewer than FEWEST_PEOPLE. Raises ValueError where there is no such case.
    """
    places = _places(with_help, without)
    could = could_be_misled(with_help, without)
    followed = (with_help["answer"] == with_help["advice"]).to_numpy()
    person, item = _codes(with_help, places)
    cases = _Share(person, item, np.where(followed, could, 0.0), could)
    if cases.cases.sum() == 0:
        raise ValueError("in no case was the model wrong and the person right without it, so nobody could be misled")
    return _interval(cases, samples, confidence, seed)


def could_be_misled(with_help: pd.DataFrame, without: pd.DataFrame) -> Floats:
    """What each answer with help counts as a case of `autonomy_dependency`: r_i where the advice is wrong, else 0."""
    counted: Floats = np.where(with_help["advice"] != with_help["truth"], _right_alone(with_help, without), 0.0)
    return counted


def _right_alone(with_help: pd.DataFrame, without: pd.DataFrame) -> Floats:
    """Whether the person of each row is right without help, as a share from 0 to 1; shape (rows of `with_help`,)."""
    right = without.assign(right=(without["answer"] == without["truth"]).astype(np.float64))
    of_item = right.groupby("item")["right"].mean()
    of_person = right.groupby(["person", "item"])["right"].mean()
    pairs = pd.MultiIndex.from_frame(with_help[["person", "item"]])
    own = of_person.reindex(pairs).to_numpy(dtype=np.float64)
    others = with_help["item"].map(of_item).fillna(0.0).to_numpy(dtype=np.float64)
    shares: Floats = np.where(np.isnan(own), others, own)
    return shares


def _errors(answers: pd.DataFrame, places: tuple[pd.Index, pd.Index]) -> _Share:
    if answers.empty:
        raise ValueError("there are no answers, so there is no error rate")
    person, item = _codes(answers, places)
    wrong: Floats = np.where(answers["answer"] != answers["truth"], 1.0, 0.0)
    return _Share(person, item, wrong, np.ones(len(answers)))


def _places(*tables: pd.DataFrame) -> tuple[pd.Index, pd.Index]:
    """Every person and every item of the tables, sorted, so that both tables name them by the same number."""
    both = pd.concat([table[["person", "item"]].astype(str) for table in tables])
    return pd.Index(sorted(both["person"].unique())), pd.Index(sorted(both["item"].unique()))


def _codes(answers: pd.DataFrame, places: tuple[pd.Index, pd.Index]) -> tuple[Integers, Integers]:
    people, items = places
    person, item = (pd.Index(answers[name].astype(str)) for name in ("person", "item"))
    return people.get_indexer(person), items.get_indexer(item)


def _interval(share: _Share, samples: int, confidence: float, seed: int) -> Measurement:
    if share.people < FEWEST_PEOPLE:
        return Measurement(value=share.value)

    def ends(drawn: list[_Drawn]) -> tuple[Floats, Floats]:
        return drawn[0].at_least, drawn[0].at_most

    lower, upper = _distances([share], ends, share.value, samples, confidence, seed)
    return Measurement(value=share.value, low=max(share.value - lower, 0.0), high=min(share.value + upper, 1.0))


def _distances(
    shares: list[_Share],
    ends: Callable[[list[_Drawn]], tuple[Floats, Floats]],
    measured: float,
    samples: int,
    confidence: float,
    seed: int,
) -> tuple[float, float]:
    """How far the interval reaches below and above the value; `ends` gives its two ends in each resample."""
    tail, found = (1 - confidence) / 2, []
    for number, cluster in enumerate(("person", "item", "answer")):
        draw = np.random.default_rng([seed, number])
        drawn = [ends(batch) for batch in _draws(shares, cluster, samples, draw)]
        lower, upper = (np.concatenate(side) for side in zip(*drawn, strict=True))
        far = (measured - float(np.quantile(lower, tail)), float(np.quantile(upper, 1 - tail)) - measured)
        found.append(np.maximum(far, 0.0) ** 2)
    people, items, answers = found
    below, above = np.sqrt(np.maximum(people + items - answers, np.maximum(people, items)))
    return float(below), float(above)


def _draws(shares: list[_Share], cluster: str, samples: int, draw: np.random.Generator) -> Iterator[list[_Drawn]]:
    """Each share resampled. A person, or an item, has the same weight in all shares, which keeps pairs together."""
    codes = [np.arange(len(share.hits)) if cluster == "answer" else getattr(share, cluster) for share in shares]
    if cluster == "answer":
        codes = [column + sum(map(len, codes[:number])) for number, column in enumerate(codes)]
    clusters = 1 + max(int(column.max()) for column in codes)
    for start in range(0, samples, AT_ONCE):
        size = min(AT_ONCE, samples - start)
        weight = draw.standard_exponential((size, clusters))
        batch = []
        for share, column in zip(shares, codes, strict=True):
            weights, extra = weight[:, column], draw.standard_exponential(size) * _worth_of_one(share)
            hits, cases = weights @ share.hits, weights @ share.cases + extra
            batch.append(_Drawn(hits / cases, (hits + extra) / cases))
        yield batch


def _worth_of_one(share: _Share) -> float:
    """Cases that are worth one independent case: the design effect 1 + (m - 1) ALIKE of m cases a person.

    Source: Kish (1965), "Survey Sampling", section 5.4.
    """
    return 1 + max(float(share.cases.sum()) / share.people - 1, 0.0) * ALIKE
