"""The forms of a language model are held to what its network preferred when its training ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import CorruptArtefact
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.language import NOTHING_KEPT, measure_language_parity
from tasks.evaluate.parity.language_plot import plot_language_parity
from tasks.evaluate.room import Found
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.models.rounded_language_model import FOLDER
from tasks.models.token_choices import FILE, read_token_choices, rows_to_ask, token_choices, write_token_choices
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.train.technique_kinds import LoraTechnique
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tasks.train.techniques.quantisation_aware import convert_and_measure, prepare, unprepare
from tests.tasks.models.known_speaker import make_answered_rows
from tests.tasks.models.tiny_language_model import info_of, make_language_model
from tests.tasks.train.techniques.networks import disturb

EVALUATION = EvaluationConfig(bootstrap_samples=100, max_answer_tokens=4)
CONFIG = ParityConfig(answers=3)


def dataset_of(rows: int = 24) -> DatasetRef:
    frame = make_answered_rows(rows).assign(source="test", row=range(1, rows + 1))
    splits = {"train": frame[: rows // 2], "validation": frame[rows // 2 :]}
    return keep_dataset(splits, empty_rows(), rows_in=rows, merged=0, origin={}, task="instruction")


def trained_with_adapters(folder: Path, info: ModelInfo, *, bits: Any = None) -> LanguageModel:
    """A network with adapters laid on and changed, as training leaves it before it merges."""
    make_language_model(folder, dataset_digest=info.dataset_digest)
    model = LanguageModel.load(folder)
    if bits:
        prepare(model.network, bits, [])
    network = apply_technique(model.network, LoraTechnique(rank=4, dropout=0), [])
    disturb(network)
    return LanguageModel(network.eval(), model.tokenizer, info)


def stored(folder: Path, trained: LanguageModel, *, bits: Any = None) -> Path:
    """The folder that training writes: what the network preferred, and then the merged weights."""
    dataset = fetch(DatasetRef(**DATASET))
    choices = token_choices(trained, rows_to_ask(dataset))
    merged = merge_adapters(trained.network)
    if bits:
        unprepare(merged)
    merged.save_pretrained(folder)
    write_token_choices(folder, choices)
    if bits:
        convert_and_measure(merged, bits, [], lambda _network: 1.0, folder)
    return folder


DATASET: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def info() -> ModelInfo:
    """What `refit.json` says of a model that was trained on the dataset in this test's home."""
    torch.set_num_threads(1)
    dataset = dataset_of()
    DATASET.clear()
    DATASET.update(dataset.model_dump())
    return info_of(dataset_digest=dataset.digest)


def measured(folder: Path) -> Found:
    dataset = fetch(DatasetRef(**DATASET))
    rows = pd.read_parquet(dataset / "validation.parquet")
    subject = LanguageSubject(folder, LanguageModel.load(folder), "instruction", rows, pd.DataFrame(), dataset)
    return measure_language_parity(subject, CONFIG, EVALUATION)


def test_a_model_that_was_merged_rightly_prefers_what_it_preferred(tmp_path: Path, info: ModelInfo) -> None:
    found = measured(stored(tmp_path, trained_with_adapters(tmp_path, info)))
    assert set(found.metrics) == {"parity_agreement", "parity_agreement.merged"}
    assert found.metrics["parity_agreement"].value > 0.99
    assert 0.85 < (found.metrics["parity_agreement"].low or 0) < 1, "a few rows without a difference are no certainty"
    assert len(found.table) == 24
    plot_language_parity(found.table, found.metrics, tmp_path / "parity.png")
    assert (tmp_path / "parity.png").stat().st_size > 10_000


def test_adapters_merged_with_a_wrong_scale_are_found_out(tmp_path: Path, info: ModelInfo) -> None:
    trained = trained_with_adapters(tmp_path, info)
    choices = token_choices(trained, rows_to_ask(fetch(DatasetRef(**DATASET))))
    for module in trained.network.modules():
        if isinstance(getattr(module, "scaling", None), dict):
            module.scaling["default"] *= -4
    merge_adapters(trained.network).save_pretrained(tmp_path)
    write_token_choices(tmp_path, choices)
    agreement = measured(tmp_path).metrics["parity_agreement.merged"]
    assert (agreement.high or 1) < 0.9


def test_a_network_that_learned_rounded_is_the_rounded_forms_twin(tmp_path: Path, info: ModelInfo) -> None:
    found = measured(stored(tmp_path, trained_with_adapters(tmp_path, info, bits="int8"), bits="int8"))
    assert found.metrics["parity_agreement.quantised"].value > 0.99
    assert found.metrics["parity_agreement"] == found.metrics["parity_agreement.quantised"]
    assert 0.5 < found.metrics["parity_without_rounding"].value <= 1
    assert 0 <= found.metrics["parity_same_answers.quantised"].value <= 1
    assert set(found.table["form"]) == {"quantised", "without_rounding"}

    (tmp_path / FILE).unlink()
    alone = measured(tmp_path)
    assert alone.metrics["parity_agreement.quantised"] == found.metrics["parity_without_rounding"]
    (tmp_path / FOLDER / "config.json").write_text("{}")
    with pytest.raises(CorruptArtefact, match="quantised cannot be loaded as a language model"):
        measured(tmp_path)


def test_a_model_without_a_record_cannot_be_compared_and_says_why(tmp_path: Path, info: ModelInfo) -> None:
    make_language_model(tmp_path, dataset_digest=info.dataset_digest)
    found = measured(tmp_path)
    assert (found.metrics, found.missing) == ({}, NOTHING_KEPT)
    (tmp_path / FILE).write_text("[]")
    with pytest.raises(CorruptArtefact, match=r"token_choices\.json is not valid"):
        measured(tmp_path)


def test_the_record_names_what_is_likelier_and_never_the_rows_own_tokens(tmp_path: Path, info: ModelInfo) -> None:
    folder, rows = stored(tmp_path, trained_with_adapters(tmp_path, info)), rows_to_ask(fetch(DatasetRef(**DATASET)))
    kept, model = read_token_choices(folder), LanguageModel.load(folder)
    assert kept is not None
    assert list(rows["id"]) == list(kept)
    for name, answer in zip(rows["id"].astype(str), rows["answer"], strict=True):
        own = model.tokenizer(answer, add_special_tokens=False)["input_ids"]
        assert len(kept[name]) == len(own) + 1, "a token each, and the end of the turn"
        assert all(choice != token for choice, token in zip(kept[name], own, strict=False))
