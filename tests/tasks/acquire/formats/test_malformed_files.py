"""Every file of the corpus ends in rows that are all accounted for, or in one clear message; never in anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasks.acquire.config import DataConfig, FileSource
from tasks.acquire.dataset import acquire_dataset
from tasks.datasets.folder import read_quarantined, read_split
from tasks.errors import UserInputError
from tests.tasks.acquire.formats.malformed_files import CORPUS, MalformedFile


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len({file.name for file in CORPUS}) == len(CORPUS) >= 40


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_malformed_file_is_accounted_for_or_refused_in_one_message(file: MalformedFile, tmp_path: Path) -> None:
    path = tmp_path / file.name
    path.write_bytes(file.build())
    config = DataConfig(task=file.task, train=FileSource(path=str(path)), max_malformed_share=1)
    if file.refused is not None:
        with pytest.raises(UserInputError, match=file.refused) as caught:
            acquire_dataset(config)
        assert re.match(rf"(the header of |line \d+ of |column '\w+' of )?data\.train \({path}\)", str(caught.value))
        assert len(str(caught.value)) < 600
        return
    dataset = acquire_dataset(config)
    assert (dataset.rows_in, dataset.quarantined) == (file.lines, file.malformed)
    assert len(read_split(dataset, "train")) + len(read_quarantined(dataset)) == file.lines
