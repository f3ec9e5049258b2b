"""What cannot teach is refused before any step, by the rows' ids; what can is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.errors import UserInputError
from tasks.records import TaskKind
from tasks.train.language.packing import PackingCollator, PaddingCollator
from tasks.train.language.preflight import fill_rates, preflight
from tasks.train.language.sft import read_examples
from tasks.train.language.work import StageWork
from tests.tasks.train.language.tiny_language import CHATML, make_language_rows, make_qwen3

MakeWork = Callable[..., StageWork]
Events = list[dict[str, Any]]


def changed(task: TaskKind, place: int, **cells: Any) -> tuple[pd.DataFrame, str]:
    """The rows of a task with one changed, and the id of that one, which stands in the train split."""
    rows = make_language_rows(task)
    for name, cell in cells.items():
        rows[name] = [cell if number == place else old for number, old in enumerate(rows[name])]
    return rows, rows["id"].iloc[place]


def test_what_carries_loss_is_shown_and_counted(make_work: MakeWork, events: Events, tmp_path: Path) -> None:
    rows, _ = changed("instruction", 2, answer="write to anna.smith@example.com")
    work = make_work(rows=rows)
    preflight([work], tmp_path)
    page = (tmp_path / "preflight.md").read_text()
    supervised = sum(int(example.supervised.sum()) for example in read_examples(work, "train"))
    tokens = sum(len(example) for example in read_examples(work, "train"))
    assert f"| tokens that carry loss | {supervised / tokens:.1%} |" in page
    assert "- no loss: `<|im_start|>user" in page
    assert "- **loss**: `" in page
    assert "anna.smith" not in page
    assert events[-1]["message"].startswith("preflight: 24 rows, ")


def test_a_row_without_an_answer_is_refused(make_work: MakeWork, tmp_path: Path) -> None:
    rows, row_id = changed("instruction", 2, answer="  ")
    with pytest.raises(UserInputError, match=f"the row {row_id} of the .* split would teach nothing"):
        preflight([make_work(rows=rows)], tmp_path)


def test_a_chat_in_which_nobody_answers_is_refused(make_work: MakeWork, tmp_path: Path) -> None:
    rows, row_id = changed("chat", 2, answer=None, text='[{"role": "user", "content": "hello"}]')
    with pytest.raises(UserInputError, match=f"the row {row_id} of the .* split would teach nothing"):
        preflight([make_work("chat", rows=rows)], tmp_path)


def test_a_template_that_swallows_the_answer_is_refused(make_work: MakeWork, tmp_path: Path) -> None:
    template = CHATML.replace("{{ message['content'] }}", "{{ message['content'] if loop.first else '…' }}")
    base = make_qwen3(tmp_path / "base", template)
    with pytest.raises(UserInputError, match=r"chat template leaves out the answer of the rows r\d+, .* and 19 more"):
        preflight([make_work(base_model=str(base))], tmp_path)


def test_a_template_that_never_ends_an_answer_is_refused(make_work: MakeWork, tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base", CHATML.replace("<|im_end|>", ""))
    with pytest.raises(UserInputError, match="no row teaches where an answer ends"):
        preflight([make_work(base_model=str(base))], tmp_path)


@pytest.mark.parametrize("rejected", ["your card  is on its way", "", None])
def test_a_pair_that_prefers_nothing_is_refused(rejected: str | None, make_work: MakeWork, tmp_path: Path) -> None:
    rows, row_id = changed("preference", 6, rejected=rejected)
    with pytest.raises(UserInputError, match=f"rejected answer of the row {row_id} of the .* split are equal"):
        preflight([make_work("preference", stage=1, rows=rows)], tmp_path)


def test_sides_that_differ_only_where_they_are_cut_are_refused(make_work: MakeWork, tmp_path: Path) -> None:
    long = "your card is on its way " * 30
    rows, row_id = changed("preference", 6, answer=f"{long} now", rejected=f"{long} today")
    with pytest.raises(UserInputError, match=f"the row {row_id} .* equal once they are cut to training.max_tokens"):
        preflight([make_work("preference", stage=1, rows=rows)], tmp_path)


def test_an_empty_validation_split_says_what_to_change(make_work: MakeWork, tmp_path: Path) -> None:
    work = make_work()
    work.rows["validation"] = work.rows["validation"][:0]
    with pytest.raises(UserInputError, match=r"validation split has no rows.*curation\.validation_share"):
        preflight([work], tmp_path)


def test_batches_are_fuller_packed_or_grouped_than_as_they_come(make_work: MakeWork) -> None:
    examples = read_examples(make_work(), "train")
    packed, as_they_come = fill_rates(examples, PackingCollator(0, 1e-4), rows=8, seed=1)
    grouped, _ = fill_rates(examples, PaddingCollator(0), rows=8, seed=1)
    assert packed > 0.95 > grouped > as_they_come
