"""How many rows of which label each maker makes: what it was asked for, brought under the cap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.records import TaskKind
from tasks.synthesize.config import Amount

Counts = dict[str, int]


def room_under_cap(real: int, synthetic: int, max_share: float) -> int:
    """How many synthetic rows may still come to `real` rows and `synthetic` ones, so that their share stays in bounds.

    From (synthetic + new) / (real + synthetic + new) <= max_share. Below 0 where there are too many already.
    """
    share = Fraction(str(max_share))
    return math.floor(share * real / (1 - share)) - synthetic


def planned(makers: Sequence[Amount], real: Counts, present: Counts, room: int) -> list[Counts]:
    """Rows to make, for each maker by label: as wished, or scaled down alike where all wishes go over `room`.

    `real` counts real rows by label, from which rows are made; `present` counts all rows, which balancing looks at.
    """
    wishes, growing = list[Counts](), dict(present)
    for maker in makers:
        wish = wished(maker, real, growing)
        wishes.append(wish)
        growing = {label: count + wish.get(label, 0) for label, count in growing.items()}
    total = sum(sum(wish.values()) for wish in wishes)
    if total <= room:
        return wishes
    shares = spread(max(room, 0), {number: sum(wish.values()) for number, wish in enumerate(wishes)})
    return [spread(shares.get(number, 0), wish) for number, wish in enumerate(wishes)]


def wished(maker: Amount, real: Counts, present: Counts) -> Counts:
    """Rows that one maker was asked for, by label; a label without a real row gets none."""
    chosen = {label: count for label, count in real.items() if maker.labels is None or label in maker.labels}
    asked = maker.rows
    if maker.share is not None:
        asked = round(maker.share * sum(chosen.values()))
    if not maker.balance:
        return spread(asked or 0, chosen)
    aim = round(maker.balance_to * max(present.values(), default=0))
    missing = {label: max(0, aim - present.get(label, 0)) for label in chosen}
    return missing if asked is None else _rarest_first(asked, missing, present)


def spread(total: int, weights: Mapping[int, int] | Mapping[str, int]) -> dict:  # type: ignore[type-arg]
    """`total` in whole numbers in proportion to the weights, by largest remainders; the weights' order breaks ties."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    parts = {key: divmod(total * weight, whole) for key, weight in weights.items()}
    left = total - sum(part for part, _ in parts.values())
    first = sorted(parts, key=lambda key: -parts[key][1])[:left]
    return {key: part + (key in first) for key, (part, _) in parts.items()}


def _rarest_first(total: int, missing: Counts, present: Counts) -> Counts:
    """At most `total` rows, so that the rarest labels come up together (water filling)."""
    if total >= sum(missing.values()):
        return missing
    low, high = 0, max((present.get(label, 0) + count for label, count in missing.items()), default=0)
    while low < high:
        level = (low + high + 1) // 2
        if sum(_up_to(level, missing, present).values()) <= total:
            low = level
        else:
            high = level - 1
    filled = _up_to(low, missing, present)
    left = total - sum(filled.values())
    for label in sorted(missing, key=lambda name: (present.get(name, 0), name)):
        if left and filled[label] < missing[label] and present.get(label, 0) + filled[label] == low:
            filled[label] += 1
            left -= 1
    return filled


def _up_to(level: int, missing: Counts, present: Counts) -> Counts:
    return {label: min(count, max(0, level - present.get(label, 0))) for label, count in missing.items()}


def refuse_unfit(makers: Sequence[Amount], labels: Sequence[str], task: TaskKind) -> None:
    """Raise UserInputError for a maker that cannot do what it is asked for with rows of this kind."""
    for number, maker in enumerate(makers):
        place = f"synthesis.makers[{number}]"
        kind = str(getattr(maker, "kind", ""))
        if task != "classification" and (maker.balance or maker.labels is not None or kind == "slots"):
            asked = "kind: slots" if kind == "slots" else "balance or labels"
            raise UserInputError(
                f"{place} asks for {asked}, which needs rows with labels, but these are {task} rows: take it out"
            )
        if task == "preference" and kind == "teacher":
            raise UserInputError(f"{place}: a teacher writes no preferences; take it out, or use instruction rows")
        unknown = [label for label in maker.labels or () if label not in labels]
        if unknown:
            known = ", ".join(repr(shown_text(label)) for label in labels[:20])
            raise UserInputError(
                f"{place}.labels names {shown_text(unknown[0])!r}, which no train row has; there are {known}"
            )
