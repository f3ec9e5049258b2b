"""Every config that ships loads, every setting explains itself, and every mistake in a config is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from flows.config import DeploymentConfig, RetrainConfig, load_config
from tasks.errors import UserInputError
from tasks.train.technique_kinds import LoraTechnique

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted((ROOT / "deployments").glob("*.yaml"))
SMALL = "model: tickets\ndata:\n  train: {kind: file, path: rows.csv}\n"


def models_in(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[type[BaseModel]]:
    """The model and every model that its fields hold, unions and optional ones included."""
    seen = seen if seen is not None else set()
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            for part in parts_of(field.annotation):
                models_in(part, seen)
    return seen


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from parts_of(argument)


SECTIONS = sorted(models_in(DeploymentConfig), key=lambda section: section.__name__)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, *changes: str) -> str:
    with pytest.raises(UserInputError) as caught:
        load_config(path, list(changes))
    return str(caught.value)


def test_the_configs_of_the_demos_and_of_the_benchmark_ship() -> None:
    assert {"support-intents.yaml", "support-replies.yaml", "banking77.yaml"} <= {path.name for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_config_loads_and_is_named_after_its_model(path: Path) -> None:
    config = load_config(path)
    assert config.model == path.stem
    assert RetrainConfig.model_validate(config.retrain_config().model_dump()) == config.retrain_config()


@pytest.mark.parametrize("model", SECTIONS, ids=[section.__name__ for section in SECTIONS])
def test_every_section_and_every_setting_explains_itself(model: type[BaseModel]) -> None:
    assert model.__doc__, f"{model.__name__} has no docstring"
    silent = [name for name, field in model.model_fields.items() if not field.description and name != "kind"]
    assert silent == [], f"settings of {model.__name__} without a docstring under them"


def test_every_section_is_frozen_and_closed_to_unknown_names() -> None:
    for model in models_in(DeploymentConfig):
        assert model.model_config.get("frozen") is True, model.__name__
        assert model.model_config.get("extra") == "forbid", model.__name__


def test_the_form_of_the_ui_can_be_drawn_from_the_schema() -> None:
    schema = RetrainConfig.model_json_schema()
    assert schema["required"] == ["model", "data"]
    assert schema["properties"]["gates"]["description"] == "What a candidate must show to be released."
    source = schema["$defs"]["DataConfig"]["properties"]["train"]
    assert source["discriminator"]["propertyName"] == "kind"


def test_a_small_config_gets_every_default(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, SMALL))
    assert config.gates.quality is not None
    assert config.schedule is None
    assert config.training.base_model.startswith("bundled:")


def test_changes_reach_into_sections_and_are_read_as_yaml(tmp_path: Path) -> None:
    changes = [
        "training.epochs=2",
        "training.technique={kind: lora, rank: 4}",
        "gates.latency=null",
        "data.holdout.kind=demo",
        "data.holdout.part=holdout",
        "release.why=because of = signs",
    ]
    config = load_config(write(tmp_path, SMALL), changes)
    assert config.training.epochs == 2
    assert config.training.technique == LoraTechnique(rank=4)
    assert config.gates.latency is None
    assert config.data.holdout is not None
    assert config.data.holdout.kind == "demo"
    assert config.release.why == "because of = signs"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SMALL + "trainning: {epochs: 2}\n", "trainning"),
        (SMALL + "training: {epoch: 2}\n", "training.epoch"),
        (SMALL + "training: {epochs: many}\n", "training.epochs"),
        (SMALL + "training: {epochs: -1}\n", "training.epochs"),
        (SMALL + "training: {technique: {kind: magic}}\n", "training.technique"),
        (SMALL + "schedule: {crom: '0 3 * * 1'}\n", "schedule.crom"),
        ("data:\n  train: {kind: file, path: rows.csv}\n", "model"),
        (SMALL.replace("tickets", "My Tickets"), "model"),
        (SMALL.replace("path: rows.csv", "path: ''"), "data.train.file.path"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_its_field(text: str, words: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    message = refusal(path)
    assert str(path) in message
    assert words in message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, SMALL + "training: {epoch: 2, batch_size: 0}\n"))
    assert "training.epoch" in message
    assert "training.batch_size" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"model: !!python/object/apply:os.system ['echo pwned']\n", "not plain YAML"),
        (b"model: [unclosed\n", "not plain YAML"),
        (b"model: a\n\tdata: tab\n", "not plain YAML"),
        (b"- a list\n", "mapping of sections"),
        (b"", "mapping of sections"),
        (b"model: caf\xe9\n", "cannot be read"),
    ],
    ids=["a Python tag", "unclosed", "a tab", "a list", "empty", "not UTF-8"],
)
def test_a_file_that_is_not_a_config_is_refused_by_name(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(content)
    message = refusal(path)
    assert str(path) in message
    assert words in message


def test_a_missing_file_or_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    assert "nowhere.yaml" in refusal(tmp_path / "nowhere.yaml")
    assert str(tmp_path) in refusal(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("training.epochs", "section.field=value"),
        ("=2", "section.field=value"),
        ("training.epoch=2", "training.epoch"),
        ("model.name=2", "model is a value"),
        ("training.epochs=[", "not plain YAML"),
        ("training.epochs=!!python/name:os.system", "not plain YAML"),
        ("training..epochs=2", "training."),
    ],
)
def test_a_wrong_change_is_named(change: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(write(tmp_path, SMALL), change)


def test_a_change_into_a_section_that_is_off_is_refused(tmp_path: Path) -> None:
    assert "latency" in refusal(
        write(tmp_path, SMALL + "gates: {latency: null}\n"), "gates.latency.max_p99_milliseconds=5"
    )
