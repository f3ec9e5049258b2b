"""What people look at after a synthesis: who made what, what was refused, whether it helps, and examples, masked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tasks.pii.shown_rows import shown_in_table, write_shown_rows
from tasks.records import Measurement
from tasks.synthesize.imitation import IN_WORDS, Imitation
from tasks.synthesize.made import Made, label_counts

EXAMPLES, ROWS_LISTED, LABELS_LISTED = 3, 200, 30
REASONS = {
    "duplicate": "the same text is there already",
    "personal_data": "personal data would have been left in it",
    "empty": "no letter or digit is left",
    "copies_holdout": "the same as a row of the holdout, or hardly different",
    "copies_validation": "the same as a row of the validation split, or hardly different",
    "label_drift": "reads as another label, while its parent reads as its own",
    "not_json": "the teacher's answer is not the JSON that was asked for",
    "wrong_label": "the teacher gave it another label",
    "too_short": "shorter than min_characters",
    "too_long": "longer than max_characters",
    "cut_off": "the teacher's answer ended before its end",
    "refusal": "the teacher declined",
    "copies_example": "the teacher copied an example",
    "copies_prompt": "the teacher repeated the prompt",
    "no_real_gain": "taken out again: the gain does not hold on real rows",
}


@dataclass
class Findings:
    """All that a synthesis has to say."""

    before: pd.DataFrame
    """The train rows as they came in."""
    after: pd.DataFrame
    """The train rows as they leave."""
    cap: float
    made: list[Made] = field(default_factory=list)
    imitation: Imitation | None = None
    remarks: list[str] = field(default_factory=list)
    stress: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def synthetic_share(self) -> float:
        """Synthetic rows as a share of the train rows that leave."""
        return float(self.after["made_by"].notna().mean()) if len(self.after) else 0.0


def write_report(folder: Path, findings: Findings) -> None:
    """Write `synthesis.md` and, where rows were made, `synthetic_rows.csv`; whatever is quoted is masked."""
    folder.mkdir()
    (folder / "synthesis.md").write_text(synthesis_page(findings), encoding="utf-8")
    rows = [made.rows for made in findings.made if len(made.rows)]
    if rows:
        listed = pd.concat([frame.head(ROWS_LISTED // len(rows)) for frame in rows], ignore_index=True)
        write_shown_rows(
            listed[["made_by", "label", "text", "answer", "id", "made_from"]], folder / "synthetic_rows.csv"
        )


def synthesis_page(findings: Findings) -> str:
    """The page in Markdown."""
    synthetic = int(findings.after["made_by"].notna().sum())
    lines = [
        "# Synthetic rows",
        "",
        f"{synthetic:,} of {len(findings.after):,} train rows are synthetic ({findings.synthetic_share:.1%}; at most "
        f"{findings.cap:.0%} may be). The train split had {len(findings.before):,} rows before.",
        *_makers(findings.made),
        *_refusals(findings.made),
        *_imitation(findings.imitation),
        *_remarks([*findings.remarks, *(remark for made in findings.made for remark in made.remarks)]),
        *_labels(findings.before, findings.after),
        *_examples(findings.made, findings.before),
        *_stress(findings.stress),
    ]
    return "\n".join(lines) + "\n"


def _makers(all_made: Sequence[Made]) -> list[str]:
    if not all_made:
        return []
    lines = ["", "## By maker", "", "| Maker | Asked for | Made | Refused |", "|---|--:|--:|--:|"]
    for made in all_made:
        lines.append(f"| {made.maker} | {made.asked:,} | {len(made.rows):,} | {made.refused.total():,} |")
        kinds = made.rows["made_by"].value_counts()
        if len(kinds) > 1:
            lines += [f"| of these {kind} | | {int(kinds[kind]):,} | |" for kind in sorted(kinds.index)]
    return lines


def _refusals(all_made: Sequence[Made]) -> list[str]:
    total: Counter[str] = Counter()
    for made in all_made:
        total += made.refused
    if not total:
        return []
    lines = ["", "## Refused", "", "| Reason | Rows | Meaning |", "|---|--:|---|"]
    return lines + [f"| {reason} | {total[reason]:,} | {REASONS[reason]} |" for reason in sorted(total)]


def _imitation(found: Imitation | None) -> list[str]:
    if found is None:
        return []
    lines = [
        "",
        "## Does it help on real rows?",
        "",
        f"{IN_WORDS[found.finding]} Accuracy of a linear probe on embeddings, trained with the synthetic rows and "
        "without them:",
        "",
        "| Judged on | Rows | Gain | Interval |",
        "|---|--:|--:|---|",
        f"| real validation rows | {found.real_rows:,} | {_gain(found.real_gain)} |",
    ]
    if found.synthetic_gain is not None:
        lines.append(f"| synthetic rows held back | {found.synthetic_rows:,} | {_gain(found.synthetic_gain)} |")
    return [*lines, "", f"Without them it is {found.real_without:.1%} right on the real rows."]


def _gain(gain: Measurement) -> str:
    return f"{100 * gain.value:+.2f} points | {100 * (gain.low or 0):+.2f} to {100 * (gain.high or 0):+.2f}"


def _remarks(remarks: Sequence[str]) -> list[str]:
    return ["", "## Remarks", "", *(f"- {remark}" for remark in remarks)] if remarks else []


def _labels(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    then, now = label_counts(before), label_counts(after)
    changed = {label: count for label, count in now.items() if count != then.get(label, 0) and label}
    if not changed:
        return []
    lines = ["", "## Rows by label", "", "| Label | Before | After |", "|---|--:|--:|"]
    listed = sorted(changed, key=lambda label: (then.get(label, 0) - changed[label], label))[:LABELS_LISTED]
    lines += [f"| {shown_in_table(label)} | {then.get(label, 0):,} | {changed[label]:,} |" for label in listed]
    return [*lines, f"| and {len(changed) - len(listed):,} more | | |"] if len(changed) > len(listed) else lines


def _examples(all_made: Sequence[Made], before: pd.DataFrame) -> list[str]:
    parents = before.drop_duplicates("id").set_index("id")["text"]
    lines = list[str]()
    for made in all_made:
        for row in made.rows.head(EXAMPLES).itertuples(index=False):
            # A stand-in has no parent here, so that the page does not lead back to a private row.
            parent = shown_in_table(parents.get(row.made_from)) if isinstance(row.made_from, str) else ""
            taught = str(row.made_by).startswith("teacher:") and isinstance(row.answer, str)
            said = row.answer if taught else row.text
            lines.append(f"| {row.made_by} | {shown_in_table(row.label)} | {parent} | {shown_in_table(said)} |")
    head = ["", "## Examples", "", "| Made by | Label | From | Made |", "|---|---|---|---|"]
    return [*head, *lines] if lines else []


def _stress(sets: Mapping[str, pd.DataFrame]) -> list[str]:
    if not sets:
        return []
    lines = [
        "",
        "## Stress sets",
        "",
        "Made from the holdout, kept in `stress/`, used to test and never to train.",
        "",
        "| Drift | Rows | Example |",
        "|---|--:|---|",
    ]
    for name, rows in sets.items():
        example = shown_in_table(rows["text"].iloc[0]) if len(rows) else "(no row suits)"
        lines.append(f"| {name} | {len(rows):,} | {example} |")
    return lines
